"""Results with room: which classes are mixed up, the pictures of it, and why."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.panels.controls import Note
from camviewer.gui.teach.run import words
from camviewer.gui.teach.run.answer_card import WIDTH
from camviewer.gui.teach.run.explaining import Explainer
from camviewer.gui.teach.run.gallery import Gallery
from camviewer.gui.teach.run.matrix import Matrix
from camviewer.gui.theme import SPACE
from camviewer.render import View
from camviewer.teach.results import Results

_SIDE_BY_SIDE = 3 * WIDTH  # pixels of width


class Details(QWidget):
    """The confusion matrix, and the pictures of the cell that is chosen in it.

    Signals:
        left(): enough of it.

    Attributes:
        gallery: the pictures.
        matrix: the counts.
    """

    left = Signal()

    def __init__(
        self, explainer: Explainer, view: Callable[[], View], parent: QWidget | None = None
    ) -> None:
        """Show nothing.

        Args:
            explainer: makes heatmaps.
            view: tells their colours.
            parent: Qt's.
        """
        super().__init__(parent)
        self._results: Results | None = None
        self.matrix = Matrix()
        self.gallery = Gallery(explainer, view)
        self._title = QLabel()
        self._axes = Note()
        self._title.setProperty("look", "heading")
        self.mistakes = QPushButton("All mistakes")
        self.mistakes.setAutoDefault(False)
        self.mistakes.setProperty("look", "small")
        self.mistakes.setAccessibleName("Show all mistakes")
        self.mistakes.setToolTip("Show all mistakes, the worst first")
        self.back = QPushButton("Back to the cards")
        self.back.setAutoDefault(False)
        self.back.setProperty("look", "small")
        self.back.setAccessibleName("Back to the cards")
        self.back.setToolTip("Close the results (Esc)")
        self._lay_out()
        self.matrix.chosen.connect(self._show_cell)
        self.mistakes.clicked.connect(self.show_mistakes)
        self.back.clicked.connect(self.left)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self._title, 1)
        line.addWidget(self.mistakes)
        line.addWidget(self.back)
        counts = QWidget()
        above = QVBoxLayout(counts)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(SPACE)
        above.addWidget(self._axes)
        above.addWidget(self.matrix)
        above.addStretch(1)
        self._body = QBoxLayout(QBoxLayout.Direction.TopToBottom)
        self._body.setSpacing(2 * SPACE)
        self._body.addWidget(counts)
        self._body.addWidget(self.gallery)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addLayout(line)
        layout.addLayout(self._body, 1)

    def sizeHint(self) -> QSize:
        return QSize(WIDTH + 4 * SPACE, 500)

    def show_results(self, results: Results) -> None:
        """Show these, with the mistakes first."""
        self._results = results
        title, axes = words.of_table(results)
        self._title.setText(title)
        self._axes.setText(axes)
        self.matrix.show_results(results)
        self.show_mistakes()

    def show_mistakes(self) -> None:
        """Show the mistakes, the worst first."""
        if self._results is None:
            return
        self.matrix.forget_choice()
        self.mistakes.setEnabled(False)
        heading, hint = words.of_mistakes(self._results)
        mistakes = self._results.mistakes
        self.gallery.show_answers(heading, hint, mistakes, self._results)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = event.size().width() >= _SIDE_BY_SIDE
        directions = QBoxLayout.Direction
        self._body.setStretch(0, 1 if wide else 0)
        self._body.setStretch(1, 2)
        self._body.setDirection(directions.LeftToRight if wide else directions.TopToBottom)

    def _show_cell(self, shown: str, column: str) -> None:
        if self._results is None:
            return
        self.mistakes.setEnabled(True)
        answers = self._results.cell(shown, column)
        heading, hint = words.of_cell(self._results, shown, column)
        self.gallery.show_answers(heading, hint if answers else "", answers, self._results)
