"""Freezing, smooth pictures, files: what is shown is what was asked for."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from camviewer.gui.live.looking import Looking, Showing
from camviewer.gui.live.mailbox import Mailbox
from camviewer.inspector import Request, Watch
from camviewer.live.condition import Condition
from camviewer.live.loop import Result
from camviewer.media.videos import VideoFile
from camviewer.types import Frame, Inspection
from tests.gui.live_worlds import SIZE, Rig, locked, rig
from tests.media.fake_camera import FakeCamera
from tests.media.movies import movie
from tests.media.numbered import number_of


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[Rig]:
    with rig(qtbot, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """60 pictures, 30 a second."""
    return movie(tmp_path_factory.mktemp("films") / "film.mp4", 60, size=SIZE, rate=30)


def shown(live: Rig) -> Inspection:
    inspection = live.canvas.inspection
    assert inspection is not None
    return inspection


def test_frozen_is_a_picture_like_any_other(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(3)
        assert live.canvas.boxes
        live.canvas.select_box(0)
        assert live.canvas.selected_box == -1, "boxes of a running source cannot be edited"
        frozen: list[bool] = []
        live.player.frozen_changed.connect(frozen.append)
        live.player.set_frozen(True)
        number = locked(shown(live))
        assert live.shows(number)
        live.canvas.select_box(0)
        assert live.canvas.selected_box == 0
        live.canvas.delete_selected()
        assert not live.canvas.boxes
        live.canvas.undo_stack.undo()
        assert live.canvas.boxes
        with live.bot.waitSignal(live.engine.inspected):
            live.session.choose((0, 1))
        assert live.shows(number)
        assert len(shown(live).explanations) == 2
        live.player.set_frozen(False)
        later = live.more(2)
        assert all(locked(result.inspection) > number for result in later)
        assert all(len(result.inspection.explanations) == 2 for result in later)
        assert frozen == [True, False]


def test_what_was_under_way_does_not_replace_what_was_frozen(live: Rig) -> None:
    gate = threading.Event()
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        seen = len(live.model().asked)
        live.model().before = lambda: gate.wait(20)
        live.wait(lambda: len(live.model().asked) > seen)
        live.player.set_frozen(True)
        results, number = len(live.results), locked(shown(live))
        done = len(live.model().seen)
        gate.set()
        live.wait(lambda: len(live.model().seen) > done)
        live.player.set_frozen(False)
        live.more(1)
        # the one under way came before the first one after, and was left out
        assert locked(live.results[results].inspection) > live.model().seen[done]
        assert number < live.model().seen[done]


def test_a_slow_answer_about_a_frozen_picture_does_not_hold_up_what_follows(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(1)
        live.player.set_frozen(True)
        release = threading.Event()
        asked = len(live.model().asked)
        live.model().before = lambda: release.wait(20)
        live.session.choose((2,))
        live.wait(lambda: len(live.model().asked) > asked)
        live.player.set_frozen(False)
        live.model().before = lambda: None
        release.set()
        assert live.more(1)[0].settings.request.targets == (2,)


def test_smooth_shows_newer_pictures_under_an_older_heatmap(live: Rig) -> None:
    gate = threading.Event()
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(2)
        live.model().before = lambda: gate.wait(20)
        live.player.set_smooth(True)
        number = locked(live.results[-1].inspection)
        live.wait(lambda: live.canvas.frame and number_of(live.canvas.frame.pixels) > number + 5)
        # what would be exported is locked all the same
        assert locked(shown(live)) == locked(live.results[-1].inspection)
        assert live.canvas.frame is not shown(live).frame
        assert live.canvas.note.startswith("heatmap ")
        assert live.canvas.note.endswith(" ms old")
        live.player.set_frozen(True)
        assert live.canvas.frame is not None
        seen = number_of(live.canvas.frame.pixels)
        gate.set()
        live.wait(lambda: live.shows(seen))
        assert live.canvas.note == ""
        live.player.set_frozen(False)
        live.player.set_smooth(False)
        live.more(2)
        assert live.shows(locked(live.results[-1].inspection))


def test_mirrored_pictures_are_looked_at_mirrored(live: Rig) -> None:
    from tests.media.numbered import is_mirrored

    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.set_mirror(True)
        live.player.start(camera)
        live.more(2)
        assert is_mirrored(shown(live).frame.pixels)
        live.player.set_mirror(False)
        live.wait(lambda: not is_mirrored(shown(live).frame.pixels))


def test_a_file_plays_to_its_end_and_rests_there(live: Rig, film: Path) -> None:
    live.player.start(VideoFile(film))
    assert live.player.source_name == "film.mp4"
    live.become(Condition.ENDED)
    live.wait(lambda: live.shows(59))
    assert not live.engine.live
    assert (live.player.length, live.player.seekable) == (60, True)
    assert live.player.rate == pytest.approx(30)
    assert live.player.duration == pytest.approx(2.0, abs=0.1)
    assert live.player.position == 59
    numbers = [locked(result.inspection) for result in live.results]
    assert numbers == sorted(set(numbers))


def test_a_file_is_sought_and_stepped_through_from_what_is_shown(live: Rig, film: Path) -> None:
    places: list[tuple[int, float]] = []
    live.player.position_changed.connect(lambda number, seconds: places.append((number, seconds)))
    live.player.start(VideoFile(film))
    live.more(2)
    live.player.set_frozen(True)
    here = locked(shown(live))
    live.player.step(1)
    live.wait(lambda: live.shows(here + 1))
    live.player.step(-1)
    live.player.step(-1)
    live.wait(lambda: live.shows(here - 1))
    live.player.seek(42)
    live.wait(lambda: live.shows(42))
    live.wait(lambda: places[-1] == (42, pytest.approx(1.4)))
    assert live.player.frozen
    assert live.player.status.condition is Condition.PAUSED
    with live.bot.waitSignal(live.engine.inspected):
        live.session.choose((1, 2))
    assert live.shows(42)
    live.player.seek(1000)
    live.wait(lambda: live.shows(59))


def test_stepping_with_a_method_that_takes_long_shows_how_far_it_is(live: Rig, film: Path) -> None:
    live.player.start(VideoFile(film))
    live.more(2)
    live.player.set_frozen(True)
    here = locked(shown(live))
    inspector, done = live.model(), threading.Event()
    quick = inspector.inspect

    def slowly(frame: Frame, request: Request, watch: Watch | None = None) -> Inspection:
        answer = quick(frame, request)
        assert watch is not None
        while not done.wait(0.01):
            watch(answer, 0.5)
        return answer

    inspector.inspect = slowly  # type: ignore[method-assign]
    told: list[tuple[int, float]] = []
    live.session.refined.connect(lambda known, share: told.append((locked(known), share)))
    live.session.set_method("rise")
    live.wait(lambda: told and told[-1] == (here, 0.5))
    live.player.step(1)  # the one before is left at once
    live.wait(lambda: told[-1] == (here + 1, 0.5))
    live.player.step(1)
    live.wait(lambda: told[-1] == (here + 2, 0.5))
    assert live.player.position == here + 2
    done.set()
    live.wait(lambda: live.shows(here + 2))
    live.player.step(-1)
    live.wait(lambda: live.shows(here + 1))
    assert live.player.frozen


def test_a_film_ends_on_its_last_frame_with_a_method_that_takes_long(
    live: Rig, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The result before is composed while the last frame is already left to the engine."""
    left = threading.Event()
    put, shown_late = Mailbox.put, Looking._show

    def note(mailbox: Mailbox[object], item: object) -> None:
        put(mailbox, item)
        if isinstance(item, Showing) and item.left is not None:
            left.set()

    def late(looking: Looking, result: Result, *more: Any) -> None:
        if result.inspection.frame.number < 59:
            left.wait(0.1)  # composing takes this long, but for what comes after it
        shown_late(looking, result, *more)

    monkeypatch.setattr(Mailbox, "put", note)
    monkeypatch.setattr(Looking, "_show", late)
    live.player.start(VideoFile(film))
    live.session.set_method("rise")
    inspector = live.model()
    quick = inspector.inspect

    def quickly(frame: Frame, request: Request, _watch: Watch | None = None) -> Inspection:
        return quick(frame, replace(request, method="cam"))

    monkeypatch.setattr(inspector, "inspect", quickly)
    live.wait(lambda: live.player.status.condition is Condition.ENDED)
    live.wait(lambda: live.shows(59))


