"""Work off the GUI thread: one job at a time, the latest wins, closing never hangs.

A `Lane` is the GUI thread's end of one worker thread. At most one job is in work and one waits;
a newer job replaces the waiting one and asks the one in work to stop. Results of any but the newest
job are dropped by their generation number, so nobody downstream ever sees an outdated one.
"""

from __future__ import annotations

import atexit
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable

from PySide6.QtCore import QDeadlineTimer, QObject, Qt, QThread, Signal, Slot

_log = logging.getLogger(__name__)

_PROGRESS_INTERVAL = 0.05  # seconds; a download reports every few kilobytes
_TELLING_INTERVAL = 0.1  # seconds; what is told is drawn
_CLOSING_MS = 1500


class Ticket:
    """What a job carries: its generation, whether it should stop, and where to report progress."""

    def __init__(
        self,
        generation: int,
        report: Callable[[Ticket, int, int], None],
        hand_over: Callable[[Ticket, object], None],
    ) -> None:
        self.generation = generation
        self._stop = threading.Event()
        self._report = report
        self._hand_over = hand_over
        self._reported = float("-inf")
        self._told = float("-inf")

    @property
    def stop(self) -> threading.Event:
        """Is set when the job should stop: for what waits instead of asking."""
        return self._stop

    def cancel(self) -> None:
        """Ask the job to stop."""
        self._stop.set()

    def cancelled(self) -> bool:
        """Whether the job should stop; may be asked from any thread, as often as one likes."""
        return self._stop.is_set()

    def progress(self, done: int, total: int) -> None:
        """Report progress, at most twenty times a second; the end is always reported.

        Args:
            done: how much, such as bytes.
            total: of how much; 0 when unknown.
        """
        now = time.monotonic()
        if 0 < total <= done or now - self._reported >= _PROGRESS_INTERVAL:
            self._reported = now
            self._report(self, done, total)

    def tell(self, partial: object) -> None:
        """Hand over a result that is not final, at most ten times a second: others are left out."""
        now = time.monotonic()
        if now - self._told >= _TELLING_INTERVAL:
            self._told = now
            self._hand_over(self, partial)


Job = Callable[[Ticket], object]


class Worker(QObject):
    """Runs one job after the other on the thread it lives in."""

    finished = Signal(object, object, object)  # Ticket, result, exception or None

    @Slot(object, object)
    def run(self, ticket: Ticket, job: Job) -> None:
        """Run a job; whatever happens, say that it ended."""
        if ticket.cancelled():
            self.finished.emit(ticket, None, None)
            return
        try:
            result = job(ticket)
        except BaseException as error:  # a lane that never learns of the end is stuck
            self.finished.emit(ticket, None, error)
        else:
            self.finished.emit(ticket, result, None)


class Lane(QObject):
    """One worker thread, seen from the GUI thread.

    Signals:
        done(object): the result of the newest job.
        failed(object): the exception that ended the newest job.
        progress(object, object): done and total of the newest job.
        told(object): what the newest job knows so far.
        busy_changed(bool): whether a job that still matters is in work or waiting.
    """

    done = Signal(object)
    failed = Signal(object)
    progress = Signal(object, object)
    told = Signal(object)
    busy_changed = Signal(bool)
    _start = Signal(object, object)
    _reported = Signal(object, object, object)
    _handed_over = Signal(object, object)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._generation = 0
        self._running: Ticket | None = None
        self._waiting: tuple[Ticket, Job] | None = None
        self._busy = False
        self._stopped = False
        self.setObjectName(name)
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._worker = Worker()
        self._worker.moveToThread(self._thread)
        self._start.connect(self._worker.run, Qt.ConnectionType.QueuedConnection)
        self._worker.finished.connect(self._on_finished, Qt.ConnectionType.QueuedConnection)
        self._reported.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)
        self._handed_over.connect(self._on_told, Qt.ConnectionType.QueuedConnection)
        self._thread.start()

    @property
    def generation(self) -> int:
        """The number of the newest job; results of older ones are dropped."""
        return self._generation

    @property
    def busy(self) -> bool:
        """Whether a job that still matters is in work or waiting."""
        return self._busy

    def submit(self, job: Job) -> int:
        """Make this the newest job and return its generation; after `stop` nothing runs."""
        self._supersede()
        if not self._stopped:
            ticket = Ticket(self._generation, self._reported.emit, self._handed_over.emit)
            if self._running is None:
                self._dispatch(ticket, job)
            else:
                self._waiting = (ticket, job)
        self._note_busy()
        return self._generation

    def cancel(self) -> None:
        """Forget every job so far; returns at once."""
        self._supersede()
        self._note_busy()

    def stop(self) -> None:
        """Ask the thread to end; `join` waits for it."""
        self._stopped = True
        self.cancel()
        self._thread.quit()

    def wait(self, deadline: QDeadlineTimer) -> bool:
        """Whether the thread ended before the deadline."""
        return self._thread.wait(deadline)

    def park(self) -> None:
        """Keep a thread that would not end away from Qt, which aborts when one is destroyed."""
        _Parked.add(self._thread, self._worker)

    def _supersede(self) -> None:
        self._generation += 1
        self._waiting = None
        if self._running is not None:
            self._running.cancel()

    def _dispatch(self, ticket: Ticket, job: Job) -> None:
        self._running = ticket
        self._start.emit(ticket, job)

    def _on_finished(self, ticket: Ticket, result: object, error: BaseException | None) -> None:
        self._running = None
        if self._waiting is not None:
            (following, job), self._waiting = self._waiting, None
            self._dispatch(following, job)
        if ticket.generation == self._generation and error is None:
            self.done.emit(result)
        elif ticket.generation == self._generation:
            self.failed.emit(error)
        # after the result, so that a job that follows from it leaves no gap of idleness
        self._note_busy()

    def _on_progress(self, ticket: Ticket, done: int, total: int) -> None:
        if ticket.generation == self._generation:
            self.progress.emit(done, total)

    def _on_told(self, ticket: Ticket, partial: object) -> None:
        if ticket.generation == self._generation:
            self.told.emit(partial)

    def _note_busy(self) -> None:
        newest = self._waiting[0] if self._waiting is not None else self._running
        busy = newest is not None and newest.generation == self._generation
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)


def join(lanes: Iterable[Lane], milliseconds: int = _CLOSING_MS) -> bool:
    """End the lanes' threads without ever terminating one.

    A thread stuck in a call that cannot be interrupted is left behind; the process then ends
    without Qt's and Python's tidying up, which would abort or wait for it.

    Returns:
        Whether all of them ended in time.
    """
    lanes = tuple(lanes)
    for lane in lanes:
        lane.stop()
    deadline = QDeadlineTimer(milliseconds)
    stuck = [lane for lane in lanes if not lane.wait(deadline)]
    for lane in stuck:
        _log.warning("%s is still in a call that cannot be interrupted", lane.objectName())
        lane.park()
    return not stuck


class _Parked:
    """Threads that outlived their lane."""

    _threads: dict[QThread, Worker] = {}  # noqa: RUF012  the process has one such list

    @classmethod
    def add(cls, thread: QThread, worker: Worker) -> None:
        if not cls._threads:
            atexit.register(cls._leave)
        cls._threads[thread] = worker

    @classmethod
    def _leave(cls) -> None:
        if any(thread.isRunning() for thread in cls._threads):
            logging.shutdown()
            for stream in (sys.stdout, sys.stderr):
                if stream is not None:
                    stream.flush()
            os._exit(0)
