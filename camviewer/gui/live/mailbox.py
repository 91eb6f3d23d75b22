"""From a worker to the GUI thread: the newest thing only."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

_Thing = TypeVar("_Thing")


class _Bell(QObject):
    """Rings on the thread that it lives in."""

    rang = Signal()


class Mailbox(Generic[_Thing]):
    """Holds the newest thing until the GUI thread takes it; older ones are forgotten.

    However fast things come, at most one call is under way: nothing queues up where the GUI thread
    is slower.

    Attributes:
        bell: its signal ``rang`` comes on the GUI thread when there is something to take.
    """

    def __init__(self, parent: QObject) -> None:
        self.bell = _Bell(parent)
        self._guard = threading.Lock()
        self._newest: _Thing | None = None

    def put(self, thing: _Thing) -> None:
        """Replace what was not taken yet; from any thread, never waits."""
        with self._guard:
            rung, self._newest = self._newest is not None, thing
        if not rung:
            self.bell.rang.emit()

    def take(self) -> _Thing | None:
        """The newest thing, which is then no longer here."""
        with self._guard:
            thing, self._newest = self._newest, None
        return thing

    def on_arrival(self, slot: object) -> None:
        """Call a bound method of a QObject whenever there is something to take."""
        self.bell.rang.connect(slot, Qt.ConnectionType.QueuedConnection)
