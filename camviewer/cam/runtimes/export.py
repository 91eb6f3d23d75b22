"""Having a trunk exported, by a process that can be ended at any time."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import fx, nn

from camviewer.cam.runtimes import EXPORTING, store
from camviewer.errors import CancelledError, ModelError
from camviewer.types import Size

TRUNK, MODEL, REASON = "trunk.pt", "model.onnx", "reason.txt"
"""What is handed over in that folder."""

_INTERVAL = 0.05  # seconds between two looks at whether to stop


@dataclass(frozen=True)
class Shape:
    """What an export leaves open.

    Attributes:
        batches: how many pictures there are.
        sizes: their height and width.
    """

    batches: bool = False
    sizes: bool = True


_one_at_a_time = threading.Lock()  # each takes a core and about a gigabyte


def export(
    trunk: fx.GraphModule, size: Size, key: str, stop: threading.Event, *, in_background: bool
) -> None:
    """Have a trunk exported and kept in `store`; takes 10 to 40 seconds, or no time if it is there.

    Args:
        trunk: on the CPU.
        size: ``(height, width)`` of a picture that it takes.
        key: of `store`.
        stop: when set, the export is given up within a tenth of a second.
        in_background: let everything else that the machine does come first.

    Raises:
        ModelError: if it cannot be exported.
        CancelledError: if it was given up.
    """
    while not _one_at_a_time.acquire(timeout=_INTERVAL):
        _obey(stop)
    try:
        if store.has(key):
            return
        reason = store.reason(key) or _export((trunk, size, in_background, Shape()), key, stop)
    except OSError as error:
        reason = str(error)
    finally:
        _one_at_a_time.release()
    if reason:
        raise ModelError(f"The network cannot be exported to ONNX ({reason}).")


def _export(task: tuple[fx.GraphModule, Size, bool, Shape], key: str, stop: threading.Event) -> str:
    """Export and keep; returns why that is impossible, empty when it is done."""
    with tempfile.TemporaryDirectory(prefix="camviewer-") as name:
        folder = Path(name)
        try:
            torch.save(task, folder / TRUNK)
        except Exception as error:  # pickle raises whatever the network's own code raises
            reason = f"{type(error).__name__}: {error}"
            store.save_reason(key, reason)
            return reason
        status = run_process(command(folder), stop)
        if (folder / MODEL).is_file():
            store.save(key, (folder / MODEL).read_bytes())
            return ""
        if not (folder / REASON).is_file():
            return f"the exporting process ended with status {status}"  # next time it may work
        reason = (folder / REASON).read_text("utf-8")
    store.save_reason(key, reason)
    return reason


def export_whole(network: nn.Module, size: Size, stop: threading.Event, *, free: bool) -> bytes:
    """A whole network as a serialised ONNX model, for any number of pictures at once.

    Args:
        network: on the CPU, in evaluation mode, from ``(n, 3, height, width)`` to ``(logits, ())``;
            must be such that it can be pickled.
        size: ``(height, width)`` of a picture that it takes.
        stop: when set, it is given up within a tenth of a second.
        free: for pictures of any size, where the network allows that.

    Raises:
        ModelError: if it cannot be exported.
        CancelledError: if it was given up.
    """
    with tempfile.TemporaryDirectory(prefix="camviewer-") as name:
        folder = Path(name)
        try:
            torch.save((network, size, False, Shape(batches=True, sizes=free)), folder / TRUNK)
        except Exception as error:  # pickle raises whatever the network's own code raises
            raise ModelError(f"The network cannot be exported to ONNX ({error}).") from error
        status = run_process(command(folder), stop)
        if (folder / MODEL).is_file():
            return (folder / MODEL).read_bytes()
        reason = f"the exporting process ended with status {status}"
        if (folder / REASON).is_file():
            reason = (folder / REASON).read_text("utf-8")
    raise ModelError(f"The network cannot be exported to ONNX ({reason}).")


def command(folder: Path) -> list[str]:
    """The process that exports what lies in a folder."""
    # a frozen program is its own executable; Python needs to be told what to run
    program = [] if getattr(sys, "frozen", False) else ["-m", "camviewer"]
    return [sys.executable, *program, EXPORTING, str(folder)]


def run_process(arguments: list[str], stop: threading.Event) -> int:
    """Run a process to its end, or kill it when told to stop.

    Returns:
        Its exit status.

    Raises:
        CancelledError: if it was killed.
        OSError: if it cannot be started.
    """
    process = subprocess.Popen(  # noqa: S603  our own program with our own paths
        arguments, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while process.poll() is None:
            stop.wait(_INTERVAL)
            _obey(stop)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
    return process.returncode


def _obey(stop: threading.Event) -> None:
    if stop.is_set():
        raise CancelledError("The export was given up.")