def test_what_is_recorded_is_explained_to_its_end(live: Rig, film: Path) -> None:
    live.player.start(VideoFile(film))
    live.more(2)
    live.player.record(on=True)
    live.player.set_frozen(True)
    here = locked(shown(live))
    live.session.set_method("rise")
    live.wait(lambda: live.shows(here))
    first = len(live.results)
    live.player.step(1)
    live.wait(lambda: live.shows(here + 1))
    assert [locked(result.inspection) for result in live.results[first:]] == [here + 1]
    with live.bot.waitSignal(live.player.recording_changed):
        live.player.record(on=False)


def test_dragging_over_a_file_ends_where_the_hand_rests(live: Rig, film: Path) -> None:
    live.player.start(VideoFile(film))
    live.more(1)
    live.player.set_frozen(True)
    for number in (*range(0, 50, 3), 7):
        live.player.seek(number)
    live.wait(lambda: live.shows(7))
    before = len(live.results)
    live.player.seek(7)
    live.wait(lambda: len(live.results) > before)
    assert live.shows(7)


def test_a_class_chosen_on_the_way_is_explained_there(live: Rig, film: Path) -> None:
    gate = threading.Event()
    live.player.start(VideoFile(film))
    live.more(1)
    live.player.set_frozen(True)
    asked = len(live.model().asked)
    live.model().before = lambda: gate.wait(20)
    live.player.seek(30)
    live.wait(lambda: len(live.model().asked) > asked)
    live.session.choose((0, 1))
    gate.set()
    live.wait(lambda: live.shows(30) and len(shown(live).explanations) == 2)


def test_a_looping_file_goes_on(live: Rig, film: Path) -> None:
    live.player.set_looping(True)
    live.player.start(VideoFile(film))
    live.wait(lambda: live.results)
    live.player.seek(50)
    numbers: list[int] = []
    live.player.shown.connect(lambda result: numbers.append(locked(result.inspection)))
    live.wait(lambda: any(b < a for a, b in pairwise(numbers)))


def test_what_is_watched_is_recorded_and_snapped(live: Rig, film: Path, tmp_path: Path) -> None:
    live.player.start(VideoFile(film))
    live.more(1)
    live.player.set_frozen(True)
    live.player.snapshot()
    assert live.snaps == [f"film {locked(shown(live)):06d}"]
    live.player.set_frozen(False)
    with FakeCamera("Camera", size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.player.record(on=True)
        assert live.player.recording
        live.more(10)
        with live.bot.waitSignal(live.player.recording_changed) as ended:
            live.player.record(on=False)
        on, video = ended.args
        assert not on
        assert video is not None
        assert video.parent == tmp_path
        assert video.name.startswith("Camera ")
        assert video.stat().st_size > 0
        live.player.snapshot()
        assert live.snaps[-1].startswith("Camera ")
