"""Geometry, heatmaps and rules, against numbers worked out by hand."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.errors import CamviewerError
from camviewer.types import BoxRule, Frame, Geometry, Heatmap, Prediction
from tests.inspections import cropped, heatmap, inspection, letterboxed, whole

sides = st.integers(1, 400)
geometries = st.builds(
    Geometry,
    picture=st.tuples(sides, sides),
    input=st.tuples(sides, sides),
    scale=st.tuples(st.floats(0.05, 20), st.floats(0.05, 20)),
    offset=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)


@pytest.mark.parametrize(
    "pixels", [np.zeros((2, 2), np.uint8), np.zeros((2, 2, 4), np.uint8), np.zeros((2, 2, 3))]
)
def test_a_frame_is_rgb_with_8_bits(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match="RGB uint8"):
        Frame(pixels, "x")


def test_input_coordinates_are_scaled_then_shifted() -> None:
    geometry = Geometry((100, 200), (50, 50), (0.5, 0.25), (3, -4))
    assert geometry.to_input(40, 60) == (40 * 0.25 - 4, 60 * 0.5 + 3)
    assert geometry.to_picture(6, 33) == (40, 60)


@given(geometry=geometries, x=st.floats(0, 400), y=st.floats(0, 400))
def test_points_round_trip(geometry: Geometry, x: float, y: float) -> None:
    assert geometry.to_picture(*geometry.to_input(x, y)) == pytest.approx((x, y), abs=1e-6)


def test_seen_is_the_crop_or_all_of_a_letterboxed_picture() -> None:
    assert cropped((40, 60), 20).seen == (20, 10, 40, 30)
    assert letterboxed((20, 60), 60).seen == (0, 0, 60, 20)
    assert whole((20, 60)).seen == (0, 0, 60, 20)


def test_only_a_whole_picture_is_covered_alone() -> None:
    assert whole((20, 60)).covers_picture_only
    assert not cropped((40, 60), 20).covers_picture_only
    assert not letterboxed((20, 60), 60).covers_picture_only


def test_the_window_is_what_was_seen_on_any_raster() -> None:
    geometry = cropped((40, 60), 20)
    assert geometry.window() == (slice(10, 30), slice(20, 40))
    assert geometry.window((20, 30)) == (slice(5, 15), slice(10, 20))
    assert geometry.window((1, 1)) == (slice(0, 1), slice(0, 1))


def test_pixel_centres_are_sampled_at_cell_centres() -> None:
    # 4 pixels on 2 cells: pixel 0 has its centre at 0.5, a quarter of the first cell
    matrix = whole((4, 4)).sampling((2, 2))
    assert matrix.tolist() == [[0.5, 0.0, -0.25], [0.0, 0.5, -0.25]]


def test_positive_is_relu_over_the_maximum() -> None:
    values = heatmap([[-3, 0], [1, 4]]).positive
    assert values.tolist() == [[0, 0], [0.25, 1]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([[-1, -2]], [[0, 0]]),
        ([[0, 0]], [[0, 0]]),
        ([[math.nan, 2]], [[0, 1]]),
        ([[math.nan, math.nan]], [[0, 0]]),
        ([[math.inf, 2]], [[1, 0]]),
        ([[-math.inf, 2]], [[0, 1]]),
        ([[1e-45, 0]], [[1, 0]]),
    ],
)
def test_positive_copes_with_any_numbers(values: object, expected: object) -> None:
    assert heatmap(values).positive == pytest.approx(np.array(expected))


def test_a_peak_beside_the_picture_does_not_set_the_scale() -> None:
    # rows 0 and 3 lie wholly in the padding of a 20 x 40 picture in a 40 x 40 input
    values = [[9, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 9]]
    positive = heatmap(values, letterboxed((20, 40), 40)).positive
    assert positive[1:3].tolist() == [[0, 1, 0, 0], [0, 0, 0.5, 0]]
    assert positive.max() == 1


def test_a_cell_that_touches_the_picture_counts() -> None:
    # the picture spans rows 8 to 32 of the input, so a bit of cell rows 0 and 3
    values = [[4, 0, 0, 0], [0, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0]]
    positive = heatmap(values, letterboxed((24, 40), 40)).positive
    assert positive.max() == positive[0, 0] == 1


def test_resampling_interpolates_between_cell_centres() -> None:
    values = np.array([[0, 8]], np.float32)
    line = heatmap(values, whole((1, 8))).resample(values)
    # cell centres at pixels 2 and 6; two pixels to either side repeat the border
    assert line.tolist() == [[0, 0, 1, 3, 5, 7, 8, 8]]


@pytest.mark.parametrize("dtype", [np.float32, np.uint8])
@given(geometry=geometries, cells=st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_resampling_agrees_with_reading_at_pixel_centres(
    dtype: type[np.float32 | np.uint8], geometry: Geometry, cells: tuple[int, int]
) -> None:
    values: Any = np.random.default_rng(0).integers(0, 256, cells).astype(dtype)
    shown = heatmap(values, geometry)
    if min(geometry.seen[2] - geometry.seen[0], geometry.seen[3] - geometry.seen[1]) <= 0:
        return
    raster = shown.resample(values)
    assert raster.dtype == dtype
    assert raster.shape == geometry.picture
    for row, column in [(0, 0), (-1, -1), (geometry.picture[0] // 2, geometry.picture[1] // 2)]:
        x = column % geometry.picture[1] + 0.5
        y = row % geometry.picture[0] + 0.5
        read = shown.at(x, y)
        if not math.isnan(read):
            assert float(raster[row, column]) == pytest.approx(read, abs=1.01)


def test_reading_a_value() -> None:
    shown = heatmap([[0, 8], [16, 24]], whole((4, 4)))
    assert shown.at(1, 1) == 0  # the first cell's centre
    assert shown.at(2, 1) == 4
    assert shown.at(2, 2) == 12
    assert shown.at(0, 0) == 0  # the border cell reaches out
    assert shown.at(4, 4) == 24
    assert math.isnan(shown.at(-0.1, 1))
    assert math.isnan(shown.at(1, 4.1))


def test_reading_beside_the_crop_is_nothing() -> None:
    shown = heatmap([[5]], cropped((40, 60), 20))
    assert shown.at(30, 20) == 5
    assert math.isnan(shown.at(19.9, 20))


@pytest.mark.parametrize("share", [-0.1, 1.1, math.nan])
def test_shares_are_between_0_and_1(share: float) -> None:
    with pytest.raises(CamviewerError, match="between 0 and 1"):
        BoxRule(threshold=share)
    with pytest.raises(CamviewerError, match="between 0 and 1"):
        BoxRule(min_area=share)


def test_classes_are_ranked_by_logit() -> None:
    seen = inspection(heatmap([[1]]))
    assert seen.ranking == (1, 0)
    assert seen.top(1) == (Prediction(1, "cat", 0.75, 1.0986123),)
    assert len(seen.top(5)) == 2


def test_other_explanations_leave_the_rest() -> None:
    seen = inspection(heatmap([[1]]))
    other = seen.with_explanations(())
    assert other.explanations == ()
    assert other.frame is seen.frame
    assert other.ranking == (1, 0)


def test_a_heatmap_knows_its_cells() -> None:
    assert Heatmap(np.zeros((2, 5), np.float32), whole((4, 4)), 0, "", 0).cells == (2, 5)


def test_a_held_ceiling_sets_what_is_drawn_and_not_what_boxes_come_from() -> None:
    held = replace(heatmap([[-3, 0], [1, 4]]), ceiling=2.0)
    assert held.shown.tolist() == [[0, 0], [0.5, 1]]
    assert held.positive.tolist() == [[0, 0], [0.25, 1]]
    assert heatmap([[1, 4]]).shown.tolist() == [[0.25, 1]]
    assert replace(held, ceiling=0.0).shown.max() == 0
