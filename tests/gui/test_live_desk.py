"""The real window with cameras that do what the test says, from the list to the last message."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from camviewer.gui.live.stream_dialog import StreamDialog
from camviewer.gui.live.video_export_dialog import VideoExportDialog
from camviewer.live.condition import Condition
from camviewer.media.cameras import CameraInfo, CameraMode, cameras
from camviewer.media.screens import ScreenRegion
from camviewer.media.source import Source
from tests.gui.test_live_export import FRAMES, frames_of, video
from tests.gui.test_window_access import nameless
from tests.gui.windows import Opened, opened, picture
from tests.media.fake_camera import FakeBackend, FakeCamera


class Live:
    """A window, and a camera that is plugged in."""

    def __init__(self, ui: Opened, camera: FakeCamera) -> None:
        self.ui = ui
        self.bot = ui.bot
        self.window = ui.window
        self.desk = ui.window.desk
        self.player = ui.window.player
        self.camera = camera

    def watch(self) -> None:
        """Take the only camera with its key, and wait for a picture of it."""
        self.activate()
        with self.bot.waitSignal(self.player.shown, timeout=10_000):
            QTest.keyClick(self.window, Qt.Key.Key_W)
        self.activate()
        assert self.window.centre.page is self.window.canvas

    def activate(self) -> None:
        """The offscreen platform leaves no window active when a popup closes."""
        self.window.activateWindow()
        self.bot.waitUntil(self.window.isActiveWindow)

    def play(self, path: Path) -> None:
        """Open a video, and wait for a picture of it, and not for a last one from before."""
        self.window.opener.open_paths([path])
        canvas = self.window.canvas
        self.bot.waitUntil(
            lambda: canvas.frame is not None and Path(canvas.frame.source) == path, timeout=10_000
        )

    def becomes(self, condition: Condition) -> None:
        self.bot.waitUntil(lambda: self.player.status.condition is condition, timeout=10_000)

    def enabled(self, name: str) -> bool:
        return bool(self.window.actions_by_name[name].isEnabled())


def only(camera: FakeCamera) -> Callable[[], list[CameraInfo]]:
    """Looks for cameras as the program does, and finds none of this machine's own."""
    return lambda: [info for info in cameras() if info == camera.info]


@pytest.fixture
def live(tmp_path: Path, qtbot: QtBot) -> Iterator[Live]:
    with (
        FakeCamera("Integrated Camera", rate=60) as camera,
        FakeBackend(camera),
        opened(tmp_path, qtbot) as ui,
    ):
        ui.window.desk.choosing.picker.lister = only(camera)
        ui.start()
        yield Live(ui, camera)


def test_one_key_shows_the_only_camera(live: Live) -> None:
    desk = live.desk
    assert not desk.bar.isVisible()
    assert not desk.dock.isVisible()
    live.watch()
    assert desk.bar.isVisible()
    assert desk.bar.source.accessibleDescription() == "Integrated Camera"
    assert desk.dock.isVisible()
    assert not desk.choosing.picker.isVisible()
    assert nameless(live.window) == []
    bar, follows = desk.bar, live.window.canvas
    for widget in bar.in_order:
        follows = follows.nextInFocusChain()
        while follows.focusPolicy() is Qt.FocusPolicy.NoFocus or follows in (bar, bar.seek):
            follows = follows.nextInFocusChain()
        assert follows is widget
    live.bot.waitUntil(lambda: live.window.status.texts["Age"].endswith(" old"))
    assert live.window.status.texts["Camera rate"].endswith(" fps in")
    live.window.session.choose((1,))
    live.bot.waitUntil(lambda: [t.label for t in desk.scores.history.tracks] == ["green"])


def test_stop_lets_go_of_the_camera_and_of_the_bar(live: Live) -> None:
    live.watch()
    live.ui.press("stop_live")
    assert not live.desk.bar.isVisible()
    assert not live.desk.dock.isVisible()
    assert not live.window.status.live.isVisible()
    live.bot.waitUntil(lambda: live.camera.devices == 0)


def test_space_freezes_on_the_canvas_and_presses_buttons_elsewhere(live: Live) -> None:
    live.watch()
    live.window.canvas.setFocus()
    QTest.keyClick(live.window.canvas, Qt.Key.Key_Space)
    assert live.player.frozen
    assert live.desk.bar.buttons["freeze"].isChecked()
    assert not live.window.status.live.isVisible()
    QTest.keyClick(live.window.canvas, Qt.Key.Key_Space)
    assert not live.player.frozen
    assert live.window.status.live.isVisible()
    labels = live.window.appearance.switches["labels"]
    before = labels.isChecked()
    labels.setFocus()
    QTest.keyClick(labels, Qt.Key.Key_Space)
    assert labels.isChecked() is not before
    assert not live.player.frozen


