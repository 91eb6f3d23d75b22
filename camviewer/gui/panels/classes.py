"""The Classes panel: what the network sees, and which of it is explained."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from camviewer.gui.jobs import Jobs
from camviewer.gui.panels.class_model import TARGET_ROLE, ClassModel
from camviewer.gui.panels.class_view import ClassView
from camviewer.gui.panels.notices import notice_for
from camviewer.gui.panels.question import QuestionBox
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.render import class_color
from camviewer.types import Ask, Inspection

_FOLLOW = "Explain whatever the network finds in each picture (Ctrl+B)"
_LIKENESS = "Likeness to a picture asks about no class; click a class to ask about it"


class ClassesPanel(QWidget):
    """Ranked classes with their scores; click one, check several, or follow the best.

    Signals:
        left(): the person is done with the search.
    """

    left = Signal()

    def __init__(self, session: Session, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.question = QuestionBox(session, jobs)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search a class")
        self.search.setClearButtonEnabled(True)
        self.search.setAcceptDrops(False)  # pictures that fall on it are the window's
        self.search.setAccessibleName("Search a class")
        self.search.setToolTip("Type a part of a name, or a class number (Ctrl+F)")
        self.follow = QCheckBox("Follow the best class")
        self.follow.setAccessibleName("Follow the best class")
        self.follow.setToolTip(_FOLLOW)
        self.follow.setChecked(True)
        self._notice = QFrame()
        self._notice.setObjectName("notice")
        self._notice_text = QLabel()
        self._notice_text.setWordWrap(True)
        inside = QVBoxLayout(self._notice)
        inside.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        inside.addWidget(self._notice_text)
        self._notice.hide()
        self.model = ClassModel(self)
        self.view = ClassView(self.model, self)
        self.view.setAccessibleName("Classes, best first")
        self.view.setToolTip("Click a class to explain it; check several to compare them")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        layout.setSpacing(SPACE)
        for widget in (self.question, self.search, self.follow, self._notice):
            layout.addWidget(widget)
        layout.addWidget(self.view, 1)
        self._connect()

    @property
    def notice(self) -> str:
        """What is said above the list; empty when nothing is."""
        return self._notice_text.text() if self._notice.isVisibleTo(self) else ""

    def _connect(self) -> None:
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.follow.clicked.connect(self._follow)
        self.view.taken.connect(lambda target: self._session.choose((target,)))
        self.view.toggled.connect(self._toggle)
        self._session.inspection_changed.connect(self._show)
        self._session.refined.connect(self._show)
        self._session.model_changed.connect(self._use_model)
        self._session.request_changed.connect(self._show_following)

    def eventFilter(self, watched: object, event: QEvent) -> bool:
        """Down leads from the search into the list, Escape clears it, Return takes the first.

        Escape leaves it when it is empty.
        """
        key = getattr(event, "key", lambda: None)()
        if watched is self.search and event.type() == QEvent.Type.ShortcutOverride:
            # Escape clears what is typed before it stops what takes long
            if key == Qt.Key.Key_Escape and self.search.text():
                event.accept()
            return False
        if watched is self.search and event.type() == QEvent.Type.KeyPress:
            if key == Qt.Key.Key_Down and self.model.rowCount():
                self.view.setFocus()
                self.view.setCurrentIndex(self.model.index(0))
                return True
            if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.model.rowCount():
                self.view.taken.emit(self.model.index(0).data(TARGET_ROLE))
                return True
            if key == Qt.Key.Key_Escape:
                if self.search.text():
                    self.search.clear()
                else:
                    self.left.emit()
                return True
        return False

    def _search(self, text: str) -> None:
        self.view.empty_text = f"No class matches “{text}”"
        self.model.set_search(text)

    def _follow(self) -> None:
        explained = self.model.explained
        self._session.choose(None if self.follow.isChecked() else explained)
        self._show_following()

    def _toggle(self, target: int) -> None:
        explained = self.model.explained
        if target in explained:
            kept = tuple(t for t in explained if t != target)
        else:
            kept = (*explained, target)
        self._session.choose(kept)

    def _use_model(self) -> None:
        model = self._session.model
        if model is not None:
            classifier = model.classifier
            self.search.clear()
            self.model.set_labels(classifier.labels, classifier.thresholds)
            self.search.setPlaceholderText(f"Search {len(classifier.labels)} classes")
            self._show_following()

    def _show_following(self) -> None:
        likeness = self._session.request.question.ask is Ask.LIKE
        self.follow.setEnabled(not likeness)
        self.follow.setChecked(self._session.targets is None and not likeness)
        self.follow.setToolTip(_LIKENESS if likeness else _FOLLOW)

    def _show(self, inspection: Inspection | None) -> None:
        # The old scores stay, greyed, until the new ones are there: no flicker while stepping.
        self.view.setEnabled(inspection is not None)
        if inspection is None and self._session.frame is not None:
            return
        top = self.view.verticalScrollBar().value()
        current = self.view.currentIndex().data(TARGET_ROLE)
        self.model.set_inspection(inspection, _colours(inspection))
        row = self.model.row_of(current) if current is not None else -1
        if row >= 0:
            self.view.setCurrentIndex(self.model.index(row))
        self.view.verticalScrollBar().setValue(0 if self._session.targets is None else top)
        self._show_notice()

    def _show_notice(self) -> None:
        text = notice_for(
            self._session.inspection,
            self._session.request.question,
            follows=self._session.targets is None,
        )
        self._notice_text.setText(text)
        self._notice.setVisible(bool(text))


def _colours(inspection: Inspection | None) -> dict[int, QColor]:
    if inspection is None or len(inspection.explanations) < 2:
        return {}
    return {
        e.heatmap.target: QColor(*class_color(i)) for i, e in enumerate(inspection.explanations)
    }
