"""Boxes on the screen: drawn with lines of constant width, found again under the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import Flag, auto

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from camviewer import render
from camviewer.drawing import Color
from camviewer.gui.viewport import Viewport
from camviewer.types import Box

_LINE = 2.0
_HALO = QColor(0, 0, 0, 130)
_HANDLE = 9.0
_REACH = 7.0  # how far beside a line or handle a press still takes it
_PAD = 5.0


class Edge(Flag):
    """What of a box moves along with the cursor."""

    NONE = 0
    LEFT = auto()
    TOP = auto()
    RIGHT = auto()
    BOTTOM = auto()
    ALL = LEFT | TOP | RIGHT | BOTTOM


_HANDLES: tuple[tuple[Edge, float, float], ...] = (
    (Edge.LEFT | Edge.TOP, 0.0, 0.0),
    (Edge.RIGHT | Edge.TOP, 1.0, 0.0),
    (Edge.LEFT | Edge.BOTTOM, 0.0, 1.0),
    (Edge.RIGHT | Edge.BOTTOM, 1.0, 1.0),
    (Edge.TOP, 0.5, 0.0),
    (Edge.BOTTOM, 0.5, 1.0),
    (Edge.LEFT, 0.0, 0.5),
    (Edge.RIGHT, 1.0, 0.5),
)

CURSORS: Mapping[Edge, Qt.CursorShape] = {
    Edge.LEFT: Qt.CursorShape.SizeHorCursor,
    Edge.RIGHT: Qt.CursorShape.SizeHorCursor,
    Edge.TOP: Qt.CursorShape.SizeVerCursor,
    Edge.BOTTOM: Qt.CursorShape.SizeVerCursor,
    Edge.LEFT | Edge.TOP: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.BOTTOM: Qt.CursorShape.SizeFDiagCursor,
    Edge.RIGHT | Edge.TOP: Qt.CursorShape.SizeBDiagCursor,
    Edge.LEFT | Edge.BOTTOM: Qt.CursorShape.SizeBDiagCursor,
    Edge.ALL: Qt.CursorShape.SizeAllCursor,
}


def on_screen(box: Box, viewport: Viewport) -> QRectF:
    """Where a box lies in the widget."""
    left, top = viewport.to_screen(box.x, box.y)
    return QRectF(left, top, box.width * viewport.scale, box.height * viewport.scale)


def grip(
    boxes: tuple[Box, ...], selected: int, viewport: Viewport, x: float, y: float
) -> tuple[int, Edge]:
    """Which box a press at a screen point takes, and by what; ``(-1, Edge.NONE)`` for none.

    The selected box is taken by its handles, edges and inside; the others by their lines only, so
    that the picture under a large box can still be dragged.
    """
    if 0 <= selected < len(boxes):
        area = on_screen(boxes[selected], viewport)
        for edges, point in _handles(area):
            if math.hypot(point.x() - x, point.y() - y) <= _REACH:
                return selected, edges
        if area.adjusted(-_REACH, -_REACH, _REACH, _REACH).contains(x, y):
            return selected, Edge.ALL
    for index, box in enumerate(boxes):
        area = on_screen(box, viewport)
        inner = area.adjusted(_REACH, _REACH, -_REACH, -_REACH)
        if area.adjusted(-_REACH, -_REACH, _REACH, _REACH).contains(x, y) and not (
            inner.isValid() and inner.contains(x, y)
        ):
            return index, Edge.ALL
    return -1, Edge.NONE


def smallest_around(boxes: tuple[Box, ...], x: float, y: float) -> int:
    """The smallest box around a picture point, -1 for none."""
    around = [
        (box.width * box.height, index)
        for index, box in enumerate(boxes)
        if box.x <= x <= box.x + box.width and box.y <= y <= box.y + box.height
    ]
    return min(around, default=(0.0, -1))[1]


def paint(
    painter: QPainter,
    boxes: tuple[Box, ...],
    targets: tuple[int, ...],
    selected: int,
    view: render.View,
    viewport: Viewport,
) -> None:
    """Draw the boxes as the export does, the first on top, but the selected one above all.

    Args:
        painter: on the widget, in logical pixels.
        boxes: in picture pixels.
        targets: the explained classes, in order, for the colours.
        selected: index of the selected box, -1 for none.
        view: whether boxes and captions are shown.
        viewport: where the picture lies.
    """
    if not view.show_boxes:
        return
    colours = [_colour(box, targets) for box in boxes]
    painted = [QColor(*colour) for colour in colours]
    for index in sorted(range(len(boxes)), key=lambda index: (index == selected, -index)):
        area = on_screen(boxes[index], viewport)
        _frame(painter, area, painted[index], _LINE + (index == selected))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if view.show_labels:
        _captions(painter, boxes, colours, viewport)
    if 0 <= selected < len(boxes):
        _draw_handles(painter, on_screen(boxes[selected], viewport), painted[selected])


def _colour(box: Box, targets: tuple[int, ...]) -> Color:
    return render.class_color(targets.index(box.target) if box.target in targets else 0)


def _frame(painter: QPainter, area: QRectF, colour: QColor, width: float) -> None:
    # a dark rim keeps the line visible on any picture
    for brush, across in ((_HALO, width + 2), (colour, width)):
        for bar in _outline(area, across):  # a pen's outline takes several times as long
            painter.fillRect(bar, brush)


def _outline(area: QRectF, across: float) -> list[QRectF]:
    """Four bars along the edges, half inside and half outside; none overlaps another."""
    half = across / 2
    outer = area.adjusted(-half, -half, half, half)
    thick = min(across, outer.height() / 2)
    inner = max(outer.height() - 2 * thick, 0.0)
    return [
        QRectF(outer.left(), outer.top(), outer.width(), thick),
        QRectF(outer.left(), outer.bottom() - thick, outer.width(), thick),
        QRectF(outer.left(), outer.top() + thick, across, inner),
        QRectF(outer.right() - across, outer.top() + thick, across, inner),
    ]


def _captions(
    painter: QPainter, boxes: tuple[Box, ...], colours: list[Color], viewport: Viewport
) -> None:
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    metrics = QFontMetricsF(font)
    widget = QRectF(0, 0, viewport.width, viewport.height)
    taken: list[QRectF] = []
    for box, colour in zip(boxes, colours, strict=True):
        area = on_screen(box, viewport)
        if not area.intersects(widget):
            continue
        text = caption(box, metrics, widget.width() - 2 * _PAD)
        size = QSizeF(metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + _PAD)
        label = free_place(area, size, widget, taken)
        taken.append(label)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(*colour))
        painter.drawRoundedRect(label, 3, 3)
        painter.setPen(readable_on(colour))
        painter.drawText(label, Qt.AlignmentFlag.AlignCenter, text)


def caption(box: Box, metrics: QFontMetricsF, room: float) -> str:
    """A box's caption; of a class whose name is too long for the widget the score is still told."""
    text = render.box_caption(box)
    if metrics.horizontalAdvance(text) <= room:
        return text
    rest = room - metrics.horizontalAdvance(render.box_caption(replace(box, label="")))
    elided = metrics.elidedText(box.label, Qt.TextElideMode.ElideRight, max(rest, 0.0))
    return render.box_caption(replace(box, label=elided))