def test_a_camera_that_is_lost_says_so_and_comes_back(live: Live) -> None:
    live.watch()
    live.camera.unplug()
    live.becomes(Condition.LOST)
    live.bot.waitUntil(live.desk.card.isVisible)
    assert live.desk.card.words.startswith("The connection was lost")
    assert live.desk.bar.source.accessibleDescription() == "Integrated Camera · lost"
    live.camera.plug()
    live.desk.card.retry.click()
    live.becomes(Condition.RUNNING)
    live.bot.waitUntil(lambda: not live.desk.card.isVisible())


def test_a_camera_that_is_refused_says_what_to_do(live: Live) -> None:
    live.camera.refuse("No permission to use Integrated Camera.")
    QTest.keyClick(live.window, Qt.Key.Key_W)
    live.becomes(Condition.REFUSED)
    live.bot.waitUntil(live.desk.card.isVisible)
    assert "No permission to use Integrated Camera." in live.desk.card.words
    assert not live.enabled("record")
    live.desk.card.stop.click()
    assert not live.desk.card.isVisible()
    assert not live.desk.bar.isVisible()


def test_a_camera_that_hangs_holds_up_nothing(live: Live) -> None:
    live.camera.opening.shut()
    QTest.keyClick(live.window, Qt.Key.Key_W)
    live.bot.waitUntil(live.desk.card.isVisible, timeout=10_000)
    live.ui.press("stop_live")
    assert not live.desk.card.isVisible()
    live.camera.opening.open()


def test_a_window_closed_while_watching_opens_without_scores(
    live: Live, tmp_path: Path, qtbot: QtBot
) -> None:
    live.watch()
    assert live.desk.dock.isVisible()
    live.window.close()
    with opened(tmp_path, qtbot) as again:
        again.start()
        assert not again.window.desk.dock.isVisible()
        assert again.settings.show_scores


def test_space_drags_the_picture_when_nothing_is_watched(live: Live, tmp_path: Path) -> None:
    live.ui.open(picture(tmp_path / "a.png"))
    canvas = live.window.canvas
    canvas.setFocus()
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() is Qt.CursorShape.OpenHandCursor
    QTest.keyRelease(canvas, Qt.Key.Key_Space)


def test_the_scores_stay_away_once_they_were_closed(live: Live) -> None:
    live.watch()
    live.desk.dock.close()
    live.ui.press("stop_live")
    live.watch()
    assert not live.desk.dock.isVisible()
    assert not live.ui.settings.show_scores
    live.desk.dock.toggleViewAction().trigger()
    assert live.ui.settings.show_scores


def test_a_video_is_sought_stepped_and_exported(live: Live, tmp_path: Path) -> None:
    path = video(tmp_path / "holiday.mp4")
    live.play(path)
    assert live.desk.bar.seek.isVisible()
    assert live.desk.bar.seek.slider.maximum() == FRAMES - 1
    live.ui.press("step_on")
    assert live.player.frozen
    live.desk.bar.seek.wanted.emit(7)
    live.bot.waitUntil(lambda: live.player.position == 7, timeout=10_000)
    live.ui.press("step_back")
    live.bot.waitUntil(lambda: live.player.position == 6, timeout=10_000)
    live.bot.waitUntil(lambda: live.desk.bar.seek.slider.value() == 6)
    assert live.desk.bar.seek.text == "0:00.6"
    assert live.enabled("export_video")
    live.ui.press("export_video")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, VideoExportDialog)
    out = tmp_path / "holiday.overlay.mp4"
    assert dialog.path == out
    with live.bot.waitSignal(live.desk.films.ended, timeout=20_000):
        dialog.yes.click()
    assert frames_of(out) == FRAMES


def test_at_its_end_a_video_is_a_picture_and_no_rates_are_told(live: Live, tmp_path: Path) -> None:
    live.play(video(tmp_path / "holiday.mp4"))
    status = live.window.status
    assert status.live.isVisible()
    live.becomes(Condition.ENDED)
    live.bot.waitUntil(lambda: not status.live.isVisible())
    live.bot.waitUntil(lambda: status.texts["Inference time"].endswith(" ms"))
    with live.bot.waitSignal(live.player.shown, timeout=10_000):
        live.player.seek(0)
    live.bot.waitUntil(status.live.isVisible)


def test_only_cameras_are_mirrored(live: Live, tmp_path: Path) -> None:
    live.watch()
    live.ui.press("mirror")
    assert live.player._feed.capture.mirrored
    live.play(video(tmp_path / "holiday.mp4"))
    assert not live.player._feed.capture.mirrored
    assert not live.desk.bar.buttons["mirror"].isVisible()
    with live.bot.waitSignal(live.player.shown, timeout=10_000):
        live.player.start_camera(live.camera.info, None)
    assert live.player._feed.capture.mirrored
    assert live.desk.bar.buttons["mirror"].isChecked()


