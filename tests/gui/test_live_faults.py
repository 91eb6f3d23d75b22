"""Whatever a source does: the GUI thread never waits for it, nothing is left behind."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from camviewer.live.condition import Condition
from camviewer.media.videos import VideoFile
from tests.gui.live_worlds import SIZE, STALL, Rig, StallWatch, locked, rig
from tests.media import fake_camera
from tests.media.fake_camera import FakeBackend, FakeCamera
from tests.media.movies import movie
from tests.media.numbered import numbered

AT_ONCE = 0.25  # seconds; what waits for a source waits for ever, and this machine may be busy


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[Rig]:
    with rig(qtbot, tmp_path) as made:
        yield made


def hanging(live: Rig, camera: FakeCamera, where: str) -> None:
    """Watch a camera until it hangs in open, read or close."""
    gate = {"open": camera.opening, "read": camera.reading, "close": camera.closing}[where]
    if where == "open":
        gate.shut()
        live.player.start(camera)
    else:
        live.player.start(camera)
        live.more(1)
        gate.shut()
        if where == "close":
            live.player.stop()
    live.wait(lambda: gate.waiting)


@pytest.mark.parametrize("where", ["open", "read", "close"])
def test_a_hanging_camera_holds_up_nothing(live: Rig, where: str) -> None:
    with FakeCamera("A", size=SIZE, rate=60) as bad, FakeCamera("B", size=SIZE) as good:
        hanging(live, bad, where)
        before = len(live.results)
        began = time.perf_counter()
        live.player.set_frozen(True)
        live.player.set_frozen(False)
        live.player.set_mirror(True)
        live.player.retry()
        live.player.stop()
        live.player.start(good)
        assert time.perf_counter() - began < AT_ONCE
        live.wait(lambda: len(live.results) > before)
        assert live.player.source is good


@pytest.mark.parametrize("where", ["open", "read", "close"])
def test_closing_does_not_wait_for_a_hanging_camera(
    qtbot: QtBot, tmp_path: Path, where: str
) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        with rig(qtbot, tmp_path) as live:
            hanging(live, camera, where)
            began = time.perf_counter()
            assert live.close()
            assert time.perf_counter() - began < 2
        camera.release()
        with camera.change:
            assert camera.change.wait_for(lambda: camera.devices == 0, 20)


def test_closing_does_not_wait_for_a_network_that_takes_long(qtbot: QtBot, tmp_path: Path) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera, rig(qtbot, tmp_path) as live:
        live.player.start(camera)
        live.more(1)
        live.model().steps = 1000  # between two layers each
        begun = threading.Event()

        def take_long() -> None:
            begun.set()
            live.model()._refine(live.results[0].inspection.frame, 0, None)

        live.model().before = take_long
        live.wait(begun.is_set)
        began = time.perf_counter()
        assert live.close()
        assert time.perf_counter() - began < 2


def test_a_lost_camera_comes_back_by_itself(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(2)
        camera.unplug()
        live.become(Condition.LOST)
        assert "Trying again" in live.player.status.message
        live.wait(lambda: not live.engine.live)
        number = locked(live.canvas.inspection)  # type: ignore[arg-type]
        assert live.shows(number)
        with live.bot.waitSignal(live.engine.inspected):
            live.session.choose((0, 1))
        assert live.shows(number), "what is left is a picture like any other"
        camera.plug()
        live.player.retry()
        live.become(Condition.RUNNING)
        assert len(live.more(2)[-1].inspection.explanations) == 2
        assert live.engine.live


def test_a_refused_camera_waits_for_a_person(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        camera.refuse("Another program uses it. Close that, then try again.")
        live.player.start(camera)
        live.become(Condition.REFUSED)
        assert "Another program" in live.player.status.message
        camera.refuse("")
        live.player.retry()
        live.more(1)


def test_a_silent_camera_is_told_of(live: Rig) -> None:
    with FakeCamera("Webcam", size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        camera.reading.shut()
        live.become(Condition.STALLED)
        assert "Webcam has sent no picture" in live.player.status.message
        camera.reading.open()
        live.more(1)
        assert live.player.status.condition is Condition.RUNNING


@pytest.mark.parametrize("rate", [1, 240])
@pytest.mark.parametrize("dress", ["grey", "bgra"])
def test_odd_cameras_are_watched(live: Rig, rate: int, dress: str) -> None:
    with FakeCamera(size=SIZE, rate=rate) as camera:
        camera.dress = getattr(fake_camera, dress)
        live.player.start(camera)
        live.more(1 if rate == 1 else 20)
        assert live.shows(locked(live.results[-1].inspection))


def test_pictures_of_another_size_are_taken_as_they_come(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.set_smooth(True)
        live.player.start(camera)
        live.more(3)
        camera.dress = lambda _raw: fake_camera.bgr(numbered(7, (90, 200)))
        live.wait(lambda: live.canvas.frame and live.canvas.frame.size == (90, 200))
        live.more(2)
        live.player.set_smooth(False)
        live.wait(lambda: live.shows(7))
        assert live.session.frame is not None
        assert live.session.frame.size == (90, 200)


def test_a_camera_of_the_list_is_opened_in_a_mode(live: Rig) -> None:
    from camviewer.media.cameras import CameraMode, cameras

    with FakeCamera("Webcam", size=SIZE, rate=60) as camera, FakeBackend(camera):
        info = next(info for info in cameras() if info.name == "Webcam")
        live.player.start_camera(info, CameraMode(200, 150, 60))
        result = live.more(1)[0]
        assert result.inspection.frame.size == (150, 200)
        assert (live.player.camera, live.player.mode) == (info, CameraMode(200, 150, 60))
        live.player.start_camera(info, CameraMode(160, 120, 60))
        live.more(1)
        assert camera.devices == 1, "the same camera was let go before it was opened again"
    told: list[str] = []
    live.player.told.connect(told.append)
    live.player.start_camera(info, None)
    assert "choose a camera" in told[0]


def test_watching_again_and_again_leaves_nothing_behind(live: Rig) -> None:
    live.player.set_smooth(True)
    with FakeCamera(size=SIZE, rate=240) as camera:
        for _ in range(3):
            live.player.start(camera)
            live.more(2)
        threads = threading.active_count()
        for _ in range(20):
            live.player.start(camera)
            live.more(2)
        live.player.stop()
        with camera.change:
            assert camera.change.wait_for(lambda: camera.devices == 0, 20)
        live.wait(lambda: threading.active_count() <= threads)
        assert camera.opened == camera.closed == 23


def test_a_truncated_film_says_so_at_its_end(live: Rig, tmp_path: Path) -> None:
    path = movie(tmp_path / "cut.mkv", 60, size=SIZE, rate=25)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 3 // 5])
    told: list[str] = []
    live.player.told.connect(told.append)
    live.player.start(VideoFile(path))
    live.more(1)
    live.player.seek(25)
    live.become(Condition.ENDED)
    live.wait(lambda: told)
    assert "cut.mkv" in told[0]


def test_what_is_no_film_is_refused_with_its_name(live: Rig, tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film at all")
    live.player.start(VideoFile(tmp_path / "text.mp4"))
    live.become(Condition.REFUSED)
    assert "text.mp4" in live.player.status.message


def test_the_gui_thread_is_free_while_much_happens(live: Rig) -> None:
    """No turn of its event loop computes for long, at 240 pictures a second of 720p."""
    live.canvas.resize(1000, 700)
    watch = StallWatch()
    with FakeCamera(size=(720, 1280), rate=240) as camera:
        live.player.start(camera)
        live.more(5)
        watch.start()
        for smooth in (False, True):
            live.player.set_smooth(smooth)
            live.more(20)
        live.player.start(camera)
        live.more(5)
        live.player.set_frozen(True)
        live.player.set_frozen(False)
        live.more(5)
        live.player.stop()
        assert watch.stop() < STALL
