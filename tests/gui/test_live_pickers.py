"""What can be watched: cameras by a list that looks again, streams by address, the screen."""

import sys
import threading
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.gui.live.camera_picker import CameraPicker, InUse
from camviewer.gui.live.screen_picker import ScreenPicker, on_the_desktop
from camviewer.gui.live.stream_dialog import StreamDialog, without_password
from camviewer.gui.worker import join
from camviewer.media.cameras import Camera, CameraInfo, CameraMode
from tests.gui.fakes import PATIENCE
from tests.gui.test_window_access import nameless

ONE = CameraInfo("Integrated Camera", "usb-1", "fake", 0)
OTHER = CameraInfo("Microscope", "usb-2", "fake", 1)


class World:
    """A picker over cameras that are plugged in and out."""

    def __init__(self, qtbot: QtBot) -> None:
        self.bot = qtbot
        self.cameras: list[CameraInfo] = []
        self.error: Exception | None = None
        self.looks = 0
        self.gate = threading.Event()
        self.gate.set()
        self.threads: set[int] = set()
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.window.resize(400, 400)
        self.window.show()
        self.picker = CameraPicker(self.window, self.find)
        self.picker.again.setInterval(10)
        self.chosen: list[tuple[CameraInfo, CameraMode | None]] = []
        self.picker.chosen.connect(lambda info, mode: self.chosen.append((info, mode)))

    def find(self) -> Sequence[CameraInfo]:
        self.threads.add(threading.get_ident())
        self.looks += 1
        self.gate.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return list(self.cameras)

    def open(self, in_use: InUse | None = None, *, alone: bool = False) -> None:
        self.picker.open_at(self.window, in_use, alone=alone)

    def names(self) -> list[str]:
        view = self.picker.list
        return [view.item(row).text() for row in range(view.count())]

    def looked(self) -> None:
        """Wait until a look that began after this call has ended."""
        done = self.picker.lane.done
        with self.bot.waitSignals([done, done]):
            self.gate.set()


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    made = World(qtbot)
    yield made
    made.gate.set()
    made.picker.hide()
    assert join([made.picker.lane])


def test_without_a_camera_it_says_so(world: World) -> None:
    world.gate.clear()
    world.open()
    assert world.picker.note.text() == "Looking for cameras…"
    world.looked()
    assert world.picker.note.text().startswith("No camera found.")
    assert world.picker.note.isVisible()
    assert not world.picker.list.isVisible()
    assert nameless(world.picker) == []


def test_cameras_come_and_go_while_it_is_open(world: World) -> None:
    world.open()
    world.looked()
    world.cameras = [ONE, OTHER]
    world.bot.waitUntil(lambda: world.names() == ["Integrated Camera", "Microscope"])
    assert not world.picker.note.isVisible()
    world.cameras = [OTHER]
    world.bot.waitUntil(lambda: world.names() == ["Microscope"])
    assert threading.get_ident() not in world.threads


def test_it_does_not_look_while_it_is_closed(world: World) -> None:
    world.open()
    world.looked()
    world.picker.hide()
    world.bot.waitUntil(lambda: not world.picker.lane.busy)
    assert not world.picker.again.isActive()


