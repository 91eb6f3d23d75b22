"""One held-out picture: what it is, what it was taken for, why, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.panels.controls import Note
from camviewer.gui.teach.run import words
from camviewer.gui.teach.run.correcting import Correction
from camviewer.gui.teach.run.explaining import Explained, Shown
from camviewer.gui.teach.run.whereabouts import Whereabouts
from camviewer.gui.theme import SPACE
from camviewer.render import percent
from camviewer.teach.figures import Answer

PICTURE = QSize(112, 96)
WIDTH = 3 * (PICTURE.width() + SPACE) + 2 * (SPACE // 2) + 2 * (SPACE + 4)


class AnswerCard(QFrame):
    """A picture with the heatmaps of what it was taken for and of what it is.

    Attributes:
        answer: the picture.
        correction: what can be done about it.
        explained: whether there are heatmaps, or it is known why not.

    Signals:
        opened(): the person wants to look at it.
    """

    opened = Signal()

    def __init__(
        self, answer: Answer, correction: Correction, parent: QWidget | None = None
    ) -> None:
        """Show a picture that is yet to be explained.

        Args:
            answer: the picture.
            correction: stands below it.
            parent: Qt's.
        """
        super().__init__(parent)
        self.answer = answer
        self.correction = correction
        self.setObjectName("answerCard")
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        self.title = Note(words.of_answer(answer), muted=False)
        self.setAccessibleName(f"{answer.path.name}: {self.title.text()}")
        self.setToolTip(str(answer.path))
        self._name = QLabel()
        self._name.setProperty("look", "muted")
        metrics = self._name.fontMetrics()
        room = WIDTH - 2 * (SPACE + 4)
        self._name.setText(metrics.elidedText(answer.path.name, Qt.TextElideMode.ElideMiddle, room))
        asked = (_Picture(f"for {name}") for name in answer.disputed)
        self.pictures = [_Picture("the picture"), *asked]
        self.trouble = Note()
        self.trouble.hide()
        self.status = Note(muted=False)
        self.explained = False
        self._lay_out()
        for picture in self.pictures:
            picture.clicked.connect(self.opened)

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(SPACE // 2)
        for picture in self.pictures:
            pictures.addWidget(picture)
        pictures.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        layout.setSpacing(SPACE // 2)
        layout.addWidget(self.title)
        layout.addWidget(self._name)
        layout.addLayout(pictures)
        layout.addWidget(self.trouble)
        layout.addWidget(self.status)
        layout.addWidget(self.correction)

    def show_explained(self, made: Explained) -> None:
        """Show the heatmaps."""
        self.explained = bool(made.shown or made.message)
        self.trouble.setText(made.message)
        self.trouble.setVisible(bool(made.message))
        for picture, shown in zip(self.pictures, made.shown, strict=False):
            picture.show_picture(shown)

    def follow(self, where: Whereabouts) -> None:
        """Say what has become of the picture."""
        status = where.status(self.answer)
        self.status.setText(status)
        self.status.setVisible(bool(status))
        self.correction.follow(where.labels(self.answer), changed=bool(status))


class _Picture(QToolButton):
    """A small picture with what it shows below; a click opens the picture."""

    def __init__(self, what: str) -> None:
        super().__init__()
        self._what = what
        self.setProperty("look", "flat")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(PICTURE)
        self.setFixedWidth(PICTURE.width() + SPACE)
        self.setIcon(QIcon(_framed(QPixmap(), self.devicePixelRatioF())))
        self._write("")

    def show_picture(self, shown: Shown) -> None:
        """Show it, with the score of its class."""
        ratio = self.devicePixelRatioF()
        self.setIcon(QIcon(_framed(QPixmap.fromImage(shown.image), ratio)))
        self._write(percent(shown.score) if shown.label else "")

    def _write(self, score: str) -> None:
        metrics = self.fontMetrics()
        room = PICTURE.width() - metrics.horizontalAdvance(f" {score}")
        short = metrics.elidedText(self._what, Qt.TextElideMode.ElideRight, room)
        self.setText(f"{short} {score}".strip())
        self.setAccessibleName(f"{self._what} {score}".strip())
        self.setToolTip(f"{self.accessibleName()}; click to open the picture in the window")


def _framed(picture: QPixmap, ratio: float) -> QPixmap:
    """The picture in the middle of a tile of one size, so that the cards stay aligned."""
    tile = QPixmap(PICTURE * ratio)
    tile.fill(QColor(128, 128, 128, 28))
    if not picture.isNull():
        aspect, smooth = (
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        fitted = picture.scaled(tile.size(), aspect, smooth)
        painter = QPainter(tile)
        left, top = (tile.width() - fitted.width()) // 2, (tile.height() - fitted.height()) // 2
        painter.drawPixmap(left, top, fitted)
        painter.end()
    tile.setDevicePixelRatio(ratio)
    return tile
