"""Asks for files and folders to collect from."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from camviewer.gui.settings import Settings
from camviewer.media import images
from camviewer.teach.data.lesson import home


def ask_files(parent: QWidget, settings: Settings, name: str) -> list[Path]:
    """Picture files for a class; none if the person changed their mind."""
    kinds = " ".join(f"*{suffix}" for suffix in sorted(images.EXTENSIONS))
    filters = f"Pictures ({kinds});;All files (*)"
    title, start = f"Add pictures to {name}", str(settings.folder)
    files, _ = QFileDialog.getOpenFileNames(parent, title, start, filters)
    if files:
        settings.folder = Path(files[0]).parent
    return [Path(file) for file in files]


def ask_folder(parent: QWidget, settings: Settings, name: str) -> list[Path]:
    """A folder of pictures for a class; none if the person changed their mind."""
    title, start = f"Add a folder to {name}", str(settings.folder)
    folder = QFileDialog.getExistingDirectory(parent, title, start)
    if not folder:
        return []
    settings.folder = Path(folder)
    return [Path(folder)]


def ask_lesson(parent: QWidget) -> Path | None:
    """The folder of a lesson; None if the person changed their mind."""
    folder = QFileDialog.getExistingDirectory(parent, "Open a lesson", str(home()))
    return Path(folder) if folder else None
