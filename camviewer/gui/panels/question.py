"""What is asked about a class: for it, against it, rather than another, or like a picture."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from camviewer.gui.jobs import Jobs
from camviewer.gui.panels.other_class import OtherClass
from camviewer.gui.panels.reference import Reference
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.inspector import Request
from camviewer.types import Ask, Frame, Question

_ASKS = {
    Ask.FOR: ("What speaks for it", "Where the picture speaks for the class"),
    Ask.AGAINST: ("What speaks against it", "Where the picture speaks against the class"),
    Ask.RATHER_THAN: (
        "Why it, rather than…",
        "Where the picture speaks for the class and not for another one",
    ),
    Ask.LIKE: (
        "What looks like a picture…",
        "Where the picture looks to the network like another picture; no class is needed",
    ),
}
_TOOLTIP_ROLE = 3


class QuestionBox(QWidget):
    """The question, and below it what it needs: another class, or a reference picture."""

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.ask = QComboBox()
        self.ask.setAccessibleName("Question")
        for ask, (title, tip) in _ASKS.items():
            self.ask.addItem(title, ask.value)
            self.ask.setItemData(self.ask.count() - 1, tip, _TOOLTIP_ROLE)
        self.other = OtherClass()
        self.reference = Reference(jobs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self.ask, self.other, self.reference):
            layout.addWidget(widget)
        self.ask.activated.connect(self._asked)
        self.other.chosen.connect(lambda index: self._session.ask(_rather_than(index)))
        self.reference.chosen.connect(self._compare)
        self.reference.open_wanted.connect(self._compare_open)
        self.reference.cleared.connect(self._clear_reference)
        session.request_changed.connect(self._show_request)
        session.model_changed.connect(self._use_model)
        session.inspection_changed.connect(self.other.show_scores)
        session.frame_changed.connect(
            lambda frame: self.reference.take_open.setEnabled(frame is not None)
        )
        self.reference.take_open.setEnabled(session.frame is not None)
        self._show_request(session.request)

    def open(self) -> None:
        """Open the list of questions."""
        self.ask.setFocus()
        self.ask.showPopup()

    def _asked(self) -> None:
        ask = Ask(self.ask.currentData())
        if ask is Ask.RATHER_THAN:
            other = self._next_best()
            self._session.ask(Question() if other is None else _rather_than(other))
        elif ask is Ask.LIKE and self.reference.frame is None:
            # nothing can be asked yet: the box says what is missing, beside an answer to no other
            if self._session.request.question.ask is not Ask.FOR:
                self._session.ask(Question())
            self.ask.setCurrentIndex(self.ask.findData(ask.value))
            self._show_parts(ask)
        elif ask is Ask.LIKE:
            self._session.ask(Question(Ask.LIKE, reference=self.reference.frame))
        else:
            self._session.ask(Question(ask))
        self._show_tip()

    def _next_best(self) -> int | None:
        """The strongest class that is not explained, which is what one wonders about."""
        inspection, model = self._session.inspection, self._session.model
        if inspection is not None:
            explained = {e.heatmap.target for e in inspection.explanations}
            return next((i for i in inspection.ranking if i not in explained), None)
        return 0 if model is not None else None

    def _compare(self, frame: Frame) -> None:
        self.reference.show_frame(frame)
        self._session.ask(Question(Ask.LIKE, reference=frame))

    def _compare_open(self) -> None:
        if self._session.frame is not None:
            self._compare(self._session.frame)

    def _clear_reference(self) -> None:
        self.reference.show_frame(None)
        self._session.ask(Question())
        self._show_request(self._session.request)

    def _use_model(self) -> None:
        model = self._session.model
        if model is not None:
            self.other.set_labels(model.classifier.labels)

    def _show_request(self, request: Request) -> None:
        question = request.question
        self.ask.setCurrentIndex(self.ask.findData(question.ask.value))
        model = self._session.model
        if question.other is not None and model is not None:
            self.other.show_class(question.other, model.classifier.labels[question.other])
        if question.reference is not None:
            self.reference.show_frame(question.reference)
        self._show_parts(question.ask)
        self._show_tip()

    def _show_parts(self, ask: Ask) -> None:
        self.other.setVisible(ask is Ask.RATHER_THAN)
        self.reference.setVisible(ask is Ask.LIKE)

    def _show_tip(self) -> None:
        self.ask.setToolTip(f"{_ASKS[Ask(self.ask.currentData())][1]} (Q)")


def _rather_than(other: int) -> Question:
    return Question(Ask.RATHER_THAN, other=other)
