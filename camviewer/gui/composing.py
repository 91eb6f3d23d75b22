"""A picture with its heatmap, as the screen needs it: on any thread, without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import numpy as np

from camviewer import render
from camviewer.gui.viewport import Viewport
from camviewer.render import on_device
from camviewer.types import Frame, Geometry, Heatmap, Inspection, Map, Pixels, Size

_AT_ONCE = 2_200_000  # pixels; a larger raster is blended only where it is in sight
_TOO_MANY = 8_000_000  # pixels; of a larger picture only some are averaged
_GRID = 256  # what is in sight is widened to this grid, so that panning seldom blends
_PIXELS_SHOWN_FROM = 3.0  # the zoom from which on picture pixels are squares


@dataclass(frozen=True, eq=False)
class _Windowed(Heatmap):
    """A heatmap over a part of its picture, on the scale of all of it."""

    whole: Map = field(kw_only=True)

    @cached_property
    def shown(self) -> Map:
        return self.whole


@dataclass(frozen=True)
class Window:
    """A part of the picture and the raster it is blended on.

    Attributes:
        left, top, right, bottom: whole pixels of the picture.
        size: of the raster.
    """

    left: int
    top: int
    right: int
    bottom: int
    size: Size

    @classmethod
    def for_screen(cls, viewport: Viewport) -> Window:
        """What of a picture in sight has to be blended, and how finely."""
        height, width = viewport.picture
        zoom = min(viewport.zoom, 1.0)
        size = max(1, round(height * zoom)), max(1, round(width * zoom))
        if size[0] * size[1] <= _AT_ONCE:
            return cls(0, 0, width, height, size)
        left, top, right, bottom = viewport.visible()
        left, top = left // _GRID * _GRID, top // _GRID * _GRID
        right = min(-(-right // _GRID) * _GRID, width)
        bottom = min(-(-bottom // _GRID) * _GRID, height)
        down, across = size[0] / height, size[1] / width
        rows = round(bottom * down) - round(top * down)
        columns = round(right * across) - round(left * across)
        return cls(left, top, right, bottom, (max(1, rows), max(1, columns)))

    def part(self, frame: Frame) -> Pixels:
        """The window's pixels, as they are in the picture."""
        return frame.pixels[self.top : self.bottom, self.left : self.right]

    def picture(self, frame: Frame) -> Pixels:
        """The window's pixels on its raster."""
        part = self.part(frame)
        rows, columns = part.shape[:2]
        if rows * columns > _TOO_MANY:
            # still twice as fine as the raster, and a large panorama does not hold up the window
            step = max(1, min(rows // (2 * self.size[0]), columns // (2 * self.size[1])))
            part = part[::step, ::step]
        return render.scaled(Frame(np.ascontiguousarray(part), frame.source), self.size)

    def picture_at_once(self, frame: Frame) -> Pixels:
        """The same in a fraction of the time, as good as pictures that do not stay need it.

        Averaging over areas costs more than all else that is done to show a picture. Halving is
        quick, and what is left, less than a half, is interpolated.
        """
        part = self.part(frame)
        height, width = self.size
        while all(n % 2 == 0 and n >= 2 * m for n, m in zip(part.shape, self.size, strict=False)):
            half = part.shape[1] // 2, part.shape[0] // 2
            part = np.asarray(cv2.resize(part, half, interpolation=cv2.INTER_AREA), np.uint8)
        if part.shape[:2] == self.size:
            return np.ascontiguousarray(part)
        shrunk = cv2.resize(part, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(shrunk, np.uint8)

    def of(self, inspection: Inspection) -> Inspection:
        """The inspection as if the window were its picture."""
        if (self.bottom - self.top, self.right - self.left) == inspection.frame.size:
            return inspection
        explanations = tuple(
            replace(e, boxes=(), heatmap=self._of_heatmap(e.heatmap))
            for e in inspection.explanations
        )
        return replace(
            inspection,
            geometry=self._of_geometry(inspection.geometry),
            predictions=(),
            explanations=explanations,
        )

    def _of_heatmap(self, heatmap: Heatmap) -> Heatmap:
        return _Windowed(
            values=heatmap.values,
            geometry=self._of_geometry(heatmap.geometry),
            target=heatmap.target,
            label=heatmap.label,
            score=heatmap.score,
            present=heatmap.present,
            whole=heatmap.shown,
        )

    def _of_geometry(self, geometry: Geometry) -> Geometry:
        left, top = geometry.to_input(self.left, self.top)
        picture = self.bottom - self.top, self.right - self.left
        return replace(geometry, picture=picture, offset=(top, left))


@dataclass(frozen=True)
class Raster:
    """Which part of a picture becomes which pixels of the screen.

    Attributes:
        window: what is blended.
        left, top, right, bottom: the part of it that is drawn, in whole pixels of the picture.
        enlarged: ``(columns, rows)`` of device pixels that the part is enlarged to; None where the
            window's own raster is drawn.
        squares: whether picture pixels are squares when enlarged.
    """

    window: Window
    left: int
    top: int
    right: int
    bottom: int
    enlarged: tuple[int, int] | None = None
    squares: bool = False

    @classmethod
    def for_screen(cls, viewport: Viewport) -> tuple[tuple[int, int], Raster]:
        """The device pixel ``(x, y)`` where a picture in sight begins, and what is drawn there."""
        window, zoom = Window.for_screen(viewport), viewport.zoom
        left, top, right, bottom = window.left, window.top, window.right, window.bottom
        if zoom > 1:
            left, top, right, bottom = viewport.visible()
        x, y = viewport.left * viewport.ratio, viewport.top * viewport.ratio
        at = round(x + left * zoom), round(y + top * zoom)
        if zoom <= 1:
            return at, cls(window, left, top, right, bottom)
        size = max(round(x + right * zoom) - at[0], 1), max(round(y + bottom * zoom) - at[1], 1)
        return at, cls(window, left, top, right, bottom, size, zoom >= _PIXELS_SHOWN_FROM)

    def cut(self, pixels: Pixels) -> Pixels:
        """The part that is drawn, BGRA uint8, of the window's pixels, RGB uint8."""
        if self.enlarged is not None:
            window = self.window
            rows = slice(self.top - window.top, self.bottom - window.top)
            columns = slice(self.left - window.left, self.right - window.left)
            how = cv2.INTER_NEAREST if self.squares else cv2.INTER_LINEAR
            enlarged = cv2.resize(pixels[rows, columns], self.enlarged, interpolation=how)
            pixels = np.asarray(enlarged, np.uint8)
        return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA), np.uint8)


@dataclass(frozen=True, eq=False)
class Composed:
    """A picture, ready to be drawn.

    Attributes:
        frame: the picture.
        view: how its heatmap is shown.
        raster: what was composed.
        pixels: of the screen, BGRA uint8 ``(rows, columns, 4)``.
    """

    frame: Frame
    view: render.View
    raster: Raster
    pixels: Pixels


@dataclass(frozen=True, eq=False)
class Bare:
    """A picture at the screen's resolution, before anything is laid over it.

    Attributes:
        frame: the picture.
        window: the part, and its raster.
        pixels: RGB uint8.
    """

    frame: Frame
    window: Window
    pixels: Pixels


def shrink(frame: Frame, viewport: Viewport) -> Bare | None:
    """Do what can be done before a picture is explained; see `compose`.

    Returns:
        None while nothing of the picture is in sight.
    """
    raster = _raster(frame, viewport)
    if raster is None:
        return None
    return Bare(frame, raster.window, raster.window.picture_at_once(frame))


def compose(
    frame: Frame,
    inspection: Inspection | None,
    view: render.View,
    viewport: Viewport,
    bare: Bare | None = None,
) -> Composed | None:
    """Do off the GUI thread what drawing would do on it, somewhat faster; on a GPU where that is.

    Args:
        frame: the picture.
        inspection: whose maps are laid over it, and over a picture of no other size; usually its
            own. None for the bare picture.
        view: how.
        viewport: how a picture lies on the screen; this one is fitted if it has another size. Not
            changed.
        bare: from `shrink`; used if it is what the screen still needs.

    Returns:
        None while nothing of the picture is in sight.
    """
    raster = _raster(frame, viewport)
    if raster is None:
        return None
    window, pixels = raster.window, None
    part = None
    if inspection is not None and inspection.frame.size == frame.size:
        part = window.of(inspection)
        blender = on_device.blender(inspection.origin.device)
        if blender is not None:
            pixels = blender(part, view, window.part(frame), window.size)
    if pixels is None:
        ready = bare is not None and bare.frame is frame and bare.window == window
        pixels = bare.pixels if bare is not None and ready else window.picture_at_once(frame)
        pixels = pixels if part is None else render.blend(part, view, pixels)
    return Composed(frame, view, raster, raster.cut(pixels))


def _raster(frame: Frame, viewport: Viewport) -> Raster | None:
    """What is drawn of a picture; None while nothing of it is in sight."""
    lies = viewport.copy()
    lies.set_picture(frame.size)
    left, top, right, bottom = lies.visible()
    if lies.empty or left >= right or top >= bottom:
        return None
    return Raster.for_screen(lies)[1]
