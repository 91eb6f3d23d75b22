"""The window: puts the parts together and connects them. What they do is theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QStandardPaths, Qt
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMainWindow, QWidget

from camviewer.gui.actions import Actions
from camviewer.gui.album import Album
from camviewer.gui.canvas import Canvas
from camviewer.gui.centre import Centre
from camviewer.gui.compare.comparison import Comparison
from camviewer.gui.dock import Dock
from camviewer.gui.engine import Engine
from camviewer.gui.exporting import Exporter
from camviewer.gui.jobs import Jobs
from camviewer.gui.live.desk import Desk
from camviewer.gui.live.player import Player
from camviewer.gui.menus import fill_menu_bar, make_tool_bar, recent_menu, runtime_menu, scheme_menu
from camviewer.gui.message_bar import MessageBar
from camviewer.gui.model_flow import STARTER, ModelFlow
from camviewer.gui.opener import Opener
from camviewer.gui.panels.appearance import AppearancePanel
from camviewer.gui.panels.boxes import BoxesPanel
from camviewer.gui.panels.classes import ClassesPanel
from camviewer.gui.panels.faithfulness import FaithfulnessPanel
from camviewer.gui.panels.film_strip import FilmStrip
from camviewer.gui.panels.network import NetworkPanel
from camviewer.gui.session import Session
from camviewer.gui.settings import Settings
from camviewer.gui.status import StatusBar
from camviewer.gui.teach.run.panel import RunPanel
from camviewer.gui.teach.teaching import Teaching
from camviewer.gui.teach.view import TeachView
from camviewer.gui.theme import SPACE, Theme
from camviewer.gui.waiting import Waiting
from camviewer.gui.welcome import Welcome
from camviewer.gui.wiring import connect_actions, order_tabs
from camviewer.media import images
from camviewer.media.videos import VIDEO_EXTENSIONS, VideoFile
from camviewer.paths import resources
from camviewer.types import Frame, Inspection

_SIZE = (1360, 860)
_SMALLEST = (960, 640)


class MainWindow(QMainWindow):
    """Canvas in the middle, the network on the left, classes and looks on the right."""

    def __init__(self, engine: Engine, settings: Settings, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("camviewer")
        self.setAcceptDrops(True)
        self.engine = engine
        self.settings = settings
        self.theme = theme
        self.jobs = Jobs(self)
        self.actions_by_name = Actions(self)
        self.album = Album(self)
        self.session = Session(
            engine, settings.view, settings.rule, self, own_threshold=settings.own_threshold
        )
        self.messages = MessageBar()
        self.canvas = Canvas()
        self.welcome = Welcome()
        self.centre = Centre(self.messages, self.welcome, self.canvas)
        self.setCentralWidget(self.centre)
        self.network = NetworkPanel(self.session)
        self.classes = ClassesPanel(self.session, self.jobs)
        self.appearance = AppearancePanel(self.session, self.actions_by_name)
        self.boxes = BoxesPanel(self.session)
        self.faithfulness = FaithfulnessPanel(self.session)
        self.film_strip = FilmStrip(self.album, self.jobs)
        self.opener = Opener(
            engine, self.session, self.album, self.jobs, self.messages, settings, self
        )
        self.models = ModelFlow(engine, self.network.model_box, self.messages, settings, self)
        self.exporter = Exporter(
            self.session,
            lambda: self.canvas.inspection if self.session.inspection else None,
            self.album,
            self.jobs,
            self.messages,
            settings,
            self,
        )
        self.waiting = Waiting(self.session, self.messages)
        self.status = StatusBar(self.session, self.waiting)
        self.setStatusBar(self.status)
        self.player = Player(
            engine,
            self.session,
            self.canvas,
            self.jobs,
            self,
            snap=self.exporter.quick,
            folder=self._recordings,
        )
        self.comparison = Comparison(self)
        run = RunPanel(self.session, self.jobs)
        self.teaching = Teaching(self, TeachView(self.player, self.messages, settings, run))
        self.desk = Desk(self)
        self._dock_panels()
        self._make_menus()
        self._connect_parts()
        connect_actions(self)
        order_tabs(self)
        self._restore()
        self._update_actions()

    def _dock_panels(self) -> None:
        area = Qt.DockWidgetArea
        places: tuple[tuple[str, QWidget, Qt.DockWidgetArea], ...] = (
            ("Network", self.network, area.LeftDockWidgetArea),
            ("Classes", self.classes, area.RightDockWidgetArea),
            ("Appearance", self.appearance, area.RightDockWidgetArea),
            ("Boxes", self.boxes, area.RightDockWidgetArea),
            ("Pictures", self.film_strip, area.BottomDockWidgetArea),
            ("Faithfulness", self.faithfulness, area.LeftDockWidgetArea),
            ("Scores", self.desk.scores, area.LeftDockWidgetArea),
        )
        self.docks: list[Dock] = []
        for title, panel, place in places:
            dock = Dock(title, panel, self, scrolls=panel is self.network)
            self.addDockWidget(place, dock)
            self.docks.append(dock)
        self.setCorner(Qt.Corner.BottomLeftCorner, area.LeftDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, area.RightDockWidgetArea)
        self._strip = self.docks[4]
        self.desk.adopt_dock(self.docks[6])
        # These have nothing to fill more room with: the classes and the canvas get it.
        for panel in (self.appearance, self.boxes, self.film_strip):
            panel.ensurePolished()
            panel.setMaximumHeight(panel.sizeHint().height() + 2 * SPACE)

    @property
    def side_docks(self) -> list[Dock]:
        """All but the pictures below."""
        return [dock for dock in self.docks if dock is not self._strip]

    def _make_menus(self) -> None:
        recent = recent_menu(self, self.settings, lambda path: self.opener.open_paths([path]))
        scheme = scheme_menu(self, self.theme, self.settings)
        runtime = runtime_menu(self, self.engine, self.settings)
        fill_menu_bar(self, self.actions_by_name, recent, scheme, runtime, list(self.docks))
        self.tools = make_tool_bar(self, self.actions_by_name)
        for action in self.actions_by_name.for_canvas():
            self.centre.addAction(action)
            self.film_strip.addAction(action)

    def _connect_parts(self) -> None:
        session, canvas = self.session, self.canvas
        session.frame_changed.connect(self._show_frame)
        session.inspection_changed.connect(self._update_actions)
        session.refined.connect(self._show_partial)
        session.fell_back.connect(self.messages.show_message)
        session.view_changed.connect(canvas.set_view)
        canvas.set_view(session.view)
        canvas.hovered.connect(self.status.show_hover)
        canvas.zoom_changed.connect(self.status.show_zoom)
        self.engine.busy_changed.connect(self.status.show_busy)
        self.engine.inspecting_changed.connect(self.waiting.watch)
        self.engine.inspecting_changed.connect(self.faithfulness.yield_to)
        self.classes.left.connect(lambda: self.centre.page.setFocus())
        self.welcome.open_requested.connect(self.ask_pictures)
        self.welcome.sample_chosen.connect(self.opener.open_sample)
        self.opener.weights_given.connect(self.models.ask_own)
        self.opener.taught_given.connect(self.models.load_file)
        self.opener.unreadable.connect(self.centre.show_unreadable)
        self.opener.picture_wanted.connect(self.player.stop)
        self.opener.video_wanted.connect(lambda path: self.player.start(VideoFile(path)))
        self.player.started.connect(self._watch)
        self.player.stopped.connect(self._stop_watching)
        self.player.frozen_changed.connect(self._freeze)
        self.album.changed.connect(self._show_strip)
        self.album.moved.connect(self._update_actions)
        self.comparison.changed.connect(self._update_actions)
        self.teaching.changed.connect(self._update_actions)
        self.teaching.switched.connect(self._show_strip)
        self.theme.changed.connect(self.actions_by_name.draw_icons)
        canvas.selection_changed.connect(self._lend_arrows)
        stack = canvas.undo_stack
        stack.canUndoChanged.connect(self.actions_by_name["undo"].setEnabled)
        stack.canRedoChanged.connect(self.actions_by_name["redo"].setEnabled)

    def _restore(self) -> None:
        width, height = _SMALLEST
        self.setMinimumSize(max(width, self.tools.sizeHint().width()), height)
        self.resize(*_SIZE)
        self.resizeDocks(self.docks[:2], [288, 304], Qt.Orientation.Horizontal)
        self.docks[5].hide()
        self.restoreGeometry(self.settings.geometry)
        self.restoreState(self.settings.layout)
        self._strip.hide()
        self.docks[6].hide()  # comes with what is watched

    def start(
        self,
        paths: Sequence[Path],
        network: str | None = STARTER,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Load a network; open the given pictures, or a sample on the very first launch.

        Args:
            paths: pictures, videos, folders and weights files.
            network: see `catalog.load`.
            options: likewise.
        """
        self.models.begin(network, options or {})
        samples = sorted((resources() / "samples").glob("*.jpg"))
        if paths:
            self.opener.open_paths([path.absolute() for path in paths])
        elif self.settings.first_launch and samples:
            self.opener.open_sample(samples[0])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasUrls() or mime.hasImage() or mime.hasHtml() or mime.hasText():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.centre.mark_dropping(on=True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.centre.mark_dropping(on=False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self.centre.mark_dropping(on=False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.opener.open_mime(event.mimeData(), "dropped picture")

    def closeEvent(self, event: QCloseEvent) -> None:
        self.comparison.switch(on=False)
        self.teaching.shutdown()
        self.settings.geometry = self.saveGeometry()
        self.settings.layout = self.saveState()
        self.settings.view = self.session.view
        self.settings.rule = self.session.rule
        self.settings.own_threshold = self.session.own_threshold
        self.desk.remember()
        self.settings.mark_launched()
        self.settings.sync()
        self.player.shutdown()
        self.jobs.shutdown()
        self.engine.shutdown(
            self.exporter.batch.lane,
            self.faithfulness.lane,
            *self.comparison.lanes,
            *self.teaching.lanes,
            *self.player.lanes,
            *self.desk.lanes,
        )
        super().closeEvent(event)

    def _show_frame(self, frame: Frame | None) -> None:
        if frame is not None:
            self.centre.show_canvas()
        self._name_window()
        self._update_actions()

    def _watch(self) -> None:
        """What is watched takes the place of pictures, unless it is one of the album."""
        self.comparison.switch(on=False)
        source = self.player.source
        if not isinstance(source, VideoFile) or source.path != self.album.current:
            self.album.replace(())
        self._name_window()
        self._update_actions()

    def _freeze(self, frozen: bool) -> None:
        if not frozen:
            self.comparison.switch(on=False)  # panes explain one picture
        self._update_actions()

    def _stop_watching(self) -> None:
        self._name_window()
        if self.session.frame is None:
            self.centre.show_welcome()
        self._update_actions()

    def _name_window(self) -> None:
        frame = self.session.frame
        shown = self.album.current if frame is None else Path(frame.source)
        name = self.player.source_name or (shown.name if shown is not None else "")
        self.setWindowTitle(f"{name} - camviewer" if name else "camviewer")

    def _recordings(self, beside: Path | None) -> Path:
        """Where recordings go, given the folder of what is recorded."""
        movies = QStandardPaths.StandardLocation.MoviesLocation
        given = self.settings.export.folder or beside
        return given or Path(QStandardPaths.writableLocation(movies) or Path.home())

    def _show_partial(self, inspection: Inspection) -> None:
        self.canvas.set_partial(inspection)
        self._update_actions()

    def _show_strip(self) -> None:
        self._strip.setVisible(len(self.album.paths) > 1 and not self.teaching.on)

    def _update_actions(self) -> None:
        actions = self.actions_by_name
        shown = self.session.frame is not None
        explained = self.session.inspection is not None and self.session.partial is None
        for name in ("zoom_in", "zoom_out", "fit", "actual"):
            actions[name].setEnabled(shown)
        comparing = self.comparison.on
        for name in ("export", "quick_export", "copy"):
            actions[name].setEnabled(self.comparison.has_results if comparing else explained)
        actions["draw"].setEnabled(explained and not comparing and not self.engine.live)
        for name in ("ask", "sharper"):
            actions[name].setEnabled(not comparing)
        actions["compare"].setEnabled(comparing or (shown and self.session.model is not None))
        watching = self.player.source is not None
        actions["close"].setEnabled(shown or watching or bool(self.album.paths))
        actions["delete"].setEnabled(explained and self.canvas.selected_box >= 0)
        actions["next"].setEnabled(self.album.has_next)
        actions["previous"].setEnabled(self.album.has_previous)
        actions["undo"].setEnabled(not comparing and self.canvas.undo_stack.canUndo())
        actions["redo"].setEnabled(not comparing and self.canvas.undo_stack.canRedo())
        self.teaching.limit()

    def _lend_arrows(self, box: int) -> None:
        """While a box is selected the arrow keys move it instead of leafing."""
        for name in ("previous", "next"):
            keys = self.actions_by_name.keys(name)
            self.actions_by_name[name].setShortcuts(keys[1:] if box >= 0 else keys)
        self._update_actions()

    def ask_pictures(self) -> None:
        kinds = " ".join(f"*{e}" for e in sorted(images.EXTENSIONS))
        moving = " ".join(f"*{e}" for e in sorted(VIDEO_EXTENSIONS))
        filters = (
            f"Pictures and videos ({kinds} {moving});;Pictures ({kinds});;Videos ({moving});;"
            "Weights (*.safetensors *.pth *.pt *.pt2);;All files (*)"
        )
        start = str(self.settings.folder)
        files, _ = QFileDialog.getOpenFileNames(self, "Open pictures and videos", start, filters)
        if files:
            self.opener.open_paths([Path(f) for f in files])

    def ask_folder(self) -> None:
        start = str(self.settings.folder)
        folder = QFileDialog.getExistingDirectory(self, "Open a folder of pictures", start)
        if folder:
            self.opener.open_paths([Path(folder)])

    def paste(self) -> None:
        self.opener.open_mime(QGuiApplication.clipboard().mimeData(), "clipboard")

    def close_picture(self) -> None:
        self.player.stop()
        self.album.replace(())
        self.session.clear()
        self.messages.clear()
        self.centre.show_welcome()

    def pick_method(self) -> None:
        self.docks[0].show()
        self.network.method.open()

    def ask_question(self) -> None:
        self.docks[1].show()
        self.classes.question.open()

    def search_class(self) -> None:
        self.docks[1].show()
        self.classes.search.setFocus()
        self.classes.search.selectAll()
