"""Boxes against maps whose level sets are known, and properties that hold for every map."""

import math
import time

import cv2
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from camviewer.boxes import Corners, find_boxes, intersection_over_union, rebox
from camviewer.types import Box, BoxRule, Geometry, Heatmap, Map, Rule
from tests.inspections import cropped, heatmap, inspection, letterboxed

maps = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-1, 1, width=32),
)
any_maps = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(width=32),
)
rules = st.builds(
    BoxRule, rule=st.sampled_from(Rule), threshold=st.floats(0, 1), min_area=st.floats(0, 0.1)
)
sides = st.integers(1, 300)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    """Any picture wholly or partly in any input."""
    picture, side = (draw(sides), draw(sides)), draw(sides)
    kind = draw(st.sampled_from(["whole", "crop", "letterbox"]))
    if kind == "crop":
        return cropped(picture, min(side, *picture))
    if kind == "letterbox":
        return letterboxed(picture, max(side, *picture))
    rows, columns = draw(sides), draw(sides)
    return Geometry(picture, (rows, columns), (rows / picture[0], columns / picture[1]))


def edges(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.x + box.width, box.y + box.height


def all_of(threshold: float, min_area: float = 0.0) -> BoxRule:
    return BoxRule(Rule.ALL, threshold, min_area)


def test_edges_lie_where_the_map_crosses_the_cut() -> None:
    # one hot cell among cold ones, centre at (25, 15); the slope to its neighbours is 10 pixels
    # wide, so the value is 0.2 at 8 pixels from the centre
    values = [[0, 0, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 0, 0]]
    (box,) = find_boxes(heatmap(values, score=0.5, label="fish"), BoxRule())
    assert edges(box) == pytest.approx((17, 7, 33, 23))
    assert (box.target, box.label, box.score) == (3, "fish", 0.5)
    assert box.threshold == pytest.approx(0.2)


def test_a_border_cell_reaches_out_to_the_edge() -> None:
    (box,) = find_boxes(heatmap([[1, 0, 0]]), BoxRule(threshold=0.5))
    assert edges(box) == pytest.approx((0, 0, 10, 10))


def test_the_largest_component_wins_not_the_hottest() -> None:
    values = np.zeros((3, 9))
    values[1, 1] = 10
    values[1, 5:8] = 5
    shown = heatmap(values, score=0.9)
    (box,) = find_boxes(shown, BoxRule(threshold=0.3))
    # from 0 to 0.5 in 10 pixels: 0.3 lies 4 pixels from the outer cells' centres at 55 and 75
    assert edges(box) == pytest.approx((51, 11, 79, 19))
    assert box.score == 0.9  # the only box of the class, so what is said of that


def test_pixels_count_not_the_polygon() -> None:
    # a frame of 16 cells around a hole covers less than a solid block of 5 x 5 cells, although
    # its outline encloses more
    values = np.zeros((9, 18))
    values[1:8, 1:8] = 1
    values[2:7, 2:7] = 0
    values[2:7, 11:16] = 1
    (box,) = find_boxes(heatmap(values), BoxRule(threshold=0.9))
    assert edges(box) == pytest.approx((114, 24, 156, 66))


def test_all_components_best_first() -> None:
    values = np.zeros((3, 9))
    values[1, 1] = 10
    values[1, 5:8] = 4
    hot, wide = find_boxes(heatmap(values, score=0.9), all_of(0.3))
    assert edges(hot) == pytest.approx((8, 8, 22, 22))
    assert hot.score == pytest.approx(0.9)
    # from 0 to 0.4 in 10 pixels: 0.3 lies 2.5 pixels from the outer cells' centres at 55 and 75
    assert edges(wide) == pytest.approx((52.5, 12.5, 77.5, 17.5))


def test_small_components_are_dropped_but_not_by_largest() -> None:
    values = np.zeros((5, 5))
    values[2, 2] = 1
    # (1 - u) (1 - v) >= 0.5 in four quadrants of 10 x 10 pixels: 400 (0.5 + 0.5 ln 0.5) = 61.4
    # pixels of 2500
    assert len(find_boxes(heatmap(values), all_of(0.5, min_area=0.024))) == 1
    assert find_boxes(heatmap(values), all_of(0.5, min_area=0.025)) == ()
    assert len(find_boxes(heatmap(values), BoxRule(threshold=0.5, min_area=1.0))) == 1


def test_corners_connect() -> None:
    # 8-connected: the two squares meet at one corner of the lattice at a cut of exactly 0.5
    values = [[1, 0], [0, 1]]
    assert len(find_boxes(heatmap(values), all_of(0.49))) == 1
    assert len(find_boxes(heatmap(values), all_of(0.6))) == 2


def test_otsu_parts_two_levels() -> None:
    values = np.zeros((6, 6))
    values[1:4, 2:5] = 1
    (box,) = find_boxes(heatmap(values), BoxRule(Rule.OTSU))
    left, top, right, bottom = edges(box)
    assert 15 < left < 25
    assert 5 < top < 15
    assert 45 < right < 55
    assert 35 < bottom < 45
    assert 0 < box.threshold < 1


def test_the_largest_above_otsu_is_one_box_whatever_its_size() -> None:
    values = np.zeros((8, 8))
    values[1:4, 2:5] = 1
    values[6, 6] = 0.9
    large, small = find_boxes(heatmap(values), BoxRule(Rule.OTSU))
    assert find_boxes(heatmap(values), BoxRule(Rule.LARGEST_OTSU, min_area=1.0)) == (large,)
    assert edges(small)[0] > edges(large)[2]


def test_percentile_keeps_the_hottest_share() -> None:
    # a ramp over 40 cells: the upper quarter of the picture is the hottest quarter of the map
    ramp = np.repeat(np.arange(1, 41, dtype=np.float32)[None], 2, axis=0)
    (box,) = find_boxes(heatmap(ramp), BoxRule(Rule.PERCENTILE, 0.75))
    assert edges(box) == pytest.approx((300, 0, 400, 20), abs=2)
    assert box.threshold == pytest.approx(0.7625, abs=0.005)


@pytest.mark.parametrize("rule", list(Rule))
def test_nothing_positive_no_box(rule: Rule) -> None:
    for values in ([[0.0]], [[-1, -2], [-3, 0]], [[math.nan]], [[-math.inf, -1]]):
        assert find_boxes(heatmap(values), BoxRule(rule)) == ()


@pytest.mark.parametrize("rule", list(Rule))
@pytest.mark.parametrize("threshold", [0, 0.5, 1])
def test_a_constant_map_is_all_that_was_seen(rule: Rule, threshold: float) -> None:
    for values in ([[7]], [[0.1] * 5] * 3, [[math.inf]]):
        (box,) = find_boxes(heatmap(values, cropped((40, 60), 20)), BoxRule(rule, threshold))
        assert edges(box) == (20, 10, 40, 30)


def test_a_cut_at_the_maximum_still_gives_a_box() -> None:
    (box,) = find_boxes(heatmap([[0, 0, 0], [0, 3, 0], [0, 0, 0]]), BoxRule(threshold=1))
    assert edges(box) == pytest.approx((14.5, 14.5, 15.5, 15.5))


def test_a_cut_at_zero_is_all_that_is_positive() -> None:
    (box,) = find_boxes(heatmap([[0, 0, 0, 1, 0]]), BoxRule(threshold=0))
    assert edges(box) == pytest.approx((25, 0, 45, 10))


def test_a_letterboxed_picture() -> None:
    # the input has rows of 10 pixels; the picture is the middle two; the peak on the padding
    # reaches down into it, but neither sets the scale nor leaves the picture
    values = [[0, 9, 0, 0], [0, 0, 0, 2], [0, 0, 0, 0], [0, 0, 0, 0]]
    own, reached = find_boxes(heatmap(values, letterboxed((20, 40), 40)), all_of(0.5))
    assert edges(own) == pytest.approx((30, 0, 40, 10))
    assert own.score == 1
    assert edges(reached) == pytest.approx((14.5, 0, 15.5, 1))
    assert reached.score == pytest.approx(0.5)


def test_another_rule_costs_no_inference() -> None:
    seen = inspection(heatmap([[0, 1, 0, 1]]), heatmap([[1, 0, 0, 0]]))
    again = rebox(seen, all_of(0.5))
    assert [len(e.boxes) for e in seen.explanations] == [1, 1]
    assert [len(e.boxes) for e in again.explanations] == [2, 1]
    assert [e.rule.rule for e in again.explanations] == [Rule.ALL, Rule.ALL]
    assert again.explanations[0].heatmap is seen.explanations[0].heatmap


def test_noise_gives_a_bounded_number_of_boxes() -> None:
    noise = np.random.default_rng(0).random((256, 256))
    assert len(find_boxes(heatmap(noise), all_of(0.9))) == 100


@given(values=any_maps, geometry=geometries(), rule=rules, score=st.floats(0, 1))
def test_boxes_lie_in_the_seen_part(
    values: Map, geometry: Geometry, rule: BoxRule, score: float
) -> None:
    left, top, right, bottom = geometry.seen
    for box in find_boxes(heatmap(values, geometry, score=score), rule):
        x0, y0, x1, y1 = edges(box)
        assert left <= x0 < x1 <= right + 1e-9
        assert top <= y0 < y1 <= bottom + 1e-9
        assert box.width >= min(1, right - left) - 1e-9
        assert box.height >= min(1, bottom - top) - 1e-9
        assert 0 <= box.score <= score
        assert 0 <= box.threshold <= 1


@given(values=maps, geometry=geometries(), rule=rules)
def test_something_positive_gives_a_box(values: Map, geometry: Geometry, rule: BoxRule) -> None:
    shown = heatmap(values, geometry)
    rule = BoxRule(rule.rule, rule.threshold, 0)
    # a peak half outside of the picture may leave nothing on it
    assume(shown.resample(shown.positive).max() > 0)
    found = find_boxes(shown, rule)
    assert len(found) >= 1
    assert rule.rule is not Rule.LARGEST or len(found) == 1


@given(values=maps, rule=rules, factor=st.floats(0.01, 100))
def test_scaling_the_map_changes_no_box(values: Map, rule: BoxRule, factor: float) -> None:
    # powers of two, so that the floating point numbers scale exactly
    scale = np.float32(2.0 ** round(math.log2(factor)))
    values = np.where(np.abs(values) < 1e-30, np.float32(0), values)
    assert find_boxes(heatmap(values), rule) == find_boxes(heatmap(values * scale), rule)


@given(values=maps, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_higher_cut_gives_boxes_inside_those_of_a_lower(
    values: Map, low: float, high: float
) -> None:
    low, high = min(low, high), max(low, high)
    outer = [edges(b) for b in find_boxes(heatmap(values), all_of(low))]
    assume(len(outer) < 100)
    for box in find_boxes(heatmap(values), all_of(high)):
        x0, y0, x1, y1 = edges(box)
        # a box is widened to one pixel, at most half a pixel to each side
        assert any(
            a - 0.51 <= x0 and b - 0.51 <= y0 and x1 <= c + 0.51 and y1 <= d + 0.51
            for a, b, c, d in outer
        )


@given(values=maps, geometry=geometries(), threshold=st.floats(0.05, 0.95))
def test_boxes_enclose_every_pixel_above_the_cut(
    values: Map, geometry: Geometry, threshold: float
) -> None:
    shown = heatmap(values, geometry)
    found = find_boxes(shown, all_of(threshold))
    assume(len(found) < 100)
    left, top, right, bottom = geometry.seen
    rows, columns = np.nonzero(shown.resample(shown.positive) >= threshold + 1e-4)
    x, y = columns + 0.5, rows + 0.5
    seen = (left <= x) & (x <= right) & (top <= y) & (y <= bottom)
    # only a bridge narrower than the lattice's step may be missed
    slack = 2 * max(right - left, bottom - top) / 200
    enclosed = np.zeros(x.shape, bool)
    for x0, y0, x1, y1 in map(edges, found):
        enclosed |= (x0 - slack <= x) & (x <= x1 + slack) & (y0 - slack <= y) & (y <= y1 + slack)
    assert np.all(enclosed | ~seen)


@given(values=maps, threshold=st.floats(0.05, 0.95))
def test_every_edge_touches_the_level_set(values: Map, threshold: float) -> None:
    shown = heatmap(values)
    height, width = shown.geometry.picture
    positive = Heatmap(shown.positive, shown.geometry, 0, "", 1)
    for box in find_boxes(shown, all_of(threshold)):
        x0, y0, x1, y1 = edges(box)
        if box.width <= 1 or box.height <= 1:
            continue  # may have been widened
        along_x = np.union1d(np.linspace(x0, x1, 50), np.arange(5, width, 10))
        along_y = np.union1d(np.linspace(y0, y1, 50), np.arange(5, height, 10))
        along_x = along_x[(along_x >= x0) & (along_x <= x1)]
        along_y = along_y[(along_y >= y0) & (along_y <= y1)]
        for x in (x0, x1):
            reached = max(positive.at(float(x), float(y)) for y in along_y)
            assert reached >= box.threshold - 1e-3
        for y in (y0, y1):
            reached = max(positive.at(float(x), float(y)) for x in along_x)
            assert reached >= box.threshold - 1e-3


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("cells", [(7, 12), (14, 14)])
def test_within_a_pixel_of_the_box_at_full_resolution(seed: int, cells: tuple[int, int]) -> None:
    # a smooth blob, as maps are: half a pixel of rounding, and the tip between two pixel centres
    generator = np.random.default_rng(seed)
    rows, columns = np.mgrid[: cells[0], : cells[1]]
    center = generator.uniform(0.3, 0.7, 2) * cells
    spread = generator.uniform(1.0, 2.0, 2)
    values = np.exp(
        -(((rows - center[0]) / spread[0]) ** 2) - ((columns - center[1]) / spread[1]) ** 2
    )
    picture = (1080, 1920)
    geometry = Geometry(picture, (224, 398), (224 / 1080, 398 / 1920))
    shown = heatmap(values, geometry)
    (box,) = find_boxes(shown, BoxRule())
    mask = (shown.resample(shown.positive) >= 0.2).astype(np.uint8)
    x, y, width, height = cv2.boundingRect(mask)
    assert edges(box) == pytest.approx((x, y, x + width, y + height), abs=1)


@pytest.mark.parametrize("rule", list(Rule))
def test_a_box_slider_costs_less_than_4_ms_at_1080p(rule: Rule) -> None:
    geometry = Geometry((1080, 1920), (224, 398), (224 / 1080, 398 / 1920))
    noise = np.random.default_rng(0).normal(size=(14, 25))
    shown = heatmap(cv2.GaussianBlur(noise, (0, 0), 2), geometry)
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    seconds = []
    try:
        for _ in range(10):
            start = time.thread_time()
            find_boxes(shown, BoxRule(rule))
            seconds.append(time.thread_time() - start)
    finally:
        cv2.setNumThreads(threads)
    # thread time, and the fastest of ten: other work on the machine does not count
    assert min(seconds) < 0.004


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ((0, 0, 2, 2), (0, 0, 2, 2), 1.0),
        ((0, 0, 2, 2), (1, 1, 3, 3), 1 / 7),
        ((0, 0, 4, 1), (0, 0, 2, 1), 0.5),
        ((0, 0, 1, 1), (1, 0, 2, 1), 0.0),
        ((0, 0, 0, 0), (0, 0, 1, 1), 0.0),
    ],
)
def test_intersection_over_union(a: Corners, b: Corners, expected: float) -> None:
    assert intersection_over_union(a, b) == pytest.approx(expected)
    assert intersection_over_union(b, a) == pytest.approx(expected)
