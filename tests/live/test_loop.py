"""Every map lies on the frame it was computed from, under load, jumps and changes of source."""

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count

import numpy as np
import pytest

from camviewer.boxes import explain
from camviewer.inspector import Request
from camviewer.live.capture import Capture, Condition
from camviewer.live.loop import Loop, Result, Settings
from camviewer.live.slot import Arrival, Slot
from camviewer.types import BoxRule, Frame, Inspection
from tests.inspections import ORIGIN, heatmap, inspection, whole
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeFile, numbered
from tests.live.fake_source import number_of as number_in
from tests.live.told import Told
from tests.media.fake_camera import FakeCamera
from tests.media.numbered import number_of

RULE = BoxRule()


def look(frame: Frame, request: Request) -> Inspection:
    """A network whose map says which picture it saw: its values are the number and one more."""
    number = number_in(frame) if frame.source == "fake" else number_of(frame.pixels)
    map_ = heatmap([[number, number + 1.0]], whole(frame.size))
    found = inspection(map_, picture=frame)
    return replace(
        found,
        explanations=(explain(map_, request.rule, frame),),
        origin=replace(ORIGIN, method=request.method),
    )


def looped(slot: Slot, settings: Settings | None = None, clock: FakeClock | None = None) -> Loop:
    return Loop(slot, look, lambda: settings or Settings(), clock)


def step(loop: Loop) -> Result:
    result = loop.step(PATIENCE)
    assert result is not None, "nothing came"
    return result


def arrived(number: int, time: float, epoch: int = 1) -> Arrival:
    return Arrival(numbered(number, time=time), 50.0 + time, epoch)


def map_of(result: Result) -> list[float]:
    (values,) = result.inspection.explanations[0].heatmap.values.tolist()
    return values


def ceiling(result: Result) -> float | None:
    return result.inspection.explanations[0].heatmap.ceiling


def test_a_result_tells_when_its_frame_came_and_where_it_belongs() -> None:
    clock, slot = FakeClock(60.0), Slot()
    settings = Settings(Request(method="cam"))
    loop = looped(slot, settings, clock)
    slot.put(arrived(7, 0.5, epoch=3))
    result = step(loop)
    assert map_of(result) == [7.0, 8.0]
    assert (result.arrived, result.finished, result.epoch) == (50.5, 60.0, 3)
    assert result.settings is settings
    assert result.inspection.origin.method == "cam"
    assert result.inspection.explanations[0].boxes[0].number == 1


def test_nothing_comes_of_nothing() -> None:
    slot = Slot()
    assert looped(slot).step(0) is None
    slot.close()
    assert looped(slot).step(PATIENCE) is None


def test_what_holds_when_a_frame_is_taken_holds_for_it() -> None:
    slot = Slot()
    holds = Settings(Request(method="cam"))

    def changes(frame: Frame, request: Request) -> Inspection:
        nonlocal holds
        holds = Settings(Request(method="grad-cam"), track=False)
        return look(frame, request)

    loop = Loop(slot, changes, lambda: holds)
    slot.put(arrived(1, 0.0))
    first = step(loop)
    assert first.settings.request.method == first.inspection.origin.method == "cam"
    assert first.inspection.explanations[0].boxes[0].number == 1
    slot.put(arrived(2, 0.04))
    second = step(loop)
    assert second.settings.request.method == second.inspection.origin.method == "grad-cam"
    assert second.inspection.explanations[0].boxes[0].number is None


def test_maps_are_held_and_smoothed_in_the_time_of_the_frames() -> None:
    slot = Slot()
    loop = looped(slot, Settings(hold=2.0, smoothing=0.5))
    slot.put(arrived(9, 1.0))
    assert ceiling(step(loop)) == 10.0
    slot.put(Arrival(numbered(1, time=1.1), 9999.0, 1))  # stepped to by hand, much later
    result = step(loop)
    share = 1 - math.exp(-0.1 / 0.5)
    assert map_of(result) == pytest.approx([9 - 8 * share, 10 - 8 * share])
    top = 10 - 8 * share
    assert ceiling(result) == pytest.approx(top + (10 - top) * math.exp(-0.05))


def test_another_epoch_starts_anew() -> None:
    slot = Slot()
    loop = looped(slot, Settings(smoothing=0.5))
    slot.put(arrived(9, 1.0, epoch=1))
    step(loop)
    slot.put(arrived(1, 1.1, epoch=2))
    result = step(loop)
    assert map_of(result) == [1.0, 2.0]
    assert ceiling(result) == 2.0
    assert result.inspection.explanations[0].boxes[0].number == 2


def test_an_error_is_passed_on_and_the_next_frame_is_looked_at() -> None:
    slot = Slot()
    fails = iter([True, False])

    def sometimes(frame: Frame, request: Request) -> Inspection:
        if next(fails):
            raise ValueError("no such layer")
        return look(frame, request)

    loop = Loop(slot, sometimes, Settings)
    slot.put(arrived(1, 0.0))
    with pytest.raises(ValueError, match="no such layer"):
        loop.step(0)
    slot.put(arrived(2, 0.04))
    assert map_of(step(loop)) == [2.0, 3.0]


