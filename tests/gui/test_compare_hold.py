"""While another view explains the picture, the engine rests, and goes on where it must."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from camviewer.inspector import Request
from camviewer.types import BoxRule
from tests.gui import fakes
from tests.gui.fakes import World


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    made = World()
    with qtbot.waitSignal(made.engine.model_loaded):
        made.engine.load_model("one")
    with qtbot.waitSignal(made.engine.inspected):
        made.engine.show_frame(fakes.frame())
    yield made
    for gate in made.gates:
        gate.set()
    assert made.engine.shutdown()


def test_what_is_answered_is_not_asked_again(world: World) -> None:
    asked = len(world.model("one").asked)
    world.engine.hold(held=True)
    world.engine.set_request(replace(world.engine.request, rule=BoxRule(threshold=0.5)))
    world.engine.hold(held=False)
    assert not world.engine.busy
    assert len(world.model("one").asked) == asked


def test_another_picture_waits_until_the_engine_is_let_go(world: World, qtbot: QtBot) -> None:
    inspector = world.model("one")
    asked = len(inspector.asked)
    world.engine.hold(held=True)
    shown = fakes.frame(source="other.png")
    with qtbot.waitSignal(world.engine.frame_loaded):
        world.engine.show_frame(shown)
    assert not world.engine.busy
    assert len(inspector.asked) == asked
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.hold(held=False)
    assert world.engine.inspection.frame is shown


def test_what_was_in_work_is_left_and_taken_up_again(world: World, qtbot: QtBot) -> None:
    inspector = world.model("one")
    asked = len(inspector.asked)
    inspector.gate = world.gate()
    world.engine.set_request(Request(targets=(2,)))
    qtbot.waitUntil(lambda: len(inspector.asked) > asked)
    world.engine.hold(held=True)
    assert not world.engine.busy
    inspector.gate.set()
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.hold(held=False)
    assert inspector.asked[-1][1].targets == (2,)
