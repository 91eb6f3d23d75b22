"""The window's way into the view that compares, and out of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from camviewer.gui.aside import Aside
from camviewer.gui.canvas import Canvas
from camviewer.gui.compare.figure_export import FigureExport
from camviewer.gui.compare.model_choice import ModelChoice
from camviewer.gui.compare.runner import Runner
from camviewer.gui.compare.shelf import Shelf
from camviewer.gui.compare.view import CompareView
from camviewer.gui.exporting import Exporter
from camviewer.gui.worker import Lane

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow


class Comparison(QObject):
    """Puts the panes in the canvas's place, and the side panels away while they are there.

    Signals:
        switched(bool): the panes came, or went.
        changed(): so they did, or there is another result.
    """

    switched = Signal(bool)
    changed = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._on = False
        self._aside = Aside(window)
        self.runner = Runner(self)
        self.shelf = Shelf(window.engine.fetch_model, self)
        self.view = CompareView(window.session, self.shelf, self.runner)
        self.view.setParent(window)
        self.view.hide()
        self.model_choice = ModelChoice(self.view, self.shelf, window.settings, window)
        self.figures = FigureExport(
            self.view,
            window.session,
            window.jobs,
            window.messages,
            window.settings,
            window.exporter,
            window,
        )
        self.view.left.connect(lambda: self.switch(on=False))
        self.view.save_wanted.connect(self.figures.ask)
        self.view.results_changed.connect(self.changed)
        self.view.active_changed.connect(window.status.show_inspection)
        self.view.hovered.connect(window.status.show_hover)
        self.view.zoom_changed.connect(window.status.show_zoom)
        self.runner.busy_changed.connect(window.status.show_busy)

    @property
    def on(self) -> bool:
        """Whether the panes are shown."""
        return self._on

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return self.runner.lane, self.shelf.lane

    @property
    def stage(self) -> Canvas | CompareView:
        """What zoom is about: the canvas or the panes."""
        return self.view if self._on else self._window.canvas

    @property
    def exporter(self) -> Exporter | FigureExport:
        """What export is about."""
        return self.figures if self._on else self._window.exporter

    @property
    def has_results(self) -> bool:
        """Whether there is anything to export."""
        return bool(self.view.results)

    def pick(self, what: str, otherwise: Callable[[], None]) -> None:
        """Choose the method, class or model of the pane with the keyboard, or else of the window.

        Args:
            what: ``method``, ``class`` or ``model``.
            otherwise: what is done while one picture is shown.
        """
        if self._on:
            self.view.active.pick(what)
        else:
            otherwise()

    def switch(self, *, on: bool) -> None:
        """Show the panes, or one picture again; nothing while there is no picture or network."""
        window = self._window
        ready = window.session.frame is not None and window.session.model is not None
        if on == self._on or (on and not ready):
            self.switched.emit(self._on)
            return
        self._on = on
        if on:
            window.player.set_frozen(True)  # panes explain one picture
            self._enter()
        else:
            self._leave()
        self.switched.emit(on)
        self.changed.emit()

    def _enter(self) -> None:
        window = self._window
        window.engine.hold(held=True)
        window.canvas.set_drawing(drawing=False)
        window.canvas.select_box(-1)
        self._aside.put_away(window.side_docks)
        window.centre.set_stage(self.view)
        self.view.wake()

    def _leave(self) -> None:
        window = self._window
        self.view.sleep()
        self._aside.bring_back()
        window.centre.set_stage(window.canvas)
        window.engine.hold(held=False)
        window.status.show_zoom(window.canvas.zoom)
        window.status.show_inspection(window.session.inspection)
