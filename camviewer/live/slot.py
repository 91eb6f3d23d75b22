"""Where the newest frame waits: one, never more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from camviewer.types import Frame


@dataclass(frozen=True, eq=False)
class Arrival:
    """A frame and when it came.

    Attributes:
        frame: the frame.
        time: of `time.monotonic`, when it was captured.
        epoch: which opening or jump of the source it belongs to; a result of another epoch is out
            of date.
    """

    frame: Frame
    time: float
    epoch: int = 0


class Slot:
    """Holds the newest arrival; it takes the place of one that nobody took. Thread-safe.

    Attributes:
        tap: is shown every arrival, also those that nobody takes, by the thread that puts them.
    """

    def __init__(self) -> None:
        self.tap: Callable[[Arrival], None] | None = None
        self._ready = threading.Condition()
        self._newest: Arrival | None = None
        self._closed = False
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """How many arrivals nobody took."""
        return self._dropped

    @property
    def waiting(self) -> int:
        """How many arrivals wait to be taken: none or one."""
        return int(self._newest is not None)

    def put(self, arrival: Arrival) -> None:
        """Offer an arrival; never waits. Nothing is taken in after `close`."""
        tap = self.tap
        if tap is not None:
            tap(arrival)
        with self._ready:
            if self._closed:
                return
            if self._newest is not None:
                self._dropped += 1
            self._newest = arrival
            self._ready.notify_all()

    def take(self, timeout: float) -> Arrival | None:
        """The newest arrival, which is then no longer here.

        Args:
            timeout: seconds to wait for one.

        Returns:
            None if none came in time, or the slot was closed.
        """
        with self._ready:
            self._ready.wait_for(lambda: self._newest is not None or self._closed, timeout)
            arrival, self._newest = self._newest, None
            return arrival

    def clear(self) -> None:
        """Forget what waits, such as before a jump; it does not count as dropped."""
        with self._ready:
            self._newest = None

    def close(self) -> None:
        """Let go of what waits, and of whoever waits, now and from now on."""
        with self._ready:
            self._closed = True
            self._newest = None
            self._ready.notify_all()
