"""A live source on its thread: what comes, what does not, and what is said about it."""

import math

import numpy as np
import pytest

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.live.capture import Condition, Status
from camviewer.live.slot import Slot
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeCamera, is_mirrored, number_of, numbered
from tests.live.told import Capturing, Told

LOST = SourceError("Fake Camera was unplugged.")


def test_frames_come_with_their_time_and_epoch(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    for number in range(3):
        camera.give(numbered(number, time=number / 30))
        arrival = slot.take(PATIENCE)
        assert number_of(arrival.frame) == number
        assert (arrival.time, arrival.epoch) == (clock.now(), 1)
        assert capture.position == (number, number / 30)
        clock.advance(0.5)
    assert told.statuses == [
        Status(Condition.OPENING, "Opening Fake Camera ..."),
        Status(Condition.RUNNING),
    ]
    assert not capture.seekable


def test_only_the_newest_frame_waits(capturing: Capturing, slot: Slot) -> None:
    camera = FakeCamera()
    capturing(camera)
    camera.give_and_wait(*(numbered(number) for number in range(10)))
    assert number_of(slot.take(0).frame) == 9
    assert slot.take(0) is None
    assert slot.dropped == 9


def test_a_camera_that_opens_after_20_seconds_runs(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    camera.opening.shut()
    capture = capturing(camera)
    camera.opening.wait_for_somebody()
    assert capture.status.condition is Condition.OPENING
    clock.advance(20)
    assert capture.status == Status(
        Condition.STALLED, "Fake Camera has not opened for 20 s. Still waiting ..."
    )
    camera.opening.open()
    camera.give(numbered(7))
    assert number_of(slot.take(PATIENCE).frame) == 7
    assert capture.status == Status(Condition.RUNNING)
    assert camera.opened == 1


def test_a_camera_that_opens_and_never_sends_anything_says_so(
    capturing: Capturing, clock: FakeClock
) -> None:
    camera = FakeCamera()
    camera.reading.shut()
    capture = capturing(camera)
    camera.give(numbered(0))
    camera.reading.wait_for_somebody()
    assert capture.status == Status(Condition.OPENING, "Opening Fake Camera ...")
    clock.advance(4)
    assert capture.status == Status(
        Condition.STALLED, "Fake Camera has sent no picture for 4 s. Still waiting ..."
    )
    camera.reading.open()


def test_a_slow_camera_has_not_stalled(capturing: Capturing, clock: FakeClock) -> None:
    camera = FakeCamera(rate=0.5)
    capture = capturing(camera)
    camera.give_and_wait(numbered(0))
    clock.advance(5.9)
    assert capture.status.condition is Condition.RUNNING
    clock.advance(0.2)
    assert capture.status.condition is Condition.STALLED


def test_a_lost_camera_is_opened_again_ever_more_slowly(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    capturing(camera)
    camera.give_and_wait(numbered(0))
    clock.advance(10)
    camera.fails = lambda: (_ for _ in ()).throw(LOST)
    camera.give(LOST)
    for attempt, seconds in enumerate((0.5, 1, 2, 5, 5), 1):
        status = told.wait_for(Condition.LOST, attempt)
        assert status.attempt == attempt
        assert status.message.startswith("Fake Camera was unplugged. Trying again in ")
        assert clock.asleep() == seconds
        assert camera.closed == attempt
        if attempt == 5:
            camera.fails = lambda: None
        clock.advance(seconds)
    camera.give_and_wait(numbered(1))
    arrival = slot.take(0)
    assert (number_of(arrival.frame), arrival.epoch) == (1, 2)
    assert told.statuses[-1] == Status(Condition.RUNNING)
    assert camera.opened == 2


def test_the_message_counts_down(capturing: Capturing, clock: FakeClock, told: Told) -> None:
    camera = FakeCamera()
    capture = capturing(camera, retry=(4.0,))
    camera.give(LOST)
    told.wait_for(Condition.LOST)
    assert clock.asleep() == 4
    assert capture.status.message == "Fake Camera was unplugged. Trying again in 4 s ..."
    clock.advance(2.6)
    assert capture.status.message == "Fake Camera was unplugged. Trying again in 2 s ..."
    clock.advance(1)
    assert capture.status.message == "Fake Camera was unplugged. Trying again in 1 s ..."


def test_what_runs_longer_than_it_was_waited_for_has_come_back(
    capturing: Capturing, clock: FakeClock, told: Told
) -> None:
    camera = FakeCamera()
    capturing(camera)
    for ran, attempt in ((0.0, 1), (0.0, 2), (0.9, 3), (2.1, 1)):
        camera.give_and_wait(numbered(0))
        clock.advance(ran)
        lost = told.conditions.count(Condition.LOST)
        camera.give(LOST)
        assert told.wait_for(Condition.LOST, lost + 1).attempt == attempt
        clock.advance(clock.asleep())


@pytest.mark.parametrize("error", [OSError("ioctl"), ValueError("odd frame")])
def test_what_a_driver_raises_is_a_loss_and_is_logged(
    error: Exception, capturing: Capturing, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    camera = FakeCamera()
    capturing(camera)
    camera.give(error)
    status = told.wait_for(Condition.LOST)
    assert status.message == f"Fake Camera failed: {error} Trying again in 1 s ..."
    assert caplog.records[-1].exc_info[1] is error


def test_a_stream_that_ends_is_opened_again(capturing: Capturing, told: Told) -> None:
    camera = FakeCamera()
    capturing(camera)
    camera.give(None)
    assert told.wait_for(Condition.LOST).message.startswith("Fake Camera has ended. ")


def test_a_refused_camera_waits_for_people(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    refusal = SourceRefusedError("Access to Fake Camera was refused. Allow it.")
    camera.fails = lambda: (_ for _ in ()).throw(refusal)
    capture = capturing(camera)
    assert told.wait_for(Condition.REFUSED).message == str(refusal)
    assert clock.asleep() == math.inf
    clock.advance(1000)
    assert capture.status == Status(Condition.REFUSED, str(refusal), attempt=1)
    camera.fails = lambda: None
    capture.retry_now()
    camera.give(numbered(3))
    assert number_of(slot.take(PATIENCE).frame) == 3


def test_people_need_not_wait_for_a_lost_camera(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    capture = capturing(camera, retry=(60.0,))
    camera.give(LOST)
    told.wait_for(Condition.LOST)
    assert clock.asleep() == 60
    capture.retry_now()
    camera.give(numbered(1))
    assert number_of(slot.take(PATIENCE).frame) == 1


def test_frozen_means_that_nothing_old_comes_afterwards(
    capturing: Capturing, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    camera.give_and_wait(numbered(0))
    capture.paused = True
    assert capture.paused
    assert told.statuses[-1] == capture.status == Status(Condition.PAUSED)
    camera.give_and_wait(numbered(1), numbered(2))
    assert slot.take(0) is None
    capture.paused = False
    assert capture.status == Status(Condition.RUNNING)
    assert slot.take(0) is None
    camera.give_and_wait(numbered(3))
    assert number_of(slot.take(0).frame) == 3


def test_a_mirror_flips_once(capturing: Capturing, slot: Slot) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    given = numbered(1, time=2.5)
    kept = given.pixels.copy()
    capture.mirrored = True
    camera.give_and_wait(given)
    frame = slot.take(0).frame
    assert capture.mirrored
    assert is_mirrored(frame)
    assert frame.pixels.flags.c_contiguous
    assert (frame.number, frame.time, frame.source) == (1, 2.5, "fake")
    np.testing.assert_array_equal(given.pixels, kept)
    capture.mirrored = False
    camera.give_and_wait(given)
    assert slot.take(0).frame is given


def test_what_only_files_do_leaves_a_camera_alone(capturing: Capturing, slot: Slot) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    camera.give_and_wait(numbered(0))
    capture.seek(5)
    capture.step(1)
    capture.looping = True
    assert not capture.looping
    assert not capture.seeking
    assert not capture.paused
    assert capture.epoch == 1
    assert number_of(slot.take(0).frame) == 0


@pytest.mark.parametrize("rate", [1, 5, 29.97, 60, 120, 240])
def test_the_rate_is_measured(rate: float, capturing: Capturing, clock: FakeClock) -> None:
    camera = FakeCamera(rate=rate)
    capture = capturing(camera)
    for number in range(round(3 * rate) + 1):
        camera.give_and_wait(numbered(number))
        clock.advance(1 / rate)
    assert capture.rate == pytest.approx(rate, rel=1e-6)
    clock.advance(100)
    assert capture.rate < 0.1 * rate
