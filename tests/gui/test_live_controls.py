"""The bar, the card and the figures, over a player that does what the test says."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from camviewer.gui.actions import LIVE, SPECS, Actions
from camviewer.gui.live.controls import TransportBar
from camviewer.gui.live.fault_card import FaultCard
from camviewer.gui.live.live_actions import LiveActions
from camviewer.gui.live.live_fields import LiveFields
from camviewer.gui.live.seek_bar import SeekBar, clock
from camviewer.gui.live.steadiness import Steadiness
from camviewer.live.condition import Condition, Status
from camviewer.live.rates import Figures
from tests.gui.fake_player import FakePlayer, as_player
from tests.gui.test_window_access import nameless


class World:
    """A bar with its actions, and the player they talk to."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        qtbot.addWidget(self.window)
        self.player = FakePlayer()
        self.actions = Actions(self.window)
        self.live = LiveActions(as_player(self.player), self.actions, self.window)
        self.bar = TransportBar(as_player(self.player), self.actions)
        self.bar.setParent(self.window)
        self.window.resize(700, 90)
        self.bar.resize(700, 90)
        self.window.show()

    def enabled(self) -> set[str]:
        names = {spec.name for spec in SPECS if spec.group == LIVE}
        return {n for n in names if self.actions[n].isEnabled()} - {"webcam", "stream", "screen"}

    def shown(self) -> set[str]:
        return {name for name, button in self.bar.buttons.items() if button.isVisible()}


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    made = World(qtbot)
    yield made
    made.player.stop()


def test_without_a_source_there_is_no_bar_and_nothing_to_do(world: World) -> None:
    assert not world.bar.isVisible()
    assert world.enabled() == set()


def test_a_camera_can_be_mirrored_but_not_stepped(world: World) -> None:
    world.player.begin("Integrated Camera", camera=True)
    assert world.bar.isVisible()
    assert not world.bar.seek.isVisible()
    everything = {"freeze", "record", "snapshot", "mirror", "smooth", "steady", "stop_live"}
    assert world.shown() == everything == world.enabled()
    assert nameless(world.bar) == []


def test_a_stream_is_neither_mirrored_nor_stepped(world: World) -> None:
    world.player.set_mirror(True)
    world.player.begin("rtsp://host/stream")
    everything = {"freeze", "record", "snapshot", "smooth", "steady", "stop_live"}
    assert world.shown() == everything == world.enabled()
    assert not world.actions["mirror"].isChecked()


def test_a_file_can_be_stepped_looped_and_searched(world: World) -> None:
    world.player.begin("holiday.mp4", frames=500, rate=25.0)
    assert world.bar.seek.isVisible()
    files = {"freeze", "step_back", "step_on", "loop", "record", "snapshot", "smooth", "steady"}
    assert world.shown() == files | {"stop_live"} == world.enabled()
    world.player.stop()
    assert not world.bar.isVisible()
    assert world.enabled() == set()


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("freeze", ("set_frozen", True)),
        ("step_back", ("step", -1)),
        ("step_on", ("step", 1)),
        ("loop", ("set_looping", True)),
        ("smooth", ("set_smooth", True)),
        ("record", ("record", True)),
        ("snapshot", ("snapshot",)),
        ("stop_live", ("stop",)),
    ],
)
def test_a_click_on_a_button_reaches_the_player(
    world: World, name: str, call: tuple[object, ...]
) -> None:
    world.player.begin("holiday.mp4", frames=500)
    world.bar.buttons[name].click()
    assert world.player.calls == [call]


def test_buttons_show_what_is_on_also_when_somebody_else_switched_it(world: World) -> None:
    world.player.begin("camera", camera=True)
    world.player.set_mirror(True)
    world.player.set_frozen(True)
    world.player.record(on=True)
    for name in ("mirror", "freeze", "record"):
        assert world.bar.buttons[name].isChecked()
    world.player.set_frozen(False)
    assert not world.bar.buttons["freeze"].isChecked()


def test_a_video_that_ended_begins_again(world: World) -> None:
    world.player.begin("holiday.mp4", frames=500)
    world.player.become(Condition.ENDED)
    assert world.bar.buttons["freeze"].isChecked()
    assert world.bar.source.accessibleDescription() == "holiday.mp4 · at the end"
    world.bar.buttons["freeze"].click()
    assert world.player.calls == [("seek", 0), ("set_frozen", False)]


