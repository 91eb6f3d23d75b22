"""The engine: latest wins, nothing outdated arrives, nothing hangs."""

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from camviewer.errors import MethodError, ModelError, PictureError
from camviewer.gui.engine import Engine
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.services import Services
from camviewer.inspector import Request
from camviewer.types import BoxRule, Frame, Inspection, Rule
from tests.gui import fakes
from tests.gui.fakes import World


@pytest.fixture
def world(qtbot: QtBot) -> Iterator[World]:
    made = World()
    yield made
    for gate in made.gates:
        gate.set()
    assert made.engine.shutdown()


@pytest.fixture
def ready(world: World, qtbot: QtBot) -> World:
    """An engine with the model "one" and an inspected picture."""
    with qtbot.waitSignal(world.engine.model_loaded):
        world.engine.load_model("one")
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.show_frame(fakes.frame())
    return world


def listen(engine: Engine) -> list[object]:
    """Everything the engine says from now on."""
    heard: list[object] = []
    for signal in (engine.frame_loaded, engine.inspected, engine.failed, engine.model_loaded):
        signal.connect(heard.append)
    return heard


def block(world: World, name: str, qtbot: QtBot, request: Request) -> threading.Event:
    """Make the model hang in an inspection; the gate lets it go on."""
    inspector = world.model(name)
    asked = len(inspector.asked)
    inspector.gate = world.gate()
    world.engine.set_request(request)
    qtbot.waitUntil(lambda: len(inspector.asked) > asked)
    return inspector.gate


def test_picture_is_shown_before_it_is_inspected(world: World, qtbot: QtBot) -> None:
    heard = listen(world.engine)
    with qtbot.waitSignal(world.engine.model_loaded):
        world.engine.load_model("one")
    with qtbot.waitSignal(world.engine.inspected):
        world.engine.open_picture(Path("fox.png"))
    model, shown, result = heard
    assert isinstance(model, ModelInfo)
    assert model.classifier.name == "one"
    assert isinstance(shown, Frame)
    assert shown.source == "fox.png"
    assert isinstance(result, Inspection)
    assert result.frame is shown
    assert world.engine.frame is shown
    assert world.engine.inspection is result


def test_picture_waits_for_the_model(world: World, qtbot: QtBot) -> None:
    with qtbot.waitSignal(world.engine.frame_loaded):
        world.engine.open_picture(Path("fox.png"))
    with qtbot.waitSignal(world.engine.inspected) as inspected:
        world.engine.load_model("one")
    assert inspected.args[0].frame.source == "fox.png"


def test_nothing_is_inspected_on_the_gui_thread(ready: World) -> None:
    assert threading.get_ident() not in ready.model("one").threads
    assert len(ready.model("one").threads) == 1


def test_latest_request_wins_and_those_between_never_run(ready: World, qtbot: QtBot) -> None:
    one = ready.model("one")
    before = len(one.asked)
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    heard = listen(ready.engine)
    for top in (2, 3, 4, 5):
        ready.engine.set_request(Request(method="cam", top=top))
    with qtbot.waitSignal(ready.engine.inspected):
        gate.set()
    assert [r.top for _, r in one.asked[before:]] == [None, 5]
    assert len(heard) == 1


def test_outdated_forward_pass_stops_before_its_next_layer(ready: World, qtbot: QtBot) -> None:
    one = ready.model("one")
    finished = one.finished
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    ready.engine.set_request(Request(method="cam"))
    with qtbot.waitSignal(ready.engine.inspected):
        gate.set()
    assert one.finished == finished + 1


def test_outdated_result_is_dropped_when_the_picture_changes(ready: World, qtbot: QtBot) -> None:
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    results: list[Inspection] = []
    ready.engine.inspected.connect(results.append)
    newer = fakes.frame(source="newer.png")
    ready.engine.show_frame(newer)
    assert ready.engine.inspection is None
    with qtbot.waitSignal(ready.engine.inspected):
        gate.set()
    assert [r.frame for r in results] == [newer]


