"""Reading weight files of unknown origin without running what is inside."""

from __future__ import annotations

import _codecs
import argparse
import hashlib
import pickle
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from camviewer.errors import ConsentRequiredError, ModelError

# Plain data that training scripts save beside the weights; building it runs nothing. Allowed once
# for the process, since torch's context manager for this is not safe between threads.
_NUMPY_NUMBER: Any = np.float64(0).__reduce__()[0]
torch.serialization.add_safe_globals(
    [
        argparse.Namespace,
        _codecs.encode,
        np.dtype,
        np.dtypes.BoolDType,
        np.dtypes.Float32DType,
        np.dtypes.Float64DType,
        np.dtypes.Int64DType,
        (_NUMPY_NUMBER, "numpy._core.multiarray.scalar"),
        (_NUMPY_NUMBER, "numpy.core.multiarray.scalar"),
    ]
)


class Format(Enum):
    """What a weight file is, by its content; its name may lie."""

    SAFETENSORS = "a safetensors file"
    CHECKPOINT = "a PyTorch checkpoint"
    TORCHSCRIPT = "a TorchScript program"
    EXPORTED = "an exported PyTorch program (.pt2)"


# The first bytes of a pickle that torch.save wrote before it wrote zip archives.
_OLD_CHECKPOINT = bytes.fromhex("80028a0a6cfc9c46f9206aa850192e")
_FOREIGN = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"\x89HDF", "an HDF5 file, as Keras writes"),
    (b"version https://git-lfs", "a Git LFS pointer instead of the file it points to"),
    (b"<!DOCTYPE", "a web page, perhaps a failed download"),
    (b"<html", "a web page, perhaps a failed download"),
    (b"\x08", "an ONNX model or another protocol buffer"),
    (b"\x80", "a pickle that PyTorch did not write"),
    (b"\x1f\x8b", "compressed with gzip"),
)
_LONGEST_HEADER = 100_000_000  # bytes; the limit of the safetensors library itself
_FORBIDDEN = re.compile(
    r"(?:Unsupported global: GLOBAL |unsupported GLOBAL |unrecognized function "
    r"|allowlisted via `add_safe_globals`,? but got )(?P<what>[^\n]{1,120}?)(?: was not| whose|$)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Contents:
    """What a file held.

    Attributes:
        value: what was saved: a mapping, a tensor, a module, anything.
        metadata: text that a safetensors file carries along.
    """

    value: Any
    metadata: Mapping[str, str] = field(default_factory=dict)


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file.

    Raises:
        ModelError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from error


def detect(path: Path) -> Format:
    """What the file is, by its content, without running any of it.

    Raises:
        ModelError: if it is missing, empty, damaged or no weight file; the message says which.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(64)
    except OSError as error:
        raise _unreadable(path, error) from error
    if not head:
        raise ModelError(f"{path.name} is empty. Copy or download the weights again.")
    if head.startswith(_OLD_CHECKPOINT):
        return Format.CHECKPOINT
    members = _members(path)
    if members is not None:
        return _detect_zip(path, members)
    if 2 <= int.from_bytes(head[:8], "little") <= min(size - 8, _LONGEST_HEADER) and (
        head[8:9] == b"{"
    ):
        return Format.SAFETENSORS
    if head.startswith(b"PK"):
        raise _damaged(path, zipfile.BadZipFile("the end of the archive is missing"))
    what = next((name for start, name in _FOREIGN if head.startswith(start)), "of no known kind")
    raise ModelError(
        f"{path.name} holds no weights: it is {what}. Choose a .safetensors, .pth or .pt file."
    )


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the loaders' own warnings off the terminal; what they amount to becomes an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def read(path: Path, form: Format, *, consent: bool = False) -> Contents:
    """Read a safetensors file or a checkpoint.

    Args:
        path: the file.
        form: what `detect` said: safetensors or checkpoint.
        consent: the user agreed that the file may run programs.

    Raises:
        ConsentRequiredError: if the file can only be read by running what is in it.
        ModelError: if it is damaged.
    """
    if form is Format.SAFETENSORS:
        return _read_safetensors(path)
    try:
        with quiet():
            return Contents(torch.load(path, map_location="cpu", weights_only=True))
    except pickle.UnpicklingError as error:
        forbidden = _FORBIDDEN.search(str(error))
        if forbidden is None:
            raise _damaged(path, error) from error
        if not consent:
            what = f"a PyTorch checkpoint with Python objects ({forbidden['what']})"
            raise consent_required(path, what) from error
    # A damaged pickle can raise whatever its wrong bytes lead to.
    except Exception as error:
        raise _damaged(path, error) from error
    return Contents(_read_trusted(path))


def consent_required(path: Path, what: str) -> ConsentRequiredError:
    """The error that asks for consent and says what it means."""
    return ConsentRequiredError(
        f"{path.name} is {what}. Opening it runs code that its author wrote: it could read, change "
        "or delete your files or use the network. Agree only if you trust where it came from. "
        "Otherwise ask for the bare weights, saved with torch.save(model.state_dict(), ...) or as "
        ".safetensors."
    )


def _members(path: Path) -> set[str] | None:
    """The names in a zip archive below its top folder; None when it is no zip archive."""
    try:
        if not zipfile.is_zipfile(path):
            return None
        with zipfile.ZipFile(path) as archive:
            return {name.partition("/")[2] or name for name in archive.namelist()}
    # is_zipfile itself raises BadZipFile for some damaged archives.
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise _damaged(path, error) from error


def _detect_zip(path: Path, members: set[str]) -> Format:
    if "archive_format" in members or "serialized_exported_program.json" in members:
        return Format.EXPORTED
    if "constants.pkl" in members or any(name.startswith("code/") for name in members):
        return Format.TORCHSCRIPT
    if "data.pkl" in members:
        return Format.CHECKPOINT
    raise ModelError(
        f"{path.name} is a zip archive, but not one that PyTorch wrote. If the weights are inside, "
        "unpack it and choose them."
    )


def _read_safetensors(path: Path) -> Contents:
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
            return Contents(tensors, file.metadata() or {})
    # The library and torch raise many kinds for damaged headers, and neither lists them.
    except Exception as error:
        raise _damaged(path, error) from error


def metadata(path: Path) -> Mapping[str, str]:
    """Text that a safetensors file carries along; of others none. Only its beginning is read.

    Raises:
        ModelError: if it cannot be read.
    """
    if detect(path) is not Format.SAFETENSORS:
        return {}
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            return file.metadata() or {}
    except Exception as error:  # as in `_read_safetensors`
        raise _damaged(path, error) from error


def _read_trusted(path: Path) -> Any:
    try:
        with quiet():
            return torch.load(path, map_location="cpu", weights_only=False)
    # It is someone's program and may fail in any way.
    except Exception as error:
        raise ModelError(
            f"{path.name} could not be opened: {_reason(error)}. It refers to Python code that is "
            "not installed here. Save the bare weights instead: torch.save(model.state_dict(), "
            "...)."
        ) from error


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def _unreadable(path: Path, error: OSError) -> ModelError:
    return ModelError(f"{path} cannot be read: {error.strerror or error}.")


def _damaged(path: Path, error: BaseException) -> ModelError:
    return ModelError(
        f"{path.name} is damaged or incomplete ({_reason(error)}). Copy or download it again."
    )
