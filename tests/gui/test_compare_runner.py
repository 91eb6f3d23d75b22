"""Panes are inspected off the GUI thread: no trunk twice, what is not wanted stops."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from camviewer.gui.compare.agenda import Task
from camviewer.gui.compare.runner import Runner
from camviewer.gui.compare.setting import Common, Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.worker import join
from camviewer.inspector import Request
from camviewer.types import Inspection
from tests.gui import fakes
from tests.gui.compare_worlds import model

FRAME = fakes.frame()


class Heard:
    """A runner and what it said."""

    def __init__(self) -> None:
        self.runner = Runner()
        self.answers: dict[Task, Inspection] = {}
        self.refusals: dict[Task, str] = {}
        self.partials: list[tuple[Task, Inspection, float]] = []
        self.runner.answered.connect(self.answers.__setitem__)
        self.runner.refused.connect(self.refusals.__setitem__)
        self.runner.refined.connect(lambda *told: self.partials.append(told))

    def ask(self, *settings: Setting) -> list[Task]:
        """Ask for panes with these settings."""
        tasks = [
            Task(FRAME, setting, Common(Request(), setting.model).asked(setting))
            for setting in settings
        ]
        self.runner.ask(tasks)
        return tasks


@pytest.fixture
def heard(qtbot: QtBot) -> Iterator[Heard]:
    made = Heard()
    yield made
    assert join((made.runner.lane,))


def fake(name: str = "fake") -> tuple[ModelInfo, fakes.FakeInspector]:
    """A network that answers when it may; its layers are never looked at."""
    inspector: Any = fakes.FakeInspector(fakes.classifier(name))
    return ModelInfo(inspector), inspector


def test_panes_of_one_network_and_layer_share_one_trunk_run(heard: Heard, qtbot: QtBot) -> None:
    runs: Counter[tuple[str, str]] = Counter()
    one, two = model("one", runs), model("two", runs)
    last = one.inspector.automatic_layer.name
    tasks = heard.ask(
        Setting(one),
        Setting(two),
        Setting(one, "grad-cam", "second"),
        Setting(one, "layer-cam", last),
        Setting(two, "grad-cam", targets=(1,)),
        Setting(one, "layer-cam", "second", (0, 2)),
    )
    qtbot.waitUntil(lambda: len(heard.answers) == len(tasks))
    assert runs == {("one", last): 1, ("two", last): 1, ("one", "second"): 1}
    # one class more on the same picture: the head alone
    more = heard.ask(Setting(one, "layer-cam", "second", (1,)))
    qtbot.waitUntil(lambda: more[0] in heard.answers)
    assert runs["one", "second"] <= 2


def test_each_answer_is_what_the_inspector_says(heard: Heard, qtbot: QtBot) -> None:
    one, alone = model("one"), model("one")
    tasks = heard.ask(Setting(one, "grad-cam", "second", (2,)), Setting(one, targets=(0, 1)))
    qtbot.waitUntil(lambda: len(heard.answers) == 2)
    for task in tasks:
        expected = alone.inspector.inspect(FRAME, task.request)
        made = heard.answers[task]
        assert made.frame is FRAME
        assert made.origin == expected.origin
        for mine, theirs in zip(made.explanations, expected.explanations, strict=True):
            assert (mine.heatmap.values == theirs.heatmap.values).all()


def test_what_cannot_be_answered_is_told_and_does_not_stop_the_others(
    heard: Heard, qtbot: QtBot
) -> None:
    one = model("one")
    refused, answered = heard.ask(Setting(one, "cam", "first"), Setting(one, "grad-cam", "first"))
    qtbot.waitUntil(lambda: answered in heard.answers)
    assert "CAM cannot serve here" in heard.refusals[refused]
    assert refused not in heard.answers


def test_what_is_in_work_is_not_begun_again_when_a_pane_is_added(
    heard: Heard, qtbot: QtBot
) -> None:
    info, inspector = fake()
    inspector.gate.clear()
    first = Task(FRAME, Setting(info, layer="a"), Request())
    heard.runner.ask([first])
    qtbot.waitUntil(lambda: len(inspector.asked) == 1)
    second = Task(FRAME, Setting(info, layer="b"), Request(targets=(1,)))
    heard.runner.ask([first, second])
    inspector.gate.set()
    qtbot.waitUntil(lambda: len(heard.answers) == 2)
    assert [request for _, request in inspector.asked] == [Request(), Request(targets=(1,))]


def test_what_is_not_wanted_any_more_stops_and_never_arrives(heard: Heard, qtbot: QtBot) -> None:
    info, inspector = fake()
    inspector.gate.clear()
    old = Task(FRAME, Setting(info, layer="a"), Request())
    heard.runner.ask([old])
    qtbot.waitUntil(lambda: len(inspector.asked) == 1)
    new = Task(FRAME, Setting(info, layer="b"), Request(targets=(1,)))
    heard.runner.ask([new])
    inspector.gate.set()
    qtbot.waitUntil(lambda: new in heard.answers)
    assert old not in heard.answers
    assert inspector.finished == 1


def test_a_slow_method_is_shown_as_it_gets_finer(heard: Heard, qtbot: QtBot) -> None:
    info, inspector = fake()
    inspector.steps = 1
    task = Task(FRAME, Setting(info, layer="a"), Request())
    heard.runner.ask([task])
    inspector.go_on.release()
    qtbot.waitUntil(lambda: task in heard.answers)
    assert [told[0] for told in heard.partials] == [task]
    assert 0 < heard.partials[0][2] < 1


def test_nothing_runs_on_the_gui_thread_and_all_end_in_time(heard: Heard, qtbot: QtBot) -> None:
    info, inspector = fake()
    inspector.gate.clear()
    heard.runner.ask([Task(FRAME, Setting(info, layer="a"), Request())])
    qtbot.waitUntil(lambda: len(inspector.asked) == 1)
    assert threading.get_ident() not in inspector.threads
    assert heard.runner.lane.busy
    heard.runner.forget()
    inspector.gate.set()
    qtbot.waitUntil(lambda: not heard.runner.lane.busy)
    assert not heard.answers
