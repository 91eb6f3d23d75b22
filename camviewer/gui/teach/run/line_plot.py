"""Curves that grow round by round, drawn in the theme's colours."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from camviewer.gui.panels.curve_plot import Look, colour
from camviewer.gui.theme import SPACE

Points = Sequence[tuple[int, float]]
"""Rounds and what was measured after them."""

_DOT = 2.5  # logical pixels; the radius of a point


class LinePlot(QWidget):
    """A few curves over the rounds, from 0 to as many as there will be; point to read values."""

    def __init__(self, title: str, *, percent: bool, parent: QWidget | None = None) -> None:
        """Draw nothing yet.

        Args:
            title: what is measured.
            percent: shares of one, shown from 0 to 100 %; else the axis fits the values.
            parent: Qt's.
        """
        super().__init__(parent)
        self._title = title
        self._percent = percent
        self._curves: dict[Look, Points] = {}
        self._rounds = 1
        self._mark: int | None = None
        self.setMouseTracking(True)
        self.setMinimumSize(160, 110)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(title)
        self.setToolTip(f"{title}, round by round; point at it to read values")

    @property
    def curves(self) -> dict[Look, Points]:
        """What is drawn."""
        return dict(self._curves)

    def show_curves(
        self, curves: Mapping[Look, Points], rounds: int, mark: int | None = None
    ) -> None:
        """Draw these.

        Args:
            curves: with their rounds ascending.
            rounds: how many there will be at most.
            mark: the round whose network is kept.
        """
        self._curves = {look: points for look, points in curves.items() if points}
        self._rounds = max(rounds, 1)
        self._mark = mark
        said = [f"{look.name} {self._text(p[-1][1])}" for look, p in self._curves.items()]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def read_out(self, number: int) -> str:
        """The values after a round; empty where nothing was measured."""
        lines = [f"After round {number}" if number else "Before the first round"]
        for look, points in self._curves.items():
            lines += [f"{look.name}: {self._text(value)}" for n, value in points if n == number]
        return "\n".join(lines) if len(lines) > 1 else ""

    @property
    def top(self) -> float:
        """Where the vertical axis ends: 1 for shares, else a round number above all values."""
        if self._percent:
            return 1.0
        values = [value for points in self._curves.values() for _, value in points]
        highest = max((v for v in values if math.isfinite(v)), default=1.0)
        power = 10.0 ** math.floor(math.log10(max(highest, 1e-6)))
        return next(step * power for step in (1, 2, 5, 10) if highest <= step * power * (1 + 1e-9))

    def sizeHint(self) -> QSize:
        return QSize(280, 120)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        share = (event.position().x() - area.left()) / max(area.width(), 1.0)
        number = round(min(max(share, 0.0), 1.0) * self._rounds)
        QToolTip.showText(event.globalPosition().toPoint(), self.read_out(number), self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        self._axes(painter, area)
        for look, points in self._curves.items():
            self._curve(painter, area, look, points)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + SPACE
        above = metrics.height() + SPACE
        return QRectF(self.rect()).adjusted(left, above, -SPACE, -metrics.height() - SPACE // 2)

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        role, palette = QPalette.ColorRole, self.palette()
        grid, text = palette.color(role.Mid), palette.color(role.PlaceholderText)
        height = self.fontMetrics().height()
        flags = Qt.AlignmentFlag
        painter.setPen(text)
        painter.drawText(QRectF(0, 0, self.width(), height), flags.AlignLeft, self._title)
        for tick in (0.0, 0.5, 1.0):
            y = area.bottom() - tick * area.height()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(text)
            beside = QRectF(0, y - height, area.left() - SPACE // 2, 2 * height)
            painter.drawText(
                beside, flags.AlignRight | flags.AlignVCenter, self._text(tick * self.top)
            )
        below = QRectF(area.left(), area.bottom() + 2, area.width(), height)
        painter.drawText(below, flags.AlignLeft, "0")
        painter.drawText(below, flags.AlignHCenter, "round")
        painter.drawText(below, flags.AlignRight, str(self._rounds))
        if self._mark is not None:
            x = self._at(area, self._mark, 0).x()
            painter.setPen(QPen(text, 1, Qt.PenStyle.DotLine))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    def _curve(self, painter: QPainter, area: QRectF, look: Look, points: Points) -> None:
        shown = colour(look, self.palette())
        places = [self._at(area, n, value) for n, value in points if math.isfinite(value)]
        pen = QPen(QColor(shown), 2)
        pen.setStyle(Qt.PenStyle.DashLine if look.dashed else Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(places))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shown)
        for place in places[-1:]:
            painter.drawEllipse(place, _DOT, _DOT)

    def _at(self, area: QRectF, number: int, value: float) -> QPointF:
        across = min(number / self._rounds, 1.0)
        up = min(max(value / self.top, 0.0), 1.0)
        return QPointF(area.left() + across * area.width(), area.bottom() - up * area.height())

    def _text(self, value: float) -> str:
        return f"{100 * value:.0f} %" if self._percent else f"{value:.3g}"
