"""Imputation against the linear system it stands for, and ROAD by hand."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from camviewer.evaluate.road import Road, impute, road
from camviewer.types import Map
from tests.evaluate.test_faithfulness import brightness, case, region


def ramp(height: int, width: int) -> Map:
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([x / width, y / height, (x + 2 * y) / (width + height)], -1) * 4 - 2


def solved(picture: Map, missing: NDArray[np.bool_]) -> Map:
    """The imputation by a dense solver, straight from its definition."""
    height, width = missing.shape
    system = np.eye(height * width)
    right = picture.reshape(-1, 3).astype(np.float64)
    for y, x in np.argwhere(missing):
        near = {
            (y + dy, x + dx): 1 / 6 if dy == 0 or dx == 0 else 1 / 12
            for dy in (-1, 0, 1)
            for dx in (-1, 0, 1)
            if (dy or dx) and 0 <= y + dy < height and 0 <= x + dx < width
        }
        row = y * width + x
        right[row] = 0
        for (v, u), weight in near.items():
            system[row, v * width + u] = -weight / sum(near.values())
    return np.linalg.solve(system, right).reshape(picture.shape)


def test_a_hole_in_a_ramp_is_filled_with_the_ramp() -> None:
    missing = np.zeros((60, 90), bool)
    missing[10:50, 15:80] = True
    np.testing.assert_allclose(impute(ramp(60, 90), missing), ramp(60, 90), atol=2e-3)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_scattered_holes_are_filled_as_the_system_says(share: float) -> None:
    random = np.random.default_rng(0)
    picture = random.standard_normal((13, 18, 3), np.float32)
    missing = random.random((13, 18)) < share
    result = impute(picture, missing)
    np.testing.assert_allclose(result, solved(picture, missing), atol=1e-3)
    np.testing.assert_array_equal(result[~missing], picture[~missing])


def test_a_hole_at_the_border_and_one_pixel_that_is_left() -> None:
    picture = ramp(9, 11)
    missing = np.ones((9, 11), bool)
    missing[4, 7] = False
    np.testing.assert_allclose(
        impute(picture, missing), np.broadcast_to(picture[4, 7], picture.shape), atol=1e-3
    )
    corner = np.zeros((9, 11), bool)
    corner[:5, :6] = True
    np.testing.assert_allclose(impute(picture, corner), solved(picture, corner), atol=1e-3)


def test_nothing_missing_changes_nothing() -> None:
    np.testing.assert_array_equal(impute(ramp(5, 4), np.zeros((5, 4), bool)), ramp(5, 4))


def test_road_by_hand() -> None:
    """A bright region on black: gone first or last, and imputed from black or from white."""
    picture = region().expand(1, 3, 8, 8).clone()
    right = road(case(region(), picture), (0.25, 0.75))
    inverted = road(case(-region(), picture), (0.25, 0.75))
    # a quarter is the region: gone, only its black neighbours are left
    assert right.most == pytest.approx((0, 0), abs=0.02)
    # three quarters are what is black: the region stays as it is
    assert right.least == pytest.approx((1, 1), abs=0.02)
    assert right.margin == pytest.approx(1, abs=0.02)
    assert inverted.most == pytest.approx((1, 1), abs=0.02)
    assert inverted.margin == pytest.approx(-1, abs=0.02)


def test_the_noise_is_small_seeded_and_only_where_pixels_were_removed() -> None:
    seen: list[Tensor] = []

    def keep(pictures: Tensor) -> Tensor:
        seen.extend(pictures)
        return brightness(pictures)

    window = (slice(2, 6), slice(0, 8))
    flat = case(region(), torch.full((1, 3, 8, 8), 0.5), keep, window)
    first = road(flat, (0.5,))
    most = seen[0] - 0.5
    gone = flat.ranks < 16
    assert not most[:, ~gone].any()
    assert 0.003 < float(most[:, gone].std()) < 0.03
    assert road(flat, (0.5,)) == first
    assert road(flat, (0.5,), seed=1) != first


def test_the_margin_is_the_mean_difference() -> None:
    assert Road((0.2, 0.4), (0.5, 0.25), (0.75, 1.0)).margin == pytest.approx(0.5)


def test_a_single_pixel_is_never_removed() -> None:
    tiny = case(torch.ones(8, 8), window=(slice(0, 1), slice(0, 1)))
    result = road(tiny, (0.9,))
    assert result.most == result.least == (1.0,)
