"""The clock of the live pictures: tests have one of their own, so that none of them waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """The time of the machine."""

    def now(self) -> float:
        """Seconds, as `time.monotonic`."""
        return time.monotonic()

    def wait(
        self, change: threading.Condition, until: Callable[[], bool], seconds: float | None = None
    ) -> bool:
        """Wait, holding `change`, until something is so or some time is over; whether it is so."""
        return change.wait_for(until, seconds)
