"""The picture with its heatmap, blended at what the screen needs and no finer.

Three steps, each kept until what it depends on changes: the picture at the screen's resolution
(zoom), the blend (opacity, colours), the part in sight (panning). So a slider costs one blend.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage, QPainter

from camviewer import render
from camviewer.gui.viewport import Viewport
from camviewer.types import Frame, Geometry, Heatmap, Inspection, Map, Pixels, Size

_AT_ONCE = 2_200_000  # pixels; a larger raster is blended only where it is in sight
_TOO_MANY = 8_000_000  # pixels; of a larger picture only some are averaged
_GRID = 256  # what is in sight is widened to this grid, so that panning seldom blends
_PIXELS_SHOWN_FROM = 3.0  # the zoom from which on picture pixels are squares

_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class _Windowed(Heatmap):
    """A heatmap over a part of its picture, on the scale of all of it."""

    whole: Map = field(kw_only=True)

    @cached_property
    def shown(self) -> Map:
        return self.whole


@dataclass(frozen=True)
class _Window:
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
    def for_screen(cls, viewport: Viewport) -> _Window:
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

    def picture(self, frame: Frame) -> Pixels:
        """The window's pixels on its raster."""
        part = frame.pixels[self.top : self.bottom, self.left : self.right]
        rows, columns = part.shape[:2]
        if rows * columns > _TOO_MANY:
            # still twice as fine as the raster, and a large panorama does not hold up the window
            step = max(1, min(rows // (2 * self.size[0]), columns // (2 * self.size[1])))
            part = part[::step, ::step]
        return render.scaled(Frame(np.ascontiguousarray(part), frame.source), self.size)

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


class _Step:
    """The last result of one step, kept while its key stays the same."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._result: object = None

    def __call__(self, key: tuple[object, ...], make: Callable[[], _Result]) -> _Result:
        if key != self._key:
            self._result = make()
            self._key = key
        return self._result  # type: ignore[return-value]


class PictureLayer:
    """Paints a frame, or an inspection on its own frame."""

    def __init__(self) -> None:
        self._frame: Frame | None = None
        self._inspection: Inspection | None = None
        self._maps: tuple[Heatmap, ...] = ()
        self._view = render.View()
        self._scaling, self._windowing = _Step(), _Step()
        self._blending, self._cutting = _Step(), _Step()

    @property
    def frame(self) -> Frame | None:
        """The picture shown."""
        return self._frame

    @property
    def view(self) -> render.View:
        """How it is shown."""
        return self._view

    def set(self, frame: Frame | None, inspection: Inspection | None) -> None:
        """Show a frame, with the inspection that was made of it if there is one."""
        self._frame, self._inspection = frame, inspection
        # other boxes on the same maps leave the blend as it is
        self._maps = () if inspection is None else tuple(e.heatmap for e in inspection.explanations)

    def set_view(self, view: render.View) -> None:
        """Show it otherwise."""
        self._view = view

    def paint(self, painter: QPainter, viewport: Viewport) -> None:
        """Draw what is in sight, on whole device pixels."""
        if self._frame is None or viewport.empty:
            return
        left, top, right, bottom = viewport.visible()
        if left >= right or top >= bottom:
            return
        window = _Window.for_screen(viewport)
        position, pixels = self._cut(self._frame, window, viewport)
        rows, columns = pixels.shape[:2]
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(viewport.ratio)
        painter.drawImage(
            QPointF(position[0] / viewport.ratio, position[1] / viewport.ratio), image
        )

    def _blended(self, frame: Frame, window: _Window) -> Pixels:
        picture = self._scaling((frame, window), lambda: window.picture(frame))
        inspection = self._inspection
        if inspection is None:
            return picture
        shown = (frame, self._maps, window)
        part = self._windowing(shown, lambda: window.of(inspection))
        view = self._view
        return self._blending((*shown, view), lambda: render.blend(part, view, picture))

    def _cut(
        self, frame: Frame, window: _Window, viewport: Viewport
    ) -> tuple[tuple[int, int], Pixels]:
        """The device pixel where the part in sight begins, and its pixels, BGRA."""
        zoom = viewport.zoom
        left, top, right, bottom = window.left, window.top, window.right, window.bottom
        if zoom > 1:
            left, top, right, bottom = viewport.visible()
        x, y = viewport.left * viewport.ratio, viewport.top * viewport.ratio
        x0, y0 = round(x + left * zoom), round(y + top * zoom)
        size = max(round(x + right * zoom) - x0, 1), max(round(y + bottom * zoom) - y0, 1)

        def make() -> Pixels:
            pixels = self._blended(frame, window)
            if zoom > 1:
                rows = slice(top - window.top, bottom - window.top)
                columns = slice(left - window.left, right - window.left)
                how = cv2.INTER_NEAREST if zoom >= _PIXELS_SHOWN_FROM else cv2.INTER_LINEAR
                enlarged = cv2.resize(pixels[rows, columns], size, interpolation=how)
                pixels = np.asarray(enlarged, np.uint8)
            return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGRA), np.uint8)

        shown = (frame, self._maps, self._view, window)
        in_sight = (left, top, right, bottom, *size) if zoom > 1 else ()
        return (x0, y0), self._cutting((*shown, *in_sight), make)
