"""Hold a key or a button, and what is watched becomes pictures of a class."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from camviewer.gui.teach import recorder
from camviewer.gui.teach.recorder import Recorder, Take
from camviewer.live.condition import Condition
from camviewer.live.slot import Arrival
from camviewer.media import images
from camviewer.types import Frame
from tests.gui.fake_player import FakePlayer, as_player
from tests.gui.live_worlds import STALL, StallWatch
from tests.gui.teach_worlds import Cards, cards
from tests.media.fake_camera import FakeBackend, FakeCamera
from tests.media.movies import movie
from tests.media.numbered import is_mirrored, number_of

__all__ = ["cards"]

SIZE = 120, 160


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    """Gives as many pictures as it is told, each of which is recorded while something is."""
    with FakeCamera("Webcam", size=SIZE, pace=FakeCamera.FED) as made, FakeBackend(made):
        yield made


@pytest.fixture
def watching(cards: Cards, camera: FakeCamera, monkeypatch: pytest.MonkeyPatch) -> Cards:
    """Two cards, and a camera whose first picture is there."""
    monkeypatch.setattr(cards.view.recorder, "_interval", 0.0)
    cards.begin("cup", "pen")
    cards.ui.window.player.start(camera)
    feed(cards, camera, 1)
    return cards


def feed(cards: Cards, camera: FakeCamera, count: int) -> None:
    """Have pictures come one by one; each is seen before the next."""
    player = cards.ui.window.player
    for _ in range(count):
        before = seen(cards)
        camera.feed()
        cards.wait(partial(differs, cards, before))
    assert player.source is camera


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def differs(cards: Cards, before: object) -> bool:
    return seen(cards) is not before


def seen(cards: Cards) -> object:
    return cards.view.recorder._newest


def numbers(cards: Cards, name: str) -> list[int]:
    """Those in the recorded pictures of a class, in order."""
    lesson = cards.view.keeper.lesson
    found = next(c for c in lesson.classes if c.name == name)
    return [number_of(images.load(path).pixels) for path in found.recorded]


def test_holding_a_key_records_into_its_class(watching: Cards, camera: FakeCamera) -> None:
    view = watching.view
    view.setFocus()
    feed(watching, camera, 2)
    assert watching.held() == {"cup": 0, "pen": 0}
    QTest.keyPress(focused(), Qt.Key.Key_2)
    assert watching.card("pen").property("taking")
    assert not watching.card("cup").property("taking")
    feed(watching, camera, 4)
    QTest.keyRelease(focused(), Qt.Key.Key_2)
    assert not watching.card("pen").property("taking")
    feed(watching, camera, 2)
    # the picture that was shown when the key went down, and the four that came
    watching.wait(lambda: watching.held() == {"cup": 0, "pen": 5})
    assert numbers(watching, "pen") == [2, 3, 4, 5, 6]
    # all of it is one recording, and one step to take back
    sequences = {path.name.rsplit("-", 1)[0] for path in view.keeper.classes[1].recorded}
    assert len(sequences) == 1
    watching.ui.press("undo")
    watching.wait(lambda: watching.held() == {"cup": 0, "pen": 0})
    watching.ui.press("redo")
    watching.wait(lambda: watching.held() == {"cup": 0, "pen": 5})


def test_holding_the_button_does_so_too(watching: Cards, camera: FakeCamera) -> None:
    button = watching.card("cup").record
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Recording…"
    feed(watching, camera, 2)
    assert "cup" in watching.view.preview._said
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    assert button.text() == "Hold to record"
    watching.wait(lambda: watching.held() == {"cup": 3, "pen": 0})
    # with the keyboard: Space holds the button that has the focus
    QTest.keyPress(button, Qt.Key.Key_Space)
    feed(watching, camera, 1)
    QTest.keyRelease(button, Qt.Key.Key_Space)
    watching.wait(lambda: watching.held() == {"cup": 4, "pen": 0})
    assert numbers(watching, "cup") == [0, 1, 2, 3]


def test_pictures_are_kept_as_the_camera_gives_them(watching: Cards, camera: FakeCamera) -> None:
    watching.ui.window.player.set_mirror(True)
    feed(watching, camera, 1)
    QTest.keyPress(watching.view, Qt.Key.Key_1)
    feed(watching, camera, 1)
    QTest.keyRelease(watching.view, Qt.Key.Key_1)
    watching.wait(lambda: watching.held()["cup"] == 2)
    for path in watching.view.keeper.classes[0].recorded:
        pixels = images.load(path).pixels
        assert pixels.shape[:2] == SIZE
        assert not is_mirrored(pixels)
    shown = watching.view.preview.image
    assert (shown.height(), shown.width()) == SIZE


@pytest.mark.parametrize("how", ["focus", "window", "leave"])
def test_what_is_let_go_of_elsewhere_ends(watching: Cards, camera: FakeCamera, how: str) -> None:
    view = watching.view
    view.setFocus()
    QTest.keyPress(view, Qt.Key.Key_1)
    assert view.recorder.take is not None
    if how == "focus":
        watching.ui.window.tools.widgetForAction(
            watching.ui.window.actions_by_name["webcam"]
        ).setFocus()
    elif how == "window":
        QApplication.sendEvent(view, QEvent(QEvent.Type.ActivationChange))
        assert view.recorder.take is not None  # the window is still the active one
        watching.ui.window.teaching.switch(on=False)
    else:
        QTest.keyClick(view, Qt.Key.Key_Escape)
        assert not watching.ui.window.teaching.on
    assert view.recorder.take is None
    camera.feed(2)
    watching.wait(lambda: watching.held() == {"cup": 1, "pen": 0})


def test_without_a_source_the_webcam_is_started_first(
    cards: Cards, camera: FakeCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards.view.recorder, "_interval", 0.0)
    cards.begin("cup", "pen")
    assert cards.view.preview.start.isVisible()
    QTest.keyPress(cards.view, Qt.Key.Key_1)
    cards.wait(lambda: cards.ui.window.player.source is camera)
    assert not cards.view.preview.start.isVisible()
    assert cards.ui.window.teaching.on
    # the key is still held: what comes is recorded
    feed(cards, camera, 3)
    QTest.keyRelease(cards.view, Qt.Key.Key_1)
    cards.wait(lambda: cards.held() == {"cup": 3, "pen": 0})
    cards.ui.press("stop_live")
    cards.wait(cards.view.preview.start.isVisible)
    assert cards.ui.window.centre.page is cards.view


def test_nothing_is_explained_meanwhile_and_the_canvas_gets_it_back(
    watching: Cards, camera: FakeCamera
) -> None:
    window = watching.ui.window
    feed(watching, camera, 3)
    watching.ui.asked.clear()
    feed(watching, camera, 3)
    assert watching.ui.asked == []
    assert window.desk.bar.isVisible()
    assert not window.actions_by_name["record"].isEnabled()
    assert window.actions_by_name["freeze"].isEnabled()
    assert window.desk.dock.isHidden()
    shown: list[object] = []
    window.player.shown.connect(shown.append)
    QTest.keyClick(watching.view, Qt.Key.Key_Escape)
    watching.wait(lambda: len(shown) == 1)  # the newest one, without a further one
    camera.feed()
    watching.wait(lambda: len(shown) == 2)
    assert window.actions_by_name["record"].isEnabled()
    assert window.desk.dock.isVisible()
    assert watching.ui.settings.show_scores


def test_a_video_is_recorded_from(cards: Cards, tmp_path: Path) -> None:
    cards.begin("cup", "pen")
    film = movie(tmp_path / "film.mkv", 100, size=SIZE)
    cards.drop(cards.card("cup"), film)
    player = cards.ui.window.player
    cards.wait(lambda: player.source_name == "film.mkv")
    cards.wait(lambda: not cards.view.preview.image.isNull())
    assert cards.ui.window.teaching.on
    player.set_frozen(True)
    cards.wait(lambda: player.status.condition is Condition.PAUSED)
    # of a picture that rests, each class gets one
    for key in (Qt.Key.Key_1, Qt.Key.Key_1, Qt.Key.Key_2):
        QTest.keyClick(cards.view, key)
    cards.wait(lambda: cards.held() == {"cup": 1, "pen": 1})
    assert numbers(cards, "cup") == numbers(cards, "pen")


def test_some_nine_pictures_a_second_are_recorded(qapp: object) -> None:
    """By the times of the frames, whatever the source's rate."""
    for rate, expected in ((30.0, 10), (10.0, 10), (5.0, 5)):
        player = FakePlayer()
        made = Recorder(as_player(player), player)
        caught: list[tuple[Take, Frame]] = []
        made.caught.connect(lambda take, frame, caught=caught: caught.append((take, frame)))
        player.begin("camera")
        made.begin("cup")
        for number in range(int(rate)):
            frame = Frame(np.zeros((4, 4, 3), np.uint8), "camera", number)
            made._see(Arrival(frame, number / rate), mirrored=False)
        QApplication.processEvents()
        assert len(caught) == expected, rate
        made.end()
        made._see(Arrival(frame, 2.0), mirrored=False)
        QApplication.processEvents()
        assert len(caught) == expected


