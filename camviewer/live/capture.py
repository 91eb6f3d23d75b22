"""A source on a thread of its own, which may hang without harm."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from camviewer.live.clock import Clock
from camviewer.live.condition import Condition, Status
from camviewer.live.outlet import Outlet
from camviewer.live.playback import Playback
from camviewer.live.reader import Reader, Setting
from camviewer.live.slot import Slot
from camviewer.media.source import SeekableSource, Source

__all__ = ["Capture", "Condition", "Status"]

_GRACE = 0.25  # seconds in which a thread may end by itself before its source is closed under it


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
        hopeless_after: float = 15.0,
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
            hopeless_after: seconds after which a live source that hangs in giving a picture is
                opened anew without being asked; one that is slow to open is left alone.
            clock: tells the time.
        """
        self._source = source
        self._outlet = Outlet(slot)
        self._report = told
        self._change = threading.Condition(threading.RLock())
        self._telling = threading.RLock()
        self._last_told: Status | None = None
        clock = clock or Clock()
        self._playback = (
            Playback(self._outlet, self._change, clock, self._tell)
            if isinstance(source, SeekableSource)
            else None
        )
        self._setting = Setting(
            source,
            self._outlet,
            self._playback,
            self._change,
            clock,
            tuple(retry),
            stall_after,
            self._tell,
        )
        self._reader = Reader(self._setting)
        self._forsaken: list[Reader] = []
        self._hopeless_after = hopeless_after
        self._prying = False
        self._closed = False
        self._ended = threading.Event()

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
            return Status(Condition.CLOSED) if self._closed else self._reader.status()

    @property
    def rate(self) -> float:
        """Frames per second that the source gives, measured."""
        with self._change:
            return self._reader.rate

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
        """Open the source; once, and not after `close`."""
        with self._change:
            if self._closed:
                return
            self._reader.start()
        if self._playback is None:
            self._aside("watch", self._watch)

    def retry_now(self) -> None:
        """Open a lost or refused source again without waiting, and one that hangs anew.

        A call that hangs is ended by closing the source under it. If that is of no use, the thread
        of a live source is left behind, and another one opens the source again.
        """
        self._reader.ask_again()
        with self._change:
            if self._prying or self.status.condition is not Condition.STALLED:
                return
            self._prying = True
        self._aside("close", self._pry)

    def close(self, timeout: float) -> bool:
        """Stop reading and let go of the source.

        Args:
            timeout: seconds to wait for that; 0 returns at once.

        Returns:
            Whether it is done; if not, a thread still hangs in a call of the source.
        """
        with self._change:
            first, self._closed = not self._closed, True
            self._outlet.shut()
            readers = [reader for reader in (*self._forsaken, self._reader) if reader.running]
            for reader in readers:
                reader.stop()
        self._ended.set()
        if self._playback is not None:
            self._playback.close()
        if readers and first:
            self._aside("close", self._close_under)
        deadline = time.monotonic() + timeout
        return all(reader.join(max(deadline - time.monotonic(), 0)) for reader in readers)

    def _aside(self, what: str, task: Callable[[], None]) -> None:
        """Do something while the source's thread may hang in it."""
        threading.Thread(target=task, name=f"{what} {self._source.name}", daemon=True).start()

    def _watch(self) -> None:
        """Open a source anew that hangs for good; drivers do so after a computer has slept."""
        while not self._ended.wait(self._hopeless_after / 3):
            with self._change:
                hopeless = self._reader.hangs_for > self._hopeless_after
            if hopeless:
                self.retry_now()

    def _close_under(self) -> None:
        if not self._reader.join(_GRACE):
            self._source.close()

    def _pry(self) -> None:
        stuck = self._reader
        self._source.close()
        woken = stuck.wakes(_GRACE)
        with self._change:
            self._prying = False
            # a file's place belongs to the thread that reads it, so there is no second one
            if woken or self._closed or self._playback is not None:
                return
            stuck.forsake()
            self._forsaken = [reader for reader in self._forsaken if reader.running] + [stuck]
            self._reader = Reader(self._setting, stuck.attempt + 1)
            self._reader.start()

    def _tell(self) -> None:
        with self._telling:
            status = self.status
            if status.condition is not Condition.CLOSED and status != self._last_told:
                self._last_told = status
                self._report(status)
