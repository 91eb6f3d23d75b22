"""How fast and how fresh: what the status bar says of the live view."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from camviewer.live.loop import Result
from camviewer.live.meter import LEAST, WINDOW, Meter


@dataclass(frozen=True)
class Figures:
    """What the status bar shows.

    Attributes:
        camera_fps: frames per second that the source gave.
        shown_fps: results per second that were shown.
        inference_ms: what one inference took, median.
        age_ms: how long ago a shown frame was captured, at the moment it was shown, median.
        age_p95_ms: the same, 95th percentile.
        dropped: frames that were never looked at, since the start.
    """

    camera_fps: float = 0.0
    shown_fps: float = 0.0
    inference_ms: float = 0.0
    age_ms: float = 0.0
    age_p95_ms: float = 0.0
    dropped: int = 0


@dataclass(frozen=True)
class _Showing:
    time: float
    age: float
    inference: float


class Rates:
    """Takes note of what is shown over the last two seconds. One thread at a time."""

    def __init__(self, window: float = WINDOW, clock: Callable[[], float] = time.monotonic) -> None:
        self._window = window
        self._clock = clock
        self._meter = Meter(window, clock)
        self._shown: deque[_Showing] = deque()

    def shown(self, result: Result) -> None:
        """A result is on the screen now."""
        now = self._clock()
        self._meter.tick()
        self._shown.append(_Showing(now, now - result.arrived, result.inspection.seconds))
        while len(self._shown) > LEAST and now - self._shown[0].time > self._window:
            self._shown.popleft()

    def reset(self) -> None:
        """Forget everything, such as before another source."""
        self._meter.reset()
        self._shown.clear()

    def figures(self, camera_fps: float = 0.0, dropped: int = 0) -> Figures:
        """All of them, now.

        Args:
            camera_fps: as `Capture.rate` measures it.
            dropped: as `Slot.dropped` counts it.
        """
        ages = [showing.age for showing in self._shown]
        return Figures(
            camera_fps=camera_fps,
            shown_fps=self._meter.rate,
            inference_ms=1000 * percentile([s.inference for s in self._shown], 0.5),
            age_ms=1000 * percentile(ages, 0.5),
            age_p95_ms=1000 * percentile(ages, 0.95),
            dropped=dropped,
        )


def percentile(values: Sequence[float], share: float) -> float:
    """The value that a share in (0, 1) of them does not exceed, interpolated; 0 for none."""
    if len(values) < 2:
        return values[0] if values else 0.0
    return statistics.quantiles(values, n=100, method="inclusive")[round(100 * share) - 1]
