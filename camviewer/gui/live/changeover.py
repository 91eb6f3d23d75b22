"""Opening a source when those before have let go: it may be the same camera."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from camviewer.gui.live.feed import Feed
from camviewer.live.capture import Capture

_TURN_MS = 20
_PATIENCE = 1.5  # seconds
_LAST_WAIT = 0.2  # seconds


class Changeover(QObject):
    """Opens and closes sources; waits for none on the GUI thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._leaving: list[Capture] = []
        self._next: Feed | None = None
        self._deadline = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._try)

    def open(self, feed: Feed) -> None:
        """Open a source as soon as those before let go, or have been given time for it."""
        self._next = feed
        self._deadline = time.monotonic() + _PATIENCE
        self._timer.start()
        self._try()

    def close(self, feed: Feed) -> None:
        """Let go of a source; returns at once."""
        if self._next is feed:
            self._next = None
            self._timer.stop()
        if not feed.close():
            self._leaving.append(feed.capture)

    def shutdown(self) -> None:
        """Wait a little for sources to let go; those that hang are left behind."""
        deadline = time.monotonic() + _LAST_WAIT
        for capture in self._leaving:
            capture.close(max(deadline - time.monotonic(), 0.0))
        self._leaving.clear()

    def _try(self) -> None:
        self._leaving = [capture for capture in self._leaving if not capture.close(0)]
        if self._next is not None and (not self._leaving or time.monotonic() > self._deadline):
            feed, self._next = self._next, None
            self._timer.stop()
            feed.capture.start()
