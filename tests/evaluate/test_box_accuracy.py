"""BoxAcc on known maps and known boxes."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camviewer.boxes import find_boxes, intersection_over_union
from camviewer.evaluate.box_accuracy import CUTS, OVERLAPS, BoxAccuracy, overlaps, sweep
from camviewer.types import BoxRule, Heatmap, Rule
from tests.inspections import cropped, heatmap, whole

SIDE = 64
SWEPT = 224  # pixels of the raster on which maps are cut
SMALL = (0.5, 0.5, 0.75, 0.625)  # left, top, right, bottom
LARGE = (0.0, 0.0, 0.25, 0.5)


def two_things(large: float) -> Heatmap:
    """A small thing of value 1 and a large one of another value; a cell for each pixel."""
    values = np.zeros((SIDE, SIDE))
    for (left, top, right, bottom), value in ((SMALL, 1.0), (LARGE, large)):
        rows = slice(round(top * SIDE), round(bottom * SIDE))
        values[rows, round(left * SIDE) : round(right * SIDE)] = value
    return heatmap(values, whole((SIDE, SIDE)))


def at(cut: float) -> int:
    return int(np.searchsorted(CUTS, cut))


def test_the_largest_component_counts_until_it_is_cut_away() -> None:
    largest, every = sweep(two_things(large=0.5), [SMALL])
    # an edge is blurred over a pixel, and the raster has three and a half for each
    assert largest[at(0.4)] == 0
    assert largest[at(0.6)] > 0.9
    assert every[at(0.4)] > 0.85
    assert every[at(0.6)] == largest[at(0.6)]
    # at 0 everything is chosen: the box around the whole picture
    assert largest[0] == every[0] == pytest.approx(0.25 * 0.125)


def test_any_drawn_box_counts() -> None:
    largest, every = sweep(two_things(large=0.5), [SMALL, LARGE])
    assert largest[at(0.4)] > 0.9
    assert largest[at(0.6)] > 0.9
    assert every.min() == every[0] == pytest.approx(0.125)


def test_a_map_that_speaks_for_nothing_is_a_box_around_everything_at_zero() -> None:
    largest, every = sweep(heatmap(-np.ones((4, 4)), whole((40, 40))), [(0.0, 0.0, 0.5, 1.0)])
    assert largest[0] == every[0] == 0.5
    assert not largest[1:].any()
    assert not every[1:].any()


def test_boxes_lie_on_what_the_network_saw() -> None:
    # of 40 x 80 pixels the middle 40 x 40 are seen
    seen = heatmap(np.ones((4, 4)), cropped((40, 80), 40))
    largest, _ = sweep(seen, [(0.25, 0.0, 0.75, 1.0)])
    assert np.all(largest == 1)


@given(
    arrays.arrays(np.float32, (12, 12), elements=st.floats(0, 1, width=16)),
    st.tuples(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.1, 0.5), st.floats(0.1, 0.5)),
)
@settings(max_examples=25)
def test_a_sweep_is_every_cut_on_its_own(
    values: np.ndarray, place: tuple[float, float, float, float]
) -> None:
    true = (place[0], place[1], place[0] + place[2], place[1] + place[3])
    made = heatmap(values, whole((24, 24)))
    largest, every = sweep(made, [true])
    raster = made.resample(made.positive, (SWEPT, SWEPT))
    for index in range(0, len(CUTS), 7):
        mask = (raster >= CUTS[index]).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
        parts = sorted(stats[1:].tolist(), key=lambda part: -part[4])[:100]
        corners = [np.array((x, y, x + w, y + h)) / SWEPT for x, y, w, h, _ in parts]
        met = [intersection_over_union(tuple(box.tolist()), true) for box in corners]
        assert every[index] == pytest.approx(max(met, default=0.0))
        same = [m for m, part in zip(met, parts, strict=True) if part[4] == parts[0][4]]
        assert any(largest[index] == pytest.approx(m) for m in same or [0.0])


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.8])
def test_the_sweep_agrees_with_the_boxes_that_are_drawn(cut: float) -> None:
    y, x = np.mgrid[0:9, 0:9]
    made = heatmap(np.exp(-((x - 3) ** 2 + (y - 5) ** 2) / 6), whole((300, 450)))
    (box,) = find_boxes(made, BoxRule(Rule.LARGEST, cut))
    true = (0.1, 0.3, 0.6, 0.9)
    drawn = (box.x / 450, box.y / 300, (box.x + box.width) / 450, (box.y + box.height) / 300)
    found, _ = sweep(made, [true])
    assert found[at(cut)] == pytest.approx(intersection_over_union(drawn, true), abs=0.01)


def test_overlaps_by_hand() -> None:
    boxes = np.array([[0, 0, 0.5, 1], [0.5, 0.5, 1, 1], [0, 0, 0.1, 0.1]])
    assert overlaps(boxes, [(0, 0, 1, 1), (0, 0, 0.5, 0.5)]).tolist() == pytest.approx(
        [0.5, 0.25, 0.04]
    )


def flat(value: float, until: int = len(CUTS)) -> np.ndarray:
    """An overlap that holds for the first cuts."""
    return np.where(np.arange(len(CUTS)) < until, value, 0.0)


def test_one_threshold_serves_all_pictures() -> None:
    counted = BoxAccuracy()
    counted.add(flat(0.6, 30), flat(0.6, 30))
    counted.add(0.6 - flat(0.6, 30), 0.6 - flat(0.6, 30))
    # each picture has a right box, but no threshold gives both
    assert counted.max_box_acc == 0.5
    counted.add(flat(0.5, 50), flat(0.5, 50))
    assert counted.max_box_acc == pytest.approx(2 / 3)
    assert counted.best_cut == 0.0
    assert counted.pictures == 3


def test_the_second_version_averages_over_overlaps() -> None:
    counted = BoxAccuracy()
    for overlap in (0.3, 0.5, 0.7, 0.1):
        counted.add(flat(0.0), flat(overlap))
    assert counted.by_overlap == {0.3: 0.75, 0.5: 0.5, 0.7: 0.25}
    assert counted.max_box_acc_v2 == pytest.approx(0.5)
    assert counted.max_box_acc == 0
    assert BoxAccuracy().max_box_acc_v2 == 0
    assert OVERLAPS == (0.3, 0.5, 0.7)
