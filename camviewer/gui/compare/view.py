"""Two to six panes over one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from camviewer.gui.compare import presets
from camviewer.gui.compare.agenda import Task
from camviewer.gui.compare.board import Board
from camviewer.gui.compare.pane import Pane
from camviewer.gui.compare.runner import Runner
from camviewer.gui.compare.setting import Common, Setting
from camviewer.gui.compare.shelf import Shelf, Wish
from camviewer.gui.compare.strip import Strip
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import HoverInfo
from camviewer.gui.session import Session
from camviewer.render import View
from camviewer.types import BoxRule, Frame, Inspection


class CompareView(QWidget):
    """Panes that share picture, zoom, place and cursor, each with its own setting.

    Signals:
        left(): the person wants back to one picture.
        hovered(HoverInfo | None): what lies under the cursor in any pane.
        zoom_changed(float): screen pixels per picture pixel, in all panes.
        results_changed(): a pane has a result, or has none any more.
        active_changed(Inspection | None): what the pane with the keyboard shows.
        model_wanted(Pane, QWidget): a pane wants another network; the widget to ask under.
        save_wanted(): the figure is to be saved.
    """

    left = Signal()
    hovered = Signal(object)
    zoom_changed = Signal(float)
    results_changed = Signal()
    active_changed = Signal(object)
    model_wanted = Signal(object, object)
    save_wanted = Signal()

    def __init__(
        self, session: Session, shelf: Shelf, runner: Runner, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._shelf = shelf
        self._runner = runner
        self._awake = False
        self._asked: Setting | None = None
        self.strip = Strip(session)
        self.board = Board(lambda: shelf.known, self)
        self.setAccessibleName("Panes that compare")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.board.grid, 1)
        self._connect()

    def _connect(self) -> None:
        strip, runner, session = self.strip, self._runner, self._session
        strip.preset_chosen.connect(self.use_preset)
        strip.pane_added.connect(lambda: self.duplicate(self.active))
        strip.save_wanted.connect(self.save_wanted)
        strip.left.connect(self.left)
        runner.refined.connect(self._refine)
        runner.answered.connect(self._answer)
        runner.refused.connect(self._refuse)
        self._shelf.arrived.connect(self._bring_model)
        self._shelf.progress.connect(self._tell_progress)
        self._shelf.failed.connect(self._tell_loss)
        board = self.board
        board.asked.connect(self._ask)
        board.duplicated.connect(self.duplicate)
        board.removed.connect(self.remove)
        board.given_up.connect(self._shelf.give_up)
        board.model_wanted.connect(self.model_wanted)
        board.pointed.connect(self._point)
        board.zoom_changed.connect(self.zoom_changed)
        board.active_moved.connect(self._note_active)
        session.frame_changed.connect(self._show_frame)
        session.request_changed.connect(lambda _: self._ask())
        session.rule_changed.connect(self._use_rule)
        session.view_changed.connect(self._use_view)
        session.model_changed.connect(self._use_model)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """In reading order."""
        return self.board.panes

    @property
    def active(self) -> Pane:
        """The pane that has, or last had, the keyboard."""
        return self.board.active

    @property
    def columns(self) -> int:
        """How many panes stand in a row."""
        return self.board.grid.columns

    @property
    def results(self) -> tuple[Inspection, ...]:
        """Of the panes that have one, in reading order, with the boxes as shown."""
        return tuple(pane.inspection for pane in self.panes if pane.inspection is not None)

    @property
    def waiting(self) -> int:
        """How many panes have no result."""
        return len(self.panes) - len(self.results)

    def wake(self) -> None:
        """Explain the window's picture: as left if nothing was asked since, else its methods."""
        common = self._common()
        if common is None:
            return
        self._awake = True
        self._shelf.put_first(common.model)
        current = common.setting
        if current != self._asked or not self.panes:
            self._asked = current
            self._replace(presets.methods(current, presets.used_method(current)))
        else:
            self._ask()
        self.active.canvas.setFocus()

    def sleep(self) -> None:
        """Do nothing, and keep no network that no pane uses."""
        self._awake = False
        self._runner.forget()
        for pane in self.panes:
            self._shelf.give_up(pane)
            pane.task = None
        self._shelf.keep(pane.setting.model for pane in self.panes)

    def use_preset(self, name: str) -> None:
        """Compare methods, layers, classes or models, beginning with the active pane's setting."""
        pane = self.active
        current, seen = pane.setting, pane.inspection
        used = seen.origin.method if seen is not None else presets.used_method(current)
        ranked = self._ranked()
        if name == "methods":
            self._replace(presets.methods(current, used))
        elif name == "layers":
            self._replace(presets.layers(current, used))
        elif name == "classes" and ranked is not None:
            self._replace(presets.classes(current, ranked))
        elif name == "models":
            loaded = presets.models(current, self._shelf.known)
            missing = max(presets.OFFERED - len(loaded), 0)
            self._replace(loaded, self._shelf.on_this_machine()[:missing])

    def load_model(self, wish: Wish) -> None:
        """Let a pane wait for another network."""
        pane = wish.wanted_by
        known = self._shelf.find(wish.name) if wish.name and not wish.options else None
        if known is not None:
            pane.use(pane.setting.on(known))
            return
        pane.await_model(wish.title)
        self._ask()
        self._shelf.want(wish)

    def duplicate(self, pane: Pane) -> None:
        """Put a pane like another one behind it."""
        if len(self.panes) < presets.MOST:
            made = self._insert(pane.setting, self.panes.index(pane) + 1)
            self._lay_out()
            self._ask()
            made.canvas.setFocus()

    def remove(self, pane: Pane) -> None:
        """Take a pane away, unless only two are left."""
        if len(self.panes) <= presets.FEWEST:
            return
        index = self.panes.index(pane)
        self.board.drop(pane)
        self._lay_out()
        self._ask()
        self.panes[min(index, len(self.panes) - 1)].canvas.setFocus()

    def zoom_in(self) -> None:
        """In all panes."""
        self.active.canvas.zoom_in()

    def zoom_out(self) -> None:
        """In all panes."""
        self.active.canvas.zoom_out()

    def zoom_fit(self) -> None:
        """Show the whole picture in all panes."""
        self.active.canvas.zoom_fit()

    def zoom_actual(self) -> None:
        """One screen pixel per picture pixel in all panes."""
        self.active.canvas.zoom_actual()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _common(self) -> Common | None:
        model = self._session.model
        return None if model is None else Common(self._session.request, model)

    def _ask(self) -> None:
        """Inspect what is not inspected as it stands."""
        frame, common = self._session.frame, self._common()
        if not self._awake or frame is None or common is None:
            return
        for pane in self.panes:
            task = Task(frame, pane.setting, common.asked(pane.setting))
            if not pane.loading and not _stands(pane.task, task):
                pane.begin(task)
            elif pane.inspection is not None and _needs_time(pane.inspection, common.rule):
                pane.begin(replace(task, known=pane.inspection))
        self._runner.ask([p.task for p in self.panes if p.pending and p.task is not None])
        self._note_results()

    def _replace(self, settings: Sequence[Setting], networks: Sequence[str] = ()) -> None:
        """Show these settings, and one pane for each network that is yet to be loaded.

        Panes that are there already take the settings over; two remain whatever is asked.
        """
        for pane in self.panes[len(settings) :]:
            self.board.drop(pane)
        for pane, setting in zip(self.panes, settings, strict=False):
            self._shelf.give_up(pane)
            pane.adopt(setting)
        for setting in settings[len(self.panes) :]:
            self._insert(setting)
        wishes = [Wish(self._insert(settings[0]), name) for name in networks]
        while len(self.panes) < presets.FEWEST:
            self._insert(settings[0])
        self._lay_out()
        for wish in wishes:
            self.load_model(wish)
        self._ask()

    def _ranked(self) -> Inspection | None:
        """An inspection that knows the scores of the active pane's network."""
        model = self.active.setting.model
        panes = (self.active, *self.panes)
        return next(
            (p.inspection for p in panes if p.inspection is not None and p.setting.model is model),
            None,
        )

    def _insert(self, setting: Setting, index: int | None = None) -> Pane:
        pane = self.board.insert(setting, self._session.frame, index)
        pane.canvas.set_view(self._session.view)
        return pane

    def _lay_out(self) -> None:
        frame = self._session.frame
        self.board.lay_out((0, 0) if frame is None else frame.size, self.strip.tab_order)

    def _pane_of(self, task: Task) -> Pane | None:
        """The pane that waits for a task; None when none does any more."""
        return next((p for p in self.panes if p.task is task and p.pending), None)

    def _refine(self, task: Task, inspection: Inspection, done: float) -> None:
        pane = self._pane_of(task)
        if pane is not None:
            pane.refine(inspection, done)

    def _answer(self, task: Task, inspection: Inspection) -> None:
        pane = self._pane_of(task)
        if pane is not None:
            pane.answer(inspection, self._session.rule)
            self._note_results()

    def _refuse(self, task: Task, message: str) -> None:
        pane = self._pane_of(task)
        if pane is not None:
            pane.refuse(message)
            self._note_results()

    def _note_results(self) -> None:
        self._note_active()
        self.results_changed.emit()

    def _note_active(self) -> None:
        if self._awake and self.panes:
            ranked = self._ranked() is not None
            self.strip.show_state(len(self.panes), len(self.results), ranked=ranked)
            self.active_changed.emit(self.active.inspection)

    def _show_frame(self, frame: Frame | None) -> None:
        if not self._awake:
            return
        if frame is None:
            self.left.emit()
            return
        for pane in self.panes:
            pane.show_frame(frame)
        self._lay_out()
        self._ask()

    def _use_rule(self, rule: BoxRule) -> None:
        if rule.grabcut:
            self._ask()
            return
        for pane in self.panes:
            pane.use_rule(rule)

    def _use_view(self, view: View) -> None:
        for pane in self.panes:
            pane.canvas.set_view(view)

    def _use_model(self, model: ModelInfo) -> None:
        """Panes with the window's former network follow it to the new one."""
        former = self._shelf.known[0] if self._shelf.known else None
        self._shelf.put_first(model)
        for pane in self.panes:
            if pane.setting.model is former and not pane.loading:
                pane.adopt(pane.setting.on(model))
        if not self._awake:  # who leafs through networks has not opened them to compare
            self._shelf.keep(pane.setting.model for pane in self.panes)
        self._ask()

    def _bring_model(self, wish: Wish, model: ModelInfo) -> None:
        pane = wish.wanted_by
        if pane in self.panes:
            pane.use(pane.setting.on(model))

    def _tell_progress(self, wish: Wish, done: int, total: int) -> None:
        wish.wanted_by.notice.show_progress(done, total)

    def _tell_loss(self, wish: Wish, message: str) -> None:
        if wish.wanted_by in self.panes:
            wish.wanted_by.lose_model(message)

    def _point(self, info: HoverInfo | None) -> None:
        # the values are each pane's own, and stand there
        self.hovered.emit(None if info is None else replace(info, values=(), labels=()))


def _stands(old: Task | None, new: Task) -> bool:
    """Whether the old task's answer is the new one's, too, but for the boxes."""
    return (
        old is not None
        and old.frame is new.frame
        and old.setting.model is new.setting.model
        and replace(old.request, rule=new.request.rule) == new.request
    )


def _needs_time(inspection: Inspection, rule: BoxRule) -> bool:
    """Whether there are other boxes to be found, and not at once."""
    return rule.grabcut and any(e.rule != rule for e in inspection.explanations)
