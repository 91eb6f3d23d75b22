"""How fast and how fresh: what the status bar says of the live view."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

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
            inference_ms=1000 * _percentile([s.inference for s in self._shown], 50),
            age_ms=1000 * _percentile(ages, 50),
            age_p95_ms=1000 * _percentile(ages, 95),
            dropped=dropped,
        )


def _percentile(values: Sequence[float], percent: float) -> float:
    return float(np.percentile(values, percent)) if values else 0.0
