"""Telling of what changes all the time, but not all the time."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal


class Throttle(QObject):
    """Says that something changed: at once, then at most so often, and in the end once more.

    Signals:
        due(): something changed since this was said last.
    """

    due = Signal()

    def __init__(self, milliseconds: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting = False
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(milliseconds)
        self._pause.timeout.connect(self._say)

    def note(self) -> None:
        """Something changed."""
        self._waiting = True
        if not self._pause.isActive():
            self._say()

    def drop(self) -> None:
        """Say nothing of what changed so far."""
        self._waiting = False

    def forget(self) -> None:
        """The same, and the next change is said at once."""
        self.drop()
        self._pause.stop()

    def _say(self) -> None:
        if self._waiting:
            self._waiting = False
            self._pause.start()
            self.due.emit()
