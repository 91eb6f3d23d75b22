"""What a capture says of itself."""

import threading
from collections.abc import Callable

from camviewer.live.capture import Capture, Condition, Status
from tests.live.fake_clock import PATIENCE

Capturing = Callable[..., Capture]


class Told:
    """What a capture says of itself, for a test that waits for it."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self.statuses: list[Status] = []

    def __call__(self, status: Status) -> None:
        with self._change:
            self.statuses.append(status)
            self._change.notify_all()

    @property
    def conditions(self) -> list[Condition]:
        return [status.condition for status in self.statuses]

    def wait_for(self, condition: Condition, times: int = 1) -> Status:
        """The newest status, once there were so many with this condition."""
        with self._change:
            came = self._change.wait_for(
                lambda: self.conditions.count(condition) >= times, PATIENCE
            )
            assert came, f"{condition} {times} times, but: {self.statuses}"
            return [status for status in self.statuses if status.condition is condition][-1]
