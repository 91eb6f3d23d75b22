"""How often something happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

WINDOW = 2.0  # seconds that are looked back
LEAST = 3  # events that are looked at, however long ago: slow networks have a rate, too


class Meter:
    """Counts how often something happens in a second. One thread at a time."""

    def __init__(self, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._times: deque[float] = deque()

    def tick(self) -> None:
        """It happened."""
        now = self._clock()
        self._times.append(now)
        while len(self._times) > LEAST and now - self._times[0] > self._window:
            self._times.popleft()

    def reset(self) -> None:
        """Forget what happened."""
        self._times.clear()

    @property
    def rate(self) -> float:
        """Times per second, over the last seconds; falls towards 0 when it happens no more."""
        times = tuple(self._times)
        if len(times) < 2 or times[-1] <= times[0]:
            return 0.0
        steady = (len(times) - 1) / (times[-1] - times[0])
        return min(steady, len(times) / (self._clock() - times[0]))
