"""The Scores panel: how the scores of the explained classes went in the last seconds."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from camviewer.gui.live.score_history import SPAN, STEP, Entry, ScoreHistory, Track
from camviewer.gui.theme import SPACE
from camviewer.render import class_color, percent
from camviewer.types import Inspection

_REPAINTS = 1 / STEP  # a second, at most: so often curves get a point
_TICKS = (0.0, 0.5, 1.0)
_SECONDS = (20, 15, 10, 5, 0)  # ago
_NAMED = 4  # curves that the legend has room for
_DARK = 128  # lightness of the ground below which colours are taken as they are
_CONTRAST = 165  # the lightest a curve may be on a light ground
_NOTHING = "Nothing was found yet; choose a class to see its score all the same"
_EMPTY = "The scores over time stand here while a camera or a video runs"


def curve_colour(place: int | None, palette: QPalette) -> QColor:
    """The colour of the boxes of a class, darkened where a light ground would swallow it.

    What is not explained any more (None) is grey: its colour may be another class's by now.
    """
    if place is None:
        return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
    colour = QColor(*class_color(place))
    dark = palette.color(QPalette.ColorRole.Window).lightness() < _DARK
    return colour if dark else colour.darker(max(100, round(100 * _luma(colour) / _CONTRAST)))


def entries_of(inspection: Inspection) -> list[Entry]:
    """The scores of the classes that are explained; a likeness is no class and has none."""
    maps = [explanation.heatmap for explanation in inspection.explanations]
    return [Entry(m.target, m.label, m.score) for m in maps if m.target >= 0]


class ScorePlot(QWidget):
    """Draws curves in the colours of the boxes; point at them to read values.

    Repaints at most ten times a second, however fast scores come, and not at all while none do.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.history = ScoreHistory()
        self._repainted = 0.0
        self._due = QTimer(self)
        self._due.setSingleShot(True)
        self._due.setTimerType(Qt.TimerType.PreciseTimer)
        self._due.timeout.connect(self._repaint)
        self._model = ""
        self._fed = False
        self.setMouseTracking(True)
        self.setMinimumSize(200, 132)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Scores over time")

    def sizeHint(self) -> QSize:
        return QSize(280, 176)

    def add(self, seconds: float, inspection: Inspection) -> None:
        """Add the scores of a picture that was shown; another network begins anew.

        Args:
            seconds: of a clock that only goes on, when the picture came.
            inspection: the picture, explained.
        """
        if inspection.origin.model != self._model:
            self._model = inspection.origin.model
            self.history.clear()
        known = inspection.predictions

        def others(target: int) -> float | None:
            return known[target].score if target < len(known) else None

        self.history.add(seconds, entries_of(inspection), others)
        self._fed = True
        if not self._due.isActive() and self.isVisible():
            wait = self._repainted + 1 / _REPAINTS - time.monotonic()
            self._due.start(max(0, round(wait * 1000)))

    def clear(self) -> None:
        """Show nothing."""
        self._due.stop()
        self._fed = False
        self.history.clear()
        self.update()

    def read_out(self, ago: float) -> str:
        """The scores so many seconds before the newest; empty where none are known."""
        when = self.history.newest - ago
        known = [(track, track.at(when)) for track in self.history.tracks]
        lines = [f"{track.label}: {percent(score)}" for track, score in known if score is not None]
        return "\n".join([f"{ago:.0f} s ago" if ago >= 0.5 else "Now", *lines]) if lines else ""

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent):
            self._tell(QPointF(event.pos()), event.globalPos().toPointF())
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._tell(event.position(), event.globalPosition())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        tracks = self.history.tracks
        if not tracks:
            self._invite(painter)
            return
        self._legend(painter, tracks)
        area = self._area()
        self._axes(painter, area)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipRect(area.adjusted(0, -2, 2, 2))
        for track in reversed(tracks):
            self._curve(painter, area, track)

    def _repaint(self) -> None:
        self._repainted = time.monotonic()
        self.update()

    def _tell(self, at: QPointF, on_screen: QPointF) -> None:
        area = self._area()
        share = (at.x() - area.left()) / max(area.width(), 1)
        text = self.read_out(SPAN * (1 - min(max(share, 0.0), 1.0)))
        QToolTip.showText(on_screen.toPoint(), text, self)

    def _area(self) -> QRectF:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100 %") + 2 * SPACE + 4
        rows = -(-len(self.history.tracks[:_NAMED]) // self._columns())
        above = rows * (metrics.height() + 2) + metrics.height() / 2 + 2
        return QRectF(self.rect()).adjusted(left, above, -SPACE - 4, -1.5 * metrics.height() - 4)

    def _columns(self) -> int:
        """Of the legend: one as long as two rows are enough."""
        return 1 if len(self.history.tracks) <= _NAMED // 2 else 2

    def _invite(self, painter: QPainter) -> None:
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        room = self.rect().adjusted(2 * SPACE, SPACE, -2 * SPACE, -SPACE)
        middle = Qt.AlignmentFlag.AlignCenter
        text = _NOTHING if self._fed else _EMPTY
        painter.drawText(room, middle | Qt.TextFlag.TextWordWrap, text)

    def _legend(self, painter: QPainter, tracks: tuple[Track, ...]) -> None:
        metrics, align = self.fontMetrics(), Qt.AlignmentFlag
        columns, height = self._columns(), metrics.height() + 2
        width = (self.width() - 2 * SPACE - 8 - SPACE * (columns - 1)) / columns
        text = self.palette().color(QPalette.ColorRole.WindowText)
        for index, track in enumerate(tracks[:_NAMED]):
            left = SPACE + 4 + (index % columns) * (width + SPACE)
            top = (index // columns) * height
            colour = curve_colour(track.place, self.palette())
            painter.fillRect(QRectF(left, top + height / 2 - 4, 8, 8), colour)
            painter.setPen(colour if track.place is None else text)
            score = "" if track.place is None else percent(track.score)
            room = width - 14 - (metrics.horizontalAdvance("100 %") + SPACE if score else 0)
            name = metrics.elidedText(track.label, Qt.TextElideMode.ElideRight, int(room))
            line = QRectF(left + 14, top, width - 14, height)
            painter.drawText(line, align.AlignVCenter, name)
            painter.drawText(line, align.AlignVCenter | align.AlignRight, score)

    def _axes(self, painter: QPainter, area: QRectF) -> None:
        role, palette, flags = QPalette.ColorRole, self.palette(), Qt.AlignmentFlag
        height = self.fontMetrics().height()
        muted = palette.color(role.PlaceholderText)
        for tick in _TICKS:
            y = area.bottom() - tick * area.height()
            painter.setPen(QPen(palette.color(role.Mid), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(muted)
            beside = QRectF(0, y - height / 2, area.left() - SPACE, height)
            painter.drawText(beside, flags.AlignRight | flags.AlignVCenter, f"{tick * 100:.0f} %")
        for ago in _SECONDS:
            x = area.right() - ago / SPAN * area.width()
            below = QRectF(x - 30, area.bottom() + height / 2, 60, height)
            how = flags.AlignHCenter
            if ago == 0:
                below, how = below.translated(-30, 0), flags.AlignRight
            painter.drawText(below, how | flags.AlignTop, f"{ago} s" if ago else "now")

    def _curve(self, painter: QPainter, area: QRectF, track: Track) -> None:
        painter.setPen(QPen(curve_colour(track.place, self.palette()), 2))
        start = self.history.newest - SPAN
        across, right, bottom, up = area.width() / SPAN, area.right(), area.bottom(), area.height()
        for run in track.runs():
            points = [
                QPointF(min(area.left() + (when - start) * across, right), bottom - score * up)
                for when, score in run
            ]
            painter.drawPolyline(QPolygonF(points if len(points) > 1 else points * 2))


def _luma(colour: QColor) -> float:
    return 0.299 * colour.red() + 0.587 * colour.green() + 0.114 * colour.blue()
