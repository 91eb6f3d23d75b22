"""A few words in a corner of the picture, readable on any picture."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter

_GROUND = QColor(0, 0, 0, 170)
_INK = QColor(255, 255, 255)
_PAD = 6.0
_MARGIN = 12.0


def paint(painter: QPainter, text: str, area: QRect) -> None:
    """Write a text into the area's upper right corner, in logical pixels."""
    metrics = QFontMetricsF(painter.font())
    size = QSizeF(metrics.horizontalAdvance(text) + 2 * _PAD, metrics.height() + _PAD)
    place = QRectF(area.right() - _MARGIN - size.width(), area.top() + _MARGIN, 0, 0)
    place.setSize(size)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_GROUND)
    painter.drawRoundedRect(place, 4, 4)
    painter.setPen(_INK)
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
