"""Sources that hang: whoever waits for them, nobody waits long."""

import threading

import pytest

from camviewer.errors import SourceError
from camviewer.live.capture import Capture, Condition, Status
from camviewer.live.slot import Slot
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeCamera, Gate, number_of, numbered
from tests.live.told import Capturing, Told

LOST = SourceError("Fake Camera was unplugged.")


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
    assert capture.close(PATIENCE / 2)  # earlier than the call gives up by itself


def test_what_was_never_started_closes_at_once(slot: Slot) -> None:
    camera = FakeCamera()
    assert Capture(camera, slot).close(0)
    assert camera.opened == camera.closed == 0


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
    assert slot.take(0) is None
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