def test_a_camera_is_taken_by_click_and_by_key(world: World) -> None:
    world.cameras = [ONE, OTHER]
    world.open()
    world.bot.waitUntil(lambda: len(world.names()) == 2)
    view = world.picker.list
    second = view.visualItemRect(view.item(1)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=second)
    assert world.chosen == [(OTHER, None)]
    assert not world.picker.isVisible()
    world.open()
    world.picker.show_mode(CameraMode(1280, 720))
    QTest.keyClick(view, Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert world.chosen[1:] == [(ONE, CameraMode(1280, 720))]


def test_the_usual_camera_is_a_key_away(world: World) -> None:
    world.cameras = [ONE, OTHER]
    world.picker.usual = OTHER.identifier
    world.open()
    world.bot.waitUntil(lambda: world.names() == ["Integrated Camera", "Microscope"])
    QTest.keyClick(world.picker.list, Qt.Key.Key_Return)
    assert world.chosen == [(OTHER, None)]


def test_the_only_camera_is_taken_without_asking(world: World) -> None:
    world.cameras = [ONE]
    world.open(alone=True)
    assert not world.picker.isVisible()  # it would take the keyboard from whoever holds a key
    world.bot.waitUntil(lambda: world.chosen == [(ONE, None)])
    assert not world.picker.isVisible()
    assert not world.picker._hesitation.isActive()


def test_whoever_waits_for_the_cameras_sees_that(world: World) -> None:
    world.cameras = [ONE]
    world.gate.clear()
    world.open(alone=True)
    assert not world.picker.isVisible()
    world.bot.waitUntil(world.picker.isVisible)
    world.gate.set()
    world.bot.waitUntil(lambda: world.chosen == [(ONE, None)])
    assert not world.picker.isVisible()


def test_one_that_is_plugged_in_later_is_not_taken_by_itself(world: World) -> None:
    world.open(alone=True)
    world.looked()
    world.cameras = [ONE]
    world.bot.waitUntil(lambda: world.names() == ["Integrated Camera"])
    assert world.chosen == []


def test_the_one_in_use_is_marked_and_gets_another_mode_at_once(world: World) -> None:
    world.cameras = [ONE, OTHER]
    world.open(InUse(OTHER, Camera.modes[1], CameraMode(800, 600, 25)))
    assert world.picker.mode == Camera.modes[1]
    assert world.picker.actual.text() == "It delivers 800 × 600, 25 fps."
    world.bot.waitUntil(lambda: world.names() == ["Integrated Camera", "Microscope  ✓"])
    modes = world.picker.modes
    modes.setCurrentIndex(modes.count() - 1)
    modes.activated.emit(modes.currentIndex())
    assert world.chosen == [(OTHER, Camera.modes[-1])]


def test_a_search_that_fails_says_why_and_goes_on(world: World) -> None:
    world.error = SourceError("The cameras cannot be listed: plug them in again.")
    world.open()
    world.bot.waitUntil(lambda: world.picker.note.text() == str(world.error))
    world.error, world.cameras = None, [ONE]
    world.bot.waitUntil(lambda: world.names() == ["Integrated Camera"])
    assert not world.picker.note.isVisible()


def test_other_sources_are_a_click_away(world: World) -> None:
    wanted: list[str] = []
    world.picker.other_wanted.connect(wanted.append)
    for button in world.picker.others.values():
        world.open()
        button.click()
        assert not world.picker.isVisible()
    assert wanted == ["stream", "screen"]


PLAIN = st.text("abcdefghij0123456789-._~%", min_size=1, max_size=12)


@given(PLAIN, PLAIN, PLAIN)
def test_a_password_is_never_kept(name: str, password: str, host: str) -> None:
    kept = without_password(f"rtsp://{name}:{password}@{host}:554/stream")
    assert kept == f"rtsp://{name}@{host}:554/stream"
    assert without_password(kept) == kept
    assert without_password(f"http://{host}/video?a=b") == f"http://{host}/video?a=b"


def check(text: str) -> str:
    if "://" not in text:
        raise SourceRefusedError("Begin with rtsp:// or http://.")
    return text.strip()


def test_an_address_is_checked_before_the_dialog_closes(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = StreamDialog(("rtsp://b/2", "rtsp://a/1"), check, parent)
    dialog.open()
    assert nameless(dialog) == []
    assert dialog.field.currentText() == "rtsp://b/2"
    dialog.field.setEditText("")
    assert not dialog.yes.isEnabled()
    dialog.field.setEditText("camera")
    dialog.yes.click()
    assert dialog.isVisible()
    assert dialog.problem.isVisible()
    assert dialog.problem.text() == "Begin with rtsp:// or http://."
    dialog.field.setEditText("rtsp://name:secret@c/3 ")
    assert not dialog.problem.isVisible()
    with qtbot.waitSignal(dialog.accepted):
        dialog.yes.click()
    assert dialog.address == "rtsp://name:secret@c/3"


@pytest.mark.parametrize(
    ("ratio", "platform", "wanted"),
    [
        (1.0, "linux", QRect(1930, 20, 300, 200)),
        (2.0, "win32", QRect(1940, 40, 600, 400)),
        (1.5, "linux", QRect(1935, 30, 450, 300)),
        (2.0, "darwin", QRect(1930, 20, 300, 200)),
    ],
)
def test_areas_are_counted_in_the_screens_own_pixels(
    ratio: float, platform: str, wanted: QRect
) -> None:
    area, screen = QRect(10, 20, 300, 200), QRect(1920, 0, 1280, 720)
    assert on_the_desktop(area, screen, ratio, platform) == wanted


class Marking:
    """A screen picker, and what came of it."""

    def __init__(self) -> None:
        self.picker = ScreenPicker()
        self.sheet = self.picker.sheets[0]
        self.picked: list[QRect] = []
        self.left = 0
        self.picker.picked.connect(self.picked.append)
        self.picker.left.connect(self.count)
        self.picker.open()
        self.corner = self.sheet.geometry().topLeft()

    def count(self) -> None:
        self.left += 1

    def drag(self, start: QPoint, end: QPoint) -> None:
        left = Qt.MouseButton.LeftButton
        QTest.mousePress(self.sheet, left, pos=start)
        QTest.mouseMove(self.sheet, end)
        QTest.mouseRelease(self.sheet, left, pos=end)


@pytest.mark.skipif(sys.platform == "darwin", reason="counts by the offscreen screen's ratio")
def test_a_frame_is_dragged_over_the_screen_in_any_direction(qtbot: QtBot) -> None:
    marking = Marking()
    # too small to show anything: a slip of the hand
    marking.drag(QPoint(300, 300), QPoint(305, 305))
    assert marking.picked == []
    marking.drag(QPoint(300, 300), QPoint(101, 51))
    assert marking.picked == [QRect(marking.corner + QPoint(101, 51), QSize(200, 250))]
    assert not marking.sheet.isVisible()


def test_the_frame_is_moved_and_taken_by_keys(qtbot: QtBot) -> None:
    marking = Marking()
    sheet = marking.sheet
    before = QRect(sheet.area)
    QTest.keyClick(sheet, Qt.Key.Key_Right)
    QTest.keyClick(sheet, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert sheet.area == before.translated(10, 0).adjusted(0, 0, 0, 10)
    sheet.grab()
    QTest.keyClick(sheet, Qt.Key.Key_Return)
    assert marking.picked == [sheet.area.translated(marking.corner)]


def test_the_whole_screen_and_none(qtbot: QtBot) -> None:
    whole = Marking()
    QTest.keyClick(whole.sheet, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    assert whole.picked == [whole.sheet.geometry()]
    none = Marking()
    QTest.keyClick(none.sheet, Qt.Key.Key_Escape)
    assert (none.picked, none.left) == ([], 1)
    assert not none.sheet.isVisible()