def test_outdated_result_is_dropped_when_the_model_changes(ready: World, qtbot: QtBot) -> None:
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    results: list[Inspection] = []
    ready.engine.inspected.connect(results.append)
    with qtbot.waitSignal(ready.engine.model_loaded):
        ready.engine.load_model("two")
    assert results == []
    with qtbot.waitSignal(ready.engine.inspected):
        gate.set()
    assert [r.origin.model for r in results] == ["two"]


def test_old_model_serves_while_the_new_one_loads(ready: World, qtbot: QtBot) -> None:
    started = threading.Event()
    ready.loading = fakes.download(started)
    ready.engine.load_model("two")
    qtbot.waitUntil(started.is_set)
    with qtbot.waitSignal(ready.engine.inspected) as inspected:
        ready.engine.show_frame(fakes.frame(source="meanwhile.png"))
    assert inspected.args[0].origin.model == "one"


def test_cancelling_a_load_is_immediate_and_keeps_the_old_model(ready: World, qtbot: QtBot) -> None:
    started = threading.Event()
    ready.loading = fakes.download(started)
    heard = listen(ready.engine)
    failures: list[str] = []
    ready.engine.model_failed.connect(failures.append)
    with qtbot.waitSignal(ready.engine.model_progress) as progress:
        ready.engine.load_model("two")
    assert progress.args == [3_000_000_000, 5_000_000_000]
    before = time.perf_counter()
    ready.engine.cancel_load()
    assert time.perf_counter() - before < 0.1
    ready.loading = lambda **_: None
    with qtbot.waitSignal(ready.engine.model_loaded):
        ready.engine.load_model("three")
    assert [m.classifier.name for m in heard if isinstance(m, ModelInfo)] == ["three"]
    assert failures == []


def test_failure_is_told_and_logged_and_the_next_request_works(
    ready: World, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    ready.model("one").errors = [ZeroDivisionError("by nothing")]
    with (
        caplog.at_level(logging.ERROR),
        qtbot.waitSignal(ready.engine.failed) as failed,
    ):
        ready.engine.set_request(Request(method="grad-cam"))
    assert "ZeroDivisionError: by nothing" in failed.args[0]
    assert "camviewer.log" in failed.args[0]
    assert "Traceback" in caplog.text
    assert "fakes.py" in caplog.text
    with qtbot.waitSignal(ready.engine.inspected):
        ready.engine.retry()


def test_message_for_people_arrives_as_it_is(ready: World, qtbot: QtBot) -> None:
    ready.model("one").errors = [MethodError("CAM needs pooling. Use Grad-CAM.")]
    with qtbot.waitSignal(ready.engine.failed) as failed:
        ready.engine.set_request(Request(method="cam"))
    assert failed.args == ["CAM needs pooling. Use Grad-CAM."]


def test_unreadable_picture_leaves_the_old_one(ready: World, qtbot: QtBot) -> None:
    ready.errors["bad.png"] = PictureError("bad.png is empty. Choose another.")
    shown = ready.engine.frame
    with qtbot.waitSignal(ready.engine.failed) as failed:
        ready.engine.open_picture(Path("bad.png"))
    assert failed.args == ["bad.png is empty. Choose another."]
    assert ready.engine.frame is shown
    with qtbot.waitSignal(ready.engine.frame_loaded) as loaded:
        ready.engine.open_picture(Path("good.png"))
    assert loaded.args[0].source == "good.png"


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"GIF89a" + bytes(40), b"no picture"])
def test_real_decoder_refuses_what_is_no_picture(tmp_path: Path, qtbot: QtBot, data: bytes) -> None:
    file = tmp_path / "odd.png"
    file.write_bytes(data)
    engine = Engine(Services())
    for ask in (lambda: engine.open_picture(file), lambda: engine.open_bytes(data, "odd.png")):
        with qtbot.waitSignal(engine.failed) as failed:
            ask()
        assert "odd.png" in failed.args[0]
        assert "Something went wrong" not in failed.args[0]
    assert engine.frame is None
    assert engine.shutdown()


def test_newest_picture_wins(ready: World, qtbot: QtBot) -> None:
    shown: list[str] = []
    ready.engine.frame_loaded.connect(lambda f: shown.append(f.source))
    with qtbot.waitSignal(ready.engine.inspected):
        for name in ("a.png", "b.png", "c.png"):
            ready.engine.open_picture(Path(name))
    assert shown[-1] == "c.png"
    assert "b.png" not in shown


