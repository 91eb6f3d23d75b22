"""The panes in reading order: made, linked, laid out, marked, taken away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from camviewer.gui.compare.grid import Grid
from camviewer.gui.compare.links import Links, Point
from camviewer.gui.compare.pane import Pane
from camviewer.gui.compare.presets import FEWEST, MOST
from camviewer.gui.compare.setting import Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.readout import HoverInfo
from camviewer.types import Frame, Size


class Board(QObject):
    """Two to six panes.

    Signals:
        asked(): a pane's setting is another one, or its work is to end or to begin again.
        duplicated(Pane), removed(Pane): asked for.
        given_up(Pane): it does not wait for a network any more.
        model_wanted(Pane, QWidget): it wants another network; the widget to ask under.
        pointed(HoverInfo | None): what lies under the cursor in any pane.
        zoom_changed(float): screen pixels per picture pixel, in all panes.
        active_moved(): another pane may have the keyboard.
    """

    asked = Signal()
    duplicated = Signal(object)
    removed = Signal(object)
    given_up = Signal(object)
    model_wanted = Signal(object, object)
    pointed = Signal(object)
    zoom_changed = Signal(float)
    active_moved = Signal()

    def __init__(
        self, known: Callable[[], Sequence[ModelInfo]], parent: QObject | None = None
    ) -> None:
        """Begin without a pane.

        Args:
            known: the networks that are loaded.
            parent: Qt's.
        """
        super().__init__(parent)
        self._known = known
        self._panes: list[Pane] = []
        self._active: Pane | None = None
        self._links = Links(self)
        self.grid = Grid()
        self._links.pointed.connect(self._point)
        app = QApplication.instance()
        if isinstance(app, QApplication):
            app.focusChanged.connect(self.follow_focus)

    @property
    def panes(self) -> tuple[Pane, ...]:
        """In reading order."""
        return tuple(self._panes)

    @property
    def active(self) -> Pane:
        """The pane that has, or last had, the keyboard; there must be one."""
        active = self._active
        return active if active is not None and active in self._panes else self._panes[0]

    def insert(self, setting: Setting, frame: Frame | None, index: int | None = None) -> Pane:
        """Make a pane and put it in a place, or last; `lay_out` shows it."""
        pane = Pane(setting, self._known)
        if frame is not None:
            pane.show_frame(frame)
        pane.changed.connect(self.asked)
        pane.stopped.connect(self.asked)
        pane.duplicated.connect(lambda: self.duplicated.emit(pane))
        pane.removed.connect(lambda: self.removed.emit(pane))
        pane.load_cancelled.connect(lambda: self.given_up.emit(pane))
        pane.model_wanted.connect(lambda below: self.model_wanted.emit(pane, below))
        pane.canvas.zoom_changed.connect(self.zoom_changed)
        self._panes.insert(len(self._panes) if index is None else index, pane)
        # only now: a picture that comes is fitted, and linked canvases would go along
        self._links.add(pane.canvas)
        return pane

    def drop(self, pane: Pane) -> None:
        """Take a pane away; `lay_out` closes the gap."""
        self._panes.remove(pane)
        self._links.remove(pane.canvas)
        self.given_up.emit(pane)
        pane.hide()
        pane.deleteLater()

    def lay_out(self, picture: Size, before: Sequence[QWidget]) -> None:
        """Show the panes.

        Args:
            picture: ``(height, width)`` of what they show.
            before: what Tab visits before the panes.
        """
        self.grid.show_panes(self._panes, picture)
        order = list(before)
        for pane in self._panes:
            order += pane.tab_order
            pane.header.remove.setEnabled(len(self._panes) > FEWEST)
            pane.header.duplicate.setEnabled(len(self._panes) < MOST)
        for one, following in pairwise(order):
            QWidget.setTabOrder(one, following)
        self.follow_focus()

    def follow_focus(self) -> None:
        """Mark the pane that has the keyboard."""
        focused = QApplication.focusWidget()
        for pane in self._panes:
            if focused is not None and pane.isAncestorOf(focused):
                self._active = pane
        for pane in self._panes:
            pane.mark_active(active=pane is self.active)
        self.active_moved.emit()

    def _point(self, info: HoverInfo | None, point: Point | None) -> None:
        for pane in self._panes:
            pane.point_at(point)
        self.pointed.emit(info)