def test_opening_a_picture_takes_the_bar_away(live: Live, tmp_path: Path) -> None:
    live.watch()
    live.ui.open(picture(tmp_path / "a.png"))
    live.ui.bot.waitUntil(lambda: live.player.source is None)  # not the camera's last picture
    assert not live.desk.bar.isVisible()
    assert not live.enabled("freeze")


def test_panes_compare_the_frozen_picture_undisturbed(live: Live) -> None:
    live.watch()
    live.ui.press("compare")
    assert live.player.frozen
    assert not live.desk.bar.isVisible()
    assert not live.enabled("freeze")
    live.ui.press("compare")
    assert live.desk.bar.isVisible()
    assert live.desk.dock.isVisible()
    assert live.ui.settings.show_scores
    assert live.enabled("freeze")
    live.ui.press("freeze")
    assert not live.player.frozen


def test_recording_leaves_a_video_and_says_where(live: Live) -> None:
    live.watch()
    shown: list[object] = []
    live.player.shown.connect(shown.append)
    live.ui.settings.export = live.ui.settings.export.__class__(folder=live.ui.folder)
    live.ui.press("record")
    assert live.desk.bar.recorded.isVisible()
    live.bot.waitUntil(lambda: len(shown) >= 5, timeout=10_000)
    live.ui.press("record")
    live.bot.waitUntil(lambda: not live.desk.bar.recorded.isVisible(), timeout=10_000)
    messages = live.window.messages
    live.bot.waitUntil(lambda: messages.text.startswith("Recorded "), timeout=10_000)
    (made,) = live.ui.folder.glob("*.mp4")
    assert made.name in messages.text
    assert frames_of(made) >= 1


def test_recording_what_is_frozen_says_that_there_was_nothing(live: Live) -> None:
    live.watch()
    live.ui.settings.export = live.ui.settings.export.__class__(folder=live.ui.folder)
    live.player.set_frozen(True)
    live.ui.press("record")
    live.bot.waitUntil(lambda: live.player._filming._recorder is not None, timeout=10_000)
    live.ui.press("record")
    messages = live.window.messages
    live.bot.waitUntil(lambda: messages.text.startswith("Nothing was recorded"), timeout=10_000)
    assert list(live.ui.folder.glob("*.mp4")) == []


def test_an_address_is_watched_and_its_password_forgotten(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Source] = []
    monkeypatch.setattr(live.player, "start", started.append)
    live.ui.press("stream")
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, StreamDialog)
    dialog.field.setEditText("rtsp://me:secret@127.0.0.1:9/stream")
    dialog.yes.click()
    assert "secret" not in started[0].name
    assert live.ui.settings.streams == ("rtsp://me@127.0.0.1:9/stream",)


def test_a_part_of_the_screen_is_watched(live: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Source] = []
    monkeypatch.setattr(live.player, "start", started.append)
    live.ui.press("screen")
    screens = live.desk.choosing.screens
    assert screens is not None
    QTest.keyClick(screens.sheets[0], Qt.Key.Key_Return)
    (source,) = started
    area = screens.sheets[0].area
    assert isinstance(source, ScreenRegion)
    assert f"{area.width()} × {area.height()}" in source.name
    assert live.desk.choosing.screens is None


def test_a_desktop_that_hides_its_screen_says_so(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "wayland")
    live.ui.press("screen")
    assert live.desk.choosing.screens is None
    assert "Wayland" in live.window.messages.text


def test_the_gui_thread_only_hears_of_cameras(live: Live) -> None:
    threads: set[int] = set()
    read = live.camera.read

    def noted() -> object:
        threads.add(threading.get_ident())
        return read()

    live.camera.read = noted
    live.watch()
    assert threads
    assert threading.get_ident() not in threads
    assert np.asarray(live.window.canvas.frame.pixels).any()


def test_how_things_are_watched_is_remembered(tmp_path: Path, qtbot: QtBot) -> None:
    mode = CameraMode(1280, 720)
    with FakeCamera("Microscope", rate=60) as camera, FakeBackend(camera):
        with opened(tmp_path, qtbot) as ui:
            ui.window.desk.choosing.picker.lister = only(camera)
            ui.start()
            live = Live(ui, camera)
            ui.window.desk.choosing.picker.show_mode(mode)
            live.watch()
            for name in ("smooth", "mirror"):
                ui.window.actions_by_name[name].trigger()
            live.player.set_hold(5.0)
        with opened(tmp_path, qtbot) as ui:
            picker, player = ui.window.desk.choosing.picker, ui.window.player
            assert (picker.usual, picker.mode) == (camera.info.identifier, mode)
            assert (player.smooth, player.mirror, player.hold) == (True, True, 5.0)
            assert (player.smoothing, player.tracking) == (0.0, True)
            assert ui.window.actions_by_name["smooth"].isChecked()
            assert player.source is None
