"""Panes that zoom, pan and point together."""

from __future__ import annotations

from copy import copy

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from camviewer.gui.canvas import Canvas
from camviewer.gui.readout import HoverInfo
from camviewer.gui.viewport import Viewport

_ARM = 14.0  # logical pixels from the point to the end of each line
_GAP = 4.0  # kept free around the point
_RIM = QColor(0, 0, 0, 150)
_LINE = QColor(255, 255, 255)

Point = tuple[float, float]

_SMALLEST = 40, 30  # of six panes in a small window; below, the picture would be cut


class PaneCanvas(Canvas):
    """A canvas for looking only, with a cross where the cursor is in another pane."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, editable=False)
        self.setMinimumSize(*_SMALLEST)
        self._mark: Point | None = None
        self._resizing = False

    @property
    def resizing(self) -> bool:
        """Whether the picture lies elsewhere because the pane became larger or smaller."""
        return self._resizing

    @property
    def mark(self) -> Point | None:
        """The picture point that is crossed; None for none."""
        return self._mark

    def set_mark(self, point: Point | None) -> None:
        """Cross a picture point, or none."""
        if point != self._mark:
            self._mark = point
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._resizing = True
        super().resizeEvent(event)
        self._resizing = False

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._mark is None or self.frame is None:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, y = self.viewport.to_screen(*self._mark)
        for colour, width in ((_RIM, 3.5), (_LINE, 1.5)):
            painter.setPen(QPen(colour, width))
            for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                painter.drawLine(
                    QPointF(x + _GAP * dx, y + _GAP * dy), QPointF(x + _ARM * dx, y + _ARM * dy)
                )


class Links(QObject):
    """Keeps canvases of one picture at the same place and zoom, and shares the cursor.

    Signals:
        pointed(HoverInfo | None, Point | None): what lies under the cursor, and where in the
            picture; None when it leaves.
    """

    pointed = Signal(object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._canvases: list[PaneCanvas] = []
        self._place: Viewport | None = None
        self._moving = False

    def add(self, canvas: PaneCanvas) -> None:
        """Link a canvas; it goes to where the others are."""
        if self._place is not None:
            canvas.follow(self._place)
        self._canvases.append(canvas)
        canvas.view_moved.connect(self._moved)
        canvas.hovered.connect(self._hovered)

    def remove(self, canvas: PaneCanvas) -> None:
        """Let a canvas go its own way."""
        self._canvases.remove(canvas)
        canvas.view_moved.disconnect(self._moved)
        canvas.hovered.disconnect(self._hovered)

    def _moved(self) -> None:
        canvas = self.sender()
        if self._moving or not isinstance(canvas, PaneCanvas):
            return
        self._moving = True
        try:
            if canvas.resizing:
                # a pane that is being laid out leads nobody astray
                self._bring(canvas)
            else:
                self._place = copy(canvas.viewport)
                for other in self._canvases:
                    if other is not canvas:
                        self._bring(other)
        finally:
            self._moving = False

    def _bring(self, canvas: PaneCanvas) -> None:
        if self._place is not None:
            canvas.follow(self._place)

    def _hovered(self, info: HoverInfo | None) -> None:
        # the middle of the pixel, where its value is read
        point = None if info is None else (info.x + 0.5, info.y + 0.5)
        for canvas in self._canvases:
            canvas.set_mark(None if canvas is self.sender() else point)
        self.pointed.emit(info, point)
