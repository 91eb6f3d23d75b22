"""A live source on its thread: what comes, what does not, and what is said about it."""

import math
import threading

import numpy as np
import pytest

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.live.capture import Capture, Condition, Status
from camviewer.live.slot import Slot
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeCamera, Gate, is_mirrored, number_of, numbered
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


def test_a_hang_in_read_is_noticed_and_over_when_it_is_over(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    camera.give_and_wait(numbered(0))
    assert capture.status.condition is Condition.RUNNING
    clock.advance(1.9)
    assert capture.status.condition is Condition.RUNNING
    clock.advance(3.2)
    assert capture.status == Status(
        Condition.STALLED, "Fake Camera has sent no picture for 5 s. Still waiting ..."
    )
    camera.give_and_wait(numbered(1))
    assert capture.status == Status(Condition.RUNNING)
    assert number_of(slot.take(0).frame) == 1


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


@pytest.mark.parametrize("where", ["opening", "reading", "closing"])
def test_closing_leaves_a_hanging_thread_behind(
    where: str, capturing: Capturing, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    gate = getattr(camera, where)
    gate.shut()
    capture = capturing(camera)
    camera.give(LOST if where == "closing" else numbered(0))
    gate.wait_for_somebody()
    assert not capture.close(0.01)
    assert capture.status == Status(Condition.CLOSED)
    heard = list(told.statuses)
    slot.clear()
    gate.open()
    assert capture.close(PATIENCE)
    assert slot.take(0) is None
    assert told.statuses == heard
    assert camera.closed >= 1


def test_closing_never_waits_longer_than_told(capturing: Capturing) -> None:
    camera = FakeCamera()
    camera.reading.shut()
    camera.closing.shut()
    capture = capturing(camera)
    camera.give(numbered(0))
    camera.reading.wait_for_somebody()
    closers = [threading.Thread(target=capture.close, args=(0.05,)) for _ in range(4)]
    for closer in closers:
        closer.start()
    for closer in closers:
        closer.join(PATIENCE)
        assert not closer.is_alive()
    camera.closing.open()
    camera.reading.open()


def test_closing_wakes_a_call_that_can_be_woken(capturing: Capturing) -> None:
    camera = FakeCamera()
    camera.wakes_at_close = True
    camera.reading.shut()
    capture = capturing(camera)
    camera.give(numbered(0))
    camera.reading.wait_for_somebody()
    assert capture.close(PATIENCE)


def test_what_was_never_started_closes_at_once(slot: Slot) -> None:
    camera = FakeCamera()
    assert Capture(camera, slot).close(0)
    assert camera.opened == camera.closed == 0


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


def test_people_can_wake_a_camera_that_hangs(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    camera = FakeCamera()
    camera.wakes_at_close = True
    camera.reading.shut()
    capture = capturing(camera)
    camera.give(LOST)
    camera.reading.wait_for_somebody()
    clock.advance(3)
    capture.retry_now()
    told.wait_for(Condition.LOST)
    clock.advance(clock.asleep())
    camera.give(numbered(1))
    assert number_of(slot.take(PATIENCE).frame) == 1


@pytest.mark.parametrize("where", ["opening", "reading"])
def test_a_camera_that_hangs_for_good_is_opened_anew(
    where: str, capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    camera = FakeCamera()
    stuck = getattr(camera, where)
    stuck.shut()
    capture = capturing(camera)
    if where == "reading":
        camera.give(numbered(1))
    stuck.wait_for_somebody()
    clock.advance(3)
    assert capture.status.condition is Condition.STALLED
    setattr(camera, where, Gate())
    capture.retry_now()
    camera.give(numbered(2))
    assert number_of(slot.take(PATIENCE).frame) == 2
    assert capture.status == Status(Condition.RUNNING)
    camera.closing.shut()
    stuck.open()
    # whoever was left behind keeps its frame to itself, and leaves the source to the other one
    for thread in capturing_threads()[:-1]:
        thread.join(PATIENCE)
        assert not thread.is_alive()
    camera.closing.open()
    camera.give_and_wait(numbered(3))
    assert number_of(slot.take(0).frame) == 3


def test_what_hangs_for_long_is_opened_anew_without_being_asked(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    camera = FakeCamera()
    capture = capturing(camera, hopeless_after=0.03)
    camera.give_and_wait(numbered(0))
    slot.clear()
    stuck = camera.reading
    stuck.shut()
    camera.give(numbered(1))
    stuck.wait_for_somebody()
    camera.reading = Gate()
    clock.advance(3)
    camera.opening.shut()
    camera.opening.wait_for_somebody()
    # that it is slow to open is no reason to begin again
    clock.advance(20)
    assert capture.status.condition is Condition.STALLED
    camera.opening.open()
    camera.give(numbered(2))
    assert number_of(slot.take(PATIENCE).frame) == 2
    assert camera.opened == 2
    stuck.open()


def capturing_threads() -> list[threading.Thread]:
    """The threads that read, the oldest first."""
    return [thread for thread in threading.enumerate() if thread.name == "capture Fake Camera"]


def test_all_threads_that_hang_are_waited_for(capturing: Capturing, clock: FakeClock) -> None:
    camera = FakeCamera()
    gates = []
    capture = capturing(camera)
    for _ in range(3):
        gates.append(camera.reading)
        camera.reading.shut()
        camera.give(numbered(0))
        camera.reading.wait_for_somebody()
        clock.advance(3)
        camera.reading = Gate()
        capture.retry_now()
        camera.opening.shut()
        camera.opening.wait_for_somebody()
        camera.opening.open()
    assert not capture.close(0.01)
    for gate in gates:
        assert not capture.close(0.01)
        gate.open()
    camera.give(None)
    assert capture.close(PATIENCE)
    assert camera.opened == 4


def test_nothing_is_pried_open_that_runs(capturing: Capturing) -> None:
    camera = FakeCamera()
    capture = capturing(camera)
    camera.give_and_wait(numbered(0))
    capture.retry_now()
    camera.give_and_wait(numbered(1))
    assert camera.closed == 0
    assert camera.opened == 1


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


def test_a_hundred_sources_leave_nothing_behind(slot: Slot) -> None:
    before = threading.active_count()
    cameras = [FakeCamera() for _ in range(100)]
    for camera in cameras:
        capture = Capture(camera, slot)
        capture.start()
        camera.give(numbered(1))
        assert slot.take(PATIENCE) is not None
        camera.give(None)
        assert capture.close(PATIENCE)
    assert all(camera.closed >= 1 for camera in cameras)
    for thread in threading.enumerate():
        if thread.name.startswith(("close ", "watch ")):
            thread.join(PATIENCE)
    assert threading.active_count() == before