@contextmanager
def running(capture: Capture) -> Iterator[Capture]:
    capture.start()
    try:
        yield capture
    finally:
        assert capture.close(PATIENCE)


def assert_true(result: Result) -> int:
    """The map is that of the very frame it lies on; which one that is."""
    number = look(result.inspection.frame, Request()).explanations[0].heatmap.values[0, 0]
    assert map_of(result) == [number, number + 1]
    return int(number)


def test_a_camera_that_never_waits_shows_ever_newer_frames_and_true_maps() -> None:
    slot = Slot()
    loop = looped(slot)
    with (
        FakeCamera(pace=FakeCamera.FREE) as camera,
        running(Capture(camera, slot)) as capture,
    ):
        numbers = []
        for turn in range(150):
            capture.mirrored = turn % 7 < 3
            result = step(loop)
            numbers.append(assert_true(result))
            assert result.inspection.frame.number == numbers[-1]
            assert result.finished >= result.arrived
    assert numbers == sorted(set(numbers))
    assert camera.devices == 0


def test_sources_change_under_load_and_no_map_is_ever_on_another_frame() -> None:
    """One loop, as in the window; each source has a slot, and the newest one is looked at."""
    seen = 0
    for turn in range(8):
        slot = Slot()
        loop = looped(slot, Settings(Request(method=f"method {turn}")))
        with FakeCamera(f"camera {turn}", pace=FakeCamera.FREE, size=(24 + turn, 40)) as camera:
            capture = Capture(camera, slot, retry=(0.0,))
            with running(capture):
                for again in range(12):
                    result = step(loop)
                    assert_true(result)
                    assert result.inspection.frame.source == camera.name
                    assert result.inspection.origin.method == f"method {turn}"
                    if again == 6:
                        camera.unplug()
                        camera.plug()
                    seen += 1
            assert camera.devices == 0
    assert seen == 96


def test_after_a_seek_every_fresh_result_is_from_there_on() -> None:
    slot = Slot()
    loop = looped(slot)
    rng = np.random.default_rng(7)
    with running(Capture(FakeFile(length=60000, rate=2000, name="fake"), slot)) as capture:
        for _ in range(30):
            place = int(rng.integers(0, 4000))
            capture.seek(place)
            for _ in range(3):
                result = step(loop)
                number = assert_true(result)
                if capture.fresh(result.epoch):
                    # frames that nobody had time for are left out, so not all are there
                    assert number >= place
                    assert result.epoch == capture.epoch


def test_jumps_from_another_thread_do_no_harm() -> None:
    slot = Slot()
    loop = looped(slot)
    stop = threading.Event()
    with running(Capture(FakeFile(length=300, rate=1e6, name="fake"), slot)) as capture:

        def jump() -> None:
            capture.looping = True
            for turn in count():
                if stop.is_set():
                    break
                capture.seek(37 * turn % 300)
                capture.mirrored = turn % 2 == 0
                capture.paused = turn % 5 == 0
                capture.step(1)
            capture.paused = False

        jumper = threading.Thread(target=jump)
        jumper.start()
        epochs = []
        for _ in range(100):
            result = step(loop)
            assert assert_true(result) == result.inspection.frame.number
            epochs.append(result.epoch)
        stop.set()
        jumper.join(PATIENCE)
        assert not jumper.is_alive()
    assert epochs == sorted(epochs)


@pytest.mark.parametrize("hang", ["opening", "reading", "closing"])
def test_a_real_camera_class_that_hangs_is_left_behind_and_lets_go_later(hang: str) -> None:
    slot, told = Slot(), Told()
    clock = FakeClock()
    with FakeCamera(pace=FakeCamera.FED) as camera:
        capture = Capture(camera, slot, told=told, clock=clock)
        gate = getattr(camera, hang)
        if hang != "closing":
            gate.shut()
        capture.start()
        camera.feed(1)
        if hang == "closing":
            assert slot.take(PATIENCE) is not None
            gate.shut()
            camera.feed(1)
            capture.close(0)
        assert gate.wait_for_caller()
        if hang != "closing":
            clock.advance(5)
            assert capture.status.condition is Condition.STALLED
        assert not capture.close(0.05)
        slot.clear()
        gate.open()
        assert capture.close(PATIENCE)
        assert slot.take(0) is None
        assert camera.devices == 0


def test_a_camera_that_vanishes_is_there_again_with_new_epoch_and_no_old_frame() -> None:
    slot, told = Slot(), Told()
    loop = looped(slot)
    with FakeCamera(pace=FakeCamera.FED) as camera:
        clock = FakeClock()
        with running(Capture(camera, slot, told=told, clock=clock)):
            camera.feed(3)
            while step(loop).inspection.frame.number < 2:
                pass
            camera.unplug()
            assert "unplugged" in told.wait_for(Condition.LOST).message
            clock.advance(clock.asleep())
            assert "not connected" in told.wait_for(Condition.LOST, 2).message
            camera.plug()
            camera.feed(2)  # one for the read that failed
            clock.advance(clock.asleep())
            result = step(loop)
            assert (assert_true(result), result.epoch) == (0, 2)
            camera.release()
        assert camera.devices == 0