def test_another_rule_moves_boxes_without_inferring(ready: World, qtbot: QtBot) -> None:
    asked = len(ready.model("one").asked)
    old = ready.engine.inspection
    assert old is not None
    rule = BoxRule(Rule.LARGEST, 0.6)
    with qtbot.waitSignal(ready.engine.inspected) as inspected:
        ready.engine.set_request(replace(ready.engine.request, rule=rule))
    new = inspected.args[0]
    assert len(ready.model("one").asked) == asked
    assert new.explanations[0].heatmap is old.explanations[0].heatmap
    assert new.explanations[0].boxes[0].width < old.explanations[0].boxes[0].width


def test_rule_changed_meanwhile_holds_for_the_result(ready: World, qtbot: QtBot) -> None:
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    rule = BoxRule(Rule.LARGEST, 0.7)
    ready.engine.set_request(replace(ready.engine.request, rule=rule))
    results: list[Inspection] = []
    ready.engine.inspected.connect(results.append)
    with qtbot.waitSignal(ready.engine.inspected):
        gate.set()
    assert [r.explanations[0].rule for r in results] == [rule]


def test_same_request_is_not_inspected_twice(ready: World, qtbot: QtBot) -> None:
    asked = len(ready.model("one").asked)
    ready.engine.set_request(ready.engine.request)
    assert not ready.engine.busy
    assert len(ready.model("one").asked) == asked


def test_model_of_other_classes_resets_what_does_not_fit(ready: World, qtbot: QtBot) -> None:
    ready.labels["other"] = ("cup", "pen")
    ready.engine.set_request(Request(targets=(2,), layer="features", input_size=64, method="cam"))
    seen: list[Request] = []
    ready.engine.model_loaded.connect(lambda _: seen.append(ready.engine.request))
    for name in ("two", "other"):
        with qtbot.waitSignal(ready.engine.model_loaded):
            ready.engine.load_model(name)
    assert seen == [Request(targets=(2,), method="cam"), Request(method="cam")]


def test_failed_load_is_told_with_its_error_and_keeps_the_old_model(
    ready: World, qtbot: QtBot
) -> None:
    error = ModelError("There is no file weights.pth.")
    ready.errors["missing"] = error
    with qtbot.waitSignal(ready.engine.model_failed) as failed:
        ready.engine.load_model("missing")
    assert failed.args == ["There is no file weights.pth.", error]
    assert ready.engine.model is not None
    assert ready.engine.model.classifier.name == "one"


def test_busy_from_the_opening_of_a_picture_to_its_inspection(ready: World, qtbot: QtBot) -> None:
    changes: list[bool] = []
    ready.engine.busy_changed.connect(changes.append)
    with qtbot.waitSignal(ready.engine.inspected):
        ready.engine.open_picture(Path("fox.png"))
    qtbot.waitUntil(lambda: not ready.engine.busy)
    assert changes == [True, False]


def test_shutdown_ends_what_the_network_has_made_in_the_background(ready: World) -> None:
    assert not ready.inspectors["one"].closed
    assert ready.engine.shutdown()
    assert ready.inspectors["one"].closed


def test_shutdown_during_a_download_ends_every_thread(ready: World, qtbot: QtBot) -> None:
    started = threading.Event()
    ready.loading = fakes.download(started)
    ready.engine.load_model("two")
    qtbot.waitUntil(started.is_set)
    before = time.perf_counter()
    assert ready.engine.shutdown()
    assert time.perf_counter() - before < 2


def test_shutdown_during_a_hanging_inference_leaves_it_and_stays_silent(
    ready: World, qtbot: QtBot
) -> None:
    gate = block(ready, "one", qtbot, Request(method="grad-cam"))
    heard = listen(ready.engine)
    before = time.perf_counter()
    assert not ready.engine.shutdown()
    assert time.perf_counter() - before < 2
    ready.engine.show_frame(fakes.frame(source="too late.png"))
    gate.set()
    assert ready.engine.shutdown()
    assert [h for h in heard if isinstance(h, Inspection)] == []
    assert not ready.engine.busy
