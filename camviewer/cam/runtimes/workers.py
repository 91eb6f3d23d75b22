"""Threads for what may take long and may be given up."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable

from camviewer.errors import CancelledError

_CLOSING = 1.0  # seconds; the program may take two to close

Job = Callable[[threading.Event], None]


class Workers:
    """Threads that end, all of them, when told to.

    Attributes:
        stop: set once they are to end; jobs obey it within a tenth of a second.
    """

    def __init__(self, delay: float) -> None:
        """Start nothing yet.

        Args:
            delay: seconds until a job begins, so that what is closed at once costs nothing.
        """
        self.stop = threading.Event()
        self._delay = delay
        self._threads: list[threading.Thread] = []

    def start(self, job: Job) -> None:
        """Run a job on a thread of its own, unless everything is to end."""
        # a daemon: Python waits for others before it lets anybody tell them to end
        thread = threading.Thread(target=self._run, args=(job,), name="export", daemon=True)
        self._threads.append(thread)
        _all.add(self)
        thread.start()

    def close(self, timeout: float = _CLOSING) -> None:
        """End the threads, and wait for that for so many seconds at most."""
        self.stop.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _run(self, job: Job) -> None:
        if self.stop.wait(self._delay):
            return
        try:
            job(self.stop)
        except CancelledError:
            return


_all: weakref.WeakSet[Workers] = weakref.WeakSet()


@atexit.register
def _end() -> None:
    for workers in list(_all):
        workers.stop.set()
    deadline = time.monotonic() + _CLOSING
    for workers in list(_all):
        workers.close(max(0.0, deadline - time.monotonic()))