@pytest.mark.parametrize(
    ("condition", "said", "fault", "retry"),
    [
        (Condition.RUNNING, "", False, False),
        (Condition.OPENING, " · connecting…", False, True),
        (Condition.STALLED, " · no answer", True, True),
        (Condition.LOST, " · lost", True, True),
        (Condition.REFUSED, " · refused", True, True),
    ],
)
def test_the_bar_says_how_the_source_is(
    world: World, condition: Condition, said: str, fault: bool, retry: bool
) -> None:
    world.player.begin("camera", camera=True)
    world.player.become(condition, "What happened.")
    assert world.bar.source.accessibleDescription() == f"camera{said}"
    assert bool(world.bar.source.property("fault")) is fault
    assert world.bar.source.toolTip().startswith("What happened.")
    assert world.actions["retry"].isEnabled() is retry
    assert world.actions["record"].isEnabled() is (condition is not Condition.REFUSED)


def test_a_frozen_camera_says_so(world: World) -> None:
    world.player.begin("camera", camera=True)
    world.player.set_frozen(True)
    assert world.bar.source.accessibleDescription() == "camera · frozen"
    world.player.become(Condition.PAUSED)
    assert world.bar.source.accessibleDescription() == "camera · frozen"
    world.player.seekable = True
    world.player.become(Condition.PAUSED)
    assert world.bar.source.accessibleDescription() == "camera · paused"


def test_the_recorded_time_is_shown_while_recording(world: World) -> None:
    world.player.begin("camera", camera=True)
    assert not world.bar.recorded.isVisible()
    world.player.record(on=True)
    assert world.bar.recorded.isVisible()
    assert world.bar.recorded.text() == "0:00"
    world.player.record(on=False)
    assert not world.bar.recorded.isVisible()


@given(st.floats(0, 36_000))
def test_a_clock_tells_the_time_to_a_tenth(seconds: float) -> None:
    parts = clock(seconds).split(":")
    told = sum(float(part) * 60**place for place, part in enumerate(reversed(parts)))
    assert told == pytest.approx(seconds, abs=0.051)
    assert len(parts) == (3 if seconds >= 3599.95 else 2)


def test_positions_are_shown_and_dragging_asks_for_the_last_one(world: World, qtbot: QtBot) -> None:
    world.player.begin("holiday.mp4", frames=500, rate=25.0)
    world.player.position_changed.emit(250, 10.0)
    seek = world.bar.seek
    assert (seek.slider.value(), seek.text) == (250, "0:10.0")
    assert world.player.calls == []
    seek.slider.setSliderDown(True)
    for number in range(260, 300):
        seek.slider.setSliderPosition(number)
    world.player.position_changed.emit(251, 10.04)
    assert seek.slider.value() == 299
    seek.slider.setSliderDown(False)
    assert world.player.calls[-1] == ("seek", 299)
    assert len(world.player.calls) < 5
    # what comes late, from before the jump, does not move the handle back
    world.player.position_changed.emit(252, 10.08)
    assert seek.slider.value() == 299
    world.player.position_changed.emit(299, 11.96)
    world.player.position_changed.emit(300, 12.0)
    assert (seek.slider.value(), seek.text) == (300, "0:12.0")


def test_a_click_on_the_groove_goes_there(qtbot: QtBot) -> None:
    seek = SeekBar()
    qtbot.addWidget(seek)
    seek.resize(500, 30)
    seek.show_length(1001, 40.0, 25.0)
    seek.show()
    asked: list[int] = []
    seek.wanted.connect(asked.append)
    slider = seek.slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert asked
    assert asked[-1] == pytest.approx(500, abs=5)
    assert seek.text == clock(40 * asked[-1] / 1001)


def test_without_a_known_length_nothing_can_be_sought(qtbot: QtBot) -> None:
    seek = SeekBar()
    qtbot.addWidget(seek)
    seek.show_length(0, 0.0, 25.0)
    seek.show_position(50, 2.0)
    assert not seek.slider.isEnabled()
    assert seek.text == "0:02.0"


