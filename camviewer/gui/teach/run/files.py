"""What can be done with the file of a taught network: a copy, other formats."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from camviewer.errors import ExportError
from camviewer.gui.jobs import Jobs
from camviewer.gui.teach.run.summary import Summary
from camviewer.teach.results import Results


class Files(QObject):
    """Fills the summary's menu, asks where to, and writes off the GUI thread.

    Signals:
        written(Path): it is there.
        failed(str): it is not, and why.
    """

    written = Signal(object)
    failed = Signal(str)

    def __init__(self, summary: Summary, jobs: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._summary = summary
        self._jobs = jobs
        self._results: Results | None = None
        self._folder = Path.home()
        self.save_as = summary.keep.addAction("&Save a Copy As…")
        self.save_as.triggered.connect(self._ask_copy)

    def use(self, results: Results) -> None:
        """Offer this network's file."""
        self._results = results

    def _ask_copy(self) -> None:
        self._ask("Save a copy", ".safetensors", "Taught networks (*.safetensors)", copy)

    def _ask(
        self, title: str, suffix: str, kinds: str, make: Callable[[Path, Path], object]
    ) -> None:
        """Ask where to, and let something make a file there from the network's."""
        if self._results is None:
            return
        source = self._results.file
        start = str(self._folder / f"{source.stem}{suffix}")
        chosen, _ = QFileDialog.getSaveFileName(self._summary, title, start, kinds)
        if not chosen:
            return
        target = Path(chosen)
        if target.suffix.lower() != suffix:
            target = target.with_name(target.name + suffix)
        self._folder = target.parent
        self._jobs.submit(
            lambda: make(source, target), lambda _: self.written.emit(target), self.failed.emit
        )


def copy(source: Path, target: Path) -> None:
    """Copy a file, whole or not at all.

    Raises:
        ExportError: if it cannot be written.
    """
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
