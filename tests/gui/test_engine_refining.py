"""Slow methods: what is known so far, cancelling, and what stands afterwards."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from camviewer.cam.methods import AUTO
from camviewer.gui import worker
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request, Sharper
from camviewer.types import Ask, BoxRule, Fit, Inspection, Question
from tests.gui import fakes
from tests.gui.fakes import FakeInspector, World

SLOW = Request(method="score-cam")


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    made = World()
    with qtbot.waitSignal(made.engine.model_loaded):
        made.engine.load_model("one")
    yield made
    assert made.engine.shutdown()


@pytest.fixture
def one(world: World) -> FakeInspector:
    return world.model("one")


def show(world: World, qtbot: QtBot, source: str = "picture.png") -> Inspection:
    with qtbot.waitSignal(world.engine.inspected) as inspected:
        world.engine.show_frame(fakes.frame(source=source))
    return inspected.args[0]


def begin_slow(world: World, qtbot: QtBot, request: Request = SLOW) -> list[Inspection]:
    """Ask for something slow and wait for its first partial answer; whole ones are collected."""
    world.model("one").steps = 2
    results: list[Inspection] = []
    world.engine.inspected.connect(results.append)
    with qtbot.waitSignal(world.engine.refined):
        world.engine.set_request(request)
    return results


def test_partial_answers_come_ever_finer_and_the_whole_one_last(
    world: World, one: FakeInspector, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_TELLING_INTERVAL", 0.0)
    whole = show(world, qtbot)
    one.steps = 2
    shares: list[float] = []
    cells: list[tuple[int, ...]] = []

    def note(partial: Inspection, done: float) -> None:
        assert world.engine.partial is partial
        shares.append(done)
        cells.append(partial.explanations[0].heatmap.cells)

    world.engine.refined.connect(note)
    with qtbot.waitSignal(world.engine.refined):
        world.engine.set_request(SLOW)
    assert world.engine.inspection is whole
    with qtbot.waitSignal(world.engine.refined):
        one.go_on.release()
    with qtbot.waitSignal(world.engine.inspected):
        one.go_on.release()
    assert shares == [1 / 3, 2 / 3]
    assert cells == [(2, 2), (4, 4)]
    assert world.engine.partial is None
    assert world.engine.inspection is not whole


def test_cancelling_is_immediate_and_the_last_whole_answer_stands(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    world.engine.set_request(Request(method="cam", targets=(1,)))
    whole = show(world, qtbot)
    results = begin_slow(world, qtbot)
    before = time.perf_counter()
    world.engine.cancel_inspection()
    assert time.perf_counter() - before < 0.1
    assert not world.engine.busy
    assert one.stopped.wait(0.1)
    assert world.engine.request == Request(method="cam", targets=(1,))
    assert world.engine.partial is None
    assert world.engine.inspection is whole
    assert results == [whole]
    assert one.finished == 1


def test_a_rule_chosen_meanwhile_counts_after_cancelling(world: World, qtbot: QtBot) -> None:
    show(world, qtbot)
    results = begin_slow(world, qtbot)
    rule = BoxRule(threshold=0.7)
    world.engine.set_request(replace(SLOW, rule=rule))
    assert results == []
    world.engine.cancel_inspection()
    assert world.engine.request == Request(rule=rule)
    assert results[-1].explanations[0].rule == rule


def test_without_a_whole_answer_cancelling_asks_the_automatic_method(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    world.engine.set_request(replace(SLOW, targets=(2,), sharper=Sharper(scales=3)))
    one.steps = 1
    with qtbot.waitSignal(world.engine.refined):
        world.engine.show_frame(fakes.frame())
    one.steps = 0
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.cancel_inspection()
    assert one.asked[-1][1] == Request(method=AUTO, targets=(2,))


def test_the_automatic_method_can_be_cancelled_too(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    one.steps = 1
    with qtbot.waitSignal(world.engine.refined):
        world.engine.show_frame(fakes.frame())
    world.engine.cancel_inspection()
    assert not world.engine.busy
    assert world.engine.inspection is None
    assert len(one.asked) == 1
    assert one.stopped.wait(0.1)


def test_cancelling_nothing_changes_nothing(world: World, qtbot: QtBot) -> None:
    whole = show(world, qtbot)
    world.engine.cancel_inspection()
    assert world.engine.inspection is whole
    assert world.engine.request == Request()


def test_a_newer_request_interrupts_a_slow_one_at_once(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    show(world, qtbot)
    results = begin_slow(world, qtbot)
    one.steps = 0
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.set_request(Request(method="cam"))
    assert one.stopped.is_set()
    assert [request.method for _, request in one.asked] == [AUTO, "score-cam", "cam"]
    assert len(results) == 1


def test_another_picture_forgets_what_was_known(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    show(world, qtbot)
    begin_slow(world, qtbot)
    one.steps = 0
    show(world, qtbot, "other.png")
    assert world.engine.partial is None
    begin_slow(world, qtbot, Request(method="rise"))
    world.engine.close_picture()
    assert world.engine.partial is None
    assert one.stopped.wait(1)


def test_methods_of_the_automatic_layer_come_with_the_network(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    two = world.model("two")
    two.obstacles = {"cam": "no pooling", "grad-cam": ""}
    with (
        qtbot.waitSignal(world.engine.methods_known) as known,
        qtbot.waitSignal(world.engine.model_loaded) as loaded,
    ):
        world.engine.load_model("two")
    info = loaded.args[0]
    assert isinstance(info, ModelInfo)
    assert known.args[0] == info.obstacles == {"cam": "no pooling", "grad-cam": ""}
    assert threading.get_ident() not in two.method_threads
    assert one.layers_asked == [None]


def test_methods_of_another_layer_are_found_off_the_gui_thread(
    world: World, one: FakeInspector, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(world.engine.methods_known) as known:
        world.engine.set_request(Request(layer="early"))
    assert known.args[0] == {"cam": "not at early"}
    assert one.layers_asked == [None, "early"]
    assert threading.get_ident() not in one.method_threads
    with qtbot.waitSignal(world.engine.methods_known) as known:
        world.engine.set_request(Request())
    assert known.args[0] == {}
    assert one.layers_asked == [None, "early"]


def test_another_network_is_asked_what_it_can_answer(world: World, qtbot: QtBot) -> None:
    reference = fakes.frame(source="like.png")
    world.labels["two"] = ("a", "b")
    world.model("two").obstacles = {"rise": "too small"}
    for question, method, kept in (
        (Question(Ask.RATHER_THAN, other=1), "rise", Question()),
        (Question(Ask.LIKE, reference=reference), "cam", Question(Ask.LIKE, reference=reference)),
    ):
        with qtbot.waitSignal(world.engine.model_loaded):
            world.engine.load_model("one")
        world.engine.set_request(Request(method=method, targets=(1,), question=question))
        with qtbot.waitSignal(world.engine.model_loaded):
            world.engine.load_model("two")
        expected = AUTO if method == "rise" else "cam"
        assert world.engine.request == Request(method=expected, question=kept)


def test_another_runtime_opens_the_network_again_and_keeps_the_question(
    world: World, qtbot: QtBot
) -> None:
    show(world, qtbot)
    request = Request(layer="early", targets=(1,), fit=Fit.CROP, input_size=64)
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.set_request(request)
    with qtbot.waitSignals([world.engine.model_loaded, world.engine.inspected]):
        world.engine.use_runtime("eager")
    assert world.runtimes == [AUTO, "eager"]
    assert world.engine.request == request
    assert world.engine.runtime == "eager"
    world.engine.use_runtime("eager")
    assert world.runtimes == [AUTO, "eager"]
