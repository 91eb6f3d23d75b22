"""The whole window while something is watched."""

import time
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from camviewer.gui.panels.film_strip import read_thumbnail
from camviewer.gui.settings import ExportChoices
from camviewer.live.condition import Condition
from camviewer.live.loop import Result
from tests.gui.live_worlds import SIZE, STALL, StallWatch
from tests.gui.windows import Opened, opened, picture, ui
from tests.media.fake_camera import FakeCamera
from tests.media.movies import movie
from tests.media.numbered import number_of

__all__ = ["ui"]


def results(ui: Opened, count: int) -> list[Result]:
    """Wait for so many more results."""
    came: list[Result] = []
    ui.window.player.shown.connect(came.append)
    ui.bot.waitUntil(lambda: len(came) >= count, timeout=20_000)
    ui.window.player.shown.disconnect(came.append)
    return came


def test_pictures_and_videos_of_a_folder_are_one_album(ui: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    film = movie(folder / "a.mp4", 100, size=SIZE)
    still = picture(folder / "b.png")
    (folder / "c.txt").write_text("neither")
    window = ui.window
    window.opener.open_paths([folder])
    results(ui, 2)
    assert window.album.paths == (film, still)
    assert window.centre.page is window.canvas
    assert window.windowTitle() == "a.mp4 - camviewer"
    assert ui.settings.recent[0] == folder
    stopped: list[None] = []
    window.player.stopped.connect(lambda: stopped.append(None))
    with ui.explained():
        ui.press("next")
    ui.bot.waitUntil(lambda: ui.inspection.frame.source == str(still))
    assert stopped == [None]
    assert window.player.source is None
    assert window.windowTitle() == "b.png - camviewer"
    ui.press("previous")
    results(ui, 1)
    assert window.player.source_name == "a.mp4"
    assert window.album.paths == (film, still)
    thumb = read_thumbnail(film)
    assert not thumb.isNull()
    assert read_thumbnail(folder / "c.txt").isNull()


def test_a_video_of_the_command_line_is_watched(tmp_path: Path, qtbot: QtBot) -> None:
    film = movie(tmp_path / "film.mkv", 100, size=SIZE)
    with opened(tmp_path, qtbot) as made:
        made.start(film)
        results(made, 1)
        assert made.window.player.source_name == "film.mkv"


def test_a_camera_takes_the_place_of_pictures_and_leaves_its_last(
    ui: Opened, tmp_path: Path
) -> None:
    window = ui.window
    ui.open(picture(tmp_path / "a.png"))
    with FakeCamera("Webcam", size=SIZE, rate=60) as camera:
        window.player.start(camera)
        assert window.album.paths == ()
        assert window.windowTitle() == "Webcam - camviewer"
        last = results(ui, 3)[-1]
        assert not window.actions_by_name["draw"].isEnabled()
        assert window.actions_by_name["export"].isEnabled()
        window.player.stop()
        shown = window.canvas.inspection
        assert shown is not None
        assert number_of(shown.frame.pixels) == number_of(last.inspection.frame.pixels)
        ui.press("close")
        assert window.centre.page is window.welcome
        window.player.start(camera)
        results(ui, 1)
        ui.press("close")
        assert window.player.source is None
        assert window.centre.page is window.welcome
        camera.opening.shut()
        window.player.start(camera)
        assert window.centre.page is window.canvas
        window.player.stop()
        assert window.centre.page is window.welcome


def test_comparing_freezes_and_going_on_ends_it(ui: Opened) -> None:
    window = ui.window
    with FakeCamera(size=SIZE, rate=60) as camera:
        window.player.start(camera)
        results(ui, 2)
        window.comparison.switch(on=True)
        assert window.player.frozen
        assert window.comparison.on
        frame = window.session.frame
        ui.bot.waitUntil(lambda: window.comparison.has_results, timeout=10_000)
        assert window.session.frame is frame
        window.player.set_frozen(False)
        assert not window.comparison.on
        assert results(ui, 2)[-1].inspection.frame is not frame


def test_snapshots_have_names_of_their_own(ui: Opened, tmp_path: Path) -> None:
    out = tmp_path / "out"
    ui.settings.export = ExportChoices(folder=out, parts=frozenset({"overlay"}))
    with FakeCamera("Webcam", size=SIZE, rate=60) as camera:
        ui.window.player.start(camera)
        for count in (1, 2):
            results(ui, 1)
            with ui.bot.waitSignal(ui.window.exporter.exported):
                ui.window.player.snapshot()
            assert len(list(out.glob("Webcam *.overlay.png"))) == count


@pytest.mark.parametrize("where", ["reading", "closing"])
def test_the_window_closes_at_once_beside_a_hanging_camera(
    tmp_path: Path, qtbot: QtBot, where: str
) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        with opened(tmp_path, qtbot) as made:
            made.start()
            made.window.player.start(camera)
            results(made, 1)
            gate = getattr(camera, where)
            gate.shut()
            if where == "closing":
                made.window.player.stop()
            qtbot.waitUntil(lambda: bool(gate.waiting))
            began = time.perf_counter()
            made.window.close()
            assert time.perf_counter() - began < 2
        camera.release()
        with camera.change:
            assert camera.change.wait_for(lambda: camera.devices == 0, 20)


def test_all_panels_follow_without_holding_up_the_window(ui: Opened) -> None:
    """Classes, methods and views change while pictures come as fast as they are looked at."""
    window, watch = ui.window, StallWatch()
    with FakeCamera(size=(720, 1280), rate=120) as camera:
        window.player.start(camera)
        results(ui, 5)
        watch.start()
        for turn in range(4):
            window.session.choose((turn % 3,))
            results(ui, 3)
            window.session.set_method(("grad-cam", "layer-cam")[turn % 2])
            results(ui, 3)
        window.player.stop()
        QApplication.processEvents()
    assert watch.stop() < STALL


def test_a_lost_camera_keeps_the_window_usable(ui: Opened) -> None:
    window = ui.window
    with FakeCamera("Webcam", size=SIZE, rate=60) as camera:
        window.player.start(camera)
        results(ui, 2)
        camera.unplug()
        ui.bot.waitUntil(lambda: window.player.status.condition is Condition.LOST, timeout=10_000)
        ui.bot.waitUntil(lambda: window.actions_by_name["draw"].isEnabled())
        with ui.explained():
            window.session.choose((2,))
        assert ui.inspection.explanations[0].heatmap.target == 2
