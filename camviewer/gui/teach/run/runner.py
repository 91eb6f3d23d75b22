"""Teaches off the GUI thread, one lesson at a time, and hands out how far it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal

from camviewer.cam.device import AUTO, choose_device
from camviewer.errors import CancelledError
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.teach.run.calm import calm_down
from camviewer.gui.teach.run.pace import LOADING, READING, SAVING, Pace
from camviewer.gui.teach.run.plan import Plan, drop_states
from camviewer.gui.worker import Lane, Ticket
from camviewer.models import kept
from camviewer.models.classifier import Classifier
from camviewer.teach import results, saving
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.deep import Epoch, Step
from camviewer.teach.deep.teaching import teach_deeply
from camviewer.teach.results import Results, fingerprint
from camviewer.teach.teaching import Stage, Taught, teach

Load = Callable[..., Classifier]

NO_BETTER = (
    "Going deeper was not worth it by the pictures put aside, so what was taught fast stays."
)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of it.

    Attributes:
        lesson: that was taught.
        results: for people.
        classifier: the network, as it lies in the file.
    """

    lesson: Lesson
    results: Results
    classifier: Classifier


class Runner(QObject):
    """One thread that teaches.

    Signals:
        progressed(Progress): at most ten times a second.
        epoch_ended(Epoch): of deep teaching; one before the first, too.
        ended(Outcome): it is taught, and saved.
        failed(str): it is not, and why.
        busy_changed(bool): whether it teaches; false at once when it is cancelled.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    progressed = Signal(object)
    epoch_ended = Signal(object)
    ended = Signal(object)
    failed = Signal(str)
    busy_changed = Signal(bool)
    _epoch_told = Signal(int, object)

    def __init__(self, load: Load, parent: QObject | None = None) -> None:
        """Teach nothing yet.

        Args:
            load: see `catalog.load`.
            parent: Qt's.
        """
        super().__init__(parent)
        self._load = load
        self.lane = Lane("teaching", self)
        self.lane.told.connect(self.progressed)
        self.lane.done.connect(self.ended)
        self.lane.failed.connect(self._fail)
        self.lane.busy_changed.connect(self.busy_changed)
        self._epoch_told.connect(self._tell_epoch, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        """Whether something is being taught."""
        return self.lane.busy

    def start(self, lesson: Lesson, plan: Plan, *, anew: bool = False) -> None:
        """Teach a lesson; deep teaching goes on from where it was cancelled.

        Args:
            lesson: as it is now.
            plan: how.
            anew: begin deep teaching again.
        """
        work = _Work(lesson, plan, self._load, anew=anew)
        self.lane.submit(lambda ticket: work.run(ticket, self._epoch_told.emit))

    def cancel(self) -> None:
        """Stop; returns at once."""
        self.lane.cancel()

    def _tell_epoch(self, generation: int, epoch: Epoch) -> None:
        if generation == self.lane.generation:
            self.epoch_ended.emit(epoch)

    def _fail(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(message_for(error))


class _Work:
    """What happens on the thread."""

    def __init__(self, lesson: Lesson, plan: Plan, load: Load, *, anew: bool) -> None:
        self._lesson = lesson
        self._plan = plan
        self._load = load
        self._anew = anew
        self._contents = lesson.contents
        self._pace = Pace(deeply=plan.deeply)

    def run(self, ticket: Ticket, tell_epoch: Callable[[int, Epoch], None]) -> Outcome:
        """Teach and save.

        Raises:
            CamviewerError: if something stands in the way.
        """
        calm_down()
        was = fingerprint(self._contents)
        with interruptible(ticket.cancelled):
            backbone = self._backbone(ticket)
            ticket.tell(self._pace.at(READING, 0))
            dataset = self._lesson.dataset()
            _check(ticket)
            if self._plan.deeply:
                learnt, deep = self._deeply(ticket, dataset, backbone, tell_epoch)
            else:
                learnt, deep = self._fast(ticket, dataset, backbone), False
        _check(ticket)
        ticket.tell(self._pace.at(SAVING, 0))
        now = dt.datetime.now().astimezone()
        file = kept.new_file(self._lesson.folder.name, now.date())
        saving.save(learnt, file)
        when, small = now.isoformat(timespec="seconds"), self._plan.fast.small
        found = results.of(learnt, file, when, was, deep=deep, small=small)
        if self._plan.deeply and not deep:
            found = replace(found, notes=(NO_BETTER, *found.notes))
        results.write(found, self._lesson.folder)
        classifier = replace(learnt.classifier, name=file.stem, weights=file.name)
        return Outcome(self._lesson, found, classifier)

    def _backbone(self, ticket: Ticket) -> Classifier:
        base = self._plan.base
        if base.classifier is not None:
            return base.classifier

        def fetched(done: int, total: int) -> None:
            ticket.tell(self._pace.at(LOADING, done / total if total else 0))

        ticket.tell(self._pace.at(LOADING, 0))
        return self._load(base.name, progress=fetched, cancelled=ticket.cancelled)

    def _fast(self, ticket: Ticket, dataset: Dataset, backbone: Classifier) -> Taught:
        return teach(
            dataset,
            backbone,
            self._plan.fast,
            lambda stage, share: ticket.tell(self._pace.at(stage, share)),
            ticket.cancelled,
            choose_device(AUTO).device,
        )

    def _deeply(
        self,
        ticket: Ticket,
        dataset: Dataset,
        backbone: Classifier,
        tell_epoch: Callable[[int, Epoch], None],
    ) -> tuple[Taught, bool]:
        state = self._state()

        def report(stage: Stage, share: float) -> None:
            if stage is not Stage.TUNING:  # which tells itself, and more
                ticket.tell(self._pace.at(stage, share))

        def step(told: Step) -> None:
            ticket.tell(self._pace.at_step(told, self._plan.tuning.epochs))

        learnt = teach_deeply(
            dataset,
            backbone,
            self._plan.fast,
            self._plan.tuning,
            report=report,
            on_epoch=lambda epoch: tell_epoch(ticket.generation, epoch),
            on_step=step,
            cancelled=ticket.cancelled,
            device=choose_device(AUTO).device,
            state=state,
        )
        _check(ticket)
        state.unlink(missing_ok=True)
        return learnt, learnt.deeper

    def _state(self) -> Path:
        """Where it is kept how far it is; what other teachings of the lesson left is gone."""
        state = self._plan.state_file(self._lesson.folder, self._contents)
        state.parent.mkdir(parents=True, exist_ok=True)
        drop_states(self._lesson.folder, but=None if self._anew else state)
        return state


def _check(ticket: Ticket) -> None:
    if ticket.cancelled():
        raise CancelledError("Teaching was cancelled.")
