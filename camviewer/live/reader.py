"""The thread that is in a source, as long as that takes."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.live.clock import Clock
from camviewer.live.condition import Condition, Status
from camviewer.live.meter import Meter
from camviewer.live.outlet import Outlet
from camviewer.live.playback import Playback
from camviewer.media.source import SeekableSource, Source
from camviewer.types import Frame

_log = logging.getLogger(__name__)

_SLOW = 3.0  # nominal periods without a frame are no reason to worry

Got = TypeVar("Got")


@dataclass(frozen=True)
class Setting:
    """What a reader works with.

    Attributes:
        source: what is read.
        outlet: where frames go.
        playback: decides which frame is next, for a file; None for what is live.
        change: guards everything that threads share; notified when something of it changes.
        clock: tells the time.
        retry: seconds to wait before a lost source is opened again; the last one goes on.
        stall_after: seconds without a sign after which a source has stalled.
        told: called without a lock when the status has changed.
    """

    source: Source
    outlet: Outlet
    playback: Playback | None
    change: threading.Condition
    clock: Clock
    retry: Sequence[float]
    stall_after: float
    told: Callable[[], None]


class Reader:
    """Opens a source, reads it, and opens it again when it is lost; on one daemon thread.

    No lock is held while the thread is in the source.
    """

    def __init__(self, setting: Setting, attempt: int = 0) -> None:
        """Nothing is opened before `start`.

        Args:
            setting: what to work with.
            attempt: how many times others tried in vain.
        """
        self._setting = setting
        self._source = setting.source
        self._outlet = setting.outlet
        self._change = setting.change
        self._clock = setting.clock
        self._meter = Meter(clock=setting.clock.now)
        self._condition = Condition.OPENING
        self._problem = ""
        self._attempt = attempt
        self._called_at: float | None = None  # since when the thread is in a call of the source
        self._opened = False
        self._ran_from: float | None = None
        self._retry_at: float | None = None
        self._asked = False
        self._over = False
        self._forsaken = False
        self._done = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"capture {self._source.name}", daemon=True
        )

    @property
    def attempt(self) -> int:
        """How many times the source was opened in vain since it last ran."""
        return self._attempt

    @property
    def rate(self) -> float:
        """Frames per second that the source gives; ask for it with the lock."""
        return self._meter.rate

    @property
    def hangs_for(self) -> float:
        """Seconds for which a picture that was asked for has not come; ask with the lock."""
        called_at = self._called_at
        if called_at is None or not self._opened:
            return 0.0
        stalled = self.status().condition is Condition.STALLED
        return self._clock.now() - called_at if stalled else 0.0

    @property
    def running(self) -> bool:
        """Whether the thread has begun, and not ended."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Open the source; once."""
        self._thread.start()

    def ask_again(self) -> None:
        """Open a lost or refused source now."""
        with self._change:
            self._asked = True
            self._change.notify_all()

    def stop(self) -> None:
        """Let the thread close the source and end as soon as it can; nothing comes any more."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def forsake(self) -> None:
        """The same, but somebody else has the source now: when the thread wakes, it leaves it."""
        self._forsaken = True
        self.stop()

    def join(self, seconds: float) -> bool:
        """Wait for the end of the thread; whether it came."""
        return self._done.wait(seconds)

    def wakes(self, seconds: float) -> bool:
        """Wait for the call in which the thread is to end; whether it did."""
        with self._change:
            since = self._called_at
            return since is None or self._change.wait_for(
                lambda: self._called_at != since or self._over, seconds
            )

    def _run(self) -> None:
        try:
            while not self._over:
                self._connect()
        finally:
            if not self._forsaken:
                self._source.close()
            self._done.set()

    def _connect(self) -> None:
        """Open the source and read it until it is lost; then wait until it is to be tried again."""
        self._enter(Condition.OPENING)
        try:
            self._call(self._source.open)
            self._read_on()
        except SourceRefusedError as error:
            self._rest(Condition.REFUSED, str(error))
        except SourceError as error:
            self._rest(Condition.LOST, str(error))
        except Exception as error:  # drivers raise what they like, and one frame may be odd
            _log.exception("%s failed", self._source.name)
            self._rest(Condition.LOST, f"{self._source.name} failed: {error}")

    def _read_on(self) -> None:
        with self._change:
            if self._over:
                return
            self._opened = True
            self._outlet.epoch += 1
        playback, source = self._setting.playback, self._source
        if playback is not None and isinstance(source, SeekableSource):
            file = source
            playback.play(
                self._read, lambda number: self._call(lambda: file.seek(number)), file.rate
            )
        else:
            self._watch()

    def _watch(self) -> None:
        while not self._over:
            frame = self._read()
            if frame is None:
                raise SourceError(f"{self._source.name} has ended.")
            arrived = self._clock.now()
            turned = self._outlet.turned(frame)
            with self._change:
                if not self._over:
                    self._outlet.put(turned, arrived)

    def _read(self) -> Frame | None:
        frame = self._call(self._source.read)
        if frame is not None:
            with self._change:
                self._meter.tick()
            if self._ran_from is None:
                self._ran_from = self._clock.now()
                self._enter(Condition.RUNNING)
        return frame

    def _call(self, function: Callable[[], Got]) -> Got:
        """Call the source; others can see since when."""
        self._called_at = self._clock.now()
        try:
            return function()
        finally:
            with self._change:
                self._called_at = None
                self._change.notify_all()

    def _rest(self, condition: Condition, problem: str) -> None:
        """Let go of a source that gives nothing, until it is to be tried again."""
        now = self._clock.now()
        with self._change:
            if self._over:
                return
            # what breaks off again at once is not tried ever faster
            ran = 0.0 if self._ran_from is None else now - self._ran_from
            self._attempt = 1 if ran > self._pause else self._attempt + 1
            self._ran_from, self._opened, self._asked = None, False, False
            seconds = self._pause if condition is Condition.LOST else None
            self._meter.reset()
        self._enter(condition, problem, None if seconds is None else now + seconds)
        self._call(self._source.close)
        with self._change:
            self._clock.wait(self._change, lambda: self._asked or self._over, seconds)

    @property
    def _pause(self) -> float:
        """Seconds to wait after this many attempts in vain."""
        retry = self._setting.retry
        return retry[min(max(self._attempt, 1), len(retry)) - 1]

    def _enter(
        self, condition: Condition, problem: str = "", retry_at: float | None = None
    ) -> None:
        with self._change:
            if self._over:
                return
            self._condition = condition
            self._problem = problem
            self._retry_at = retry_at
        self._setting.told()

    def status(self) -> Status:
        """What the source does; ask for it with the lock."""
        name, now = self._source.name, self._clock.now()
        called_at, playback = self._called_at, self._setting.playback
        silent = 0.0 if called_at is None else now - called_at
        if self._condition is Condition.LOST:
            seconds = 1 if self._retry_at is None else max(math.ceil(self._retry_at - now), 1)
            message = f"{self._problem} Trying again in {seconds} s ..."
            return Status(Condition.LOST, message, self._attempt)
        if self._condition is Condition.REFUSED:
            return Status(Condition.REFUSED, self._problem, self._attempt)
        if playback is not None and playback.ended and not playback.paused:
            empty = self._outlet.shown is None
            return Status(Condition.ENDED, f"There are no pictures in {name}." if empty else "")
        if self._condition is Condition.OPENING and silent <= self._setting.stall_after:
            return Status(Condition.OPENING, f"Opening {name} ...", self._attempt)
        if not self._opened:
            message = f"{name} has not opened for {silent:.0f} s. Still waiting ..."
            return Status(Condition.STALLED, message, self._attempt)
        return self._running(silent)

    def _running(self, silent: float) -> Status:
        playback, source = self._setting.playback, self._source
        if self._outlet.frozen or (playback is not None and playback.paused):
            return Status(Condition.PAUSED)
        slow = _SLOW / source.rate if source.rate > 0 else 0.0
        if silent > max(self._setting.stall_after, slow):
            message = f"{source.name} has sent no picture for {silent:.0f} s. Still waiting ..."
            return Status(Condition.STALLED, message)
        return Status(Condition.RUNNING)
