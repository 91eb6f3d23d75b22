"""One held-out picture: what it is, what it was taken for, why, and what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.panels.controls import Note
from camviewer.gui.teach.run.explaining import Explained, Shown
from camviewer.gui.theme import SPACE
from camviewer.render import percent
from camviewer.teach.figures import Answer

PICTURE = QSize(112, 96)
WIDTH = 3 * (PICTURE.width() + SPACE) + 2 * (SPACE // 2) + 2 * (SPACE + 4)


class AnswerCard(QFrame):
    """A picture with the heatmaps of what it was taken for and of what it is.

    Attributes:
        answer: the picture.
        explained: whether there are heatmaps, or it is known why not.

    Signals:
        move_requested(str): it is of this class.
        remove_requested(): it is not to be taught.
        opened(): the person wants to look at it.
    """

    move_requested = Signal(str)
    remove_requested = Signal()
    opened = Signal()

    def __init__(
        self, answer: Answer, classes: Sequence[str], parent: QWidget | None = None
    ) -> None:
        """Show a picture that is yet to be explained.

        Args:
            answer: the picture.
            classes: where it may be moved to.
            parent: Qt's.
        """
        super().__init__(parent)
        self.answer = answer
        self.setObjectName("answerCard")
        self.setFixedWidth(WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Maximum)
        truth, said = answer.truth[0], answer.predicted[0]
        self.title = Note(_sentence(answer), muted=False)
        self.setAccessibleName(f"{answer.path.name}: {self.title.text()}")
        self.setToolTip(str(answer.path))
        self._name = QLabel()
        self._name.setProperty("look", "muted")
        metrics = self._name.fontMetrics()
        room = WIDTH - 2 * (SPACE + 4)
        self._name.setText(metrics.elidedText(answer.path.name, Qt.TextElideMode.ElideMiddle, room))
        asked = [said] if answer.right else [said, truth]
        self.pictures = [_Picture("the picture"), *(_Picture(f"for {name}") for name in asked)]
        self.trouble = Note()
        self.trouble.hide()
        self.status = Note(muted=False)
        self.explained = False
        self.to_said = _button(f"It is {said}", f"Move the picture to “{said}”")
        self.to_said.setVisible(not answer.right)
        self.move_to = _button("Move to", "Move the picture to another class")
        self._menu = QMenu(self)
        self.move_to.setMenu(self._menu)
        self.remove = _button("Take out", "Take the picture out of the lesson")
        self._offer([name for name in classes if name not in asked])
        self._lay_out()
        self.to_said.clicked.connect(lambda: self.move_requested.emit(said))
        self.remove.clicked.connect(self.remove_requested)
        for picture in self.pictures:
            picture.clicked.connect(self.opened)

    def _lay_out(self) -> None:
        pictures = QHBoxLayout()
        pictures.setSpacing(SPACE // 2)
        for picture in self.pictures:
            pictures.addWidget(picture)
        pictures.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE // 2)
        for button in (self.to_said, self.move_to, self.remove):
            buttons.addWidget(button)
        buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        layout.setSpacing(SPACE // 2)
        layout.addWidget(self.title)
        layout.addWidget(self._name)
        layout.addLayout(pictures)
        layout.addWidget(self.trouble)
        layout.addWidget(self.status)
        layout.addLayout(buttons)
        self.show_status("")

    @property
    def targets(self) -> list[str]:
        """The classes that the menu offers."""
        return [action.data() for action in self._menu.actions()]

    def show_explained(self, made: Explained) -> None:
        """Show the heatmaps."""
        self.explained = bool(made.shown or made.message)
        self.trouble.setText(made.message)
        self.trouble.setVisible(bool(made.message))
        for picture, shown in zip(self.pictures, made.shown, strict=False):
            picture.show_picture(shown)

    def show_status(self, status: str) -> None:
        """Say what has become of the picture; nothing more can be done about it then."""
        self.status.setText(status)
        self.status.setVisible(bool(status))
        for button in (self.to_said, self.move_to, self.remove):
            button.setEnabled(not status)

    def _offer(self, classes: Sequence[str]) -> None:
        for name in classes:
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setData(name)
            action.triggered.connect(lambda _=False, name=name: self.move_requested.emit(name))
        self.move_to.setVisible(bool(classes))


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


def _sentence(answer: Answer) -> str:
    truth, said = answer.truth[0], answer.predicted[0]
    if answer.right:
        return f"“{truth}”, recognised"
    return f"“{truth}”, taken for “{said}”"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setProperty("look", "small")
    button.setMaximumWidth(160)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button
