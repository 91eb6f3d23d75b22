"""The naive sum, the better way and the exact softmax variant agree with the engine's CAM."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import Contrast, classes
from camviewer.inspector import Inspector, Request
from camviewer.types import Ask, Frame, Question
from tests.teach.seeds.seed import Seed
from tests.teach.seeds.ways import Array, better, naive, odds, probabilities

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
