"""The seeds of this project: the ways to make a map agree, and point at what was taught.

The naive sum, the better way and the exact softmax variant are the engine's CAM; told only what is
in a picture, the networks point at where it is. One file, so that each seed is taught once.
"""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import Contrast, classes
from camviewer.inspector import Inspector, Request
from camviewer.types import Ask, Frame, Question
from tests.teach.seeds import beams
from tests.teach.seeds.beams import SOUND, deflection
from tests.teach.seeds.digits import Digit, digits
from tests.teach.seeds.pointing import figures, highest, share_near
from tests.teach.seeds.seed import Seed
from tests.teach.seeds.ways import Array, better, naive, odds, probabilities
from tests.teach.seeds.writing import Numbers

pytestmark = pytest.mark.long

CLOSE = 1e-5


def assert_same_map(drawn: NDArray[np.floating], expected: Array) -> None:
    """Up to 1e-5 of the largest value: float32 knows sums of large terms no better."""
    assert np.abs(expected).max() > 0.5  # there is something to agree on
    np.testing.assert_allclose(drawn, expected, rtol=0, atol=CLOSE * np.abs(expected).max())


def test_the_naive_sum_is_the_better_way(seed: Seed) -> None:
    activations, weight, _ = seed.layer()
    for activation, picture in zip(activations[:8], seed.pictures, strict=False):
        loops = naive(activation, weight, picture.label)
        assert_same_map(loops, better(activation, weight)[picture.label])


def test_the_engine_finds_the_layer_and_draws_the_same_maps(seed: Seed) -> None:
    activations, weight, _ = seed.layer()
    everything = classes(*range(len(seed.labels)))
    for activation, run in zip(activations, seed.runs(), strict=True):
        assert run.layer.name == "features.11"
        assert_same_map(cam(run, everything).numpy(), better(activation, weight))


def test_the_softmax_of_the_maps_is_what_the_network_says(seed: Seed) -> None:
    activations, weight, bias = seed.layer()
    said = torch.softmax(seed.logits().double(), 1).numpy()
    assert said.max() > 0.9
    for activation, row in zip(activations, said, strict=True):
        np.testing.assert_allclose(probabilities(better(activation, weight), bias), row, atol=CLOSE)


def test_the_maps_of_a_picture_in_the_window_sum_up_to_its_scores(seed: Seed) -> None:
    inspector = Inspector(seed.classifier(), "cpu", "eager")
    everything = Request(targets=tuple(range(len(seed.labels))))
    bias = seed.layer()[2]
    for picture in seed.pictures[:12]:
        seen = inspector.inspect(Frame(picture.pixels, "seed", 0), everything)
        maps = np.stack([e.heatmap.values for e in seen.explanations]).astype(np.float64)
        shown = [e.heatmap.score for e in seen.explanations]
        np.testing.assert_allclose(probabilities(maps, bias), shown, atol=CLOSE)


def test_one_class_rather_than_another_is_the_difference_of_their_maps(seed: Seed) -> None:
    activations, weight, bias = seed.layer()
    logits = seed.logits().double()
    for activation, row, run in zip(activations, logits, seed.runs(), strict=True):
        best, next_best = (int(index) for index in row.topk(2).indices)
        heatmap, rest = odds(better(activation, weight), bias, best, next_best)
        assert_same_map(cam(run, [Contrast(best, next_best)])[0].numpy(), heatmap)
        told = torch.softmax(row, 0)
        log_odds = math.log(told[best]) - math.log(told[next_best])
        assert math.isclose(heatmap.mean() + rest, log_odds, rel_tol=CLOSE, abs_tol=CLOSE)


def test_a_question_in_the_window_draws_that_difference(seed: Seed) -> None:
    picture = seed.pictures[0]
    other = (picture.label + 1) % len(seed.labels)
    question = Question(Ask.RATHER_THAN, other=other)
    inspector = Inspector(seed.classifier(), "cpu", "eager")
    frame = Frame(picture.pixels, "seed", 0)
    seen = inspector.inspect(frame, Request(targets=(picture.label,), question=question))
    activations, weight, bias = seed.layer()
    expected, _ = odds(better(activations[0], weight), bias, picture.label, other)
    (explanation,) = seen.explanations
    assert_same_map(explanation.heatmap.values, expected)


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


def test_what_the_page_says_of_beams_comes_out_again(
    cracked_only_seed: Seed, beam_seed: Seed
) -> None:
    numbers = Numbers.kept()
    # another machine adds up in another order, and so teaches another network
    again = figures(cracked_only_seed, beam_seed)
    assert numbers.beams.shape == (5, 5)
    assert np.all(again >= numbers.beams.min(axis=0) - 0.1)
    assert np.all(again <= numbers.beams.max(axis=0) + 0.1)
    _, cracked, _, _, rather = numbers.beams.T
    assert cracked.max() < rather.min()


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
