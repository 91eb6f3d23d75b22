"""The guided filter by hand, and GrabCut on pictures of which the answer is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from camviewer.edges import cut_out, guided_filter
from camviewer.types import Map, Pixels

maps = hnp.arrays(np.float32, (5, 6), elements=st.floats(-1, 1, width=16))
guides = hnp.arrays(np.float32, (5, 6, 3), elements=st.floats(0, 1, width=16))


def rectangle(height: int, width: int, rows: slice, columns: slice) -> Pixels:
    """Orange on dull blue, with a little noise of the same kind everywhere."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = (40, 60, 110)
    pixels[rows, columns] = (230, 120, 30)
    noise = np.random.default_rng(0).integers(0, 9, pixels.shape, np.uint8)
    return np.asarray(pixels + noise, np.uint8)


def pyramid(height: int, width: int, row: float, column: float, slope: float) -> Map:
    """A hill with a rectangular foot, a third wider than high; 1 at its top."""
    rows, columns = np.mgrid[:height, :width] + 0.5
    steps = np.maximum(np.abs(rows - row), np.abs(columns - column) * 0.7)
    return np.asarray(np.clip(1 - slope * steps, 0, 1), np.float32)


def test_a_guide_without_edges_is_a_box_filter_applied_twice() -> None:
    # windows are cut off at the border: means 1.5, 3, 4.5, and of these again
    result = guided_filter(np.array([[0, 3, 6]], np.float32), np.full((1, 3, 1), 0.5), 1, 0.01)
    np.testing.assert_allclose(result, [[2.25, 3, 3.75]], atol=1e-6)


def test_half_of_an_edge_as_strong_as_epsilon_is_kept() -> None:
    # one window everywhere: variance and covariance 1/4, so a = 1/4 / (1/4 + 1/4) = 1/2 and
    # b = 1/2 - 1/2 * 1/2 = 1/4
    edge = np.array([[0, 0, 1, 1]], np.float32)
    result = guided_filter(edge, edge[..., None], 9, 0.25)
    np.testing.assert_allclose(result, [[0.25, 0.25, 0.75, 0.75]], atol=1e-6)


def test_what_is_linear_in_the_guides_channels_stays() -> None:
    guide = np.random.default_rng(0).random((12, 17, 3), np.float32)
    values = 2 * guide[..., 0] - 3 * guide[..., 2] + 1
    np.testing.assert_allclose(guided_filter(values, guide, 2, 1e-9), values, atol=1e-4)


def test_a_blurred_map_becomes_steep_where_the_guide_is() -> None:
    guide = np.zeros((9, 40, 1), np.float32)
    guide[:, 20:] = 1
    ramp = np.tile(np.linspace(0, 1, 40, dtype=np.float32), (9, 1))
    step = np.diff(guided_filter(ramp, guide, 8, 1e-4)[4])
    assert int(step.argmax()) == 19
    assert step[19] > 5 * np.diff(ramp[4])[19]


@given(values=maps, guide=guides, shift=st.floats(-1, 1, width=16))
def test_the_filter_is_linear_in_the_map_and_keeps_constants(
    values: Map, guide: Map, shift: float
) -> None:
    plain = guided_filter(values, guide, 1, 0.01)
    moved = guided_filter(np.float32(2) * values + np.float32(shift), guide, 1, 0.01)
    np.testing.assert_allclose(moved, 2 * plain + shift, atol=1e-4)


def test_a_rectangle_is_cut_out_to_the_pixel() -> None:
    pixels = rectangle(60, 80, slice(20, 44), slice(30, 64))
    expected = np.zeros((60, 80), bool)
    expected[20:44, 30:64] = True
    # the map crosses the cut three pixels outside of the rectangle
    shares = pyramid(60, 80, 32, 47, 1 / 30)
    mask = cut_out(pixels, shares, 0.5)
    assert mask is not None
    np.testing.assert_array_equal(mask, expected)
    again = cut_out(pixels, shares, 0.5)
    assert again is not None
    np.testing.assert_array_equal(again, mask)


def test_what_is_surely_background_is_never_cut_out() -> None:
    # a second rectangle of the same colours, where the map is nearly zero
    pixels = rectangle(60, 80, slice(20, 40), slice(10, 30))
    pixels[20:40, 60:75] = pixels[20:40, 10:25]
    mask = cut_out(pixels, pyramid(60, 80, 30, 20, 1 / 24), 0.5)
    assert mask is not None
    assert mask[20:40, 10:30].all()
    assert not mask[:, 60:].any()


@pytest.mark.parametrize("shares", [np.zeros((3, 3)), np.ones((3, 3)), [[1.0]]])
def test_too_little_to_learn_colours_from_is_no_cut_out(shares: object) -> None:
    array = np.array(shares, np.float32)
    assert cut_out(np.zeros((*array.shape, 3), np.uint8), array, 0.5) is None
