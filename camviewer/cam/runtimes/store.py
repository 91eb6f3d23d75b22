"""Exports kept on disk, so that a network is exported once and not once a session."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from torch import fx

from camviewer import __version__, paths

_LOG = logging.getLogger(__name__)

_LIMIT = 2 * 1024**3  # bytes; twenty networks of ResNet-50's size
_ABANDONED = 3600.0  # seconds after which a half-written file has no writer any more
_SUFFIX, _REASON, _PART = ".trunk", ".reason", ".part"
_DIGEST = hashlib.sha256().digest_size
_FORM = 2  # of what is exported: another one makes what is kept by its forerunners useless
_LIBRARIES = ("torch", "onnx", "onnxscript", "onnxruntime")


def key_of(trunk: fx.GraphModule, weights_sha256: str = "") -> str:
    """What an export depends on, as a hexadecimal hash.

    Args:
        trunk: what is exported: its operations and the settings of its modules.
        weights_sha256: hash of the network's weights; empty to hash the trunk's tensors.
    """
    digest = hashlib.sha256()
    for text in (trunk.code, repr(trunk), __version__, str(_FORM), *map(_version, _LIBRARIES)):
        digest.update(f"{text}\n".encode())
    digest.update((weights_sha256 or _weights_hash(trunk)).encode())
    return digest.hexdigest()


def has(key: str) -> bool:
    """Whether there is an export, sound or not."""
    return _path(key, _SUFFIX).is_file()


def is_empty() -> bool:
    """Whether nothing is kept, so that a key need not be computed."""
    return not any(_folder().glob(f"*{_SUFFIX}"))


def load(key: str) -> bytes | None:
    """The ONNX model; None when there is none, or none that is whole and belongs to the key."""
    path = _path(key, _SUFFIX)
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, model = content[:_DIGEST], content[_DIGEST:]
    if digest != _digest(key, model):
        _LOG.warning("%s is damaged or belongs to another network; it is made again", path)
        _remove(path)
        return None
    with suppress(OSError):  # a read-only cache serves all the same
        os.utime(path)  # the longest unused are removed first
    return model


def save(key: str, model: bytes) -> None:
    """Keep an ONNX model, and remove what has not been used for longest beyond two gibibytes.

    Raises:
        OSError: if it cannot be written.
    """
    _write(_path(key, _SUFFIX), _digest(key, model) + model)
    _prune()


def reason(key: str) -> str:
    """Why this trunk cannot be exported; empty when that is not known."""
    try:
        return _path(key, _REASON).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def save_reason(key: str, text: str) -> None:
    """Remember that this trunk cannot be exported, so that nobody tries again.

    Raises:
        OSError: if it cannot be written.
    """
    _write(_path(key, _REASON), text.encode("utf-8", "replace"))


def _folder() -> Path:
    return paths.cache() / "trunks"


def _path(key: str, suffix: str) -> Path:
    return _folder() / f"{key}{suffix}"


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return "absent"


def _weights_hash(trunk: fx.GraphModule) -> str:
    digest = hashlib.sha256()
    for name, tensor in trunk.state_dict().items():
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        plain = tensor.detach().cpu().contiguous().flatten()
        if plain.numel():
            digest.update(plain.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _digest(key: str, model: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(model)
    return digest.digest()


def _write(path: Path, content: bytes) -> None:
    """Write in one step: nobody ever reads half a file, whatever happens to the writer."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(suffix=_PART, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(part).replace(path)
    except BaseException:
        _remove(Path(part))
        raise


def _prune() -> None:
    total = 0
    newest_first = sorted(_stated(), key=lambda entry: -entry[1].st_mtime)
    for path, stat in newest_first:
        total += stat.st_size
        abandoned = path.suffix == _PART and time.time() - stat.st_mtime > _ABANDONED
        if abandoned or total > _LIMIT:
            _remove(path)


def _stated() -> Iterator[tuple[Path, os.stat_result]]:
    for path in _folder().iterdir():
        with suppress(OSError):  # another camviewer removed it
            yield path, path.stat()


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:  # in use by another camviewer, on Windows
        _LOG.info("%s cannot be removed: %s", path, error)
