"""Teaching in the window: the button, the progress, what came of it, and what goes wrong."""

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from camviewer.models import kept, taught
from camviewer.models.backbone import TaughtNetwork
from camviewer.teach import results
from camviewer.teach.data.lesson import Lesson
from tests.gui.teaching import Taught, features, run
from tests.teach.lessons import ring_or_cross

__all__ = ["features", "run"]


def until(run: Taught, condition: Callable[[], bool]) -> None:
    run.bot.waitUntil(condition, timeout=60_000)


class Gate:
    """Holds teaching up before it begins, until it is opened or teaching is cancelled."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.cancelled = threading.Event()

    def __call__(self, cancelled: Callable[[], bool]) -> None:
        self.reached.set()
        pause = threading.Event()
        while not cancelled():
            pause.wait(0.005)
        self.cancelled.set()


def test_without_a_lesson_nothing_can_be_taught(run: Taught) -> None:
    assert not run.panel.teach.isEnabled()
    assert run.panel.hint.text().startswith("Open or begin a lesson")


def test_what_a_lesson_lacks_is_said_as_it_grows(run: Taught, tmp_path: Path) -> None:
    lesson = Lesson(tmp_path / "new")
    run.open(lesson)
    assert "two classes" in run.panel.hint.text()
    for name in ("ring", "cross"):
        lesson.add_class(name)
    run.panel.lesson_changed()
    assert "“ring” (0) and “cross” (0)" in run.panel.hint.text()
    assert not run.panel.teach.isEnabled()
    # the shortcut is no way around
    QTest.keyClick(run.panel, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert not run.panel.runner.busy
    for name in ("ring", "cross"):
        pictures = [ring_or_cross(tmp_path / f"{name}{n}.png", name, n) for n in range(2)]
        lesson.add_pictures(name, pictures)
    run.panel.lesson_changed()
    assert run.panel.teach.isEnabled()
    assert run.panel.hint.text().startswith("4 pictures of 2 classes")


def test_a_lesson_is_taught_saved_and_remembered(run: Taught) -> None:
    lesson = run.lesson()
    run.open(lesson)
    seen: list[float] = []
    run.panel.runner.progressed.connect(lambda told: seen.append(told.share))
    with run.bot.waitSignal(run.panel.runner.ended, timeout=120_000):
        run.panel.teach.click()
        assert not run.panel.teach.isVisible()
        assert run.panel.progress.cancel.isVisible()
    made = run.panel.results
    assert made is not None
    assert seen == sorted(seen)
    assert len(seen) > 1
    # one file, of the lesson's name, in the folder of taught networks
    assert run.files == [made.file] == list(kept.networks())
    assert made.file.name.startswith("shapes 20")
    assert taught.load(made.file).labels == ("ring", "cross")
    # every figure is one of the held-out pictures
    assert made.taught + len(made.answers) == 12
    assert sum(map(sum, made.counts())) == len(made.answers)
    assert run.panel.summary.text.startswith(f"{made.hits} of {len(made.answers)} right")
    assert run.panel.summary.isVisible()
    assert not run.panel.summary.changed
    assert run.panel.teach.text() == "Teach again"
    assert results.read(lesson.folder) == made
    # taught again on the same day, nothing is overwritten
    run.teach()
    assert [path.name for path in run.files] == [
        made.file.name,
        f"{made.file.stem} (2).safetensors",
    ]


def test_a_lesson_taught_before_shows_its_results_again(run: Taught) -> None:
    lesson = run.lesson()
    run.open(lesson)
    run.teach()
    first = run.panel.results
    run.panel.set_lesson(None)
    assert run.panel.results is None
    assert not run.panel.summary.isVisible()
    run.open(Lesson(lesson.folder))
    until(run, lambda: run.panel.results is not None)
    assert run.panel.results == first
    assert run.panel.summary.isVisible()


def test_cancelling_is_at_once_and_leaves_nothing(run: Taught) -> None:
    gate = Gate()
    run.hold = gate
    run.open(run.lesson())
    run.panel.teach.click()
    assert gate.reached.wait(20)
    assert run.panel.focusWidget() is run.panel.progress.cancel
    run.panel.progress.cancel.click()
    assert not run.panel.runner.busy
    assert run.panel.teach.isVisible()
    assert not run.panel.anew.isVisible()
    assert gate.cancelled.wait(20)
    assert run.panel.results is None
    assert kept.networks() == ()
    # and it can be taught after that
    run.hold = lambda _: None
    run.teach()
    assert run.panel.results is not None


def test_closing_while_it_teaches_ends_the_thread(run: Taught) -> None:
    gate = Gate()
    run.hold = gate
    run.open(run.lesson())
    run.panel.teach.click()
    assert gate.reached.wait(20)
    # the fixture asserts that every thread has ended in time


def test_another_lesson_stops_the_teaching_of_this_one(run: Taught, tmp_path: Path) -> None:
    gate = Gate()
    run.hold = gate
    run.open(run.lesson())
    run.panel.teach.click()
    assert gate.reached.wait(20)
    run.open(Lesson(tmp_path / "other"))
    assert not run.panel.runner.busy
    assert gate.cancelled.wait(20)
    assert not run.panel.teach.isEnabled()


def test_what_goes_wrong_is_said(run: Taught) -> None:
    run.open(run.lesson())
    run.offline = True
    with run.bot.waitSignal(run.panel.runner.failed, timeout=60_000):
        run.panel.teach.click()
    assert run.panel.trouble.text() == "The weights cannot be fetched. Go online."
    assert run.panel.trouble.isVisible()
    assert run.panel.teach.isVisible()
    run.offline = False
    run.teach()
    assert not run.panel.trouble.isVisible()


def test_broken_pictures_are_left_out_or_too_many(run: Taught) -> None:
    lesson = run.lesson()
    rings = lesson.classes[0].pictures
    rings[0].write_bytes(rings[0].read_bytes()[:300])
    run.open(lesson)
    run.teach()
    made = run.panel.results
    assert any(rings[0].name in note for note in made.notes)
    assert rings[0].name in run.panel.summary.text
    for path in rings[1:5]:
        path.write_bytes(b"no picture")
    with run.bot.waitSignal(run.panel.runner.failed, timeout=60_000):
        run.panel.teach.click()
    assert "Too few pictures of ring (1)" in run.panel.trouble.text()
    # what was known before stays
    assert run.panel.results == made


def test_choices_make_the_plan(run: Taught) -> None:
    choices = run.panel.choices
    assert not choices.plan.deeply
    assert choices.plan.fast.cut_recordings
    assert not choices.rounds.isVisible()
    choices.more.click()
    assert choices.held_out.isVisible()
    assert not choices.rounds.isVisible()
    choices.deep.click()
    assert choices.rounds.isVisible()
    choices.rounds.slider.setValue(7)
    choices.held_out.slider.setValue(40)
    choices.stages.setCurrentIndex(choices.stages.findText("All of it"))
    plan = choices.plan
    assert plan.deeply
    assert (plan.tuning.epochs, plan.tuning.stages, plan.fast.held_out) == (7, None, 0.4)
    assert not plan.fast.small
    told: list[bool] = []
    choices.changed.connect(lambda: told.append(choices.plan.fast.small))
    assert choices.stages.isVisible()
    choices.small.click()
    assert told == [True]
    assert not choices.stages.isVisible()  # all layers learn then
    assert choices.rounds.isVisible()


def test_small_things_are_looked_at_closer_and_stay_small(run: Taught) -> None:
    lesson = run.lesson()
    run.open(lesson)
    run.panel.choices.small.click()
    run.teach()
    made = run.panel.results
    assert made is not None
    assert made.small
    assert "fast, small things, on starter" in run.panel.summary.text
    network = taught.load(made.file).network
    assert isinstance(network, TaughtNetwork)
    assert network.strongest
    # the next time, too
    run.panel.choices.small.setChecked(False)
    run.panel.set_lesson(None)
    run.open(Lesson(lesson.folder))
    until(run, lambda: run.panel.results is not None)
    assert run.panel.choices.small.isChecked()


def test_a_network_is_chosen_from_the_whole_catalogue(run: Taught) -> None:
    base = run.panel.choices.base
    titles = [base.box.itemText(i) for i in range(base.box.count())]
    assert titles[0] == "Starter"
    assert titles[-1] == "Another network…"
    base.box.setFocus()
    base.box.activated.emit(base.box.count() - 1)
    assert base.popup.isVisible()
    assert base.base.name == "starter"
    QTest.keyClicks(base.popup.search, "r3d")
    assert not base.popup.view.isVisible()  # networks of clips cannot be built upon
    base.popup.search.setText("resnet 50")
    QTest.keyClick(base.popup.search, Qt.Key.Key_Return)
    assert base.base.name in ("resnet50", "wide_resnet50_2", "resnext50_32x4d")
    assert "ImageNet" in base.note.text()
    assert run.panel.choices.plan.base.name == base.base.name


@pytest.mark.parametrize("control", ["teach", "anew"])
def test_controls_say_what_they_are(run: Taught, control: str) -> None:
    button = getattr(run.panel, control)
    assert button.accessibleName()
    assert button.toolTip()


def test_teaching_lets_other_threads_go_first(run: Taught) -> None:
    niceness: list[int] = []

    def look(_cancelled: Callable[[], bool]) -> None:
        if sys.platform != "linux":
            return
        niceness.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    run.hold = look
    run.open(run.lesson())
    run.teach()
    # the GUI thread's own stays as it is
    if sys.platform == "linux":
        assert niceness == [max(10, os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))]


def test_tab_goes_from_top_to_bottom(run: Taught) -> None:
    panel = run.panel
    visited: list[QWidget] = []
    at: QWidget = panel.teach
    for _ in range(60):
        at = at.nextInFocusChain()
        if at.focusPolicy() & Qt.FocusPolicy.TabFocus and at.isVisibleTo(panel):
            visited.append(at)
    choices = panel.choices
    places = [
        visited.index(w) for w in (choices.base.box, choices.fast, choices.deep, choices.more)
    ]
    assert places == sorted(places)
