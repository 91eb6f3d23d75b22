"""Where one frame waits."""

import threading

from camviewer.live.slot import Arrival, Slot
from tests.live.fake_clock import PATIENCE
from tests.live.fake_source import number_of, numbered


def arrival(number: int) -> Arrival:
    return Arrival(numbered(number), float(number))


def test_the_newest_takes_the_place_of_the_one_that_waits() -> None:
    slot = Slot()
    for number in range(5):
        slot.put(arrival(number))
    taken = slot.take(0)
    assert (number_of(taken.frame), taken.time) == (4, 4.0)
    assert slot.take(0) is None
    assert slot.dropped == 4


def test_what_is_cleared_is_not_dropped() -> None:
    slot = Slot()
    slot.put(arrival(0))
    slot.clear()
    assert slot.take(0) is None
    slot.put(arrival(1))
    assert number_of(slot.take(0).frame) == 1
    assert slot.dropped == 0


def test_whoever_waits_is_woken_by_a_frame_and_by_closing() -> None:
    slot = Slot()
    taken: list[Arrival | None] = []
    for wake in (lambda: slot.put(arrival(9)), slot.close):
        waiting = threading.Thread(target=lambda: taken.append(slot.take(PATIENCE)))
        waiting.start()
        wake()
        waiting.join(PATIENCE)
        assert not waiting.is_alive()
    assert number_of(taken[0].frame) == 9
    assert taken[1] is None


def test_nothing_comes_out_of_a_closed_slot() -> None:
    slot = Slot()
    slot.put(arrival(0))
    slot.close()
    assert slot.take(PATIENCE) is None
    slot.put(arrival(1))
    assert slot.take(PATIENCE) is None


def test_every_frame_is_taken_once_or_dropped() -> None:
    slot = Slot()
    count = 2000
    taken: list[int] = []

    def take() -> None:
        while (got := slot.take(PATIENCE)) is not None:
            taken.append(got.frame.number)
            if got.frame.number == count - 1:
                return

    taker = threading.Thread(target=take)
    taker.start()
    frame = numbered(0)
    for number in range(count):
        slot.put(Arrival(type(frame)(frame.pixels, frame.source, number), 0.0))
    taker.join(PATIENCE)
    assert taken == sorted(set(taken))
    assert taken[-1] == count - 1
    assert len(taken) + slot.dropped == count
