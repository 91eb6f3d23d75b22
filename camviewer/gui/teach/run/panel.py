"""Teaching in the window: what to choose, how far it is, and what came of it."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from camviewer.gui.jobs import Jobs
from camviewer.gui.panels.controls import Note
from camviewer.gui.session import Session
from camviewer.gui.teach.parts import RunPart
from camviewer.gui.teach.run import whereabouts
from camviewer.gui.teach.run.choices import Choices
from camviewer.gui.teach.run.details import Details
from camviewer.gui.teach.run.explaining import Explainer
from camviewer.gui.teach.run.files import Files
from camviewer.gui.teach.run.plan import missing
from camviewer.gui.teach.run.progress_view import ProgressView
from camviewer.gui.teach.run.runner import Load, Outcome, Runner
from camviewer.gui.teach.run.summary import Summary
from camviewer.gui.theme import SPACE
from camviewer.gui.worker import Lane
from camviewer.models import catalog
from camviewer.teach import results as kept_results
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.deep import Epoch
from camviewer.teach.results import Results, fingerprint

_COLUMN = 332  # pixels; beside the details
_NO_LESSON = "Open or begin a lesson: then it can be taught."


class RunPanel(RunPart):
    """The column beside the cards; results unfold beside it when they are asked for."""

    def __init__(
        self,
        session: Session,
        jobs: Jobs,
        load: Load = catalog.load,
        parent: QWidget | None = None,
    ) -> None:
        """Teach nothing yet.

        Args:
            session: the network that is open, and how heatmaps are shown.
            jobs: reads former results.
            load: loads networks of the catalogue.
            parent: Qt's.
        """
        super().__init__(parent)
        self._jobs = jobs
        self._lesson: Lesson | None = None
        self._results: Results | None = None
        self._unfinished = False
        self._roomy = False
        self.runner = Runner(load, self)
        self.explainer = Explainer(self)
        self.teach = QPushButton("Teach")
        self.teach.setProperty("look", "big")
        self.teach.setDefault(True)
        self.teach.setAutoDefault(False)
        self.anew = QPushButton("Begin anew")
        self.anew.setAutoDefault(False)
        self.anew.setAccessibleName("Begin deep teaching anew")
        self.anew.setToolTip("Forget what was learnt before it was cancelled")
        self.anew.hide()
        self.hint = Note(_NO_LESSON)
        self.trouble = Note(muted=False)
        self.trouble.setProperty("look", "error")
        self.trouble.setAccessibleName("Why it could not be taught")
        self.trouble.hide()
        self.choices = Choices(session)
        self.progress = ProgressView()
        self.summary = Summary()
        self.summary.hide()
        self.details = Details(self.explainer, lambda: session.view)
        self.details.hide()
        self.files = Files(self.summary, self)
        self.files.failed.connect(self._tell)
        self._lay_out()
        self._order_tabs()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, SPACE, 0)
        column.setSpacing(SPACE + 2)
        for widget in (self.teach, self.anew, self.hint, self.trouble, self.summary):
            column.addWidget(widget)
        column.addWidget(self.progress)
        column.addWidget(self.choices)
        column.addStretch(1)
        self._column = QScrollArea()
        self._column.setWidgetResizable(True)
        self._column.setFrameShape(QFrame.Shape.NoFrame)
        self._column.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._column.setWidget(inside)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(0)
        self._row.addWidget(self._column, 1)
        self._row.addWidget(self.details, 3)

    def _order_tabs(self) -> None:
        """From top to bottom, then what unfolds beside it."""
        summary, details = self.summary, self.details
        order: list[QWidget] = [self.teach, self.anew, summary.live, summary.details, summary.file]
        order += [self.progress.cancel, *self.choices.in_order]
        order += [details.mistakes, details.back, details.matrix]
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)

    def _connect(self) -> None:
        runner, summary, gallery = self.runner, self.summary, self.details.gallery
        self.teach.clicked.connect(lambda: self._start(anew=False))
        self.anew.clicked.connect(lambda: self._start(anew=True))
        shortcut = QShortcut(QKeySequence("Ctrl+Return"), self)
        shortcut.activated.connect(self.teach.click)
        self.choices.changed.connect(self._forget_unfinished)
        self.progress.cancel.clicked.connect(self._cancel)
        runner.progressed.connect(self.progress.show_progress)
        runner.epoch_ended.connect(self._note_epoch)
        runner.ended.connect(self._end)
        runner.failed.connect(self._fail)
        runner.busy_changed.connect(self._refresh)
        summary.live_wanted.connect(self._see_live)
        summary.details_wanted.connect(lambda: self._make_room(wanted=True))
        self.details.left.connect(lambda: self._make_room(wanted=False))
        gallery.move_requested.connect(self.move_requested)
        gallery.share_requested.connect(self.share_requested)
        gallery.leave_requested.connect(self.leave_requested)
        gallery.remove_requested.connect(self.remove_requested)
        gallery.picture_wanted.connect(self.picture_wanted)

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return self.runner.lane, self.explainer.lane, self.files.lane

    @property
    def results(self) -> Results | None:
        """What came of the last teaching of the lesson."""
        return self._results

    def set_lesson(self, lesson: Lesson | None) -> None:
        """See `RunPart`; the results of the last time are shown when they have been read."""
        if lesson is self._lesson:
            return
        self.runner.cancel()
        self._lesson = lesson
        self._forget_unfinished()
        self._tell("")
        self._show_results(None)
        self.progress.begin()
        self.progress.end()
        if lesson is not None:
            self._jobs.submit(
                lambda: kept_results.read(lesson.folder),
                lambda found: self._show_former(lesson, found),
                self._tell,
            )
        self._refresh()

    def lesson_changed(self) -> None:
        """See `RunPart`."""
        if self._unfinished:
            self._forget_unfinished()
        self._follow()
        self._refresh()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._roomy:
            self._make_room(wanted=False)
        else:
            super().keyPressEvent(event)

    def _start(self, *, anew: bool) -> None:
        lesson = self._lesson
        if lesson is None or self.runner.busy or missing(lesson.contents):
            return
        self._tell("")
        self._make_room(wanted=False)
        goes_on = self._unfinished and not anew
        self._unfinished = False
        self.progress.begin(goes_on=goes_on)
        self.runner.start(lesson, self.choices.plan, anew=anew)
        self.progress.cancel.setFocus()

    def _cancel(self) -> None:
        self._unfinished = self.choices.plan.deeply and bool(self.progress.epochs)
        self.runner.cancel()
        self._refresh()
        self.teach.setFocus()

    def _note_epoch(self, epoch: Epoch) -> None:
        self.progress.add_epoch(epoch)

    def _end(self, outcome: Outcome) -> None:
        self.taught.emit(outcome.results.file)
        if outcome.lesson is self._lesson:
            self.explainer.use(outcome.classifier)
            self._show_results(outcome.results)
            self.summary.live.setFocus()

    def _fail(self, message: str) -> None:
        self._unfinished = self.choices.plan.deeply and bool(self.progress.epochs)
        self._tell(message)
        self._refresh()

    def _show_former(self, lesson: Lesson, found: Results | None) -> None:
        if lesson is self._lesson and self._results is None and found is not None:
            self.explainer.use(found.file)
            self.choices.small.setChecked(found.small)  # things stay as small as they were
            self._show_results(found)

    def _show_results(self, results: Results | None) -> None:
        self._results = results
        if results is None:
            self._make_room(wanted=False)
        else:
            self.summary.show_results(results)
            self.files.use(results)
            self.details.show_results(results)
        self._follow()
        self._refresh()

    def _follow(self) -> None:
        """Tell what of the results the lesson has moved on from."""
        lesson, results = self._lesson, self._results
        changed = True
        if lesson is not None and results is not None:
            contents = lesson.contents
            changed = fingerprint(contents) != results.fingerprint
            self.summary.say_changed(changed=changed)
            self.details.gallery.follow(whereabouts.of(contents))
        # of the two the one that comes next stands out
        self.teach.setDefault(changed)

    def _forget_unfinished(self) -> None:
        self._unfinished = False
        self._refresh()

    def _see_live(self) -> None:
        self._make_room(wanted=False)
        self.live_wanted.emit()

    def _make_room(self, *, wanted: bool) -> None:
        if wanted == self._roomy:
            return
        self._roomy = wanted
        # the cards, from which it keeps apart, are gone meanwhile
        self._row.setContentsMargins(2 * SPACE if wanted else 0, 0, 0, 0)
        if wanted:
            self._column.setFixedWidth(_COLUMN)
        else:
            self._column.setMinimumWidth(0)
            self._column.setMaximumWidth(16_777_215)
        self.details.setVisible(wanted)
        self.room_wanted.emit(wanted)
        (self.details.matrix if wanted else self.summary.details).setFocus()

    def _tell(self, message: str) -> None:
        self.trouble.setText(message)
        self.trouble.setVisible(bool(message))

    def _refresh(self) -> None:
        """Show what can be done now."""
        busy, lesson = self.runner.busy, self._lesson
        lacks = _NO_LESSON if lesson is None else missing(lesson.contents)
        self.teach.setVisible(not busy)
        self.teach.setEnabled(not lacks)
        if self._unfinished:
            self.teach.setText("Go on teaching")
        else:
            self.teach.setText("Teach again" if self._results else "Teach")
        self.teach.setAccessibleName(self.teach.text())
        self.teach.setToolTip(f"{lacks or 'Learn the classes from their pictures'} (Ctrl+Enter)")
        self.anew.setVisible(self._unfinished and not busy)
        self.hint.setText(lacks or self._counted())
        self.hint.setVisible(not busy and (bool(lacks) or self._results is None))
        self.choices.setEnabled(not busy)
        self.choices.setVisible(not busy)
        if not busy:
            self.progress.end()
        self.summary.setVisible(self._results is not None and not busy)

    def _counted(self) -> str:
        classes = () if self._lesson is None else self._lesson.classes
        count = len({path for c in classes for path in c.pictures})
        out = self.choices.plan.fast.held_out
        return (
            f"{count} pictures of {len(classes)} classes. Some {round(100 * out)} % of them are "
            "not learnt from, to see how good it is."
        )
