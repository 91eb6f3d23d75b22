"""Every heatmap lies on its own picture, whatever happens meanwhile."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from camviewer import render
from camviewer.errors import MethodError
from camviewer.live.condition import Condition
from camviewer.render import ColorMap, View
from camviewer.types import BoxRule
from tests.gui.live_worlds import SIZE, Rig, locked, rig
from tests.media.fake_camera import FakeCamera
from tests.media.numbered import number_of


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[Rig]:
    with rig(qtbot, tmp_path) as made:
        yield made


def check_every_result(live: Rig) -> list[int]:
    """Looks at the canvas after every result; collects the numbers."""
    numbers: list[int] = []

    def check() -> None:
        shown = live.canvas.inspection
        assert shown is not None
        assert shown.frame is live.canvas.frame
        numbers.append(locked(shown))

    live.player.shown.connect(check)
    return numbers


def test_under_load_every_map_lies_on_its_own_picture(live: Rig) -> None:
    """Sources, classes, rules, views and networks change all the time, looking takes its time."""
    numbers = check_every_result(live)
    pauses = np.random.default_rng(5).uniform(0, 0.03, 10_000).tolist()
    for name in ("coding", "other"):
        live.model(name).before = lambda: live.held.wait(pauses.pop())
    with FakeCamera("A", size=SIZE, rate=240) as one, FakeCamera("B", size=SIZE, rate=60) as two:
        for turn in range(12):
            live.player.start((one, two)[turn % 2])
            live.more(1)
            live.session.choose((turn % 3, (turn + 1) % 3))
            live.session.rule = BoxRule(threshold=0.1 + turn / 20)
            live.session.view = View(opacity=turn / 12)
            live.more(2)
            if turn % 4 == 3:
                live.load(("other", "coding")[turn // 4 % 2])
            live.more(2)
            assert live.canvas.inspection is not None
            assert len(live.canvas.inspection.explanations) == 2
    assert len(numbers) >= 60
    assert one.opened == two.opened == 6


def test_what_is_painted_is_the_result(live: Rig) -> None:
    """Number and map are read from the painted pixels, composed on another thread."""
    live.session.view = View(opacity=0.5, colormap=ColorMap.GRAY, show_boxes=False)
    compared: list[int] = []

    def compare() -> None:
        shown = live.canvas.inspection
        assert shown is not None
        painted = live.painted()
        picture = render.scaled(shown.frame, (painted.shape[0], painted.shape[1]))
        expected = render.blend(shown, live.session.view, picture)
        # other ways to make a picture smaller differ along edges, other numbers in whole squares
        assert np.abs(painted.astype(int) - expected).mean() < 1
        compared.append(locked(shown))

    live.player.shown.connect(compare)
    with FakeCamera(size=(480, 640), rate=60) as camera:
        live.player.start(camera)
        live.more(10)
        live.canvas.resize(300, 330)
        live.canvas.zoom_in()
        live.player.shown.disconnect(compare)
        live.more(2)
        live.canvas.zoom_fit()
        live.player.shown.connect(compare)
        live.more(10)
    assert compared == sorted(set(compared))


def test_answers_to_other_questions_are_not_shown(live: Rig) -> None:
    asked: list[tuple[int, ...] | None] = []
    live.player.shown.connect(lambda result: asked.append(result.settings.request.targets))
    gate = threading.Event()
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        live.model().before = lambda: gate.wait(20)
        seen = len(live.model().asked)
        live.wait(lambda: len(live.model().asked) > seen)
        live.session.choose((1,))
        asked.clear()
        gate.set()
        live.more(3)
    assert set(asked) == {(1,)}


def test_another_rule_finds_other_boxes_at_the_next_picture(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        rule = BoxRule(threshold=0.7)
        live.session.rule = rule
        live.wait(lambda: _rules(live) == {rule})
        live.session.rule = replace(rule, grabcut=True)
        live.more(2)
        # refining takes too long for many pictures
        assert _rules(live) == {rule}
        live.player.set_frozen(True)
        live.wait(lambda: _rules(live) == {live.session.rule})


def _rules(live: Rig) -> set[BoxRule]:
    shown = live.canvas.inspection
    return set() if shown is None else {e.rule for e in shown.explanations}


def test_another_network_goes_on_with_the_same_source(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(2)
        live.load("other")
        later = live.more(3)
        assert {result.inspection.origin.model for result in later} == {"other"}
        assert camera.opened == 1


def test_without_a_network_pictures_are_shown_bare(qtbot: QtBot, tmp_path: Path) -> None:
    with rig(qtbot, tmp_path, model="") as live, FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        numbers: set[int] = set()

        def look() -> bool:
            if live.canvas.frame is not None:
                numbers.add(number_of(live.canvas.frame.pixels))
            return len(numbers) > 2

        live.wait(look)
        assert live.canvas.inspection is None
        live.load()
        live.more(1)
        assert live.shows(locked(live.results[-1].inspection))


def test_panels_are_told_of_some_results_and_of_the_last(live: Rig) -> None:
    told: list[int] = []
    live.engine.inspected.connect(lambda inspection: told.append(locked(inspection)))
    with FakeCamera(size=SIZE, pace=FakeCamera.FED) as camera:
        live.player.start(camera)
        for _ in range(12):
            camera.feed()
            live.more(1)
        last = locked(live.results[-1].inspection)
        live.wait(lambda: told[-1] == last)
    spent = live.results[-1].finished - live.results[0].arrived
    assert len(told) <= spent / 0.125 + 2
    assert told == sorted(set(told))


def test_a_failure_is_told_once_and_the_view_goes_on(live: Rig) -> None:
    told: list[str] = []
    live.engine.failed.connect(told.append)
    with FakeCamera(size=SIZE, rate=120) as camera:
        live.player.start(camera)
        live.more(1)
        asked = len(live.model().asked)

        def fail() -> None:
            raise MethodError("Not with this one.")

        live.model().before = fail
        live.wait(lambda: told and len(live.model().asked) > asked + 5)
        live.model().before = lambda: None
        live.more(2)
    assert told == ["Not with this one."]


@given(texts=st.lists(st.integers(0, 2**16 - 1), min_size=1, max_size=30))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mailbox_holds_the_newest(qtbot: QtBot, texts: list[int]) -> None:
    from camviewer.gui.live.mailbox import Mailbox

    owner = QWidget()
    qtbot.addWidget(owner)
    box = Mailbox[int](owner)
    rung: list[int | None] = []
    box.on_arrival(lambda: rung.append(box.take()))

    def send() -> None:
        for text in texts:
            box.put(text)

    sender = threading.Thread(target=send)
    sender.start()
    sender.join()
    qtbot.waitUntil(lambda: bool(rung))
    assert rung == [texts[-1]]
    assert box.take() is None


def test_a_source_that_ends_leaves_its_last_picture(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(2)
        live.player.stop()
        assert live.player.status.condition is Condition.CLOSED
        assert live.player.source is None
        assert not live.engine.live
        assert live.shows(locked(live.results[-1].inspection))
        live.session.choose((1, 2))
        live.wait(lambda: live.canvas.inspection and len(live.canvas.inspection.explanations) == 2)
        assert live.shows(locked(live.results[-1].inspection))


def test_while_pictures_flow_the_network_has_all_cores(
    live: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    usual = cv2.getNumThreads()
    monkeypatch.setattr(cv2, "setNumThreads", threads.append)
    with FakeCamera("A", size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        assert threads[-1] == 1
        live.player.set_frozen(True)
        assert threads[-1] == usual
        live.player.set_frozen(False)
        live.more(1)
        assert threads[-1] == 1
        live.player.stop()
        assert threads[-1] == usual
