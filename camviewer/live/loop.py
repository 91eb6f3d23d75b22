"""One frame after the other, always the newest: looked at, steadied, tracked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from camviewer.inspector import Request
from camviewer.live.clock import Clock
from camviewer.live.slot import Slot
from camviewer.live.steady import Steady
from camviewer.live.tracking import Tracker
from camviewer.types import Frame, Inspection

Look = Callable[[Frame, Request], Inspection]
"""Explains one frame."""


@dataclass(frozen=True)
class Settings:
    """What is asked of every frame, and what is done with the answers.

    Attributes:
        request: what to look for.
        hold: see `Steady.hold`.
        smoothing: see `Steady.smoothing`.
        track: whether boxes get numbers that stay with them.
    """

    request: Request = field(default_factory=Request)
    hold: float = 2.0
    smoothing: float = 0.0
    track: bool = True


@dataclass(frozen=True, eq=False)
class Result:
    """One frame, explained, steadied and tracked.

    Attributes:
        inspection: of the frame that it carries.
        arrived: of `time.monotonic`, when the frame was captured.
        finished: likewise, when all of this was done.
        epoch: which opening or jump of the source the frame belongs to.
        settings: those that it was made with; newer ones may hold by now.
    """

    inspection: Inspection
    arrived: float
    finished: float
    epoch: int
    settings: Settings


class Loop:
    """Looks at the newest frame of a slot. One thread at a time."""

    def __init__(
        self,
        slot: Slot,
        look: Look,
        settings: Callable[[], Settings],
        clock: Clock | None = None,
    ) -> None:
        """Nothing is done before `step`.

        Args:
            slot: where frames arrive.
            look: explains a frame; what it raises ends the step and is passed on.
            settings: what holds now; asked once for each frame, on the thread of `step`.
            clock: tells the time.
        """
        self._slot = slot
        self._look = look
        self._settings = settings
        self._clock = clock or Clock()
        self._steady = Steady()
        self._tracker = Tracker()
        self._epoch: int | None = None

    @property
    def epoch(self) -> int | None:
        """Of the frame that was taken last; None before the first."""
        return self._epoch

    def step(self, timeout: float) -> Result | None:
        """Take the newest frame and explain it.

        Args:
            timeout: seconds to wait for a frame.

        Returns:
            None if none came in time, or the slot was closed.

        Raises:
            Exception: whatever `look` raised; the next step starts with the next frame.
        """
        arrival = self._slot.take(timeout)
        if arrival is None:
            return None
        settings = self._settings()
        if arrival.epoch != self._epoch:
            self._epoch = arrival.epoch
            self._steady.reset()
            self._tracker.reset()
        self._steady.hold, self._steady.smoothing = settings.hold, settings.smoothing
        inspection = self._look(arrival.frame, settings.request)
        # the frame's own time: a video that is stepped through is smoothed as it is when played
        inspection = self._steady(inspection, arrival.frame.time)
        if settings.track:
            inspection = self._tracker(inspection)
        return Result(inspection, arrival.time, self._clock.now(), arrival.epoch, settings)
