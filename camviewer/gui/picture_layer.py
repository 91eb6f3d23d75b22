"""The picture with its heatmap, blended at what the screen needs and no finer.

Three steps, each kept until what it depends on changes: the picture at the screen's resolution
(zoom), the blend (opacity, colours), the part in sight (panning). So a slider costs one blend, and
what another thread has composed costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter, QPalette

from camviewer import render
from camviewer.gui.composing import Composed, Raster, Window
from camviewer.gui.viewport import Viewport
from camviewer.types import Frame, Heatmap, Inspection, Pixels

_Result = TypeVar("_Result")


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
        self._composed: Composed | None = None
        self._maps: tuple[Heatmap, ...] = ()
        self._view = render.View()
        self._scaling, self._windowing = _Step(), _Step()
        self._blending, self._cutting = _Step(), _Step()

    @property
    def frame(self) -> Frame | None:
        """The picture shown."""
        return self._frame

    @property
    def inspection(self) -> Inspection | None:
        """What is laid over it."""
        return self._inspection

    @property
    def view(self) -> render.View:
        """How it is shown."""
        return self._view

    def set(
        self, frame: Frame | None, inspection: Inspection | None, composed: Composed | None = None
    ) -> None:
        """Show a frame, with an inspection if there is one.

        Args:
            frame: the picture.
            inspection: whose maps are laid over it; of a picture of the same size.
            composed: both, composed elsewhere; used as long as it is what the screen needs.
        """
        self._frame, self._inspection, self._composed = frame, inspection, composed
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
        (x, y), raster = Raster.for_screen(viewport)
        pixels = self._pixels(self._frame, raster)
        rows, columns = pixels.shape[:2]
        image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(viewport.ratio)
        painter.drawImage(QPointF(x / viewport.ratio, y / viewport.ratio), image)

    def _pixels(self, frame: Frame, raster: Raster) -> Pixels:
        """The part in sight, BGRA."""
        done = self._composed
        if done is not None and done.raster == raster and done.view == self._view:
            return done.pixels
        key = (frame, self._maps, self._view, raster)
        return self._cutting(key, lambda: raster.cut(self._blended(frame, raster.window)))

    def _blended(self, frame: Frame, window: Window) -> Pixels:
        picture = self._scaling((frame, window), lambda: window.picture(frame))
        inspection = self._inspection
        if inspection is None:
            return picture
        shown = (frame, self._maps, window)
        part = self._windowing(shown, lambda: window.of(inspection))
        view = self._view
        return self._blending((*shown, view), lambda: render.blend(part, view, picture))


def ground(palette: QPalette) -> QColor:
    """What lies around the picture: a little off the window's own colour."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < 128
    return palette.color(QPalette.ColorRole.Base if dark else QPalette.ColorRole.Midlight)
