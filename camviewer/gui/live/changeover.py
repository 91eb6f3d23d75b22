"""Opening a source when nobody else holds it: the one before may be the same camera."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, QTimer

from camviewer.gui.live.feed import Feed

_TURN_MS = 20
_PATIENCE = 1.5  # seconds
_LAST_WAIT = 0.2  # seconds


class Changeover(QObject):
    """Opens and closes sources; waits for none on the GUI thread."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._leaving: list[Feed] = []
        self._next: Feed | None = None
        self._deadline = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TURN_MS)
        self._timer.timeout.connect(self._try)

    def open(self, feed: Feed) -> None:
        """Open a source; one that is just being let go of, when that is done or takes too long."""
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
            self._leaving.append(feed)

    def shutdown(self) -> None:
        """Wait a little for sources to let go; those that hang are left behind."""
        deadline = time.monotonic() + _LAST_WAIT
        for feed in self._leaving:
            feed.capture.close(max(deadline - time.monotonic(), 0.0))
        self._leaving.clear()

    def _try(self) -> None:
        feed = self._next
        self._leaving = [other for other in self._leaving if not other.capture.close(0)]
        held = feed is not None and any(feed.is_same(other) for other in self._leaving)
        if feed is not None and (not held or time.monotonic() > self._deadline):
            self._next = None
            self._timer.stop()
            feed.capture.start()
