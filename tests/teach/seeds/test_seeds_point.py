"""Told only what is in a picture, the networks point at where it is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.teach.seeds import beams
from tests.teach.seeds.beams import SOUND, deflection
from tests.teach.seeds.digits import Digit, digits
from tests.teach.seeds.pointing import highest, share_near
from tests.teach.seeds.seed import Seed
from tests.teach.seeds.ways import better


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


def test_without_sound_beams_the_network_need_not_look_at_the_crack(
    beam_seed: Seed, cracked_only_seed: Seed
) -> None:
    assert cracked_only_seed.accuracy() >= 0.85  # just as good, for other reasons
    asked = share_near(beam_seed, rather_than_sound=True)
    assert share_near(cracked_only_seed) + 0.1 < asked


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
