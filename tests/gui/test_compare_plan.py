"""What is worth comparing, and in which order it costs least."""

from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.cam.layout import Axes, Layout
from camviewer.cam.methods import METHODS
from camviewer.cam.split import Layer
from camviewer.gui.compare import presets
from camviewer.gui.compare.agenda import Agenda, Task, in_order
from camviewer.gui.compare.setting import Common, Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request, Sharper
from camviewer.types import Ask, BoxRule, Question
from tests.gui import fakes
from tests.gui.compare_worlds import model

FRAME = fakes.frame()
SLOW = next((name for name, method in METHODS.items() if method.slow), "cam")


@pytest.fixture(scope="module")
def one() -> ModelInfo:
    return model("one")


@pytest.fixture(scope="module")
def two() -> ModelInfo:
    return model("two")


def layer(name: str, cells: int) -> Layer:
    return Layer(name, "Conv2d", Layout(Axes.CHANNELS_FIRST), 8, (cells, cells))


def task(setting: Setting) -> Task:
    return Task(FRAME, setting, Request())


def test_methods_differ_serve_and_begin_with_the_present_one(one: ModelInfo) -> None:
    offered = presets.methods(Setting(one, layer="second", targets=(2,)), "cam")
    names = [setting.method for setting in offered]
    assert names[0] == "cam"
    assert 3 <= len(names) <= 4
    assert len(set(names)) == len(names)
    # with pooling and a linear layer above these are the same map as CAM
    assert not {"grad-cam", "hires-cam", "xgrad-cam"} & set(names)
    assert not any(one.obstacles[name] for name in names)
    assert {(s.model, s.layer, s.targets) for s in offered} == {(one, "second", (2,))}


def test_a_method_that_cannot_serve_is_not_offered(one: ModelInfo) -> None:
    hindered = ModelInfo(one.inspector, {**one.obstacles, "layer-cam": "no", "cam": "no"})
    names = [s.method for s in presets.methods(Setting(hindered), "grad-cam")]
    assert names[0] == "grad-cam"
    assert not {"layer-cam", "cam"} & set(names)


def test_layers_are_the_ends_of_the_stages_by_a_method_for_all(one: ModelInfo) -> None:
    offered = presets.layers(Setting(one), "cam")
    automatic = one.inspector.automatic_layer
    cells = {found.name: found.cells for found in one.layers}
    assert [cells[s.layer] for s in offered] == [(16, 16), (8, 8), (4, 4)]
    assert offered[-1].layer == automatic.name
    assert {s.method for s in offered} == {"grad-cam"}
    assert {s.method for s in presets.layers(Setting(one), "layer-cam")} == {"layer-cam"}


def test_stages_of_a_network_that_never_gets_coarser_are_its_blocks() -> None:
    found = [layer(f"blocks.{block}.{part}", 14) for block in range(8) for part in ("a", "b")]
    ends = presets.stage_ends(found, found[-2])
    assert [end.name for end in ends] == ["blocks.0.b", "blocks.2.b", "blocks.5.b", "blocks.7.a"]


def test_a_table_of_positions_and_a_single_cell_are_no_stages() -> None:
    found = [layer("a", 56), layer("table", 49), layer("b", 56), layer("c", 28)]
    found += [layer("table2", 49), layer("d", 28), layer("pooled", 1)]
    assert [end.name for end in presets.stage_ends(found, found[5])] == ["b", "d"]


def test_the_deepest_stages_are_kept() -> None:
    found = [layer(str(cells), cells) for cells in (112, 56, 28, 14, 7)]
    assert [end.name for end in presets.stage_ends(found, found[-1])] == ["56", "28", "14", "7"]


def test_classes_are_the_most_probable_ones(one: ModelInfo) -> None:
    seen = fakes.inspection(FRAME)
    assert [s.targets for s in presets.classes(Setting(one), seen)] == [(0,), (1,), (2,)]


def test_another_network_is_asked_what_it_can_be_asked(one: ModelInfo, two: ModelInfo) -> None:
    setting = Setting(one, "layer-cam", "second", (1,))
    assert setting.on(two) == Setting(two, "layer-cam", None, (1,))
    other = ModelInfo(two.inspector, {"layer-cam": "it has no layers"})
    assert setting.on(other) == Setting(other, "auto", None, (1,))
    offered = presets.models(setting, (two, one))
    assert [s.model for s in offered] == [one, two]


def test_a_pane_shares_all_but_its_own(one: ModelInfo, two: ModelInfo) -> None:
    rule, question = BoxRule(threshold=0.4), Question(Ask.AGAINST)
    base = Request(layer="x", targets=(3,), input_size=64, rule=rule, question=question)
    common = Common(base, one)
    assert common.setting == Setting(one, "auto", "x", (3,))
    asked = common.asked(Setting(one, "cam", None, (1,)))
    assert asked == Request("cam", None, (1,), input_size=64, rule=rule, question=question)
    assert common.asked(Setting(two)) == Request(rule=rule, question=question)


def test_maps_are_as_sharp_as_a_panes_layer_allows(one: ModelInfo) -> None:
    common = Common(Request(sharper=Sharper(3, flip=True, fuse=True)), one)
    assert common.asked(Setting(one)).sharper == Sharper(3, flip=True, fuse=True)
    assert common.asked(Setting(one, layer="first")).sharper == Sharper(3, flip=True)


settings = st.tuples(
    st.integers(0, 1), st.sampled_from(["first", "second", None]), st.sampled_from(["cam", SLOW])
)


@given(st.lists(settings, max_size=6), st.none() | st.integers(0, 5))
def test_each_trunk_is_visited_once(
    one: ModelInfo, two: ModelInfo, drawn: list[tuple[int, str | None, str]], last: int | None
) -> None:
    tasks = [task(Setting((one, two)[m], method, name)) for m, name, method in drawn]
    before = tasks[last].setting.trunk if last is not None and last < len(tasks) else None
    ordered = in_order(tasks, before)
    assert sorted(map(id, ordered)) == sorted(map(id, tasks))
    visits = [trunk for trunk, _ in groupby(t.setting.trunk for t in ordered)]
    assert len(visits) == len(set(visits))
    if before is not None:
        assert visits[0] == before
    for _, group in groupby(ordered, lambda t: t.setting.trunk):
        slow = [t.setting.slow for t in group]
        assert slow == sorted(slow)


def test_the_automatic_layer_is_the_same_trunk_as_its_name(one: ModelInfo) -> None:
    named = Setting(one, layer=one.inspector.automatic_layer.name)
    assert named.trunk == Setting(one).trunk


def test_what_is_in_work_goes_on_while_it_is_wanted(one: ModelInfo) -> None:
    agenda = Agenda()
    first, second, third = (task(Setting(one, layer=n)) for n in ("first", "second", None))
    agenda.set([first, second])
    assert agenda.take() is first
    agenda.set([first, third])
    assert agenda.wants(first)
    assert agenda.take() is third
    assert not agenda.wants(first)
    agenda.set([second])
    assert not agenda.wants(third)
    assert agenda.take() is second
    assert agenda.take() is None
    assert agenda.empty
