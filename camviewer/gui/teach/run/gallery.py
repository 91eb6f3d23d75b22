"""Held-out pictures as cards, explained as they come into sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.panels.controls import Note
from camviewer.gui.teach.run.answer_card import WIDTH, AnswerCard
from camviewer.gui.teach.run.correcting import Correction, Labelling, Moving
from camviewer.gui.teach.run.explaining import Explained, Explainer, Wanted
from camviewer.gui.teach.run.whereabouts import Whereabouts
from camviewer.gui.theme import SPACE
from camviewer.render import View
from camviewer.teach.figures import Answer
from camviewer.teach.results import Results

_AT_ONCE = 12  # cards; more on request
_IN_A_TURN = 4  # of the event loop; each takes some milliseconds to make


class Gallery(QWidget):
    """A heading and the cards below it, in as many columns as there is room for.

    Signals:
        move_requested(list[Path], str), share_requested(list[Path], str),
            leave_requested(list[Path], str), remove_requested(list[Path]): see `RunPart`.
        picture_wanted(Path): the person wants to look at it in the window.
    """

    move_requested = Signal(object, str)
    share_requested = Signal(object, str)
    leave_requested = Signal(object, str)
    remove_requested = Signal(object)
    picture_wanted = Signal(object)

    def __init__(
        self, explainer: Explainer, view: Callable[[], View], parent: QWidget | None = None
    ) -> None:
        """Show nothing.

        Args:
            explainer: makes the heatmaps.
            view: tells their colours.
            parent: Qt's.
        """
        super().__init__(parent)
        self._explainer = explainer
        self._view = view
        self._answers: Sequence[Answer] = ()
        self._results: Results | None = None
        self._where = Whereabouts()
        self._columns = self._wanted = 0
        self._turn = QTimer(self)
        self._turn.setSingleShot(True)
        self._turn.timeout.connect(self._grow)
        self.cards: list[AnswerCard] = []
        self._heading = QLabel()
        self._heading.setProperty("look", "heading")
        self._hint = Note()
        self.more = QPushButton("Show more")
        self.more.setAutoDefault(False)
        self.more.setProperty("look", "small")
        self.more.setAccessibleName("Show more pictures")
        self.more.setToolTip("Show the next pictures")
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(SPACE)
        self.area = QScrollArea()
        self.area.setWidgetResizable(True)
        self.area.setFrameShape(QFrame.Shape.NoFrame)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setMinimumWidth(WIDTH + 2 * SPACE)
        self.area.setWidget(self._inside)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self._heading)
        layout.addWidget(self._hint)
        layout.addWidget(self.area, 1)
        self.more.clicked.connect(self._show_more)
        explainer.explained.connect(self._fill)

    @property
    def heading(self) -> str:
        """What stands above the cards."""
        return self._heading.text()

    def show_answers(
        self, heading: str, hint: str, answers: Sequence[Answer], results: Results
    ) -> None:
        """Show these pictures.

        Args:
            heading: what they have in common.
            hint: what to look for.
            answers: in this order.
            results: that they are of.
        """
        for card in self.cards:
            card.hide()
            card.deleteLater()
        self.cards = []
        self._heading.setText(heading)
        self._hint.setText(hint)
        self._hint.setVisible(bool(hint))
        self._answers, self._results = answers, results
        self.area.verticalScrollBar().setValue(0)
        self._turn.stop()
        self._wanted = 0
        self._show_more()

    def follow(self, where: Whereabouts) -> None:
        """Tell what has become of the pictures in the lesson."""
        self._where = where
        for card in self.cards:
            card.follow(where)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._wanted:
            self._grow()  # goes on where it was hidden
        else:
            self._show_more()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._turn.stop()
        self._explainer.explain((), self._view())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _show_more(self) -> None:
        if self.isVisible():  # who does not look need not wait for cards
            self._wanted = min(len(self.cards) + _AT_ONCE, len(self._answers))
            self._grow()

    def _grow(self) -> None:
        """Make a few cards, and then the others, so that the window never waits for them."""
        start = len(self.cards)
        for answer in self._answers[start : min(start + _IN_A_TURN, self._wanted)]:
            self._add(answer)
        self.more.setVisible(self._wanted < len(self._answers))
        self._columns = 0
        self._arrange()
        if len(self.cards) < self._wanted:
            self._turn.start(0)
        else:
            self._explain()

    def _add(self, answer: Answer) -> None:
        correction = self._correction(answer)
        place = [answer.path]
        correction.remove_requested.connect(lambda: self.remove_requested.emit(place))
        card = AnswerCard(answer, correction, self._inside)
        card.follow(self._where)
        card.opened.connect(lambda: self.picture_wanted.emit(self._place(answer)))
        self.cards.append(card)
        card.show()

    def _correction(self, answer: Answer) -> Correction:
        classes = () if self._results is None else self._results.classes
        place = [answer.path]
        if self._results is not None and self._results.several:
            ticks = Labelling(classes)
            ticks.share_requested.connect(lambda name: self.share_requested.emit(place, name))
            ticks.leave_requested.connect(lambda name: self.leave_requested.emit(place, name))
            return ticks
        moving = Moving(answer, classes)
        moving.move_requested.connect(lambda name: self.move_requested.emit(place, name))
        return moving

    def _place(self, answer: Answer) -> Path:
        return self._where.place(answer.path) or answer.path

    def _explain(self) -> None:
        """Ask for the heatmaps that are missing, if anybody looks."""
        if not self.isVisible():
            return
        wanted = [
            Wanted(self._place(card.answer), card.answer.disputed)
            for card in self.cards
            if not card.explained
        ]
        self._explainer.explain(wanted, self._view())

    def _fill(self, made: Explained) -> None:
        for card in self.cards:
            if self._place(card.answer) == made.wanted.path:
                card.show_explained(made)

    def _arrange(self) -> None:
        room = self.area.viewport().width()
        columns = max(1, (room + SPACE) // (WIDTH + SPACE))
        if columns == self._columns:
            return
        self._columns = columns
        # not by `takeAt`: what it gives lives on in Python, and new places stay as large as the old
        for widget in (*self.cards, self.more):
            self._grid.removeWidget(widget)
        top_left = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft
        for place, card in enumerate(self.cards):
            self._grid.addWidget(card, place // columns, place % columns, top_left)
        rows = -(-len(self.cards) // columns)
        self._grid.addWidget(self.more, rows, 0, top_left)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, 0)
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, 0)
        self._grid.setRowStretch(rows + 1, 1)
        self._grid.setColumnStretch(columns, 1)