def test_steadiness_shows_and_changes_the_players_settings(world: World) -> None:
    world.player.begin("camera", camera=True)
    world.player.hold = 3.5
    popup = Steadiness(as_player(world.player), world.window)
    popup.open_at(world.bar.buttons["steady"])
    assert (popup.hold.value, popup.smoothing.value, popup.numbers.isChecked()) == (35, 0, True)
    assert world.player.calls == []
    popup.smoothing.slider.setValue(8)
    popup.hold.slider.setValue(0)
    popup.numbers.click()
    calls = [("set_smoothing", 0.8), ("set_hold", 0.0), ("set_tracking", False)]
    assert world.player.calls == calls
    assert nameless(popup) == []
    popup.hide()


class Card:
    """A card on a canvas."""

    def __init__(self, qtbot: QtBot) -> None:
        self.canvas = QWidget()
        qtbot.addWidget(self.canvas)
        self.canvas.resize(500, 400)
        self.canvas.show()
        self.card = FaultCard(self.canvas)

    def tell(self, condition: Condition, message: str = "") -> None:
        self.card.show_status(Status(condition, message), "Integrated Camera")


def test_what_is_wrong_stands_in_the_middle_with_what_to_do(qtbot: QtBot) -> None:
    made = Card(qtbot)
    made.tell(Condition.LOST, "Integrated Camera is gone. Trying again in 2 s.")
    assert made.card.words == (
        "The connection was lost Integrated Camera is gone. Trying again in 2 s."
    )
    assert made.card.retry.isVisible()
    assert nameless(made.card) == []
    for size in ((500, 400), (300, 260)):
        made.canvas.resize(*size)
        assert made.canvas.rect().contains(made.card.geometry())
        middle = made.canvas.rect().center() - made.card.geometry().center()
        assert middle.manhattanLength() <= 2
    with qtbot.waitSignal(made.card.retry_wanted):
        made.card.retry.click()
    made.tell(Condition.RUNNING)
    assert made.card.words == ""


@pytest.mark.parametrize("condition", [Condition.RUNNING, Condition.ENDED, Condition.PAUSED])
def test_nothing_stands_there_while_all_is_well(qtbot: QtBot, condition: Condition) -> None:
    made = Card(qtbot)
    made.tell(Condition.REFUSED, "No permission.")
    made.tell(condition)
    assert not made.card.isVisible()


def test_a_camera_that_opens_soon_shows_no_card(qtbot: QtBot) -> None:
    made = Card(qtbot)
    made.tell(Condition.OPENING)
    assert not made.card.isVisible()
    made.tell(Condition.RUNNING)
    made.tell(Condition.OPENING)
    qtbot.waitUntil(made.card.isVisible)
    assert made.card.words == "Connecting… Integrated Camera"
    assert not made.card.retry.isVisible()
    made.card.dismiss()


def test_figures_keep_their_width(qtbot: QtBot) -> None:
    fields = LiveFields()
    qtbot.addWidget(fields)
    fields.show()
    texts = {label.accessibleName(): label for label in fields.findChildren(QLabel)}
    widths = set()
    for figures in (
        Figures(),
        Figures(29.97, 24.2, 35.4, 81.0, 120.0, 12),
        Figures(240.0, 239.0, 999.4, 999.4, 12_000.0, 99_999),
        Figures(9.94, 9.96, 4210.0, 9940.0, 12_000.0, 99_999),
    ):
        fields.show_figures(figures)
        widths.add(fields.sizeHint().width())
        for label in texts.values():
            assert label.fontMetrics().horizontalAdvance(label.text()) <= label.width()
    assert len(widths) == 1
    fields.show_figures(Figures(29.97, 7.26, 35.4, 1310.0, 120.0, 12))
    assert {name: label.text() for name, label in texts.items()} == {
        "Camera rate": "30 fps in",
        "Shown rate": "7.3 shown",
        "Inference": "35 ms",
        "Age": "1.3 s old",
        "Dropped": "12 left out",
    }
    assert "at most 120 ms old" in texts["Age"].toolTip()
    fields.show_figures(Figures())
    assert [label.text() for label in texts.values()] == [
        "0 fps in",
        "0 shown",
        "",
        "",
        "0 left out",
    ]
