"""A region of the screen as a source: whatever another program shows."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, ClassVar

import cv2
import numpy as np

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media import permission
from camviewer.media.held import Holder
from camviewer.types import Frame, Pixels


class ScreenRegion:
    """A source (see `camviewer.media.source`) that gives what a region of the screen shows.

    What of the region lies outside the screens is left out. Screens that show more pixels than
    they count (Retina) give larger pictures.

    Args:
        left: of the region on the desktop, all screens together; can be negative.
        top: of the region.
        width: in the desktop's pixels.
        height: in the desktop's pixels.
        rate: pictures per second.
        clock: seconds.

    Raises:
        ValueError: if the region or the rate is not positive.
    """

    live: ClassVar[bool] = True

    def __init__(
        self,
        left: int,
        top: int,
        width: int,
        height: int,
        rate: float = 30.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if min(width, height, rate) <= 0:
            raise ValueError(f"a region of {width} × {height} at {rate} fps cannot be shown")
        self._asked = (left, top, width, height)
        self._rate = rate
        self._clock = clock
        # the library for screens has objects without a type of their own
        self._holder = Holder[Any](self.name, lambda screen: screen.close())
        self._gone = threading.Event()
        self._region: dict[str, int] = {}
        self._since = self._due = 0.0
        self._count = 0

    @property
    def name(self) -> str:
        """For people."""
        _, _, width, height = self._asked
        return f"Screen, {width} × {height}"

    @property
    def rate(self) -> float:
        """Pictures per second."""
        return self._rate

    def open(self) -> None:
        """Connect to the screen.

        Raises:
            SourceRefusedError: if the system does not let programs see the screen, there is none
                or the region lies outside.
        """
        permission.check_screen()
        screen = self._holder.open(_connected)
        try:
            self._region = _clipped(self._asked, screen.monitors[0])
        except BaseException:
            self.close()
            raise
        self._gone.clear()
        self._since = self._clock()
        self._count, self._due = 0, 0.0

    def read(self) -> Frame:
        """What the region shows now, in time with the rate.

        Raises:
            SourceError: if the screen is gone.
        """
        with self._holder.in_use() as screen:
            self._wait_for_turn()
            pixels = self._grab(screen)
        number, self._count = self._count, self._count + 1
        return Frame(pixels, self.name, number, self._clock() - self._since)

    def close(self) -> None:
        """Let go of the screen."""
        self._gone.set()
        self._holder.close()

    def _wait_for_turn(self) -> None:
        now = self._clock() - self._since
        if self._due > now:
            self._gone.wait(self._due - now)
        # whoever comes late is not made to hurry afterwards
        self._due = max(self._due, now) + 1 / self._rate

    def _grab(self, screen: Any) -> Pixels:
        from mss.exception import ScreenShotError

        try:
            shot = screen.grab(self._region)
        except ScreenShotError as error:
            raise SourceError("The screen has changed or cannot be seen now.") from error
        raw = np.frombuffer(shot.raw, np.uint8).reshape(shot.height, shot.width, 4)
        return np.asarray(cv2.cvtColor(raw, cv2.COLOR_BGRA2RGB), np.uint8)


def _connected() -> Any:
    import mss
    from mss.exception import ScreenShotError

    try:
        return mss.MSS()
    except (ScreenShotError, OSError) as error:
        raise SourceRefusedError(
            "There is no screen that camviewer can see. It needs a desktop, on Linux one with X11."
        ) from error


def _clipped(asked: tuple[int, int, int, int], desktop: dict[str, int]) -> dict[str, int]:
    left, top, width, height = asked
    far = min(left + width, desktop["left"] + desktop["width"])
    low = min(top + height, desktop["top"] + desktop["height"])
    left, top = max(left, desktop["left"]), max(top, desktop["top"])
    if far <= left or low <= top:
        raise SourceRefusedError("This region lies outside the screen. Choose another one.")
    return {"left": left, "top": top, "width": far - left, "height": low - top}
