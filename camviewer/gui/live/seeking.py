"""Which picture of a file is wanted next, while the one before is still on its way."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from camviewer.gui.live.feed import Feed

_AGAIN_MS = 30


class Seeking(QObject):
    """Sends a file from place to place, as fast as it can follow."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._feed: Feed | None = None
        self._aim: int | None = None  # asked for, and not on the canvas yet
        self._next: int | None = None  # not even asked for
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self._go)

    @property
    def aim(self) -> int | None:
        """The number of the picture that is wanted and not shown yet."""
        return self._aim

    def watch(self, feed: Feed | None) -> None:
        """Be about this source from now on."""
        self._feed = feed
        self.forget()

    def seek(self, number: int) -> None:
        """Want this picture; those wanted before that nobody has seen are left out."""
        number = max(number, 0)
        if self._feed is not None and self._feed.length:
            number = min(number, self._feed.length - 1)
        self._aim = self._next = number
        if not self._again.isActive():
            self._go()

    def repeat(self) -> None:
        """Ask once more for what is on its way: it was asked for otherwise."""
        if self._aim is not None:
            self.seek(self._aim)

    def forget(self) -> None:
        """Want nothing any more, such as when something was shown."""
        if self._next is None:
            self._aim = None
        if self._feed is None:
            self._aim = self._next = None
            self._again.stop()

    def _go(self) -> None:
        feed, number = self._feed, self._next
        if feed is None or number is None:
            return
        if feed.capture.seeking:
            self._again.start()
        else:
            self._next = None
            feed.capture.seek(number)
