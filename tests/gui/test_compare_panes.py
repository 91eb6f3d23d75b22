"""One pane, the grid of panes, and the networks they can use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from camviewer.errors import CancelledError, ConsentRequiredError, ModelError
from camviewer.gui.compare.agenda import Task
from camviewer.gui.compare.footer import PaneFooter
from camviewer.gui.compare.grid import best_columns
from camviewer.gui.compare.pane import CHROME, Pane
from camviewer.gui.compare.picker import Picker
from camviewer.gui.compare.setting import Setting
from camviewer.gui.compare.shelf import Shelf, Wish
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.worker import Ticket, join
from camviewer.inspector import Request
from camviewer.types import BoxRule
from tests.gui import fakes
from tests.gui.compare_worlds import LABELS, model

FRAME = fakes.frame()


@pytest.fixture
def pane(qtbot: QtBot) -> Pane:
    one = model("one")
    made = Pane(Setting(one), lambda: [one])
    qtbot.addWidget(made)
    made.resize(420, 300)
    with qtbot.waitExposed(made):
        made.show()
    return made


def begun(pane: Pane) -> Task:
    task = Task(FRAME, pane.setting, Request())
    pane.begin(task)
    return task


@given(
    st.integers(1, 6),
    st.integers(300, 3000),
    st.integers(200, 2000),
    st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
)
def test_columns_show_the_picture_as_large_as_any_others(
    count: int, width: int, height: int, picture: tuple[int, int]
) -> None:
    def scale(columns: int) -> float:
        rows = -(-count // columns)
        across = (width - 8 * (columns - 1)) / columns
        down = (height - 8 * (rows - 1)) / rows - CHROME
        return max(min(across / picture[1], down / picture[0]), 0.0)

    columns = best_columns(count, width, height, picture)
    assert 1 <= columns <= min(3, count)
    assert columns == 1 or (width - 8 * (columns - 1)) / columns >= 320
    others = [c for c in range(1, min(3, count) + 1) if (width - 8 * (c - 1)) / c >= 320]
    assert scale(columns) >= 0.97 * max(map(scale, [1, *others]))


def test_usual_windows_get_the_usual_columns() -> None:
    photograph, panorama = (3000, 4000), (1000, 6000)
    assert best_columns(2, 1264, 560, photograph) == 2
    assert best_columns(4, 1264, 560, photograph) == 2
    assert best_columns(6, 1264, 560, photograph) == 3
    assert best_columns(3, 1264, 560, panorama) == 1
    assert best_columns(4, 1264, 560, (0, 0)) == 2


def test_a_slow_method_gets_finer_can_be_stopped_and_gone_on(pane: Pane, qtbot: QtBot) -> None:
    begun(pane)
    assert pane.footer.said == "Looking…"
    rough = fakes.inspection(FRAME, fakes.peak(1, 1))
    pane.refine(rough, 0.4)
    assert pane.footer.said == "40 %"
    assert pane.inspection is None  # what is not finished is not exported
    info = pane.canvas.read_out(*pane.canvas.viewport.to_screen(15, 15))
    assert info.values == (rough.explanations[0].heatmap.at(15.5, 15.5),)
    with qtbot.waitSignal(pane.stopped):
        pane.footer.button.click()
    assert not pane.pending
    assert pane.footer.said == "Stopped at 40 %"
    with qtbot.waitSignal(pane.changed):
        pane.footer.button.click()
    assert pane.task is None
    begun(pane)
    pane.answer(fakes.inspection(FRAME), BoxRule())
    assert pane.footer.said == "10 ms"
    assert not pane.footer.button.isVisible()


def test_an_answer_gets_the_present_boxes(pane: Pane) -> None:
    begun(pane)
    pane.answer(fakes.inspection(FRAME), BoxRule(threshold=0.7))
    assert pane.inspection.explanations[0].rule.threshold == 0.7
    assert pane.canvas.boxes == pane.inspection.explanations[0].boxes


def test_several_classes_are_told_with_their_colours(pane: Pane) -> None:
    begun(pane)
    pane.answer(fakes.inspection(FRAME, fakes.peak(1, 1), fakes.peak(2, 2)), BoxRule())
    assert pane.footer.target.whole == "fox 90 %, owl 60 %"
    assert pane.footer.swatches == ["#e69f00", "#56b4e9"]
    pane.answer(fakes.inspection(FRAME), BoxRule())
    assert pane.footer.swatches == []


def test_no_older_map_stands_under_a_new_name(pane: Pane) -> None:
    begun(pane)
    known = fakes.inspection(FRAME)
    pane.answer(known, BoxRule())
    pane.begin(Task(FRAME, pane.setting, Request(), known))
    assert pane.canvas.inspection.explanations[0].heatmap is known.explanations[0].heatmap
    assert pane.inspection is None
    begun(pane)
    assert pane.canvas.inspection is None
    assert pane.canvas.frame is FRAME


@pytest.mark.parametrize(
    ("setting", "action", "left"),
    [
        ({"method": "cam", "layer": "first"}, "Use Automatic", {"method": "auto"}),
        ({"layer": "first"}, "Use the Automatic Layer", {"layer": None}),
        ({}, "Try Again", {}),
    ],
)
def test_the_way_out_of_an_obstacle(
    pane: Pane, setting: dict[str, Any], action: str, left: dict[str, Any]
) -> None:
    pane.adopt(Setting(pane.setting.model, **setting))
    begun(pane)
    pane.refuse("CAM cannot serve here. It needs less. Use the method grad-cam.")
    assert "It needs less" in pane.words
    assert pane.words.count("cannot serve") == 1
    assert pane.notice.button.text() == action
    pane.notice.button.click()
    assert pane.setting == Setting(pane.setting.model, **{**setting, **left})


def test_a_value_where_the_network_saw_nothing(pane: Pane) -> None:
    begun(pane)
    pane.answer(fakes.inspection(FRAME), BoxRule())
    pane.footer.point_at([float("nan"), 0.25])
    assert pane.footer.said == "not seen  0.25"
    pane.point_at(None)
    assert pane.footer.said == "10 ms"


def test_long_names_are_shortened_and_whole_in_the_tooltip(qtbot: QtBot) -> None:
    picker = Picker("Class", "choose")
    qtbot.addWidget(picker)
    picker.resize(120, 24)
    picker.show()
    picker.say(LABELS[3])
    assert picker.text() != LABELS[3]
    assert picker.text().endswith("…")
    assert picker.toolTip() == f"{LABELS[3]}: choose"
    picker.resize(900, 24)
    qtbot.waitUntil(lambda: picker.text() == LABELS[3])


def test_classes_are_offered_best_first_and_searched(pane: Pane, qtbot: QtBot) -> None:
    footer: PaneFooter = pane.footer
    begun(pane)
    pane.answer(fakes.inspection(FRAME), BoxRule())
    footer.target.click()
    view = footer.classes.view
    titles = [view.model().index(row, 0).data() for row in range(view.model().rowCount())]
    assert titles == ["Best class", "fox", "owl", "toad"]
    footer.classes.search.setText("to")
    with qtbot.waitSignal(footer.targets_chosen) as signal:
        footer.classes.take(view.currentIndex())
    assert signal.args == [(2,)]


def somebody() -> Any:
    """Who wants a network; the shelf only tells them apart."""
    return object()


class Sources:
    """Stands in for the engine: fetches networks when a test lets it."""

    def __init__(self) -> None:
        self.asked: list[str | None] = []
        self.errors: dict[str | None, Exception] = {}
        self.hold: Callable[[Ticket], None] = lambda _ticket: None

    def fetch(self, ticket: Ticket, name: str | None, **_options: Any) -> ModelInfo:
        self.asked.append(name)
        self.hold(ticket)
        if name in self.errors:
            raise self.errors[name]
        return model(str(name))


@pytest.fixture
def sources() -> Sources:
    return Sources()


@pytest.fixture
def shelf(sources: Sources, qtbot: QtBot) -> Iterator[Shelf]:
    made = Shelf(sources.fetch)
    yield made
    assert join((made.lane,))


def test_networks_come_one_after_the_other(shelf: Shelf, sources: Sources, qtbot: QtBot) -> None:
    came: list[str] = []
    shelf.arrived.connect(lambda _wish, info: came.append(info.classifier.name))
    first, second, third = somebody(), somebody(), somebody()
    for who, name in ((first, "a"), (second, "b"), (third, "c")):
        shelf.want(Wish(who, name))
    shelf.give_up(second)
    qtbot.waitUntil(lambda: came == ["a", "c"])
    assert sources.asked == ["a", "c"]
    assert [m.classifier.name for m in shelf.known] == ["a", "c"]
    shelf.keep([shelf.known[1]])
    assert [m.classifier.name for m in shelf.known] == ["a", "c"]
    shelf.keep([])
    assert [m.classifier.name for m in shelf.known] == ["a"]


def test_a_failure_is_told_and_the_next_one_comes(
    shelf: Shelf, sources: Sources, qtbot: QtBot
) -> None:
    sources.errors = {"a": ModelError("damaged"), "b": ConsentRequiredError("a program")}
    told: list[tuple[Any, ...]] = []
    shelf.failed.connect(lambda *args: told.append(args))
    shelf.want(Wish(somebody(), "a"))
    shelf.want(Wish(somebody(), "b"))
    with qtbot.waitSignal(shelf.arrived):
        shelf.want(Wish(somebody(), "c"))
    assert [(wish.name, message) for wish, message, _ in told] == [
        ("a", "damaged"),
        ("b", "a program"),
    ]
    assert isinstance(told[1][2], ConsentRequiredError)


def test_giving_up_the_one_on_its_way_begins_the_next(
    shelf: Shelf, sources: Sources, qtbot: QtBot
) -> None:
    def wait(ticket: Ticket) -> None:
        while sources.asked == ["a"] and not ticket.cancelled():
            ticket.progress(1, 2)
        if ticket.cancelled():
            raise CancelledError("given up")

    sources.hold = wait
    failures: list[object] = []
    shelf.failed.connect(lambda *args: failures.append(args))
    who = somebody()
    shelf.want(Wish(who, "a"))
    shelf.want(Wish(somebody(), "b"))
    qtbot.waitUntil(lambda: sources.asked == ["a"])
    with qtbot.waitSignal(shelf.arrived) as signal:
        shelf.give_up(who)
    assert signal.args[1].classifier.name == "b"
    assert failures == []


def test_the_windows_network_stands_first_and_once(shelf: Shelf) -> None:
    one, two = model("one"), model("two")
    shelf.put_first(one)
    shelf.put_first(two)
    assert shelf.known == (two, one)
    again = ModelInfo(two.inspector, two.obstacles)
    shelf.put_first(again)
    assert shelf.known == (again, one)
