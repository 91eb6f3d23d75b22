"""Inspects panes off the GUI thread, one after the other, each as soon as it is known."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, Qt, Signal

from camviewer.boxes import rebox
from camviewer.errors import CancelledError
from camviewer.gui.compare.agenda import Agenda, Task
from camviewer.gui.crash import message_for
from camviewer.gui.worker import Lane, Ticket
from camviewer.types import Inspection


class Runner(QObject):
    """Works off the newest list of tasks; results of tasks that left the list may still arrive.

    Signals:
        refined(Task, Inspection, float): as far as it is known, and the share of the work done.
        answered(Task, Inspection): the result.
        refused(Task, str): there is none, and why.
        busy_changed(bool): whether anything is in work.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    refined = Signal(object, object, float)
    answered = Signal(object, object)
    refused = Signal(object, str)
    busy_changed = Signal(bool)
    _ended = Signal(object, object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._agenda = Agenda()
        self.lane = Lane("compare", self)
        self.lane.told.connect(lambda told: self.refined.emit(*told))
        self.lane.done.connect(self._go_on)
        self.lane.busy_changed.connect(self.busy_changed)
        self._ended.connect(self._hand_out, Qt.ConnectionType.QueuedConnection)

    def ask(self, tasks: Sequence[Task]) -> None:
        """Do these and no others; what is in work goes on if it is one of them."""
        self._agenda.set(tasks)
        if not self.lane.busy:
            self._go_on()

    def forget(self) -> None:
        """Do nothing more, and let go of the networks."""
        self._agenda.forget()

    def _go_on(self) -> None:
        # also after a job that ended at the very moment when more was asked
        if not self._agenda.empty:
            self.lane.submit(self._work)

    def _work(self, ticket: Ticket) -> None:
        while not ticket.cancelled() and (task := self._agenda.take()) is not None:
            self._inspect(task, ticket)

    def _inspect(self, task: Task, ticket: Ticket) -> None:
        def stop() -> bool:
            return ticket.cancelled() or not self._agenda.wants(task)

        def watch(partial: Inspection, done: float) -> None:
            if stop():
                raise CancelledError("The inspection was cancelled.")
            ticket.tell((task, partial, done))

        try:
            if task.known is not None:
                made = rebox(task.known, task.request.rule)
            else:
                made = task.setting.model.inspect(task.frame, task.request, stop, watch)
        except CancelledError:
            return
        except Exception as error:  # a thread's edge: the pane tells it, the log has it all
            self._ended.emit(task, None, message_for(error))
        else:
            self._ended.emit(task, made, "")

    def _hand_out(self, task: Task, made: Inspection | None, message: str) -> None:
        if made is None:
            self.refused.emit(task, message)
        else:
            self.answered.emit(task, made)
