"""Exports the panes as one figure, off the GUI thread, and copies it to the clipboard."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from camviewer.export.figure import figure, save_figure
from camviewer.gui.compare.view import CompareView
from camviewer.gui.exporting import Exporter, folder_of, put_on_clipboard, stem_of
from camviewer.gui.jobs import Jobs
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.session import Session
from camviewer.gui.settings import Settings
from camviewer.types import Inspection, Pixels

_FORMATS = {".png": "png", ".jpg": "jpg", ".jpeg": "jpeg"}
_SUFFIX = ".compare"


class FigureExport(QObject):
    """Takes the panes that have a result, in reading order, and the view as shown.

    Signals:
        exported(list[Path]): the figure and its record.
        copied(): the figure is on the clipboard.
    """

    exported = Signal(object)
    copied = Signal()

    def __init__(
        self,
        view: CompareView,
        session: Session,
        jobs: Jobs,
        messages: MessageBar,
        settings: Settings,
        exporter: Exporter,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._view = view
        self._session = session
        self._jobs = jobs
        self._messages = messages
        self._settings = settings
        self._exporter = exporter
        self._window = window

    def quick(self) -> None:
        """Save with the folder and format of the last export; without any, beside the picture."""
        results = self._results()
        if results:
            choices = self._settings.export
            folder = choices.folder or folder_of(results[0]) or Path.home()
            self._save(results, folder, stem_of(results[0]), choices.picture_format)

    def ask(self) -> None:
        """Let the person say where to, then save."""
        results = self._results()
        if not results:
            return
        choices = self._settings.export
        folder = choices.folder or folder_of(results[0]) or Path.home()
        suggested = folder / f"{stem_of(results[0])}{_SUFFIX}.{choices.picture_format}"
        name, _ = QFileDialog.getSaveFileName(
            self._window, "Save the figure", str(suggested), "Pictures (*.png *.jpg)"
        )
        if name:
            path = Path(name)
            picture_format = _FORMATS.get(path.suffix.lower(), choices.picture_format)
            known = path.suffix.lower() in _FORMATS
            stem = (path.stem if known else path.name).removesuffix(_SUFFIX)
            self._save(results, path.parent, stem, picture_format)

    def copy(self) -> None:
        """Put the figure on the clipboard."""
        results = self._results()
        if results:
            view, columns = self._session.view, self._view.columns
            self._jobs.submit(
                lambda: figure(results, view, columns).pixels, self._copied, self._tell
            )

    def _save(
        self, results: tuple[Inspection, ...], folder: Path, stem: str, picture_format: str
    ) -> None:
        view, columns = self._session.view, self._view.columns
        left_out = self._view.waiting
        self._jobs.submit(
            lambda: save_figure(results, view, folder, stem, picture_format, columns),
            lambda paths: self._saved(paths, left_out),
            self._tell,
        )

    def _saved(self, paths: list[Path], left_out: int) -> None:
        text = f"Saved {paths[0].name} and its record to {paths[0].parent}."
        if left_out:
            panes = "A pane" if left_out == 1 else f"{left_out} panes"
            text += f" {panes} without a result {'is' if left_out == 1 else 'are'} not in it."
        self._messages.show_message(
            text, Kind.GOOD, "Show Folder", lambda: self._exporter.show_folder(paths[0].parent)
        )
        self.exported.emit(paths)

    def _copied(self, pixels: Pixels) -> None:
        put_on_clipboard(pixels)
        self._messages.show_message("Copied the figure to the clipboard.", Kind.GOOD)
        self.copied.emit()

    def _results(self) -> tuple[Inspection, ...]:
        results = self._view.results
        if not results:
            self._messages.show_message("There is nothing to save yet: no pane has a result.")
        return results

    def _tell(self, message: str) -> None:
        self._messages.show_message(message, Kind.ERROR)
