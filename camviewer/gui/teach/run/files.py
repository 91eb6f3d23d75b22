"""What can be done with the file of a taught network: a copy, other formats."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from camviewer.errors import CancelledError, ExportError
from camviewer.gui.crash import message_for
from camviewer.gui.teach.run.summary import Summary
from camviewer.gui.worker import Lane, Ticket
from camviewer.models import starter, taught
from camviewer.teach.results import Results

_ONNX = "ONNX (*.onnx)"
_WEIGHTS = "Weights (*.pth *.pt *.safetensors)"

Notes = tuple[str, ...]
Make = Callable[[Path, Path, Ticket], Notes]
"""Makes a file from the network's, and tells what one must know to use it."""


@dataclass(frozen=True)
class _Written:
    path: Path
    notes: Notes


class Files(QObject):
    """Fills the summary's menu, asks where to, and writes off the GUI thread.

    Signals:
        written(Path): it is there.
        failed(str): it is not, and why.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    written = Signal(object)
    failed = Signal(str)

    def __init__(self, summary: Summary, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._summary = summary
        self._results: Results | None = None
        self._folder = Path.home()
        self.lane = Lane("network files", self)
        summary.keep.setToolTipsVisible(True)
        self.save_as = summary.keep.addAction("&Save a Copy As…")
        self.to_onnx = summary.keep.addAction("Export as &ONNX…")
        self.to_weights = summary.keep.addAction("Export as &torchvision Weights…")
        self.save_as.triggered.connect(
            lambda: self._ask(
                "Save a copy", (".safetensors",), "Taught networks (*.safetensors)", copy
            )
        )
        self.to_onnx.triggered.connect(
            lambda: self._ask("Export as ONNX", (".onnx",), _ONNX, _to_onnx)
        )
        self.to_weights.triggered.connect(
            lambda: self._ask(
                "Export as torchvision weights",
                (".pth", ".pt", ".safetensors"),
                _WEIGHTS,
                _to_weights,
            )
        )
        summary.stop.clicked.connect(self._stop)
        self.lane.done.connect(self._end)
        self.lane.failed.connect(self._fail)

    def use(self, results: Results) -> None:
        """Offer this network's file."""
        self._results = results
        self._summary.say_written("")
        why = ""
        if results.backbone == starter.NAME:
            why = "torchvision has no network like the starter. Export it as ONNX."
        elif results.small:
            why = "No network of torchvision looks at the strongest cells only. Export it as ONNX."
        self.to_weights.setEnabled(not why)
        self.to_weights.setToolTip(why or "Weights that plain torchvision loads")

    def _ask(self, title: str, suffixes: tuple[str, ...], kinds: str, make: Make) -> None:
        """Ask where to, and let something make a file there from the network's."""
        if self._results is None:
            return
        source = self._results.file
        start = str(self._folder / f"{source.stem}{suffixes[0]}")
        chosen, _ = QFileDialog.getSaveFileName(self._summary, title, start, kinds)
        if not chosen:
            return
        target = Path(chosen)
        if target.suffix.lower() not in suffixes:
            target = target.with_name(target.name + suffixes[0])
        self._folder = target.parent
        self._summary.say_writing(target.name)
        self.lane.submit(lambda ticket: _Written(target, make(source, target, ticket)))

    def _stop(self) -> None:
        self.lane.cancel()
        self._summary.say_written("")

    def _end(self, made: _Written) -> None:
        self._summary.say_written("\n".join((f"Written to {made.path}.", *made.notes)))
        self.written.emit(made.path)

    def _fail(self, error: BaseException) -> None:
        self._summary.say_written("")
        if not isinstance(error, CancelledError):
            self.failed.emit(message_for(error))


def copy(source: Path, target: Path, ticket: Ticket) -> Notes:
    """Copy a file, whole or not at all.

    Raises:
        ExportError: if it cannot be written.
    """
    del ticket  # copying takes no time worth stopping
    part = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, part)
        part.replace(target)
    except OSError as error:
        with suppress(OSError):
            part.unlink()
        raise ExportError(
            f"{target} cannot be written: {error.strerror or error}. Choose another place."
        ) from error
    return ()


def _to_onnx(source: Path, target: Path, ticket: Ticket) -> Notes:
    from camviewer.export import network  # what it needs is loaded when it is needed

    return network.to_onnx(taught.load(source), target, ticket.stop).notes


def _to_weights(source: Path, target: Path, ticket: Ticket) -> Notes:
    from camviewer.export import network

    del ticket  # it takes a second
    return network.to_state_dict(source, target).notes
