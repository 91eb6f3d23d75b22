"""All that the window has for watching: puts the parts together and connects them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from camviewer.gui.live.choosing import Choosing
from camviewer.gui.live.controls import TransportBar
from camviewer.gui.live.fault_card import FaultCard
from camviewer.gui.live.live_actions import LiveActions
from camviewer.gui.live.score_plot import ScorePlot
from camviewer.gui.live.steadiness import Steadiness
from camviewer.gui.live.video_export import VideoExport
from camviewer.gui.message_bar import Kind
from camviewer.gui.settings import LiveChoices
from camviewer.gui.worker import Lane
from camviewer.live.condition import Condition, Status
from camviewer.live.loop import Result

if TYPE_CHECKING:
    from camviewer.gui.dock import Dock
    from camviewer.gui.main_window import MainWindow


class Desk(QObject):
    """The bar under the canvas, the card on it, the scores beside it, the ways to a source.

    Attributes:
        bar, card, scores, steadiness: what is seen.
        choosing: the ways to a source.
        films: exports whole videos.
        dock: frames the scores; None until the window has made it.
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        player, actions = window.player, window.actions_by_name
        self.bar = TransportBar(player, actions)
        self.card = FaultCard(window.canvas)
        self.scores = ScorePlot()
        self.steadiness = Steadiness(player, window)
        self.choosing = Choosing(window)
        self.films = VideoExport(window)
        self.dock: Dock | None = None
        self._arranging = False
        self._flows = False
        self._actions = LiveActions(player, actions, self)
        window.centre.set_foot(self.bar)
        for action in actions.for_picture():
            window.canvas.addAction(action)
        self._take_up(window.settings.live)
        self._connect()

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return self.choosing.picker.lane, self.films.lane

    def remember(self) -> None:
        """Keep how things are watched for the next start."""
        player, settings = self._window.player, self._window.settings
        settings.live = replace(
            settings.live,
            smooth=player.smooth,
            mirror=player.mirror,
            hold=player.hold,
            smoothing=player.smoothing,
            tracking=player.tracking,
        )

    def _take_up(self, choices: LiveChoices) -> None:
        player = self._window.player
        player.set_smooth(choices.smooth)
        player.set_mirror(choices.mirror)
        player.set_hold(choices.hold)
        player.set_smoothing(choices.smoothing)
        player.set_tracking(choices.tracking)

    def adopt_dock(self, dock: Dock) -> None:
        """The dock of the scores, shown while something is watched unless a person closed it."""
        self.dock = dock
        dock.hide()
        dock.toggleViewAction().toggled.connect(self._remember_dock)

    def _connect(self) -> None:
        window = self._window
        player, actions = window.player, window.actions_by_name
        player.started.connect(self._start)
        player.stopped.connect(self._stop)
        player.status_changed.connect(self._show_status)
        player.shown.connect(self._show_result)
        player.figures_changed.connect(window.status.live.show_figures)
        player.frozen_changed.connect(self._show_fields)
        player.recording_changed.connect(self._tell_recording)
        player.told.connect(window.messages.show_message)
        self.bar.source_clicked.connect(self._choose_camera)
        self.card.retry_wanted.connect(player.retry)
        self.card.other_wanted.connect(self._choose_camera)
        self.card.stop_wanted.connect(player.stop)
        todo = {
            "webcam": self._choose_camera,
            "stream": self.choosing.stream,
            "screen": self.choosing.screen,
            "steady": lambda: self.steadiness.open_at(self.bar.buttons["steady"]),
            "export_video": self.films.ask,
        }
        for name, do in todo.items():
            actions[name].triggered.connect(lambda _=False, do=do: do())
        actions["export_video"].setEnabled(False)
        window.comparison.switched.connect(self._make_room)
        window.teaching.switched.connect(self._keep_to_the_cards)
        window.welcome.webcam_requested.connect(actions["webcam"].trigger)

    def _make_room(self, comparing: bool) -> None:
        """Panes compare one picture, which stays until they are gone."""
        self._actions.hold(held=comparing)
        self.bar.setVisible(not comparing and self._window.player.source is not None)

    def _keep_to_the_cards(self, teaching: bool) -> None:
        """What is watched while teaching is neither shown on the canvas nor filmed."""
        window = self._window
        self._actions.pare(pared=teaching)
        self._show_fields()
        if not teaching and window.player.source is not None:
            self._show_dock(shown=window.settings.show_scores)

    def _choose_camera(self) -> None:
        """The list opens where the person is: at the bar, or at the tool bar's button."""
        window = self._window
        at = window.tools.widgetForAction(window.actions_by_name["webcam"])
        self.choosing.camera(self.bar.source if self.bar.isVisible() else at)

    def _start(self) -> None:
        window = self._window
        window.messages.clear_for_picture()
        window.centre.show_canvas()
        self._show_fields()
        window.actions_by_name["export_video"].setEnabled(self.films.video is not None)
        self.scores.clear()
        self._show_status(window.player.status)
        self._show_dock(shown=window.settings.show_scores and not window.teaching.on)

    def _stop(self) -> None:
        self.card.dismiss()
        self._show_fields()
        self._window.actions_by_name["export_video"].setEnabled(False)
        self._show_dock(shown=False)

    def _show_fields(self) -> None:
        """What is frozen or at its end is a picture like any other: no rates, but what it took."""
        player = self._window.player
        rests = player.frozen or player.status.condition is Condition.ENDED
        flows = player.source is not None and not rests and not self._window.teaching.on
        if flows != self._flows:
            self._flows = flows
            self._window.status.set_live(live=flows)

    def _show_status(self, status: Status) -> None:
        self.card.show_status(status, self._window.player.source_name)
        self._show_fields()

    def _show_result(self, result: Result) -> None:
        self.scores.add(result.arrived, result.inspection)

    def _tell_recording(self, on: bool, path: Path | None) -> None:
        if on or path is None:
            return
        window, folder = self._window, path.parent
        window.messages.show_message(
            f"Recorded {path.name} in {folder}, with its scores and boxes beside it.",
            Kind.GOOD,
            "Show Folder",
            lambda: window.exporter.show_folder(folder),
        )

    def _show_dock(self, *, shown: bool) -> None:
        if self.dock is not None:
            self._arranging = True
            self.dock.setVisible(shown)
            self._arranging = False

    def _remember_dock(self, shown: bool) -> None:
        """The panel comes up next time if a person, and nobody else, left it open."""
        window = self._window
        elsewhere = window.comparison.on or window.teaching.on
        watching = window.player.source is not None and not elsewhere
        if watching and not self._arranging:
            window.settings.show_scores = shown