def test_where_the_disk_is_slow_pictures_are_left_out(watching: Cards, camera: FakeCamera) -> None:
    keeper = watching.view.keeper
    frame = Frame(np.zeros((4, 4, 3), np.uint8), "camera")
    taken = [watching.view.changes.record(Take("cup", f"s{i}"), frame) for i in range(12)]
    assert taken == [True] * 8 + [False] * 4
    watching.wait(lambda: not keeper.busy)
    assert watching.view.changes.record(Take("cup", "more"), frame)
    watching.wait(lambda: watching.held()["cup"] == 9)


def test_recording_holds_up_nobody(cards: Cards) -> None:
    cards.begin("cup", "pen")
    watch = StallWatch()
    with FakeCamera("Webcam", size=(720, 1280), rate=30) as fast:
        cards.ui.window.player.start(fast)
        cards.wait(lambda: not cards.view.preview.image.isNull())
        assert cards.view.preview.image.width() == recorder._PREVIEW_WIDTH
        watch.start()
        QTest.keyPress(cards.view, Qt.Key.Key_1)
        cards.wait(lambda: cards.held()["cup"] >= 12)
        QTest.keyRelease(cards.view, Qt.Key.Key_1)
        cards.ui.window.player.stop()
    assert watch.stop() < STALL


def test_closing_the_window_keeps_what_was_recorded(watching: Cards, camera: FakeCamera) -> None:
    QTest.keyPress(watching.view, Qt.Key.Key_1)
    feed(watching, camera, 5)
    QApplication.processEvents()
    folder = watching.view.keeper.lesson.folder
    watching.ui.window.close()
    assert len(list(folder.rglob("take-*.jpg"))) == 6
