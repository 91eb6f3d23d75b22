"""A clock that stands still until it is told to go on."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass

from camviewer.live.clock import Clock

PATIENCE = 20.0  # real seconds; only a test that fails waits so long


@dataclass(frozen=True)
class _Sleeper:
    change: threading.Condition
    until: Callable[[], bool]
    deadline: float | None


class FakeClock(Clock):
    """Time that passes when a test says so."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._guard = threading.Condition()
        self._sleepers: dict[int, _Sleeper] = {}

    def now(self) -> float:
        return self._now

    def wait(
        self, change: threading.Condition, until: Callable[[], bool], seconds: float | None = None
    ) -> bool:
        me = threading.get_ident()
        deadline = None if seconds is None else self._now + seconds
        try:
            while not until():
                if deadline is not None and self._now >= deadline:
                    return until()
                with self._guard:
                    self._sleepers[me] = _Sleeper(change, until, deadline)
                    self._guard.notify_all()
                change.wait()
        finally:
            with self._guard:
                self._sleepers.pop(me, None)
                self._guard.notify_all()
        return True

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._guard:
            self._now += seconds
            sleepers = [sleeper.change for sleeper in self._sleepers.values()]
        for change in sleepers:
            with change:
                change.notify_all()

    def asleep(self) -> float:
        """Wait until one thread sleeps; for how long it will, in seconds."""
        with self._guard:
            assert self._guard.wait_for(self._one_sleeps, PATIENCE), "nobody sleeps"
            (sleeper,) = self._sleepers.values()
            return math.inf if sleeper.deadline is None else sleeper.deadline - self._now

    def _one_sleeps(self) -> bool:
        """Whether it does; somebody who has been called, but did not wake yet, does not."""
        if len(self._sleepers) != 1:
            return False
        (sleeper,) = self._sleepers.values()
        over = sleeper.deadline is not None and self._now >= sleeper.deadline
        return not over and not sleeper.until()
