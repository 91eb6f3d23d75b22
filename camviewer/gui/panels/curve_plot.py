"""Two curves over the share of the picture, drawn in the theme's colours."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPalette, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from camviewer.evaluate.curves import Curve
from camviewer.gui.theme import SPACE

_TICKS = (0.0, 0.5, 1.0)  # of an axis
_TOPS = (0.05, 0.1, 0.2, 0.5, 1.0)  # scores at which the axis may end
_DARK = 128  # lightness of the ground below which the lighter colours are used


@dataclass(frozen=True)
class Look:
    """How one curve is drawn; Okabe and Ito's colours, and dashes for who sees none."""

    name: str
    on_light: str
    on_dark: str
    dashed: bool


DELETION = Look("Deletion", "#b34d00", "#e69f00", dashed=True)
INSERTION = Look("Insertion", "#0066a1", "#56b4e9", dashed=False)


def colour(look: Look, palette: QPalette) -> QColor:
    """A curve's colour on the palette's ground."""
    dark = palette.color(QPalette.ColorRole.Window).lightness() < _DARK
    return QColor(look.on_dark if dark else look.on_light)


class CurvePlot(QWidget):
    """Both curves, growing; point at them to read values."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._curves: dict[Look, Curve] = {}
        self.setMouseTracking(True)
        self.setMinimumSize(200, 120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Deletion and insertion curves")
        self.setToolTip(
            "The score while the picture's parts are taken away or added, most relevant first"
        )

    @property
    def curves(self) -> dict[Look, Curve]:
        """What is drawn."""
        return dict(self._curves)

    def show_curves(self, curves: dict[Look, Curve]) -> None:
        """Draw these as far as they are known; none for an empty diagram."""
        self._curves = dict(curves)
        said = [f"{look.name} area {curve.auc:.2f}" for look, curve in curves.items()]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def read_out(self, share: float) -> str:
        """The scores at a share of the picture, as far as they are known."""
        lines = [f"{share * 100:.0f} % of the picture"]
        for look, curve in self._curves.items():
            score = value_at(curve, share)
            if score is not None:
                lines.append(f"{look.name}: {score * 100:.0f} %")
        return "\n".join(lines) if len(lines) > 1 else ""

    @property
    def top(self) -> float:
        """The score at which the axis ends: low curves would be flat on a whole one."""
        highest = max((s for curve in self._curves.values() for s in curve.scores), default=1.0)
        return next(top for top in _TOPS if highest <= top or top == _TOPS[-1])

    def sizeHint(self) -> QSize:
        return QSize(280, 190)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        area = self._area()
        share = (event.position().x() - area.left()) / area.width()
        text = self.read_out(min(max(share, 0.0), 1.0)) if area.width() > 0 else ""
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        area = self._area()
        self._axes(painter, area)
        for look, curve in self._curves.items():
            self._curve(painter, area, look, curve)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + SPACE + 2
        # one row of ticks and one for the axis' name below, half a row above
        bottom = 2 * metrics.height() + SPACE
        right = metrics.horizontalAdvance("100 %") / 2
        return QRectF(self.rect()).adjusted(left, metrics.height() / 2 + 2, -right - 2, -bottom)

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        role, palette = QPalette.ColorRole, self.palette()
        grid, text = palette.color(role.Mid), palette.color(role.PlaceholderText)
        height = self.fontMetrics().height()
        flags = Qt.AlignmentFlag
        for tick in _TICKS:
            x, y = _point(area, tick, tick).x(), _point(area, tick, tick).y()
            painter.setPen(QPen(grid, 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.drawLine(QPointF(x, area.bottom()), QPointF(x, area.bottom() + 4))
            painter.setPen(text)
            beside = QRectF(0, y - height, area.left() - SPACE, 2 * height)
            score = f"{tick * self.top * 100:g} %"
            painter.drawText(beside, flags.AlignRight | flags.AlignVCenter, score)
            below = QRectF(x - 40, area.bottom() + 4, 80, height)
            share = f"{tick * 100:.0f} %"
            painter.drawText(below, flags.AlignHCenter | flags.AlignTop, share)
        name = QRectF(area.left(), area.bottom() + 4 + height, area.width(), height)
        painter.drawText(name, flags.AlignHCenter | flags.AlignTop, "Share of the picture")

    def _curve(self, painter: QPainter, area: QRectF, look: Look, curve: Curve) -> None:
        if not curve.shares:
            return
        points = [
            _point(area, share, score / self.top)
            for share, score in zip(curve.shares, curve.scores, strict=True)
        ]
        shown = colour(look, self.palette())
        ground = QColor(shown)
        ground.setAlphaF(0.12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        feet = [QPointF(points[-1].x(), area.bottom()), QPointF(points[0].x(), area.bottom())]
        painter.drawPolygon(QPolygonF([*points, *feet]))
        pen = QPen(shown, 2)
        pen.setStyle(Qt.PenStyle.DashLine if look.dashed else Qt.PenStyle.SolidLine)
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))


def value_at(curve: Curve, share: float) -> float | None:
    """A curve's score at a share, linear between its points; None beyond what is known."""
    for index in range(1, len(curve.shares)):
        low, high = curve.shares[index - 1], curve.shares[index]
        if low <= share <= high:
            within = (share - low) / (high - low) if high > low else 0.0
            return curve.scores[index - 1] * (1 - within) + curve.scores[index] * within
    return None


def _point(area: QRectF, across: float, up: float) -> QPointF:
    return QPointF(
        area.left() + across * area.width(),
        area.bottom() - min(max(up, 0.0), 1.0) * area.height(),
    )