def free_place(area: QRectF, size: QSizeF, widget: QRectF, taken: list[QRectF]) -> QRectF:
    """Where a box's caption covers no other: above the box, else in it, else in the next free row.

    It never leaves the widget, so that a box larger than the widget still tells its class.
    """
    half = _LINE / 2
    left = min(max(area.left() - half, 0.0), max(widget.width() - size.width(), 0.0))
    lowest = max(widget.height() - size.height(), 0.0)
    above, inside = area.top() - size.height() - half, area.top() + half
    tops = [above] if above >= 0 else []
    tops += [max(inside, 0.0) + row * (size.height() + 1) for row in range(len(taken) + 1)]
    places = [QRectF(QPointF(left, min(top, lowest)), size) for top in tops]
    free = (p for p in places if not any(p.intersects(other) for other in taken))
    return next(free, places[0])


def readable_on(colour: Color) -> QColor:
    """Black or white, whichever contrasts more (WCAG 2's relative luminance)."""

    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(value) for value in colour)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    # contrast with black exceeds contrast with white from here on
    return QColor("black") if (luminance + 0.05) ** 2 > 1.05 * 0.05 else QColor("white")


def _draw_handles(painter: QPainter, area: QRectF, colour: QColor) -> None:
    painter.setPen(QPen(colour.darker(160), 1.5))
    painter.setBrush(QColor("white"))
    half = _HANDLE / 2
    for _, point in _handles(area):
        painter.drawRect(QRectF(point.x() - half, point.y() - half, _HANDLE, _HANDLE))


def _handles(area: QRectF) -> Iterator[tuple[Edge, QPointF]]:
    """The handles of a box; those amid an edge only where the edge has room for them."""
    room = 4 * _HANDLE
    for edges, across, down in _HANDLES:
        if (across == 0.5 and area.width() < room) or (down == 0.5 and area.height() < room):
            continue
        yield edges, QPointF(area.left() + across * area.width(), area.top() + down * area.height())
