"""Ceilings and smoothed maps, against numbers worked out by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.boxes import explain
from camviewer.live.steady import Steady
from camviewer.types import Inspection, Question
from tests.inspections import cropped, heatmap, inspection, whole

NAN, INF = math.nan, math.inf
peaks = st.floats(0, 1000, width=32)
moments = st.lists(st.tuples(st.floats(0.001, 3), peaks), min_size=1, max_size=20)


def seen(peak: float) -> Inspection:
    """A map of two rows whose highest value is this one."""
    return inspection(heatmap([[0.0, peak / 2], [peak, -1.0]]))


def ceiling(inspected: Inspection, which: int = 0) -> Any:
    return inspected.explanations[which].heatmap.ceiling


def values(inspected: Inspection) -> list[list[float]]:
    return inspected.explanations[0].heatmap.values.tolist()


def test_a_held_maximum_rises_at_once_and_falls_slowly() -> None:
    steady = Steady(hold=2.0)
    assert ceiling(steady(seen(4.0), 0.0)) == 4.0
    assert ceiling(steady(seen(6.0), 0.1)) == 6.0
    after = steady(seen(1.0), 2.1)
    assert ceiling(after) == pytest.approx(1 + 5 / math.e)
    # from there on, not from the highest of all
    assert ceiling(steady(seen(1.0), 4.1)) == pytest.approx(1 + 5 / math.e**2)
    shown = after.explanations[0].heatmap.shown
    assert shown.max() == pytest.approx(1 / (1 + 5 / math.e))


def test_boxes_do_not_depend_on_what_is_held() -> None:
    steady = Steady()
    steady(seen(100.0), 0.0)
    weak = seen(1.0)
    after = steady(weak, 0.1)
    assert after.explanations[0].boxes == weak.explanations[0].boxes
    assert values(after) == values(weak)


@settings(max_examples=40)
@given(moments=moments, hold=st.floats(0.01, 10))
def test_the_ceiling_is_never_below_the_map_nor_above_what_was_seen(
    moments: list[tuple[float, float]], hold: float
) -> None:
    steady = Steady(hold)
    time, highest = 0.0, 0.0
    for elapsed, peak in moments:
        time += elapsed
        highest = max(highest, peak)
        held = ceiling(steady(seen(peak), time))
        assert peak <= held <= highest
    shown = steady(seen(moments[-1][1]), time).explanations[0].heatmap.shown
    assert 0 <= shown.min() <= shown.max() <= 1


@settings(max_examples=40)
@given(moments=moments)
def test_without_holding_maps_come_as_they_are(moments: list[tuple[float, float]]) -> None:
    steady = Steady(hold=0.0)
    for time, peak in moments:
        given_one = seen(peak)
        assert steady(given_one, time).explanations == given_one.explanations


@settings(max_examples=40)
@given(frames=st.integers(2, 12))
def test_a_hold_does_not_depend_on_the_frame_rate(frames: int) -> None:
    steady = Steady(hold=2.0)
    steady(seen(5.0), 0.0)
    for frame in range(1, frames + 1):
        held = ceiling(steady(seen(1.0), frame / frames))
    assert held == pytest.approx(1 + 4 * math.exp(-0.5))


def test_a_ceiling_that_is_there_already_counts_as_the_maximum() -> None:
    steady = Steady(hold=2.0)
    clip = inspection(replace(heatmap([[1.0]]), ceiling=8.0))
    assert ceiling(steady(clip, 0.0)) == 8.0
    assert ceiling(steady(inspection(heatmap([[1.0]])), 2.0)) == pytest.approx(1 + 7 / math.e)


def test_classes_are_held_apart_and_also_while_one_is_not_explained() -> None:
    steady = Steady(hold=2.0)
    cat = heatmap([[4.0]], label="cat")
    dog = replace(heatmap([[2.0]], label="dog"), target=5)
    both = steady(inspection(cat, dog), 0.0)
    assert (ceiling(both, 0), ceiling(both, 1)) == (4.0, 2.0)
    steady(inspection(dog), 1.0)
    weaker = replace(cat, values=np.array([[1.0]], np.float32))
    assert ceiling(steady(inspection(weaker), 2.0)) == pytest.approx(1 + 3 / math.e)


def test_smoothing_is_an_exponential_mean_in_seconds() -> None:
    steady = Steady(smoothing=0.5)
    first, second = seen(4.0), seen(8.0)
    assert values(steady(first, 0.0)) == values(first)
    share = 1 - math.exp(-0.2)
    mixed = steady(second, 0.1)
    assert values(mixed) == pytest.approx(
        np.array(values(first)) * (1 - share) + np.array(values(second)) * share
    )
    assert mixed.explanations[0].heatmap.values.dtype == np.float32
    assert mixed.frame is second.frame
    assert values(second)[1][0] == 8.0


def test_boxes_are_those_of_the_smoothed_map() -> None:
    steady = Steady(smoothing=0.5)
    left, right = heatmap([[9.0, 0.0, 0.0]]), heatmap([[0.0, 0.0, 9.0]])
    steady(inspection(left), 0.0)
    after = steady(inspection(right), 0.01).explanations[0]
    bare = replace(after.heatmap, ceiling=None)
    assert after.boxes == explain(bare, after.rule, inspection(right).frame).boxes
    assert after.boxes[0].x < 10  # still where the thing was, mostly


@settings(max_examples=40)
@given(count=st.integers(1, 8), level=st.floats(-5, 5, width=32))
def test_smoothing_leaves_a_constant_map_as_it_is(count: int, level: float) -> None:
    steady = Steady(smoothing=0.3)
    for frame in range(count):
        after = steady(inspection(heatmap([[level, -level]])), frame / 25)
    np.testing.assert_array_equal(values(after), np.array([[level, -level]], np.float32))


@settings(max_examples=40)
@given(
    levels=st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=10), rate=st.floats(1.1, 240)
)
def test_smoothed_maps_stay_within_what_was_seen(levels: list[float], rate: float) -> None:
    steady = Steady(smoothing=0.4)
    for frame, level in enumerate(levels):
        after = values(steady(inspection(heatmap([[level]])), frame / rate))[0][0]
        assert min(levels) - 1e-5 <= after <= max(levels) + 1e-5


CAT = inspection(heatmap([[4.0, 2.0]]))
OTHERS = {
    "method": replace(CAT, origin=replace(CAT.origin, method="grad-cam")),
    "layer": replace(CAT, origin=replace(CAT.origin, layer="features.2")),
    "model": replace(CAT, origin=replace(CAT.origin, weights_sha256="cd" * 32)),
    "question": replace(CAT, origin=replace(CAT.origin, question=Question(other=1))),
    "sharper": replace(CAT, origin=replace(CAT.origin, sharper=("flip",))),
    "geometry": inspection(heatmap([[4.0, 2.0]], cropped((10, 20), 8))),
    "cells": inspection(heatmap([[4.0, 2.0, 1.0]], whole((10, 20)))),
    "class": inspection(replace(heatmap([[4.0, 2.0]]), target=7)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_nothing_is_kept_when_something_else_is_asked(what: str) -> None:
    steady = Steady(smoothing=1.0)
    steady(inspection(heatmap([[40.0, 0.0]])), 0.0)
    after = steady(OTHERS[what], 0.1)
    assert values(after) == values(OTHERS[what])
    assert ceiling(after) == 4.0


@pytest.mark.parametrize("what", ["runtime", "note", "device"])
def test_where_it_was_computed_is_of_no_importance(what: str) -> None:
    steady = Steady()
    steady(inspection(heatmap([[40.0, 0.0]])), 0.0)
    changed: dict[str, Any] = {what: "other"}
    other = replace(CAT, origin=replace(CAT.origin, **changed))
    assert ceiling(steady(other, 0.1)) > 30


@pytest.mark.parametrize("time", [9.9, NAN, -INF])
def test_nothing_is_kept_when_time_runs_backwards_or_not_at_all(time: float) -> None:
    steady = Steady(smoothing=1.0)
    steady(seen(40.0), 10.0)
    after = steady(seen(4.0), time)
    assert values(after) == values(seen(4.0))
    assert ceiling(after) == 4.0
    again = steady(seen(2.0), time)
    assert math.isfinite(ceiling(again))


@pytest.mark.parametrize("elapsed", [0.0, 1.01, 1e9])
def test_maps_of_no_or_too_long_a_time_ago_are_not_mixed_in(elapsed: float) -> None:
    steady = Steady(smoothing=100.0)
    steady(seen(40.0), 5.0)
    assert values(steady(seen(4.0), 5.0 + elapsed)) == values(seen(4.0))


def test_a_class_that_was_not_explained_in_between_starts_anew() -> None:
    steady = Steady(smoothing=100.0)
    dog = replace(heatmap([[2.0]], label="dog"), target=5)
    steady(inspection(heatmap([[4.0]])), 0.0)
    steady(inspection(dog), 0.1)
    assert values(steady(inspection(heatmap([[1.0]])), 0.2)) == [[1.0]]


def test_reset_forgets() -> None:
    steady = Steady(smoothing=1.0)
    steady(seen(40.0), 0.0)
    steady.reset()
    after = steady(seen(4.0), 0.1)
    assert values(after) == values(seen(4.0))
    assert ceiling(after) == 4.0


@pytest.mark.parametrize("odd", [NAN, INF, -INF])
def test_one_damaged_map_does_no_lasting_harm(odd: float) -> None:
    steady = Steady(hold=2.0, smoothing=1.0)
    steady(seen(8.0), 0.0)
    damaged = steady(inspection(heatmap([[odd, 1.0], [2.0, 3.0]])), 0.1)
    assert ceiling(damaged) is None
    after = steady(seen(4.0), 0.2)
    assert values(after) == values(seen(4.0))
    assert ceiling(after) == pytest.approx(4 + 4 * math.exp(-0.1))


def test_a_map_that_speaks_against_the_class_is_shown_as_nothing() -> None:
    steady = Steady()
    negative = steady(inspection(heatmap([[-3.0, -1.0]])), 0.0)
    assert ceiling(negative) == 0.0
    assert not negative.explanations[0].heatmap.shown.any()
