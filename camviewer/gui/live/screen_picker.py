"""Lets a person mark a part of the screen, on a still picture of it."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QScreen,
)
from PySide6.QtWidgets import QWidget

from camviewer.gui.theme import SPACE

_SMALLEST = 32  # pixels of a side
_STEP = 10
_DIM = QColor(0, 0, 0, 130)
_HINT = "Drag over what is to be watched. Enter takes the frame, Ctrl+A the whole screen, Esc none."
_MOVES = {
    Qt.Key.Key_Left: QPoint(-_STEP, 0),
    Qt.Key.Key_Right: QPoint(_STEP, 0),
    Qt.Key.Key_Up: QPoint(0, -_STEP),
    Qt.Key.Key_Down: QPoint(0, _STEP),
}


def on_the_desktop(area: QRect, screen: QRect, ratio: float, platform: str) -> QRect:
    """A part of a screen in the pixels that programs which photograph screens count.

    Args:
        area: within the screen, in Qt's pixels, from its left upper corner.
        screen: where Qt says the screen lies; its corner is never scaled, its size is.
        ratio: the screen's own pixels for one of Qt's.
        platform: as in `sys.platform`; macOS counts as Qt does.
    """
    scale = 1.0 if platform == "darwin" else ratio
    left, top = round(area.left() * scale), round(area.top() * scale)
    size = QSize(round(area.width() * scale), round(area.height() * scale))
    return QRect(QPoint(screen.left() + left, screen.top() + top), size)


class ScreenPicker(QObject):
    """A sheet over every screen; the first area that is taken counts.

    Signals:
        picked(QRect): what is to be watched, see `on_the_desktop`.
        left(): nothing is.
    """

    picked = Signal(QRect)
    left = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.sheets = [Sheet(screen) for screen in QGuiApplication.screens()]
        for sheet in self.sheets:
            sheet.taken.connect(self._take)
            sheet.left.connect(self._leave)

    def open(self) -> None:
        """Show the sheets."""
        for sheet in self.sheets:
            sheet.show()
        if self.sheets:
            self.sheets[0].activateWindow()
            self.sheets[0].setFocus()

    def _take(self, area: QRect, sheet: Sheet) -> None:
        ratio = sheet.devicePixelRatioF()
        self._close()
        self.picked.emit(on_the_desktop(area, sheet.geometry(), ratio, sys.platform))

    def _leave(self) -> None:
        self._close()
        self.left.emit()

    def _close(self) -> None:
        for sheet in self.sheets:
            sheet.hide()
            sheet.deleteLater()


class Sheet(QWidget):
    """A dimmed picture of one screen with a frame on it that is dragged, moved and taken.

    Signals:
        taken(QRect, Sheet): this area, from the screen's corner.
        left(): Escape was pressed.
    """

    taken = Signal(QRect, object)
    left = Signal()

    def __init__(self, screen: QScreen) -> None:
        flags = Qt.WindowType.FramelessWindowHint | Qt.WindowType.WindowStaysOnTopHint
        super().__init__(None, flags | Qt.WindowType.Tool)
        self._ground: QPixmap = screen.grabWindow(0)
        self._pressed: QPoint | None = None
        self.setScreen(screen)
        self.setGeometry(screen.geometry())
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Mark a part of the screen")
        self.setAccessibleDescription(_HINT)
        size = screen.geometry().size()
        self.area = QRect(QPoint(0, 0), size / 2)
        self.area.moveCenter(QRect(QPoint(0, 0), size).center())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.drawPixmap(self.rect(), self._ground)
        painter.fillRect(self.rect(), _DIM)
        painter.setClipRect(self.area)
        painter.drawPixmap(self.rect(), self._ground)
        painter.setClipping(False)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
        painter.drawRect(self.area)
        self._label(painter, f"{self.area.width()} × {self.area.height()}", self.area.bottomLeft())
        width = painter.fontMetrics().horizontalAdvance(_HINT)
        self._label(painter, _HINT, QPoint((self.width() - width) // 2, 3 * SPACE))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self._pressed = event.position().toPoint()
            self._frame(QRect(self._pressed, QSize(1, 1)))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._pressed is not None:
            here, there = self._pressed, event.position().toPoint()
            left, right = sorted((here.x(), there.x()))
            top, bottom = sorted((here.y(), there.y()))
            self._frame(QRect(QPoint(left, top), QPoint(right, bottom)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() is not Qt.MouseButton.LeftButton or self._pressed is None:
            return
        self._pressed = None
        self._take()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        if key is Qt.Key.Key_Escape:
            self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take()
        elif key is Qt.Key.Key_A and modifiers & Qt.KeyboardModifier.ControlModifier:
            self.area = self.rect()
            self._take()
        elif key in _MOVES and modifiers & Qt.KeyboardModifier.ShiftModifier:
            self._frame(self.area.adjusted(0, 0, _MOVES[key].x(), _MOVES[key].y()))
        elif key in _MOVES:
            self._frame(self.area.translated(_MOVES[key]))

    def _frame(self, area: QRect) -> None:
        """Mark an area; what reaches beyond the screen is cut off."""
        self.area = area.intersected(self.rect())
        self.update()

    def _take(self) -> None:
        """Only what is large enough to show anything: a click marks nothing."""
        if min(self.area.width(), self.area.height()) >= _SMALLEST:
            self.taken.emit(self.area, self)

    def _label(self, painter: QPainter, text: str, corner: QPoint) -> None:
        metrics = painter.fontMetrics()
        size = QSize(metrics.horizontalAdvance(text) + 2 * SPACE, metrics.height() + SPACE)
        place = QRect(corner + QPoint(0, SPACE // 2), size)
        if place.bottom() > self.rect().bottom():
            place.moveBottom(self.rect().bottom() - SPACE)
        painter.fillRect(place, QColor(0, 0, 0, 190))
        painter.setPen(QColor("white"))
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)
        painter.setPen(QPen(self.palette().color(QPalette.ColorRole.Highlight), 2))
