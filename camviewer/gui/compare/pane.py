"""One pane: header, picture, footer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QFrame, QStackedLayout, QVBoxLayout, QWidget

from camviewer.boxes import rebox
from camviewer.cam.methods import AUTO, METHODS
from camviewer.gui.compare.agenda import Task
from camviewer.gui.compare.footer import PaneFooter
from camviewer.gui.compare.header import PaneHeader
from camviewer.gui.compare.links import PaneCanvas, Point
from camviewer.gui.compare.notice import Notice
from camviewer.gui.compare.setting import Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import read_out
from camviewer.types import BoxRule, Frame, Inspection

CHROME = 66  # logical pixels of a pane's height that are not picture


class Pane(QFrame):
    """A setting, and what comes of it.

    Signals:
        changed(): the setting is another one, or is to be inspected again.
        stopped(): the work on it is to end.
        model_wanted(QWidget): see `PaneHeader`.
        load_cancelled(): the network on its way is not wanted any more.
        duplicated(), removed(): asked for.
    """

    changed = Signal()
    stopped = Signal()
    model_wanted = Signal(object)
    load_cancelled = Signal()
    duplicated = Signal()
    removed = Signal()

    def __init__(
        self,
        setting: Setting,
        known: Callable[[], Sequence[ModelInfo]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("pane")
        self.setting = setting
        self.task: Task | None = None
        self.inspection: Inspection | None = None
        self._shown: Inspection | None = None
        self._done = 0.0
        self.pending = False
        self.loading = False
        self._act: Callable[[], None] = self.retry
        self.header = PaneHeader(setting, known)
        self.canvas = PaneCanvas()
        self.notice = Notice()
        self.footer = PaneFooter()
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(self.notice)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addWidget(pages, 1)
        layout.addWidget(self.footer)
        self.mark_active(active=False)
        self._connect()
        self._say_setting()

    def _connect(self) -> None:
        self.header.changed.connect(self.use)
        self.header.model_wanted.connect(self.model_wanted)
        self.header.duplicated.connect(self.duplicated)
        self.header.removed.connect(self.removed)
        self.footer.targets_chosen.connect(
            lambda targets: self.use(replace(self.setting, targets=targets))
        )
        self.footer.stopped.connect(self._stop)
        self.footer.resumed.connect(self.retry)
        self.notice.acted.connect(lambda: self._act())

    @property
    def tab_order(self) -> tuple[QWidget, ...]:
        """What Tab visits, in order."""
        header, footer = self.header, self.footer
        above = (header.method, header.layer, header.model, header.duplicate, header.remove)
        return *above, self.canvas, self.notice.button, footer.target, footer.button

    @property
    def words(self) -> str:
        """Why there is no picture; empty while there is one."""
        return self.notice.words if self._pages.currentWidget() is self.notice else ""

    def use(self, setting: Setting) -> None:
        """Ask something else, now."""
        self.adopt(setting)
        self.changed.emit()

    def adopt(self, setting: Setting) -> None:
        """Ask something else as soon as the view says so."""
        self.loading = False
        self.setting = setting
        self._say_setting()

    def retry(self) -> None:
        """Ask the same again."""
        self.task = None
        self.changed.emit()

    def begin(self, task: Task) -> None:
        """It is being inspected; only a map that gets no more than other boxes stays."""
        self.task = task
        self.pending = True
        self.inspection = None
        self._done = 0.0
        if task.known is None:
            # an older map must not stand under the new setting's name
            self.show_frame(task.frame)
        self._pages.setCurrentWidget(self.canvas)
        self._say_setting()
        self.footer.wait()

    def show_frame(self, frame: Frame) -> None:
        """Another picture."""
        self._shown = self.inspection = None
        self.canvas.set_frame(frame)

    def refine(self, inspection: Inspection, done: float) -> None:
        """It is so far."""
        self._done = done
        self._shown = inspection
        self.canvas.set_partial(inspection)
        self.header.show_used(inspection.origin.method)
        self.footer.show_partial(inspection, done)

    def answer(self, inspection: Inspection, rule: BoxRule) -> None:
        """The result."""
        self.pending = False
        if any(e.rule != rule for e in inspection.explanations):
            inspection = rebox(inspection, rule)
        self._shown = self.inspection = inspection
        self.canvas.set_inspection(inspection)
        self.header.show_used(inspection.origin.method)
        self.footer.show_inspection(inspection)
        self._name()

    def refuse(self, message: str) -> None:
        """There is no result, and why."""
        self.pending = False
        self.inspection = self._shown = None
        self.canvas.set_inspection(None)
        self.footer.show_none()
        method = METHODS.get(self.setting.method)
        cannot = "" if method is None else f"{method.title} cannot serve here"
        heading = cannot if cannot and message.startswith(cannot) else "No result"
        text = message.removeprefix(f"{heading}. ")
        action, self._act = self._remedy()
        self.notice.tell(heading, text, action)
        self._show_notice()

    def use_rule(self, rule: BoxRule) -> None:
        """Other boxes on the same map, found at once."""
        if self.inspection is not None:
            self.answer(self.inspection, rule)

    def await_model(self, title: str) -> None:
        """Its network is on its way; it cannot be inspected before."""
        self.loading = True
        self.pending = False
        self.task = None
        self.inspection = self._shown = None
        self.footer.show_none()
        self.header.model.say(title)
        self.notice.tell_loading(title)
        self._act = self._give_up
        self._show_notice()

    def lose_model(self, message: str) -> None:
        """Its network did not come."""
        self._say_setting()
        self.notice.tell("This network was not loaded", message, "Keep the Present One")
        self._act = lambda: self.use(self.setting)
        self._show_notice()

    def pick(self, what: str) -> None:
        """Open the list of methods, classes or models: ``method``, ``class`` or ``model``."""
        pickers = {
            "method": self.header.method,
            "class": self.footer.target,
            "model": self.header.model,
        }
        pickers[what].click()

    def point_at(self, point: Point | None) -> None:
        """Tell the values under a point of the picture."""
        frame = self.canvas.frame
        if point is None or frame is None or self._shown is None:
            self.footer.point_at(None)
            return
        info = read_out(frame, self._shown, *point)
        self.footer.point_at(None if info is None else info.values)

    def mark_active(self, *, active: bool) -> None:
        """Whether it has the keyboard."""
        self.setProperty("active", active)
        self.style().unpolish(self)
        self.style().polish(self)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self.removed.emit()
        elif event.key() == Qt.Key.Key_D and control:
            self.duplicated.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.canvas.setFocus()
        super().mousePressEvent(event)

    def _say_setting(self) -> None:
        self.header.show_setting(self.setting)
        self.footer.show_setting(self.setting)
        self._name()

    def _name(self) -> None:
        parts = (self.header.method, self.header.layer, self.header.model, self.footer.target)
        said = ", ".join(part.whole for part in parts)
        self.setAccessibleName(f"Pane: {said}")
        self.canvas.setAccessibleName(f"Picture explained by {said}")
        self.setAccessibleDescription(self.words)

    def _stop(self) -> None:
        self.pending = False
        self.footer.show_stopped(self._done)
        self.stopped.emit()

    def _give_up(self) -> None:
        self.load_cancelled.emit()
        self.use(self.setting)

    def _show_notice(self) -> None:
        self._pages.setCurrentWidget(self.notice)
        self._name()

    def _remedy(self) -> tuple[str, Callable[[], None]]:
        """What can be done about an obstacle: the button's text, and what it does."""
        setting = self.setting
        if setting.method != AUTO:
            return "Use Automatic", lambda: self.use(replace(setting, method=AUTO))
        if setting.layer is not None:
            return "Use the Automatic Layer", lambda: self.use(replace(setting, layer=None))
        return "Try Again", self.retry
