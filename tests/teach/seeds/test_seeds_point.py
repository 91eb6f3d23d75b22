"""Told only what is in a picture, the networks point at where it is."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.teach.seeds import beams
from tests.teach.seeds.beams import LABELS, SOUND, Beam, deflection
from tests.teach.seeds.digits import Digit, digits
from tests.teach.seeds.seed import Seed
from tests.teach.seeds.ways import Array, better, odds

NEAR = 8  # pixels of 64: a cell of the map is 4


def highest(heatmap: Array, side: int) -> tuple[float, float]:
    """Where a map is highest, ``(x, y)`` in pixels."""
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    rows, columns = heatmap.shape
    return (float(column) + 0.5) * side / columns, (float(row) + 0.5) * side / rows


def share_near(seed: Seed, *, rather_than_sound: bool) -> float:
    """The share of cracked beams whose map is highest near the crack."""
    activations, weight, bias = seed.layer()
    near = []
    for activation, picture in zip(activations, seed.pictures, strict=True):
        if isinstance(picture, Beam) and picture.crack is not None:
            maps = better(activation, weight)
            heatmap = maps[picture.label]
            if rather_than_sound:
                heatmap, _ = odds(maps, bias, picture.label, SOUND)
            near.append(math.dist(highest(heatmap, seed.side), picture.crack) <= NEAR)
    return sum(near) / len(near)


def test_digits_are_known_and_pointed_at(digit_seed: Seed) -> None:
    activations, weight, _ = digit_seed.layer()
    inside = []
    for activation, picture in zip(activations, digit_seed.pictures, strict=True):
        if isinstance(picture, Digit):
            x, y = highest(better(activation, weight)[picture.label], digit_seed.side)
            left, top, right, bottom = picture.box
            inside.append(left <= x <= right and top <= y <= bottom)
    assert len(inside) == 100
    assert digit_seed.accuracy() >= 0.97
    assert sum(inside) >= 85


def test_a_crack_is_known_and_pointed_at(beam_seed: Seed) -> None:
    assert beam_seed.accuracy() >= 0.92
    assert share_near(beam_seed, rather_than_sound=True) >= 0.6


def test_without_sound_beams_the_network_need_not_look_at_the_crack(beam_seed: Seed) -> None:
    given = [b for b in beams.beams(2400, seed=0) if b.label != SOUND]
    others = [b for b in beams.beams(200, seed=1) if b.label != SOUND]
    cracked_only = Seed.taught_with(given, others, LABELS[:SOUND], beams.SIDE, epochs=6)
    assert cracked_only.accuracy() >= 0.9  # just as good, for other reasons
    told = share_near(cracked_only, rather_than_sound=False)
    assert told < 0.4 < share_near(beam_seed, rather_than_sound=False)


def test_a_digit_lies_in_its_box() -> None:
    for drawn in digits(40, seed=2):
        left, top, right, bottom = drawn.box
        outside = drawn.pixels[:, :, 0].astype(int)
        assert outside[top:bottom, left:right].max() > 150
        outside[top:bottom, left:right] = 0
        assert outside.max() < 90


@pytest.mark.parametrize("crack", [0.1, 0.5, 0.9])
def test_the_deflection_is_that_of_euler_and_bernoulli(crack: float) -> None:
    x = np.linspace(0, 1, 1001)
    sound = deflection(x, load=0.3, crack=crack, compliance=0.0)
    assert sound[-1] == pytest.approx(0.3 / 3)  # F L^3 / 3 E I
    curvature: NDArray[np.float64] = np.gradient(np.gradient(sound, x), x)
    np.testing.assert_allclose(curvature[5:-5], 0.3 * (1 - x[5:-5]), atol=1e-3)  # M = E I w''
    added = deflection(x, load=0.3, crack=crack, compliance=2.0) - sound
    assert np.all(added[x <= crack] == 0)
    assert added[-1] == pytest.approx(2.0 * 0.3 * (1 - crack) ** 2)  # the kink, times the rest


def test_pictures_are_the_same_each_time() -> None:
    for first, second in zip(beams.beams(8, seed=3), beams.beams(8, seed=3), strict=True):
        np.testing.assert_array_equal(first.pixels, second.pixels)
        assert first.crack == second.crack
        assert (first.crack is None) == (first.label == SOUND)
