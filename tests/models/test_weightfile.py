"""Weight files are told apart by content and read without running them."""

import argparse
import collections
import io
import os
import pickle
import zipfile
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.errors import ConsentRequiredError, ModelError
from camviewer.models import statedict, weightfile
from camviewer.models.weightfile import Format
from tests.models.files import TinyNet, save, save_exported, save_script, save_trace

STATE = {"a.weight": torch.arange(6.0).view(2, 3), "a.bias": torch.tensor([1.0, -1.0])}


class Trap:
    """A pickle that leaves a mark when it runs."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return (os.mkdir, (str(self.mark),))


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors", ".jpg", ""])
def test_the_content_says_what_a_file_is(tmp_path: Path, suffix: str) -> None:
    """Whatever the name claims."""
    path = tmp_path / f"file{suffix}"
    save(STATE, path)
    assert weightfile.detect(path) is Format.CHECKPOINT
    save(STATE, path, legacy=True)
    assert weightfile.detect(path) is Format.CHECKPOINT
    path.write_bytes(safetensors.torch.save(STATE))
    assert weightfile.detect(path) is Format.SAFETENSORS
    save_script(TinyNet(), path)
    assert weightfile.detect(path) is Format.TORCHSCRIPT
    save_trace(TinyNet(), path)
    assert weightfile.detect(path) is Format.TORCHSCRIPT


def test_exported_programs_are_known(tmp_path: Path) -> None:
    path = save_exported(TinyNet(), tmp_path / "file.pt2")
    assert weightfile.detect(path.rename(tmp_path / "file.pth")) is Format.EXPORTED


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0 JFIF", "a JPEG picture"),
        (b"\x89HDF\r\n", "HDF5 file, as Keras writes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><title>404</title>", "a web page"),
        (pickle.dumps({"a": 1}), "a pickle that PyTorch did not write"),
        (b"PK\x03\x04 the rest never came", "damaged or incomplete"),
        (b"x", "of no known kind"),
        ((1 << 40).to_bytes(8, "little") + b"{", "of no known kind"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as failure:
        weightfile.detect(path)
    assert str(failure.value).startswith("net.pth")


def test_a_zip_archive_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.pth", "w") as archive:
        archive.writestr("photo.jpg", b"")
    with pytest.raises(ModelError, match="not one that PyTorch wrote"):
        weightfile.detect(tmp_path / "photos.pth")


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(ModelError, match="cannot be read"):
            weightfile.detect(path)
        with pytest.raises(ModelError, match="cannot be read"):
            weightfile.sha256(path)


def test_sha256(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert weightfile.sha256(tmp_path / "abc") == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )


@pytest.mark.parametrize("legacy", [False, True])
def test_checkpoints_are_read(tmp_path: Path, legacy: bool) -> None:
    path = save(STATE, tmp_path / "net.pth", legacy=legacy)
    value = weightfile.read(path, Format.CHECKPOINT).value
    assert value.keys() == STATE.keys()
    assert torch.equal(value["a.weight"], STATE["a.weight"])


def test_safetensors_are_read_with_what_they_say(tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    safetensors.torch.save_file(STATE, path, {"architecture": "tiny"})
    contents = weightfile.read(path, Format.SAFETENSORS)
    assert torch.equal(contents.value["a.bias"], STATE["a.bias"])
    assert contents.metadata == {"architecture": "tiny"}


def test_plain_data_beside_the_weights_needs_no_consent(tmp_path: Path) -> None:
    value = {
        "state_dict": STATE,
        "accuracy": np.float64(0.5),
        "epochs": np.int64(7),
        "args": argparse.Namespace(lr=0.1),
        "order": collections.OrderedDict(a=1),
    }
    read = weightfile.read(save(value, tmp_path / "net.pth"), Format.CHECKPOINT).value
    assert read["accuracy"] == 0.5
    assert read["epochs"] == 7
    assert read["args"].lr == 0.1


@pytest.mark.parametrize("legacy", [False, True])
def test_programs_in_a_pickle_run_only_after_consent(tmp_path: Path, legacy: bool) -> None:
    mark = tmp_path / "mark"
    path = save({"state_dict": STATE, "x": Trap(mark)}, tmp_path / "net.pth", legacy=legacy)
    with pytest.raises(ConsentRequiredError, match=r"net\.pth .*mkdir.* Agree only if you trust"):
        weightfile.read(path, Format.CHECKPOINT)
    assert not mark.exists()
    value = weightfile.read(path, Format.CHECKPOINT, consent=True).value
    assert mark.is_dir()
    assert torch.equal(value["state_dict"]["a.bias"], STATE["a.bias"])


def test_whole_networks_need_consent_and_their_code(tmp_path: Path) -> None:
    path = save(TinyNet(), tmp_path / "net.pth")
    with pytest.raises(ConsentRequiredError, match=r"tests\.models\.files\.TinyNet"):
        weightfile.read(path, Format.CHECKPOINT)
    value = weightfile.read(path, Format.CHECKPOINT, consent=True).value
    assert isinstance(value, TinyNet)
    data = path.read_bytes().replace(b"tests.models.files", b"tests.models.filez")
    path.write_bytes(_without_checksums(data, tmp_path))
    with pytest.raises(ModelError, match="Python code that is not installed here"):
        weightfile.read(path, Format.CHECKPOINT, consent=True)


def _without_checksums(archive: bytes, folder: Path) -> bytes:
    """The same archive after its members were changed in place, with fresh checksums."""
    changed, fresh = folder / "changed.zip", folder / "fresh.zip"
    changed.write_bytes(archive)
    with zipfile.ZipFile(changed) as old, zipfile.ZipFile(fresh, "w") as new:
        for info in old.infolist():
            with old.open(info) as member:
                member._expected_crc = None  # type: ignore[attr-defined]
                new.writestr(info, member.read())
    return fresh.read_bytes()


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_truncated_files_are_damaged(tmp_path: Path, kind: str, share: float) -> None:
    path = tmp_path / "net.pth"
    path.write_bytes(_saved(kind))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(ModelError, match=r"net\.pth (is damaged or incomplete|holds no weights)"):
        weightfile.read(path, weightfile.detect(path))


@cache
def _saved(kind: str) -> bytes:
    if kind == "safetensors":
        return safetensors.torch.save(STATE)
    buffer = io.BytesIO()
    torch.save(STATE, buffer, _use_new_zipfile_serialization=kind == "zip")
    return buffer.getvalue()


@settings(max_examples=400, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["zip", "legacy", "safetensors"]))
def test_mutated_files_give_weights_or_a_model_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, kind: str
) -> None:
    """Never a crash, another exception, or a program run."""
    content = bytearray(_saved(kind))
    for _ in range(data.draw(st.integers(1, 6))):
        position = data.draw(st.integers(0, len(content) - 1))
        content[position] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "mutated.pth"
    path.write_bytes(content)
    with suppress(ModelError):
        found = statedict.find(weightfile.read(path, weightfile.detect(path)), path.name)
        assert isinstance(found, statedict.StateDict)
        assert all(isinstance(tensor, torch.Tensor) for tensor in found.tensors.values())
