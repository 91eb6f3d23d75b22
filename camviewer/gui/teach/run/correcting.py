"""What can be done about a held-out picture: the buttons below it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QHBoxLayout, QMenu, QPushButton, QWidget

from camviewer.gui.theme import SPACE
from camviewer.teach.figures import Answer

_WIDEST = 160  # of a button


class Correction(QWidget):
    """Buttons, of which the last takes the picture out of the lesson.

    Signals:
        remove_requested(): it is not to be taught.

    Attributes:
        remove: the last button.
    """

    remove_requested = Signal()

    def __init__(self, buttons: Sequence[QPushButton]) -> None:
        super().__init__()
        self.remove = _button("Take out", "Take the picture out of the lesson")
        self.remove.clicked.connect(self.remove_requested)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        for button in (*buttons, self.remove):
            layout.addWidget(button)
        layout.addStretch(1)

    def follow(self, labels: Collection[str], *, changed: bool) -> None:
        """Offer what can be done now.

        Args:
            labels: the classes that the picture is of now; none if the lesson does not have it.
            changed: whether they are others than when the lesson was taught.
        """
        del changed
        self.remove.setEnabled(bool(labels))


class Moving(Correction):
    """For a picture that shows one class: it is put into another.

    Signals:
        move_requested(str): into the class of this name.

    Attributes:
        to_said: moves it to what it was taken for.
        move_to: has a menu of the others.
    """

    move_requested = Signal(str)

    def __init__(self, answer: Answer, classes: Sequence[str]) -> None:
        """Offer to move a picture.

        Args:
            answer: the picture.
            classes: of the lesson.
        """
        said = answer.predicted[0]
        self.to_said = _button(_short("It is ", said), f"Move the picture to “{said}”")
        self.move_to = _button("Move to", "Move the picture to another class")
        super().__init__((self.to_said, self.move_to))
        self._menu = QMenu(self)
        self.move_to.setMenu(self._menu)
        for name in classes:
            if name not in (*answer.truth, said):
                action = self._menu.addAction(name.replace("&", "&&"))
                action.setData(name)
                action.triggered.connect(lambda _=False, name=name: self.move_requested.emit(name))
        self.to_said.setVisible(not answer.right)
        self.move_to.setVisible(not self._menu.isEmpty())
        self.to_said.clicked.connect(lambda: self.move_requested.emit(said))

    @property
    def targets(self) -> list[str]:
        """The classes that the menu offers."""
        return [action.data() for action in self._menu.actions()]

    def follow(self, labels: Collection[str], *, changed: bool) -> None:
        """See `Correction`; nothing more can be done once something was."""
        super().follow(() if changed else labels, changed=changed)
        for button in (self.to_said, self.move_to):
            button.setEnabled(bool(labels) and not changed)


class Labelling(Correction):
    """For a picture that may show several classes: a menu of all of them, to be ticked.

    Signals:
        share_requested(str), leave_requested(str): it shows this class, too, or does not.

    Attributes:
        shows: has the menu.
    """

    share_requested = Signal(str)
    leave_requested = Signal(str)

    def __init__(self, classes: Sequence[str]) -> None:
        self.shows = _button("It shows", "Say which classes the picture shows")
        super().__init__((self.shows,))
        self._menu = QMenu(self)
        self.shows.setMenu(self._menu)
        for name in classes:
            action = self._menu.addAction(name.replace("&", "&&"))
            action.setData(name)
            action.setCheckable(True)
            action.triggered.connect(lambda on, name=name: self._ask(name, shown=on))

    def follow(self, labels: Collection[str], *, changed: bool) -> None:
        """See `Correction`; the ticks are those of the lesson."""
        super().follow(labels, changed=changed)
        for action in self._menu.actions():
            action.setChecked(action.data() in labels)
        self.shows.setEnabled(bool(labels))

    def _ask(self, name: str, *, shown: bool) -> None:
        (self.share_requested if shown else self.leave_requested).emit(name)


def _short(text: str, name: str) -> str:
    """What fits on a button; its tooltip has the name in full."""
    metrics = QFontMetrics(QApplication.font())
    room = _WIDEST - 2 * SPACE - metrics.horizontalAdvance(text)
    return text + metrics.elidedText(name, Qt.TextElideMode.ElideRight, room).replace("&", "&&")


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.setProperty("look", "small")
    button.setMaximumWidth(_WIDEST)
    button.setAccessibleName(tip)
    button.setToolTip(tip)
    return button
