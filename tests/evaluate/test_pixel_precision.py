"""PxAP on maps whose average precision is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camviewer.errors import CamviewerError
from camviewer.evaluate.pixel_precision import PixelPrecision, fitted, histograms
from camviewer.types import Heatmap
from tests.inspections import cropped, heatmap, whole


def precision(*cases: tuple[Heatmap, np.ndarray]) -> float | None:
    counted = PixelPrecision()
    for made, mask in cases:
        counted.add(*histograms(made, mask))
    return counted.average


def plain(values: object) -> Heatmap:
    """A cell for each pixel."""
    array = np.array(values)
    return heatmap(array, whole(array.shape))


def test_four_values_by_hand() -> None:
    values = np.array([[1.0, 0.75], [0.5, 0.25]])
    mask = np.array([[True, False], [True, False]])
    # half of the mask at precision 1, the other half at 2/3
    assert precision((plain(values), mask)) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_perfect_flat_and_worst_maps() -> None:
    mask = np.zeros((10, 10), bool)
    mask[2:6, 3:8] = True
    assert precision((plain(mask.astype(float)), mask)) == 1
    assert precision((plain(np.ones((10, 10))), mask)) == pytest.approx(0.2)
    assert precision((plain(np.zeros((10, 10))), mask)) == pytest.approx(0.2)
    assert precision((plain(~mask * 1.0), mask)) == pytest.approx(0.2)


def test_a_ramp_in_closed_form() -> None:
    ramp = plain(np.tile(np.linspace(0, 1, 1000), (4, 1)))
    right = np.zeros((4, 1000), bool)
    right[:, 500:] = True
    assert precision((ramp, right)) == pytest.approx(1, abs=1e-3)
    # the lower half: precision is r / (1 + r) at recall r, and its integral 1 - ln 2
    assert precision((ramp, ~right)) == pytest.approx(1 - math.log(2), abs=2e-3)


def test_thresholds_are_those_of_all_pictures() -> None:
    mask = np.array([[True, False]])
    good, poor = plain([[1.0, 0.5]]), plain([[0.4, 1.0]])
    # chosen in turn: 1.0 (right) and 1.0 (wrong), 0.5 (wrong), 0.4 (right)
    assert precision((good, mask), (poor, mask)) == pytest.approx(0.5 * 1 / 2 + 0.5 * 2 / 4)


def test_pictures_weigh_the_same_whatever_their_size() -> None:
    mask = np.array([[True, False]])
    good, poor = ([[1.0, 0.5]], mask), ([[0.4, 1.0]], mask)
    larger = np.repeat(np.repeat(poor[0], 7, 0), 7, 1), np.repeat(np.repeat(mask, 7, 0), 7, 1)
    expected = precision((plain(good[0]), good[1]), (plain(poor[0]), poor[1]))
    assert precision((plain(good[0]), good[1]), (plain(larger[0]), larger[1])) == pytest.approx(
        expected
    )


def test_each_map_is_normalised_on_its_own() -> None:
    mask = np.array([[True, False]])
    assert precision((plain([[8.0, -3.0]]), mask), (plain([[0.002, 0.001]]), mask)) == 1


def test_nothing_measured_and_nothing_marked() -> None:
    assert PixelPrecision().average is None
    assert precision((plain([[1.0, 0.0]]), np.zeros((1, 2), bool))) is None


def test_what_the_network_did_not_see_is_never_found_first() -> None:
    # 4 x 4 of 4 x 8 pixels are seen, all of them right
    seen = heatmap(np.ones((4, 4)), cropped((4, 8), 4))
    mask = np.zeros((4, 8), bool)
    mask[:, 2:8] = True
    # two thirds of the mask at precision 1, and the rest with everything
    assert precision((seen, mask)) == pytest.approx(2 / 3 * 1 + 1 / 3 * 0.75)


@given(
    arrays.arrays(np.int64, (5, 6), elements=st.integers(0, 1000)),
    arrays.arrays(np.bool_, (5, 6)).filter(lambda mask: bool(mask.any())),
)
def test_the_histogram_is_the_definition(levels: np.ndarray, mask: np.ndarray) -> None:
    levels[0, 0] = 1000
    values = (levels / 1000).astype(np.float32)
    scores = np.floor(values * np.float32(1000))
    expected, before = 0.0, 0.0
    for cut in sorted(set(scores.ravel().tolist()), reverse=True):
        chosen = scores >= cut
        recall = (chosen & mask).sum() / mask.sum()
        expected += (chosen & mask).sum() / chosen.sum() * (recall - before)
        before = recall
    assert precision((plain(values), mask)) == pytest.approx(expected)


def test_a_mask_of_another_size_is_fitted_and_of_another_shape_refused() -> None:
    mask = np.array([[True, False]])
    assert fitted(mask, (4, 8), (2, 4)).tolist() == [[True, True, False, False]] * 2
    with pytest.raises(CamviewerError, match=r"2 x 1 pixels and its picture 4 x 4"):
        histograms(plain(np.ones((4, 4))), mask)


def test_a_large_picture_is_measured_smaller() -> None:
    made = heatmap([[1.0, 0.0]], whole((3000, 6000)))
    mask = np.zeros((3000, 6000), bool)
    mask[:, :3000] = True
    inside, everywhere = histograms(made, mask)
    assert inside.sum() == pytest.approx(0.5)
    assert everywhere.sum() == pytest.approx(1)
    assert precision((made, mask)) == pytest.approx(1)
