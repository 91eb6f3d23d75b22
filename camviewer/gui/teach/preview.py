"""What is watched, small, beside the cards."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from camviewer.gui.icons import icon
from camviewer.gui.live.controls import condition_words
from camviewer.gui.live.player import Player
from camviewer.gui.teach.recorder import Recorder
from camviewer.gui.theme import SPACE

_WIDTH = 320
_ROUND = 8.0
_EMPTY, _FLATTEST, _HIGHEST = 0.5, 0.4, 0.8  # height by width
_RED = QColor("#e5484d")  # as the record sign


class Preview(QWidget):
    """The newest picture; without a source, a button that starts one.

    Attributes:
        start: starts the webcam.
    """

    def __init__(self, player: Player, recorder: Recorder, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._recorder = recorder
        self._image = QImage()
        self._said = ""
        self.setAccessibleName("What is watched")
        self.setToolTip("What is recorded while you hold Record on a card, or its key")
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._offer = QWidget(self)  # no layout of this, which would rule its height
        self.start = QPushButton("Start the webcam")
        self.start.setAutoDefault(False)
        self.start.setAccessibleName("Start the webcam")
        self.start.setToolTip("Watch through a camera, to record pictures from it (W)")
        self._hint = QLabel("or open a video, and record while it plays")
        self._hint.setProperty("look", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._hint.setWordWrap(True)
        column = QVBoxLayout(self._offer)
        column.setSpacing(SPACE)
        column.addStretch(1)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._hint)
        column.addStretch(1)
        recorder.on_preview(self._take)
        recorder.taking_changed.connect(self.update)
        player.started.connect(self._suit)
        player.stopped.connect(self._suit)
        player.status_changed.connect(self._suit)
        player.frozen_changed.connect(self._suit)
        self._draw_icon()
        self._suit()

    @property
    def image(self) -> QImage:
        """What is shown; null while there is nothing."""
        return self._image

    def say(self, text: str) -> None:
        """Tell something on the picture, such as what is being recorded."""
        self._said = text
        self.update()

    def clear(self) -> None:
        """Show no picture before the next one comes."""
        self._image = QImage()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._offer.setGeometry(self.rect())

    def sizeHint(self) -> QSize:
        return QSize(_WIDTH, self.heightForWidth(_WIDTH))

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        share = _EMPTY
        if not self._image.isNull():
            share = min(max(self._image.height() / self._image.width(), _FLATTEST), _HIGHEST)
        return round(width * share)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "start"):
            self._draw_icon()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHints(
            QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform
        )
        area = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        outline = QPainterPath()
        outline.addRoundedRect(area, _ROUND, _ROUND)
        shown = not self._image.isNull()
        ground = QColor("black") if shown else self.palette().color(QPalette.ColorRole.Base)
        painter.fillPath(outline, ground)
        if shown:
            painter.setClipPath(outline)
            painter.drawImage(_fitted(self._image.size(), area), self._image)
            painter.setClipping(False)
        taking = self._recorder.take is not None
        edge = _RED if taking else self.palette().color(QPalette.ColorRole.Mid)
        painter.setPen(QPen(edge, 3 if taking else 1))
        painter.drawPath(outline)
        self._paint_text(painter, area)
        painter.end()

    def _paint_text(self, painter: QPainter, area: QRectF) -> None:
        status = self._player.status
        frozen = self._player.frozen and not self._player.seekable
        text = self._said or condition_words(status, frozen=frozen)
        if self._player.source is None or not text:
            return
        metrics = self.fontMetrics()
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, round(area.width()) - 32)
        plate = QRectF(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 8)
        plate.moveTopLeft(area.topLeft() + QRectF(8, 8, 0, 0).topLeft())
        painter.setPen(Qt.PenStyle.NoPen)
        recording = bool(self._said) and self._recorder.take is not None
        painter.setBrush(_RED.darker(130) if recording else QColor(0, 0, 0, 170))
        painter.drawRoundedRect(plate, 5, 5)
        painter.setPen(QColor("white"))
        painter.drawText(plate, Qt.AlignmentFlag.AlignCenter, text)

    def _take(self) -> None:
        pixels = self._recorder.preview()
        if pixels is None or self._player.source is None:
            return
        height, width = pixels.shape[:2]
        before = self._image.size()
        view = QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888)
        self._image = view.copy()
        if self._image.size() != before:
            self.updateGeometry()
        self.update()

    def _suit(self) -> None:
        watching = self._player.source is not None
        self._offer.setVisible(not watching)
        if not watching:
            self._image = QImage()
            self.updateGeometry()
        self.update()

    def _draw_icon(self) -> None:
        self.start.setIcon(icon("webcam"))


def _fitted(size: QSize, area: QRectF) -> QRectF:
    scale = min(area.width() / size.width(), area.height() / size.height())
    fitted = QRectF(0, 0, size.width() * scale, size.height() * scale)
    fitted.moveCenter(area.center())
    return fitted
