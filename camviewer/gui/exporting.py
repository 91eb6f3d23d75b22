"""Exports what is on the canvas, off the GUI thread, and copies it to the clipboard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QImage
from PySide6.QtWidgets import QWidget

from camviewer.export.bundle import export
from camviewer.gui.album import Album
from camviewer.gui.batch_export import BatchExport
from camviewer.gui.dialogs.export import ExportDialog
from camviewer.gui.jobs import Jobs
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.session import Session
from camviewer.gui.settings import ExportChoices, Settings
from camviewer.render import overlay
from camviewer.types import Inspection, Pixels


class Exporter(QObject):
    """Takes the inspection with its boxes as edited, and the view as shown."""

    exported = Signal(object)  # list[Path]
    copied = Signal()

    def __init__(
        self,
        session: Session,
        shown: Callable[[], Inspection | None],
        album: Album,
        jobs: Jobs,
        messages: MessageBar,
        settings: Settings,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._session = session
        self._shown = shown
        self._album = album
        self._jobs = jobs
        self._messages = messages
        self._settings = settings
        self._window = window
        self.batch = BatchExport(messages, self.show_folder, self)

    def ask(self) -> None:
        """Let the person choose, then export."""
        if self._shown() is None:
            self._nothing()
            return
        dialog = ExportDialog(
            self._settings.export, self._beside(), self._window, len(self._album.paths)
        )

        def accepted() -> None:
            self._settings.export = dialog.choices
            if dialog.every.isChecked():
                self._export_all(dialog.choices)
            else:
                self._export(dialog.choices)

        dialog.accepted.connect(accepted)
        dialog.open()

    def quick(self, stem: str = "") -> None:
        """Export with the choices of the last time; without any, beside the picture.

        Args:
            stem: how the files' names begin; empty for the picture's own name.
        """
        self._export(self._settings.export, stem)

    def copy(self) -> None:
        """Put the overlay on the clipboard."""
        inspection = self._shown()
        if inspection is None:
            self._nothing()
            return
        view = self._session.view
        self._jobs.submit(lambda: overlay(inspection, view), self._copied, self._tell)

    def _export_all(self, choices: ExportChoices) -> None:
        model = self._session.model
        if model is not None:
            self.batch.start(
                model.classifier,
                model.device,
                self._session.runtime,
                self._album.paths,
                self._session.request,
                self._session.view,
                choices,
                self._folder(choices),
            )

    def _folder(self, choices: ExportChoices) -> Path:
        return choices.folder or self._beside() or Path.home()

    def _export(self, choices: ExportChoices, stem: str = "") -> None:
        inspection = self._shown()
        if inspection is None:
            self._nothing()
            return
        folder = self._folder(choices)
        stem = stem or stem_of(inspection)
        view = self._session.view
        what = set(choices.parts)
        self._jobs.submit(
            lambda: export(inspection, view, folder, stem, what, choices.picture_format),
            self._exported,
            self._tell,
        )

    def _beside(self) -> Path | None:
        inspection = self._shown()
        return None if inspection is None else folder_of(inspection)

    def _exported(self, paths: list[Path]) -> None:
        folder = paths[0].parent
        count = "1 file" if len(paths) == 1 else f"{len(paths)} files"
        self._messages.show_message(
            f"Saved {count} to {folder}.",
            Kind.GOOD,
            "Show Folder",
            lambda: self.show_folder(folder),
        )
        self.exported.emit(paths)

    def show_folder(self, folder: Path) -> None:
        """Open a folder in the system's file manager."""
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self._messages.show_message(f"No file manager was found. The folder is {folder}.")

    def _copied(self, pixels: Pixels) -> None:
        put_on_clipboard(pixels)
        self._messages.show_message("Copied the overlay to the clipboard.", Kind.GOOD)
        self.copied.emit()

    def _nothing(self) -> None:
        self._messages.show_message("There is nothing to export yet: open a picture first.")

    def _tell(self, message: str) -> None:
        self._messages.show_message(message, Kind.ERROR)


def stem_of(inspection: Inspection) -> str:
    """How the names of files made of an inspection begin."""
    return Path(inspection.frame.source).stem or "picture"


def folder_of(inspection: Inspection) -> Path | None:
    """The folder of its picture; None if that came from elsewhere."""
    path = Path(inspection.frame.source)
    return path.parent if path.is_absolute() and path.parent.is_dir() else None


def put_on_clipboard(pixels: Pixels) -> None:
    """Put a picture, RGB uint8, on the clipboard."""
    height, width, _ = pixels.shape
    data = pixels.tobytes()
    image = QImage(data, width, height, width * 3, QImage.Format.Format_RGB888)
    QGuiApplication.clipboard().setImage(image.copy())
