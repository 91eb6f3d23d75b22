"""Documents that macOS asks the program to open: a double-click, or a drop on its icon."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QFileOpenEvent


class FileOpenEvents(QObject):
    """Filters the application's events for documents to open.

    Signals:
        requested(object): a list of paths; the system sends one event each, they come together.
    """

    requested = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths: list[Path] = []
        self._gathering = QTimer(self)
        self._gathering.setSingleShot(True)
        self._gathering.setInterval(0)
        self._gathering.timeout.connect(self._tell)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take events that name a file; leave all others alone."""
        if isinstance(event, QFileOpenEvent) and event.file():
            self._paths.append(Path(event.file()))
            self._gathering.start()
            return True
        return super().eventFilter(watched, event)

    def _tell(self) -> None:
        paths, self._paths = self._paths, []
        self.requested.emit(paths)
