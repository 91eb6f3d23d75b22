"""How the picture lies on the screen: zoom and position, without any Qt.

Screen points are in the widget's logical pixels; a zoom of 1 is one *device* pixel per picture
pixel, so that 100 % is sharp on every screen.
"""

from __future__ import annotations

import copy
import math

from camviewer.types import Size

MARGIN = 8.0  # logical pixels kept free around a fitted picture
_STAYS = 48.0  # of the picture at least this much stays in sight
_MOST = 64.0
_STEP = 1.25


class Viewport:
    """The mapping between picture and screen."""

    def __init__(self) -> None:
        self.picture: Size = (0, 0)
        self.width = 1.0
        self.height = 1.0
        self.ratio = 1.0
        self.scale = 1.0  # logical pixels per picture pixel
        self.left = 0.0  # where the picture's top left corner lies
        self.top = 0.0
        self.fitting = True

    @property
    def empty(self) -> bool:
        """Whether there is no picture."""
        return min(self.picture) == 0

    @property
    def zoom(self) -> float:
        """Device pixels per picture pixel."""
        return self.scale * self.ratio

    def copy(self) -> Viewport:
        """The same mapping, for another thread."""
        return copy.copy(self)

    def set_picture(self, picture: Size) -> None:
        """Take a picture's ``(height, width)``; one of another size is fitted."""
        if picture != self.picture:
            self.picture = picture
            self.fitting = True
        self._settle()

    def resize(self, width: float, height: float, ratio: float) -> None:
        """Take the widget's logical size and its device pixel ratio; the middle stays."""
        middle = self.to_picture(self.width / 2, self.height / 2)
        zoom = self.zoom
        self.width, self.height, self.ratio = max(width, 1.0), max(height, 1.0), ratio
        self.scale = zoom / ratio
        self._place(middle, self.width / 2, self.height / 2)
        self._settle()

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """A picture point on the screen."""
        return x * self.scale + self.left, y * self.scale + self.top

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """A screen point in the picture, also outside of it."""
        return (x - self.left) / self.scale, (y - self.top) / self.scale

    def zoom_at(self, x: float, y: float, factor: float) -> None:
        """Zoom by a factor; the picture point under screen point ``(x, y)`` stays there.

        Beside the picture it is the nearest point of the picture that stays. Zooming out ends with
        the whole picture in sight.
        """
        if self.empty:
            return
        height, width = self.picture
        across, down = self.to_picture(x, y)
        point = min(max(across, 0.0), width), min(max(down, 0.0), height)
        x, y = self.to_screen(*point)
        fit = self._fit_scale()
        least, most = min(fit, 1 / self.ratio), max(fit, _MOST / self.ratio)
        self.scale = min(max(self.scale * factor, least), most)
        self.fitting = math.isclose(self.scale, fit, rel_tol=1e-6) and factor < 1
        self._place(point, x, y)
        self._settle()

    def step_at(self, x: float, y: float, steps: float) -> None:
        """Zoom by steps of a quarter, in when positive."""
        self.zoom_at(x, y, _STEP**steps)

    def fit(self) -> None:
        """Show the whole picture, as large as it goes."""
        self.fitting = True
        self._settle()

    def actual(self, x: float, y: float) -> None:
        """One device pixel per picture pixel, about screen point ``(x, y)``."""
        self.zoom_at(x, y, 1 / self.zoom)
        self.fitting = False

    def pan(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        self.left += dx
        self.top += dy
        self.fitting = False
        self._settle()

    def follow(self, other: Viewport) -> None:
        """Take another view's zoom and put what it has in its middle into the middle."""
        self.fitting = other.fitting
        self.scale = other.zoom / self.ratio
        middle = other.to_picture(other.width / 2, other.height / 2)
        self._place(middle, self.width / 2, self.height / 2)
        self._settle()

    def visible(self) -> tuple[int, int, int, int]:
        """The picture pixels in sight, ``(left, top, right, bottom)``, with one more around."""
        left, top = self.to_picture(0, 0)
        right, bottom = self.to_picture(self.width, self.height)
        height, width = self.picture
        return (
            min(max(math.floor(left) - 1, 0), width),
            min(max(math.floor(top) - 1, 0), height),
            max(min(math.ceil(right) + 1, width), 0),
            max(min(math.ceil(bottom) + 1, height), 0),
        )

    def _fit_scale(self) -> float:
        height, width = self.picture
        across = max(self.width - 2 * MARGIN, 1.0) / width
        down = max(self.height - 2 * MARGIN, 1.0) / height
        return min(across, down)

    def _place(self, point: tuple[float, float], x: float, y: float) -> None:
        self.left = x - point[0] * self.scale
        self.top = y - point[1] * self.scale

    def _settle(self) -> None:
        if self.empty:
            return
        height, width = self.picture
        if self.fitting:
            self.scale = self._fit_scale()
            self.left = (self.width - width * self.scale) / 2
            self.top = (self.height - height * self.scale) / 2
            return
        self.left = _kept(self.left, width * self.scale, self.width)
        self.top = _kept(self.top, height * self.scale, self.height)


def _kept(start: float, length: float, room: float) -> float:
    stays = min(_STAYS, length, room)
    return min(max(start, stays - length), room - stays)
