"""What is kept of exports, and how it is made."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import fx, nn

from camviewer import paths
from camviewer.cam.runtimes import export, store
from camviewer.cam.runtimes.checked import Checked
from camviewer.cam.runtimes.onnx import OnnxRunner
from camviewer.cam.runtimes.workers import Workers
from camviewer.cam.split.traced import TracedNetwork
from camviewer.errors import CancelledError
from tests.cam.exports import model_of, picture
from tests.cam.networks import Residual, frozen


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "cache", lambda: tmp_path)
    return tmp_path / "trunks"


def trunk(network: nn.Module | None = None, layer: str = "conv") -> fx.GraphModule:
    opened = TracedNetwork(frozen(network or Residual()), picture())
    (found,) = (one for one in opened.layers if one.name == layer)
    return opened._split(found).trunk._eager


def test_what_is_kept_is_read_again(folder: Path) -> None:
    assert store.is_empty()
    assert store.load("one") is None
    store.save("one", b"model")
    assert (store.load("one"), store.load("two")) == (b"model", None)
    assert store.has("one")
    assert not store.is_empty()


def test_what_belongs_to_another_key_is_removed(folder: Path) -> None:
    store.save("one", b"model")
    (folder / "one.trunk").rename(folder / "two.trunk")
    assert store.load("two") is None
    assert not store.has("two")


def test_reasons_are_remembered_and_nonsense_is_not() -> None:
    store.save_reason("one", "cannot: ü")
    assert (store.reason("one"), store.reason("two")) == ("cannot: ü", "")


def test_the_longest_unused_is_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_LIMIT", 400)
    for age, key in enumerate(("c", "b", "a")):
        store.save(key, bytes(68))  # with the digest 100 bytes
        os.utime(folder / f"{key}.trunk", (1e9 + age, 1e9 + age))
    assert store.load("c") is not None  # used now: the newest
    abandoned = folder / "half.part"
    abandoned.write_bytes(b"")
    os.utime(abandoned, (1e9, 1e9))
    store.save("d", bytes(168))
    assert {path.name for path in folder.iterdir()} == {"c.trunk", "d.trunk", "a.trunk"}


def test_a_key_stands_for_weights_operations_and_settings() -> None:
    key = store.key_of(trunk())
    assert key == store.key_of(trunk())
    other = Residual()
    with torch.no_grad():
        other.stem.weight[0, 0, 0, 0] += 1e-3
    dilated = Residual()
    dilated.stem.dilation = dilated.stem.padding = (2, 2)
    keys = {
        key,
        store.key_of(trunk(other)),
        store.key_of(trunk(dilated)),
        store.key_of(trunk(layer="stem")),
        store.key_of(trunk(), "1" * 64),
        store.key_of(trunk(), "2" * 64),
    }
    assert len(keys) == 6
    assert store.key_of(trunk(other), "1" * 64) == store.key_of(trunk(), "1" * 64)


def test_an_export_by_the_real_process_is_kept(folder: Path) -> None:
    export.export(trunk(), (8, 8), "key", threading.Event(), in_background=True)
    model = store.load("key")
    assert model is not None
    checked = Checked(OnnxRunner(model), trunk())
    assert [checked.fault(picture(*size)) for size in ((8, 8), (5, 9))] == ["", ""]
    assert list(folder.iterdir()) == [folder / "key.trunk"]


def test_the_process_ends_with_its_parent(tmp_path: Path) -> None:
    waiting = "import time; from camviewer.cam.runtimes import exporting as e; "
    waiting += "e.export_folder = lambda _: time.sleep(100); e.run(None)"
    process = subprocess.Popen([sys.executable, "-c", waiting], stdin=subprocess.PIPE)
    assert process.stdin is not None
    process.stdin.close()  # as when the parent dies
    assert process.wait(100) == 1


def test_a_process_is_killed_when_told_to_stop() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(CancelledError):
        export.run_process([sys.executable, "-c", "import time; time.sleep(100)"], stop)


def test_nothing_is_begun_once_all_is_closed() -> None:
    begun: list[int] = []
    workers = Workers(delay=100)
    workers.start(lambda _: begun.append(1))
    workers.close()
    assert not workers._threads[0].is_alive()
    assert begun == []


class Scaled:
    """A runner that is off by a share, at one height only, and fails at another."""

    name = "scaled"
    tolerance = 1e-3

    def __init__(self, share: float) -> None:
        self.share = share
        self.broken = False

    def __call__(self, x: torch.Tensor) -> list[torch.Tensor]:
        if self.broken or x.shape[2] == 3:
            raise ValueError("not this\nnot that")
        return [x * (1 + self.share if x.shape[2] == 5 else 1)]


@pytest.mark.parametrize(("share", "fault"), [(9e-4, ""), (0.1, "scaled is off by 10.0%")])
def test_a_runner_is_checked_at_every_size(share: float, fault: str) -> None:
    checked = Checked(Scaled(share), lambda x: (x, (7,)))
    assert checked.known_fault((5, 8)) is None
    assert checked.fault(picture(4, 8)) == ""
    assert checked.fault(picture(5, 8)).startswith(fault)
    assert bool(checked.known_fault((5, 8))) == bool(fault)
    assert checked.fault(picture(3, 8)) == "scaled cannot run this input size (not this)."
    outputs = checked(picture(4, 8))
    assert outputs is not None
    assert torch.equal(outputs[0], picture(4, 8))
    assert outputs[1] == (7,)  # numbers come from the check


def test_a_runner_that_fails_later_is_not_used_again() -> None:
    runner = Scaled(0.0)
    checked = Checked(runner, lambda x: (x, ()))
    assert checked.fault(picture()) == ""
    runner.broken = True
    assert checked(picture()) is None
    assert checked.fault(picture()) == "scaled failed (not this)."


def test_nan_shapes_and_hidden_tensors_are_faults() -> None:
    same = Scaled(0.0)
    assert "off by nan" in Checked(same, lambda x: (x * torch.nan, ())).fault(picture())
    assert "other shapes" in Checked(same, lambda x: (x[:, :2], ())).fault(picture())
    assert "hand over" in Checked(same, lambda x: (x, ((x, x),))).fault(picture())


def test_a_model_that_is_none_is_refused() -> None:
    with pytest.raises(Exception, match=r"(?i)protobuf"):
        OnnxRunner(b"no model")
    session = onnxruntime.InferenceSession(model_of(trunk(), (8, 8)))
    assert session.get_inputs()[0].shape[:2] == [1, 3]
