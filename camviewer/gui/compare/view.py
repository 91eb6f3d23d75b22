"""Two to six panes over one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from camviewer.gui.compare import presets
from camviewer.gui.compare.agenda import Task
from camviewer.gui.compare.grid import Grid
from camviewer.gui.compare.links import Links, Point
from camviewer.gui.compare.pane import Pane
from camviewer.gui.compare.runner import Runner
from camviewer.gui.compare.setting import Common, Setting
from camviewer.gui.compare.shelf import Shelf, Wish
from camviewer.gui.compare.strip import Strip
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import HoverInfo
from camviewer.gui.session import Session
from camviewer.inspector import Request
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
        self._panes: list[Pane] = []
        self._active: Pane | None = None
        self._awake = False
        self._asked: Common | None = None
        self.links = Links(self)
        self.strip = Strip(session)
        self.grid = Grid()
        self.setAccessibleName("Panes that compare")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.strip)
        layout.addWidget(self.grid, 1)
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
        self.links.pointed.connect(self._point)
        session.frame_changed.connect(self._show_frame)
        session.request_changed.connect(lambda _: self._ask())
        session.rule_changed.connect(self._use_rule)
        session.view_changed.connect(self._use_view)
        session.model_changed.connect(self._use_model)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self._follow_focus)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """In reading order."""
        return tuple(self._panes)

    @property
    def active(self) -> Pane:
        """The pane that has, or last had, the keyboard."""
        return self._active if self._active in self._panes else self._panes[0]

    @property
    def results(self) -> tuple[Inspection, ...]:
        """Of the panes that have one, in reading order, with the boxes as shown."""
        return tuple(pane.inspection for pane in self._panes if pane.inspection is not None)

    @property
    def waiting(self) -> int:
        """How many panes have no result."""
        return len(self._panes) - len(self.results)

    def wake(self) -> None:
        """Explain the window's picture: as left if nothing was asked since, else its methods."""
        common = self._common()
        if common is None:
            return
        self._awake = True
        self._shelf.put_first(common.model)
        if common != self._asked or not self._panes:
            self._asked = common
            current = common.setting
            self._replace(presets.methods(current, presets.used_method(current)))
        else:
            self._ask()
        self.active.canvas.setFocus()

    def sleep(self) -> None:
        """Do nothing, and keep no network that no pane uses."""
        self._awake = False
        self._runner.forget()
        for pane in self._panes:
            self._shelf.give_up(pane)
            pane.task = None
        self._shelf.keep(pane.setting.model for pane in self._panes)

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
        if len(self._panes) < presets.MOST:
            made = self._insert(pane.setting, self._panes.index(pane) + 1)
            self._lay_out()
            self._ask()
            made.canvas.setFocus()

    def remove(self, pane: Pane) -> None:
        """Take a pane away, unless only two are left."""
        if len(self._panes) <= presets.FEWEST:
            return
        index = self._panes.index(pane)
        self._drop(pane)
        self._lay_out()
        self._ask()
        self._panes[min(index, len(self._panes) - 1)].canvas.setFocus()

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
        for pane in self._panes:
            request = common.asked(pane.setting)
            if not pane.loading and not _answers(pane, frame, request):
                pane.begin(Task(frame, pane.setting, request))
        self._runner.ask([p.task for p in self._panes if p.pending and p.task is not None])
        self._note_results()

    def _replace(self, settings: Sequence[Setting], networks: Sequence[str] = ()) -> None:
        """Show these settings, and one pane for each network that is yet to be loaded.

        Panes that are there already take the settings over; two remain whatever is asked.
        """
        for pane in self._panes[len(settings) :]:
            self._drop(pane)
        for pane, setting in zip(self._panes, settings, strict=False):
            self._shelf.give_up(pane)
            pane.adopt(setting)
        for setting in settings[len(self._panes) :]:
            self._insert(setting, len(self._panes))
        wishes = [Wish(self._insert(settings[0], len(self._panes)), name) for name in networks]
        while len(self._panes) < presets.FEWEST:
            self._insert(settings[0], len(self._panes))
        self._lay_out()
        for wish in wishes:
            self.load_model(wish)
        self._ask()

    def _ranked(self) -> Inspection | None:
        """An inspection that knows the scores of the active pane's network."""
        model = self.active.setting.model
        panes = (self.active, *self._panes)
        return next(
            (p.inspection for p in panes if p.inspection is not None and p.setting.model is model),
            None,
        )

    def _insert(self, setting: Setting, index: int) -> Pane:
        pane = Pane(setting, lambda: self._shelf.known)
        pane.canvas.set_view(self._session.view)
        if self._session.frame is not None:
            pane.show_frame(self._session.frame)
        pane.changed.connect(self._ask)
        pane.stopped.connect(self._ask)
        pane.duplicated.connect(lambda: self.duplicate(pane))
        pane.removed.connect(lambda: self.remove(pane))
        pane.load_cancelled.connect(lambda: self._shelf.give_up(pane))
        pane.model_wanted.connect(lambda below: self.model_wanted.emit(pane, below))
        pane.canvas.zoom_changed.connect(self.zoom_changed)
        self._panes.insert(index, pane)
        self.links.add(pane.canvas)
        return pane

    def _drop(self, pane: Pane) -> None:
        self._panes.remove(pane)
        self.links.remove(pane.canvas)
        self._shelf.give_up(pane)
        pane.hide()
        pane.deleteLater()

    def _lay_out(self) -> None:
        frame = self._session.frame
        self.grid.show_panes(self._panes, (0, 0) if frame is None else frame.size)
        strip = self.strip
        order: list[QWidget] = [*strip.presets.values(), strip.add, strip.opacity.slider]
        order += [strip.colormap, strip.save, strip.done]
        for pane in self._panes:
            order += pane.tab_order
            pane.header.remove.setEnabled(len(self._panes) > presets.FEWEST)
            pane.header.duplicate.setEnabled(len(self._panes) < presets.MOST)
        for before, after in pairwise(order):
            QWidget.setTabOrder(before, after)
        self._follow_focus()

    def _pane_of(self, task: Task) -> Pane | None:
        """The pane that waits for a task; None when none does any more."""
        return next((p for p in self._panes if p.task is task and p.pending), None)

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
        if self._awake and self._panes:
            ranked = self._ranked() is not None
            self.strip.show_state(len(self._panes), len(self.results), ranked=ranked)
            self.active_changed.emit(self.active.inspection)

    def _show_frame(self, frame: Frame | None) -> None:
        if not self._awake:
            return
        if frame is None:
            self.left.emit()
            return
        for pane in self._panes:
            pane.show_frame(frame)
        self._lay_out()
        self._ask()

    def _use_rule(self, rule: BoxRule) -> None:
        for pane in self._panes:
            pane.use_rule(rule)

    def _use_view(self, view: View) -> None:
        for pane in self._panes:
            pane.canvas.set_view(view)

    def _use_model(self, model: ModelInfo) -> None:
        """Panes with the window's former network follow it to the new one."""
        former = self._shelf.known[0] if self._shelf.known else None
        self._shelf.put_first(model)
        for pane in self._panes:
            if pane.setting.model is former and not pane.loading:
                pane.adopt(pane.setting.on(model))
        self._ask()

    def _bring_model(self, wish: Wish, model: ModelInfo) -> None:
        pane = wish.wanted_by
        if pane in self._panes:
            pane.use(pane.setting.on(model))

    def _tell_progress(self, wish: Wish, done: int, total: int) -> None:
        wish.wanted_by.notice.show_progress(done, total)

    def _tell_loss(self, wish: Wish, message: str) -> None:
        if wish.wanted_by in self._panes:
            wish.wanted_by.lose_model(message)

    def _point(self, info: HoverInfo | None, point: Point | None) -> None:
        for pane in self._panes:
            pane.point_at(point)
        # the values are each pane's own, and stand there
        self.hovered.emit(None if info is None else replace(info, values=()))

    def _follow_focus(self) -> None:
        focused = QApplication.focusWidget()
        for pane in self._panes:
            if focused is not None and pane.isAncestorOf(focused):
                self._active = pane
        for pane in self._panes:
            pane.mark_active(active=pane is self.active)
        self._note_active()


def _answers(pane: Pane, frame: Frame, request: Request) -> bool:
    """Whether a pane's task is about this, but for the boxes, which cost nothing."""
    task = pane.task
    return (
        task is not None
        and task.frame is frame
        and task.setting.model is pane.setting.model
        and replace(task.request, rule=request.rule) == request
    )
