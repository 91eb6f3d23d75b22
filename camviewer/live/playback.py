"""Which frame of a file comes next, and when."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

from camviewer.live.clock import Clock
from camviewer.live.outlet import Outlet
from camviewer.types import Frame

_TOO_LATE = 0.5  # seconds; a file that is decoded too slowly goes on from here, it does not rush
_PERIOD = 1 / 25  # seconds a frame is shown where nothing says how long
_LONGEST_WAIT = 60.0  # seconds from one frame to the next, whatever their times say


class Playback:
    """Plays a file: by the clock, from where it is wanted, step by step, or over and over.

    What people ask for comes from any thread; `play` belongs to the thread that reads.
    """

    def __init__(
        self,
        outlet: Outlet,
        change: threading.Condition,
        clock: Clock,
        told: Callable[[], None],
    ) -> None:
        """It begins at the first frame, running.

        Args:
            outlet: where frames go.
            change: guards everything that threads share.
            clock: by which frames are due.
            told: called without the lock when `paused` or `ended` has changed.
        """
        self._outlet = outlet
        self._change = change
        self._clock = clock
        self._told = told
        self._pace = _Pace(_PERIOD)
        self._closed = False
        self._paused = False
        self._looping = False
        self._ended = False
        self._resumed = False  # and nothing was handed on since
        self._turning = False  # what is wanted is the start, because the end was reached
        self._wanted: int | None = None  # nobody looks for it yet
        self._aim: int | None = None  # wanted, and not handed on yet
        self._ahead: Frame | None = None  # read, and not handed on yet
        self._following: int | None = None  # the number that the next read gives
        self._count = 0  # frames since the start of the file

    @property
    def paused(self) -> bool:
        """Whether frames come only when they are asked for."""
        return self._paused

    @property
    def looping(self) -> bool:
        """Whether the file starts again at its end."""
        return self._looping

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to come, unless it is asked for."""
        return self._ended

    @property
    def seeking(self) -> bool:
        """Whether a frame is wanted that was not handed on yet."""
        return self._aim is not None

    def pause(self, *, paused: bool) -> None:
        """Stop, or go on; at the end, begin again."""
        with self._change:
            self._resumed = self._paused and not paused
            self._paused = paused
            if not paused and self._ended:
                self._want(0)
            self._change.notify_all()
        self._told()

    def loop(self, *, looping: bool) -> None:
        """Start again at the end, from now on, or do not."""
        with self._change:
            self._looping = looping

    def seek(self, number: int) -> None:
        """Show this frame, and go on from there unless paused."""
        with self._change:
            self._want(number)
        self._told()

    def step(self, by: int) -> None:
        """Pause, and show the frame that is so many further on, or back."""
        with self._change:
            self._paused = True
            place = self._aim
            if place is None:
                place = -1 if self._outlet.shown is None else self._outlet.shown[0]
            self._want(place + by)
        self._told()

    def again(self) -> None:
        """Show the same frame once more, if none comes by itself."""
        with self._change:
            if (self._paused or self._ended) and self._aim is None and self._outlet.shown:
                self._want(self._outlet.shown[0])

    def close(self) -> None:
        """Let `play` return as soon as it can."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def play(
        self, read: Callable[[], Frame | None], seek: Callable[[int], None], rate: float
    ) -> None:
        """Hand frames on until closed; from the last one on if some were before.

        Args:
            read: the next frame, or None at the end.
            seek: lets the next `read` give this frame.
            rate: nominal frames per second; 0 while unknown.

        Raises:
            SourceError: if one of the two did.
        """
        with self._change:
            self._ahead, self._following, self._ended = None, 0, False
            self._count = 0
            if self._aim is not None:
                self._wanted = self._aim
            elif self._outlet.shown is not None:
                self._wanted = self._aim = self._outlet.shown[0]
        self._pace = _Pace(1 / rate if rate > 0 else _PERIOD)
        while self._awake():
            frame = self._next(read, seek)
            if frame is None:
                self._end()
            elif self._due(frame):
                self._hand_on(frame)

    def _want(self, number: int) -> None:
        self._ended = self._turning = False
        self._wanted = self._aim = max(number, 0)
        self._outlet.jump()
        self._change.notify_all()

    def _awake(self) -> bool:
        """Wait until there is something to do; False when closed."""

        def called() -> bool:
            return self._closed or self._wanted is not None or not (self._paused or self._ended)

        with self._change:
            if not called():
                self._clock.wait(self._change, called)
                self._pace.restart()
            return not self._closed

    def _next(self, read: Callable[[], Frame | None], seek: Callable[[int], None]) -> Frame | None:
        with self._change:
            wanted, self._wanted = self._wanted, None
            turning, self._turning = self._turning, False
        if wanted is not None:
            self._pace.turn() if turning else self._pace.restart()
            if self._ahead is None or self._ahead.number != wanted:
                if self._ahead is not None or self._following != wanted:
                    seek(wanted)
                self._ahead = None
        if self._ahead is None:
            self._ahead = read()
            self._count += self._ahead is not None
            self._following = None if self._ahead is None else self._ahead.number + 1
        return self._ahead

    def _end(self) -> None:
        with self._change:
            if self._wanted is not None:
                return
            # a file without frames would turn for ever
            if (self._looping or self._resumed) and not self._paused and self._count > 0:
                self._count = 0
                self._wanted, self._turning = 0, not self._resumed
                self._outlet.epoch += 1
                return
            self._ended = True
            self._aim = None
        self._told()

    def _due(self, frame: Frame) -> bool:
        """Wait until a frame is due; False if something else is wanted meanwhile."""

        def called() -> bool:
            return self._closed or self._wanted is not None or self._paused

        with self._change:
            seconds = self._pace.wait(frame, self._clock.now())
            return seconds <= 0 or not self._clock.wait(self._change, called, seconds)

    def _hand_on(self, frame: Frame) -> None:
        turned = self._outlet.turned(frame)
        with self._change:
            held = self._paused and self._aim is None
            if self._closed or self._wanted is not None or held:
                return
            now = self._clock.now()
            self._pace.shown(frame, now)
            self._outlet.put(turned, now)
            self._ahead = self._aim = None
            self._resumed = False


class _Pace:
    """Lays the times of a file's frames over the clock."""

    def __init__(self, period: float) -> None:
        self._lead: float | None = None  # from a frame's time to the clock's
        self._earliest = -math.inf
        self._period = period
        self._last: tuple[float, float] | None = None  # the frame's time and the clock's

    def restart(self) -> None:
        """The next frame is due at once, and the others after it."""
        self._lead, self._earliest, self._last = None, -math.inf, None

    def turn(self) -> None:
        """The same, but the last frame is shown for as long as the one before it."""
        earliest = -math.inf if self._last is None else self._last[1] + self._period
        self.restart()
        self._earliest = earliest

    def wait(self, frame: Frame, now: float) -> float:
        """Seconds until a frame is due; not above 0 when it is."""
        if not math.isfinite(frame.time):
            return 0.0
        due = self._earliest if self._lead is None else frame.time + self._lead
        return min(due - now, _LONGEST_WAIT)

    def shown(self, frame: Frame, now: float) -> None:
        """A frame was handed on; what follows is due by its time from there."""
        if not math.isfinite(frame.time):
            return
        late = -self.wait(frame, now)
        if self._lead is None or not 0 <= late <= _TOO_LATE:
            self._lead = now - frame.time
        if self._last is not None and frame.time > self._last[0]:
            self._period = min(frame.time - self._last[0], _LONGEST_WAIT)
        self._last = frame.time, now
