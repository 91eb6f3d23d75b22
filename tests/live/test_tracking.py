"""Numbers of boxes: the same thing keeps its own, and no other thing gets it."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camviewer.live.tracking import Tracker, assigned
from camviewer.types import Box, BoxRule, Explanation, Frame, Inspection
from tests.inspections import heatmap, inspection, whole

SIZE = (200, 300)


def box(x: float, y: float, side: float = 20.0, target: int = 3, label: str = "cat") -> Box:
    return Box(x, y, side, side, target, label, 0.9, 0.2)


def at(time: float, *boxes: Box, size: tuple[int, int] = SIZE) -> Inspection:
    """A frame with these boxes, each class an explanation of its own."""
    map_ = heatmap([[1.0]], whole(size))
    frame = Frame(np.zeros((*size, 3), np.uint8), "video.mp4", round(time * 25), time)
    targets = dict.fromkeys((one.target, one.label) for one in boxes)
    return inspection(map_, picture=frame).with_explanations(
        tuple(
            Explanation(
                replace(map_, target=target, label=label),
                tuple(one for one in boxes if (one.target, one.label) == (target, label)),
                BoxRule(),
            )
            for target, label in targets
        )
    )


def numbers(inspected: Inspection) -> list[Any]:
    return [one.number for e in inspected.explanations for one in e.boxes]


def test_things_that_move_a_little_keep_their_numbers() -> None:
    track = Tracker()
    for frame in range(50):
        moved = 4.0 * frame
        boxes = (box(10 + moved, 20), box(250 - moved, 120))
        if frame % 2:
            boxes = boxes[::-1]  # the order is that of the scores, and these change
        found = numbers(track(at(frame / 25, *boxes)))
        assert found == ([2, 1] if frame % 2 else [1, 2])


def test_nothing_but_the_numbers_changes() -> None:
    track = Tracker()
    given_one = at(0.0, box(10, 10), box(100, 100), box(50, 50, target=1, label="dog"))
    numbered = track(given_one)
    assert numbers(numbered) == [1, 2, 3]
    assert numbers(given_one) == [None, None, None]
    assert numbered.frame is given_one.frame
    for after, before in zip(numbered.explanations, given_one.explanations, strict=True):
        assert after.heatmap is before.heatmap
        assert tuple(replace(one, number=None) for one in after.boxes) == before.boxes


def test_all_together_are_matched_best_not_each_by_itself() -> None:
    track = Tracker()
    assert numbers(track(at(0.0, box(0, 0), box(15, 0)))) == [1, 2]
    # both overlap the second one most; taking it first would leave the other a stranger
    assert numbers(track(at(0.04, box(10, 0), box(24, 0)))) == [1, 2]


def test_a_thing_that_jumps_is_another_one() -> None:
    track = Tracker()
    track(at(0.0, box(0, 0)))
    assert numbers(track(at(0.04, box(100, 100)))) == [2]
    # and the first one is not forgotten at once
    assert numbers(track(at(0.08, box(0, 0), box(100, 100)))) == [1, 2]


def test_classes_have_nothing_to_do_with_each_other() -> None:
    track = Tracker()
    cat, dog = box(0, 0), box(0, 0, target=5, label="dog")
    assert numbers(track(at(0.0, cat, dog))) == [1, 2]
    assert numbers(track(at(0.04, dog))) == [2]
    assert numbers(track(at(0.08, dog, cat))) == [2, 1]
    # another model's class of the same index is another class
    assert numbers(track(at(0.12, box(0, 0, label="tabby")))) == [3]


@pytest.mark.parametrize(("gone", "number"), [(0.9, 1), (1.1, 2)])
def test_a_thing_out_of_sight_keeps_its_number_for_a_second(gone: float, number: int) -> None:
    track = Tracker()
    track(at(0.0, box(0, 0)))
    track(at(0.04))
    assert numbers(track(at(gone, box(0, 0)))) == [number]


@pytest.mark.parametrize(("seconds", "last"), [(2.0, 1), (6.0, 4)])
def test_a_slow_network_numbers_alike(seconds: float, last: int) -> None:
    track = Tracker()
    for frame in range(4):
        found = numbers(track(at(frame * seconds, box(0, 0))))
    assert found == [last]


def test_backwards_or_another_size_is_another_place() -> None:
    track = Tracker()
    track(at(5.0, box(0, 0)))
    assert numbers(track(at(4.9, box(0, 0)))) == [2]
    assert numbers(track(at(5.0, box(0, 0), size=(100, 100)))) == [3]


def test_numbers_go_on_after_a_reset() -> None:
    track = Tracker()
    track(at(0.0, box(0, 0), box(50, 50)))
    track.reset()
    assert numbers(track(at(0.04, box(0, 0)))) == [3]


def test_time_that_is_none_numbers_all_the_same() -> None:
    track = Tracker()
    for count in (1, 2, 3):
        assert numbers(track(replace_time(at(0.0, box(0, 0)), float("nan")))) == [count]


def replace_time(inspected: Inspection, time: float) -> Inspection:
    return replace(inspected, frame=replace(inspected.frame, time=time))


places = st.builds(
    box,
    st.floats(0, 250),
    st.floats(0, 150),
    st.floats(1, 60),
    st.sampled_from([3, 4]),
)
scenes = st.lists(
    st.tuples(st.floats(0.01, 2), st.lists(places, max_size=6)), min_size=1, max_size=8
)


@given(scenes=scenes)
def test_numbers_are_never_shared_and_never_change_class(
    scenes: list[tuple[float, list[Box]]],
) -> None:
    track = Tracker()
    owners: dict[int | None, int] = {}
    time, newest = 0.0, 0
    for elapsed, boxes in scenes:
        time += elapsed
        found = track(at(time, *boxes))
        given_numbers = numbers(found)
        assert len(set(given_numbers)) == len(given_numbers) == len(boxes)
        for explanation in found.explanations:
            for one in explanation.boxes:
                assert owners.setdefault(one.number, one.target) == one.target
        fresh = sorted(number for number in given_numbers if number > newest)
        assert fresh == list(range(newest + 1, newest + 1 + len(fresh)))
        newest += len(fresh)


@given(boxes=st.lists(places, min_size=1, max_size=8, unique_by=lambda one: (one.x, one.y)))
def test_what_stands_still_keeps_its_numbers(boxes: list[Box]) -> None:
    track = Tracker()
    first = track(at(0.0, *boxes))
    assert sorted(numbers(first)) == list(range(1, len(boxes) + 1))
    assert numbers(track(at(0.04, *boxes))) == numbers(first)


@given(
    worth=arrays.arrays(
        np.float64,
        st.tuples(st.integers(0, 5), st.integers(0, 5)),
        elements=st.sampled_from([0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0]),
    )
)
def test_the_assignment_is_the_best_there_is(worth: np.ndarray) -> None:
    pairs = assigned(worth)
    assert len(set(pairs.values())) == len(pairs)
    assert all(worth[pair] > 0 for pair in pairs.items())
    rows, columns = worth.shape
    square = np.zeros((max(rows, columns),) * 2)
    square[:rows, :columns] = worth
    best = max(
        sum(square[row, column] for row, column in enumerate(order))
        for order in permutations(range(len(square)))
    )
    assert sum(worth[pair] for pair in pairs.items()) == pytest.approx(best)


def test_a_hundred_boxes_over_each_other_are_matched() -> None:
    worth = np.random.default_rng(0).random((100, 90))
    pairs = assigned(worth)
    assert sorted(pairs.values()) == list(range(90))
    assert sum(worth[pair] for pair in pairs.items()) > 85
