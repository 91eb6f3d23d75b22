"""A source on a thread of its own, which may hang without harm."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.live.clock import Clock
from camviewer.live.condition import Condition, Status
from camviewer.live.meter import Meter
from camviewer.live.outlet import Outlet
from camviewer.live.playback import Playback
from camviewer.live.slot import Slot
from camviewer.media.source import SeekableSource, Source
from camviewer.types import Frame

__all__ = ["Capture", "Condition", "Status"]

_log = logging.getLogger(__name__)

_GRACE = 0.25  # seconds in which a thread may end by itself before its source is closed under it
_SLOW = 3.0  # nominal periods without a frame are no reason to worry

Got = TypeVar("Got")


class Capture:
    """Opens a source, reads it, and opens it again when it is lost.

    All calls of the source are made on one daemon thread without holding a lock, so one that never
    returns harms nobody: `status` then says so to whoever asks, and `close` leaves the thread
    behind. Such a thread puts nothing into the slot any more; when it wakes, it closes the source.

    A live source is read as fast as it gives frames. A file is paced by its frames' times; it can
    be paused, stepped through, looped and read from anywhere.

    Everything may be called from any thread; nothing but `close` with a timeout ever waits.
    """

    def __init__(
        self,
        source: Source,
        slot: Slot,
        *,
        told: Callable[[Status], None] = lambda _: None,
        retry: Sequence[float] = (0.5, 1.0, 2.0, 5.0),
        stall_after: float = 2.0,
        clock: Clock | None = None,
    ) -> None:
        """Nothing is opened before `start`.

        Args:
            source: what is read; nobody else calls it as long as this is not closed.
            slot: where frames go.
            told: is given every change of `status` that a call of the source or of this brings
                about, on the thread that brought it about; nothing after `close`. A stall tells
                nothing: ask for `status` from time to time.
            retry: seconds to wait before a lost source is opened again; the last one goes on.
            stall_after: seconds without a sign after which a source has stalled.
            clock: tells the time.
        """
        self._source = source
        self._outlet = Outlet(slot)
        self._report = told
        self._retry = tuple(retry)
        self._stall_after = stall_after
        self._clock = clock or Clock()
        self._change = threading.Condition(threading.RLock())
        self._telling = threading.RLock()
        self._last_told: Status | None = None
        self._meter = Meter(clock=self._clock.now)
        self._playback = (
            Playback(self._outlet, self._change, self._clock, self._tell)
            if isinstance(source, SeekableSource)
            else None
        )
        self._condition = Condition.OPENING
        self._problem = ""
        self._attempt = 0
        self._called_at: float | None = None  # since when the thread is in a call of the source
        self._ran_from: float | None = None
        self._retry_at: float | None = None
        self._asked = False
        self._prying = False
        self._closed = False
        self._done = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"capture {source.name}", daemon=True
        )

    @property
    def epoch(self) -> int:
        """Grows whenever the source is opened, and at every jump and turn of a loop."""
        return self._outlet.epoch

    def fresh(self, epoch: int) -> bool:
        """Whether a result of this epoch may be shown: nobody has asked for another place since.

        Results from before a loss, or from before a file started again by itself, still may.
        """
        return epoch >= self._outlet.wanted_since

    @property
    def status(self) -> Status:
        """What the source does now; never waits for it."""
        with self._change:
            return self._status()

    @property
    def rate(self) -> float:
        """Frames per second that the source gives, measured."""
        with self._change:
            return self._meter.rate

    @property
    def position(self) -> tuple[int, float]:
        """Number and seconds of the frame that was handed on last; (0, 0) before the first."""
        return self._outlet.shown or (0, 0.0)

    @property
    def seekable(self) -> bool:
        """Whether it is a file: `step`, `seek` and `looping` have no effect on others."""
        return self._playback is not None

    @property
    def seeking(self) -> bool:
        """Whether a frame was asked for that was not handed on yet.

        Whoever drags a slider seeks again only when this is over, or nothing is seen before the
        hand rests.
        """
        return self._playback is not None and self._playback.seeking

    @property
    def mirrored(self) -> bool:
        """Whether frames are flipped, left for right; may be set."""
        return self._outlet.mirrored

    @mirrored.setter
    def mirrored(self, mirrored: bool) -> None:
        if mirrored != self._outlet.mirrored:
            self._outlet.mirrored = mirrored
            if self._playback is not None:
                self._playback.again()

    @property
    def paused(self) -> bool:
        """Whether no frames come by themselves; may be set.

        A live source is read on meanwhile, so that nothing old comes when it goes on.
        """
        return self._outlet.frozen if self._playback is None else self._playback.paused

    @paused.setter
    def paused(self, paused: bool) -> None:
        if self._playback is not None:
            self._playback.pause(paused=paused)
        else:
            with self._change:
                self._outlet.freeze(frozen=paused)
            self._tell()

    @property
    def looping(self) -> bool:
        """Whether a file starts again at its end; may be set."""
        return self._playback is not None and self._playback.looping

    @looping.setter
    def looping(self, looping: bool) -> None:
        if self._playback is not None:
            self._playback.loop(looping=looping)

    def step(self, by: int) -> None:
        """Pause a file, and show the frame that is so many further on, or back."""
        if self._playback is not None:
            self._playback.step(by)

    def seek(self, number: int) -> None:
        """Show this frame of a file, and go on from there unless paused."""
        if self._playback is not None:
            self._playback.seek(number)

    def start(self) -> None:
        """Open the source; once."""
        self._thread.start()

    def retry_now(self) -> None:
        """Open a lost or refused source again without waiting; try to wake one that hangs."""
        with self._change:
            self._asked = True
            self._change.notify_all()
            stalled = self._status().condition is Condition.STALLED
        if stalled:
            self._pry()

    def close(self, timeout: float) -> bool:
        """Stop reading and let go of the source.

        Args:
            timeout: seconds to wait for that; 0 returns at once.

        Returns:
            Whether it is done; if not, the thread still hangs in a call of the source.
        """
        with self._change:
            self._closed = True
            self._outlet.shut()
            self._change.notify_all()
        if self._playback is not None:
            self._playback.close()
        if not self._thread.is_alive():
            return True
        self._pry(_GRACE)
        return self._done.wait(timeout)

    def _run(self) -> None:
        try:
            while not self._closed:
                self._connect()
        finally:
            self._source.close()
            self._done.set()

    def _connect(self) -> None:
        """Open the source and read it until it is lost; then wait until it is to be tried again."""
        self._enter(Condition.OPENING)
        try:
            self._call(self._source.open)
            with self._change:
                self._outlet.epoch += 1
            if self._playback is not None and isinstance(self._source, SeekableSource):
                file = self._source
                self._playback.play(
                    self._read, lambda number: self._call(lambda: file.seek(number)), file.rate
                )
            else:
                self._watch()
        except SourceRefusedError as error:
            self._rest(Condition.REFUSED, str(error))
        except SourceError as error:
            self._rest(Condition.LOST, str(error))
        except Exception as error:  # drivers raise what they like, and one frame may be odd
            _log.exception("%s failed", self._source.name)
            self._rest(Condition.LOST, f"{self._source.name} failed: {error}")

    def _watch(self) -> None:
        while not self._closed:
            frame = self._read()
            if frame is None:
                raise SourceError(f"{self._source.name} has ended.")
            arrived = self._clock.now()
            turned = self._outlet.turned(frame)
            with self._change:
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
            self._called_at = None

    def _rest(self, condition: Condition, problem: str) -> None:
        """Let go of a source that gives nothing, until it is to be tried again."""
        now = self._clock.now()
        with self._change:
            # what breaks off again at once is not tried ever faster
            ran = 0.0 if self._ran_from is None else now - self._ran_from
            self._attempt = 1 if ran > self._pause else self._attempt + 1
            self._ran_from, self._asked = None, False
            seconds = self._pause if condition is Condition.LOST else None
            self._meter.reset()
        self._enter(condition, problem, None if seconds is None else now + seconds)
        self._call(self._source.close)
        with self._change:
            self._clock.wait(self._change, lambda: self._asked or self._closed, seconds)

    @property
    def _pause(self) -> float:
        """Seconds to wait after this many attempts in vain."""
        return self._retry[min(max(self._attempt, 1), len(self._retry)) - 1]

    def _pry(self, grace: float = 0.0) -> None:
        """Close the source from elsewhere, so that a call that hangs in it may end."""
        with self._change:
            if self._prying:
                return
            self._prying = True

        def pry() -> None:
            if not self._done.wait(grace):
                self._source.close()
            with self._change:
                self._prying = False

        threading.Thread(target=pry, name=f"close {self._source.name}", daemon=True).start()

    def _enter(
        self, condition: Condition, problem: str = "", retry_at: float | None = None
    ) -> None:
        with self._change:
            self._condition = condition
            self._problem = problem
            self._retry_at = retry_at
        self._tell()

    def _tell(self) -> None:
        with self._telling:
            status = self.status
            if status.condition is not Condition.CLOSED and status != self._last_told:
                self._last_told = status
                self._report(status)

    def _status(self) -> Status:
        if self._closed:
            return Status(Condition.CLOSED)
        name, now = self._source.name, self._clock.now()
        called_at = self._called_at
        silent = 0.0 if called_at is None else now - called_at
        if self._playback is not None and self._playback.ended and not self.paused:
            empty = self._outlet.shown is None
            return Status(Condition.ENDED, f"There are no pictures in {name}." if empty else "")
        if self._condition is Condition.OPENING:
            if silent > self._stall_after:
                message = f"{name} has not opened for {silent:.0f} s. Still waiting ..."
                return Status(Condition.STALLED, message, self._attempt)
            return Status(Condition.OPENING, f"Opening {name} ...", self._attempt)
        if self._condition is Condition.LOST:
            seconds = 1 if self._retry_at is None else max(math.ceil(self._retry_at - now), 1)
            message = f"{self._problem} Trying again in {seconds} s ..."
            return Status(Condition.LOST, message, self._attempt)
        if self._condition is Condition.REFUSED:
            return Status(Condition.REFUSED, self._problem, self._attempt)
        return self._running(name, silent)

    def _running(self, name: str, silent: float) -> Status:
        if self.paused:
            return Status(Condition.PAUSED)
        slow = _SLOW / self._source.rate if self._source.rate > 0 else 0.0
        if silent > max(self._stall_after, slow):
            message = f"{name} has sent no picture for {silent:.0f} s. Still waiting ..."
            return Status(Condition.STALLED, message)
        return Status(Condition.RUNNING)
