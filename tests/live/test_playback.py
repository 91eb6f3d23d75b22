"""A file on its thread: when its frames come, and which."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from camviewer.live.capture import Capture, Condition, Status
from camviewer.live.slot import Slot
from camviewer.types import Frame
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.fake_source import FakeFile, is_mirrored, taken
from tests.live.told import Capturing, Told


def play(slot: Slot, clock: FakeClock, count: int) -> list[int]:
    """The numbers of the next frames, each at its time."""
    numbers = []
    for _ in range(count):
        clock.advance(clock.asleep())
        numbers.append(taken(slot).frame.number)
    return numbers


def test_frames_come_at_their_times(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    capture = capturing(FakeFile(rate=10))
    assert capture.seekable
    start = clock.now()
    assert taken(slot).frame.number == 0
    for number in range(1, 20):
        assert clock.asleep() == pytest.approx(0.1)
        assert slot.take(0) is None
        clock.advance(clock.asleep())
        arrival = taken(slot)
        assert arrival.frame.number == number
        assert arrival.time == pytest.approx(start + number / 10)
        assert capture.position == (number, number / 10)
    assert capture.rate == pytest.approx(10, rel=0.1)


def test_variable_rates_are_kept(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    times = [0.0, 0.5, 0.51, 2.0]

    class Uneven(FakeFile):
        def read(self) -> Frame | None:
            frame = super().read()
            return frame and replace(frame, time=times[frame.number])

    capturing(Uneven(length=4))
    taken(slot)
    for before, after in pairwise(times):
        assert clock.asleep() == pytest.approx(after - before)
        clock.advance(clock.asleep())
        taken(slot)


@pytest.mark.parametrize("odd", [math.nan, math.inf, -5.0, 0.0])
def test_damaged_times_do_not_stop_a_file(
    odd: float, capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    class Damaged(FakeFile):
        def read(self) -> Frame | None:
            frame = super().read()
            return replace(frame, time=odd) if frame and frame.number == 3 else frame

    capturing(Damaged(length=8))
    numbers = [taken(slot).frame.number]
    while (seconds := clock.asleep()) < math.inf:
        assert seconds <= 60
        clock.advance(seconds)
        numbers.append(taken(slot).frame.number)
    assert numbers[-1] == 7
    assert numbers == sorted(numbers)


def test_a_jump_of_hours_is_waited_for_a_minute(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    class Gap(FakeFile):
        def read(self) -> Frame | None:
            frame = super().read()
            return replace(frame, time=frame.time + 1e5) if frame and frame.number > 0 else frame

    capturing(Gap())
    taken(slot)
    assert play(slot, clock, 1) == [1]
    assert clock.asleep() == pytest.approx(0.1)


def test_a_file_that_is_decoded_too_slowly_goes_on_from_there(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    file = FakeFile(rate=10)
    capturing(file)
    taken(slot)
    clock.asleep()
    file.reading.shut()
    clock.advance(0.1)
    taken(slot)
    file.reading.wait_for_somebody()
    clock.advance(3)
    file.reading.open()
    assert taken(slot).frame.number == 2
    assert clock.asleep() == pytest.approx(0.1)


def test_a_little_late_is_caught_up(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    file = FakeFile(rate=10)
    capturing(file)
    taken(slot)
    assert clock.asleep() == pytest.approx(0.1)
    clock.advance(0.14)
    taken(slot)
    assert clock.asleep() == pytest.approx(0.06)


def test_a_paused_file_stands_still(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    capture = capturing(FakeFile())
    taken(slot)
    capture.paused = True
    assert told.statuses[-1] == capture.status == Status(Condition.PAUSED)
    assert clock.asleep() == math.inf
    clock.advance(100)
    assert slot.take(0.01) is None
    assert capture.position == (0, 0.0)
    capture.paused = False
    assert taken(slot).frame.number == 1
    assert clock.asleep() == pytest.approx(0.1)


def test_what_was_handed_on_before_a_pause_stays_to_be_looked_at(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    capture = capturing(FakeFile())
    clock.asleep()
    capture.paused = True
    assert taken(slot).frame.number == capture.position[0] == 0


def test_steps_pause_and_go_both_ways(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    file = FakeFile()
    capture = capturing(file)
    taken(slot)
    assert play(slot, clock, 4) == [1, 2, 3, 4]
    for by, number in ((1, 5), (1, 6), (-1, 5), (-1, 4), (1, 5), (10, 15), (-100, 0)):
        capture.step(by)
        assert taken(slot).frame.number == number
        assert not capture.seeking
    assert capture.paused
    # what comes next by itself is not looked for
    assert file.seeks == [5, 4, 15, 0]


def test_steps_add_up(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    file = FakeFile()
    capture = capturing(file)
    taken(slot)
    file.reading.shut()
    capture.step(1)
    for _ in range(4):
        capture.step(1)
    file.reading.open()
    assert taken(slot).frame.number == 5
    assert slot.take(0.01) is None


def test_a_seek_makes_everything_before_it_out_of_date(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    file = FakeFile()
    capture = capturing(file)
    before = taken(slot)
    play(slot, clock, 3)
    clock.asleep()
    clock.advance(0.1)
    assert capture.fresh(before.epoch)
    file.reading.shut()
    capture.seek(50)
    assert capture.seeking
    assert not capture.fresh(before.epoch)
    file.reading.open()
    after = taken(slot)
    assert after.frame.number == 50
    assert capture.fresh(after.epoch)
    assert after.epoch == capture.epoch == before.epoch + 1
    assert play(slot, clock, 2) == [51, 52]


def test_the_newest_of_many_places_counts(capturing: Capturing, slot: Slot) -> None:
    file = FakeFile()
    capture = capturing(file)
    taken(slot)
    file.reading.shut()
    capture.seek(10)
    file.reading.wait_for_somebody()
    for number in (20, 30, 40):
        capture.seek(number)
    file.reading.open()
    assert taken(slot).frame.number == 40
    assert file.seeks == [10, 40]
    assert slot.dropped == 0


def late(file: FakeFile, clock: FakeClock) -> None:
    """Let the file hang in reading a frame until after its time."""
    clock.asleep()
    file.reading.shut()
    clock.advance(0.1)
    file.reading.wait_for_somebody()
    clock.advance(0.2)


def test_a_seek_comes_before_a_frame_that_is_late(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    file = FakeFile()
    capture = capturing(file)
    late(file, clock)
    capture.seek(50)
    # what waited is of the place before
    assert slot.take(0) is None
    file.reading.open()
    assert taken(slot).frame.number == 50
    assert slot.dropped == 1  # the first one, in favour of the second one


def test_a_pause_comes_before_a_frame_that_is_late(
    capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    file = FakeFile()
    capture = capturing(file)
    late(file, clock)
    capture.paused = True
    file.reading.open()
    assert clock.asleep() == math.inf
    assert taken(slot).frame.number == 1
    assert slot.take(0) is None
    capture.paused = False
    assert taken(slot).frame.number == 2


def test_a_place_beyond_the_end_is_the_last_frame(capturing: Capturing, slot: Slot) -> None:
    capture = capturing(FakeFile(length=7))
    taken(slot)
    capture.paused = True
    capture.seek(1000)
    assert taken(slot).frame.number == 6
    capture.seek(-3)
    assert taken(slot).frame.number == 0


def test_a_file_ends_and_starts_again_when_played(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    file = FakeFile(length=3)
    capture = capturing(file)
    taken(slot)
    play(slot, clock, 2)
    assert told.wait_for(Condition.ENDED) == capture.status == Status(Condition.ENDED)
    assert clock.asleep() == math.inf
    capture.paused = False
    assert taken(slot).frame.number == 0
    assert capture.status == Status(Condition.RUNNING)
    assert file.opened == 1
    play(slot, clock, 2)
    told.wait_for(Condition.ENDED, 2)
    capture.step(-1)
    assert taken(slot).frame.number == 1
    assert capture.status == Status(Condition.PAUSED)


def test_a_file_is_played_over_and_over(capturing: Capturing, clock: FakeClock, slot: Slot) -> None:
    capture = capturing(FakeFile(length=3))
    capture.looping = True
    first = taken(slot)
    assert play(slot, clock, 2) == [1, 2]
    assert clock.asleep() == pytest.approx(0.1)
    clock.advance(0.1)
    second = taken(slot)
    assert second.frame.number == 0
    assert second.epoch == first.epoch + 1
    # nobody asked for another place: what comes late is still shown
    assert capture.fresh(first.epoch)
    capture.looping = False
    assert play(slot, clock, 2) == [1, 2]
    assert clock.asleep() == math.inf
    assert capture.status.condition is Condition.ENDED


def test_a_file_without_frames_ends_also_when_looping(
    slot: Slot, clock: FakeClock, told: Told
) -> None:
    capture = Capture(FakeFile(length=0), slot, clock=clock, told=told)
    capture.looping = True
    capture.start()
    assert told.wait_for(Condition.ENDED).message == "There are no pictures in fake.mp4."
    assert capture.close(PATIENCE)
    assert slot.take(0) is None


def test_a_lost_file_goes_on_where_it_was(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    file = FakeFile()
    file.broken = {5}
    capture = capturing(file)
    taken(slot)
    assert play(slot, clock, 4) == [1, 2, 3, 4]
    assert told.wait_for(Condition.LOST).message.startswith("The disk is gone. ")
    clock.advance(clock.asleep())
    assert taken(slot).frame.number == 4
    assert play(slot, clock, 1) == [5]
    assert file.opened == 2
    capture.seek(20)
    assert taken(slot).frame.number == 20


def test_a_place_asked_for_while_it_is_lost_is_not_forgotten(
    capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    file = FakeFile()
    file.broken = {1}
    capture = capturing(file)
    taken(slot)
    told.wait_for(Condition.LOST)
    seconds = clock.asleep()
    capture.seek(33)
    clock.advance(seconds)
    assert taken(slot).frame.number == 33


def test_a_mirror_is_seen_at_once_in_a_paused_file(capturing: Capturing, slot: Slot) -> None:
    capture = capturing(FakeFile())
    taken(slot)
    capture.step(5)
    assert not is_mirrored(taken(slot).frame)
    capture.mirrored = True
    frame = taken(slot).frame
    assert is_mirrored(frame)
    assert frame.number == 5
