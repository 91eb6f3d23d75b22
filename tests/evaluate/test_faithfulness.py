"""Deletion, insertion and confidence on pictures and networks that can be computed by hand."""

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from camviewer.errors import CancelledError, MethodError
from camviewer.evaluate.confidence import Confidence, confidence
from camviewer.evaluate.curves import Curve, blurred, deletion, insertion
from camviewer.evaluate.faithfulness import Faithfulness, faithfulness
from camviewer.evaluate.subject import Subject, subject
from camviewer.inspector import Inspector, Request
from camviewer.models.classifier import Activation
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Ask, Fit, Question
from tests.test_inspector import classifier, frame

_WHOLE = (slice(0, 8), slice(0, 8))


def region() -> Tensor:
    """A quarter of an 8 x 8 picture."""
    where = torch.zeros(8, 8)
    where[:4, :4] = 1
    return where


def brightness(pictures: Tensor) -> Tensor:
    """The mean of the region."""
    return pictures[:, :, :4, :4].mean((1, 2, 3))


def case(
    relevance: Tensor,
    picture: Tensor | None = None,
    score: Callable[[Tensor], Tensor] = brightness,
    window: tuple[slice, slice] = _WHOLE,
    share: Tensor | None = None,
) -> Subject:
    return Subject(
        picture=torch.ones(1, 3, 8, 8) if picture is None else picture,
        relevance=relevance,
        share=relevance.clamp(0, 1) if share is None else share,
        window=window,
        mean=torch.zeros(3, 1, 1),
        std=torch.ones(3, 1, 1),
        score=score,
    )


def last(curves: Iterator[Curve]) -> Curve:
    *_, whole = curves
    return whole


def test_deletion_by_hand() -> None:
    """Eight pixels a step: the region's 16 pixels are gone after two of eight steps."""
    right = last(deletion(case(region()), 8))
    assert right.shares == tuple(step / 8 for step in range(9))
    assert right.scores == (1, 0.5, 0, 0, 0, 0, 0, 0, 0)
    assert right.auc == pytest.approx((0.75 + 0.25) / 8)
    inverted = last(deletion(case(-region()), 8))
    assert inverted.scores == (1, 1, 1, 1, 1, 1, 1, 0.5, 0)
    assert inverted.auc == pytest.approx((6 + 0.75 + 0.25) / 8)


def test_insertion_by_hand() -> None:
    """The score is how much of the region's detail has come back."""
    noise = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))

    def detail(pictures: Tensor) -> Tensor:
        return brightness((pictures == noise).float())

    right = last(insertion(case(region(), noise, detail), 8))
    assert right.scores == (0, 0.5, 1, 1, 1, 1, 1, 1, 1)
    assert right.auc == pytest.approx((0.25 + 0.75 + 6) / 8)
    inverted = last(insertion(case(-region(), noise, detail), 8))
    assert inverted.auc == pytest.approx((0.25 + 0.75) / 8)


def test_curves_grow_and_a_partial_one_has_the_area_so_far() -> None:
    grown = list(deletion(case(region()), 8))
    assert len(grown) > 1
    for earlier, later in pairwise(grown):
        assert later.scores[: len(earlier.scores)] == earlier.scores
    assert np.isnan(Curve().auc)
    assert Curve((0.0, 0.5), (1.0, 0.0)).auc == 0.25


@given(
    st.lists(st.floats(-1e3, 1e3, width=32), min_size=64, max_size=64), st.floats(1, 9, width=32)
)
def test_only_the_order_of_a_map_counts(values: list[float], factor: float) -> None:
    given_map = torch.tensor(values).view(8, 8)
    ranks = case(given_map).ranks
    assert sorted(ranks.flatten().tolist()) == list(range(64))
    by_rank = given_map.flatten()[ranks.flatten().argsort()]
    assert bool((by_rank[:-1] >= by_rank[1:]).all())
    # a power of two: no two values become one by rounding
    assert torch.equal(case(given_map * 2 ** round(factor)).ranks, ranks)


def test_what_lies_beside_the_picture_is_never_touched() -> None:
    picture = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    picture[:, :, :2] = picture[:, :, 6:] = 0
    seen: list[Tensor] = []

    def keep(pictures: Tensor) -> Tensor:
        seen.extend(pictures)
        return pictures[:, 0, 3, 3]

    letterboxed = case(torch.ones(8, 8), picture, keep, (slice(2, 6), slice(0, 8)))
    assert letterboxed.pixels == 32
    last(deletion(letterboxed, 4))
    assert not seen[-1].any()
    last(insertion(letterboxed, 4))
    torch.testing.assert_close(seen[-1], picture[0])
    confidence(letterboxed)
    for shown in seen:
        assert not shown[:, :2].any()
        assert not shown[:, 6:].any()
    assert not blurred(letterboxed)[:, :2].any()


def test_the_blur_is_the_authors_at_224_pixels() -> None:
    picture = torch.zeros(1, 3, 224, 224)
    picture[:, :, 112, 112] = 1
    whole = (slice(0, 224), slice(0, 224))
    result = blurred(case(torch.zeros(224, 224), picture, window=whole))
    taps = torch.exp(-(torch.arange(-5.0, 6.0) ** 2) / (2 * 5**2))
    taps /= taps.sum()
    torch.testing.assert_close(result[0, 107:118, 107:118], torch.outer(taps, taps))
    assert result[0].sum() == pytest.approx(1, abs=1e-5)


def test_confidence_by_hand() -> None:
    """The map leaves half of the region's brightness, and black elsewhere."""
    half = confidence(case(region(), share=region() / 2))
    assert half == Confidence(whole=1.0, explained=0.5)
    assert half.drop == 0.5
    assert not half.increased

    def dark_elsewhere(pictures: Tensor) -> Tensor:
        return 1 - pictures[:, :, 4:].mean((1, 2, 3)) / 2

    better = confidence(case(region(), score=dark_elsewhere))
    assert better == Confidence(whole=0.5, explained=1.0)
    assert better.drop == 0
    assert better.increased
    assert Confidence(0.0, 0.0).drop == 0


def test_the_explanation_map_multiplies_the_picture_not_the_normalised_values() -> None:
    seen: list[Tensor] = []

    def keep(pictures: Tensor) -> Tensor:
        seen.extend(pictures)
        return torch.zeros(len(pictures))

    grey = Subject(
        picture=torch.full((1, 3, 8, 8), 0.5),  # of colour 0.5 * 0.5 + 0.25 = 0.5
        relevance=region(),
        share=region() / 2,
        window=_WHOLE,
        mean=torch.full((3, 1, 1), 0.25),
        std=torch.full((3, 1, 1), 0.5),
        score=keep,
    )
    confidence(grey)
    assert seen[1][0, 0, 0] == pytest.approx((0.25 - 0.25) / 0.5)
    assert seen[1][0, 7, 7] == pytest.approx((0 - 0.25) / 0.5)


def test_a_map_lies_over_the_input_as_over_the_picture() -> None:
    fixed = Preprocessing((0, 0, 0), (1, 1, 1), input_size=8, resize_size=8, fixed_size=True)
    inspector = Inspector(classifier(preprocessing=fixed), "cpu")
    inspection = inspector.inspect(frame(4, 8), Request(targets=(0,)))
    made = subject(inspector, inspection)
    assert made.window == (slice(2, 6), slice(0, 8))
    heatmap = inspection.explanations[0].heatmap
    np.testing.assert_allclose(made.relevance[2:6], heatmap.resample(heatmap.values), atol=1e-6)
    cropped = inspector.inspect(frame(16, 32), Request(fit=Fit.CROP, targets=(0,)))
    assert subject(inspector, cropped).window == _WHOLE


def test_faithfulness_of_a_real_pipeline_by_hand() -> None:
    """Red covers 4 of 64 pixels and speaks for class 0: logit = share of red + 0.25."""
    inspector = Inspector(classifier(activation=Activation.SIGMOID), "cpu")
    known: list[Faithfulness] = []
    inspection = inspector.inspect(frame(), Request(targets=(1, 0)))
    result = faithfulness(inspector, inspection, 1, watch=known.append, steps=16)
    reds = [1 / 16] + [0.0] * 16
    # class 0 weighs red 1 and green 2; blue nothing
    expected = [1 / (1 + np.exp(-(red + 0.25))) for red in reds]
    assert result.deletion.scores == pytest.approx(expected)
    assert (result.target, result.label, result.done) == (0, "red", 1.0)
    assert result.confidence.whole == pytest.approx(expected[0])
    assert result.confidence.explained == pytest.approx(expected[0])
    assert result.insertion.scores[-1] == pytest.approx(expected[0])
    assert known[-1] is result
    assert [k.done for k in known] == sorted({k.done for k in known})
    assert len(known[0].deletion.scores) < 17


def test_what_the_watch_raises_ends_the_work() -> None:
    inspector = Inspector(classifier(), "cpu")
    inspection = inspector.inspect(frame())
    calls = []

    def stop(known: Faithfulness) -> None:
        calls.append(known)
        raise CancelledError("enough")

    with pytest.raises(CancelledError):
        faithfulness(inspector, inspection, watch=stop)
    assert len(calls) == 1


def test_a_map_about_no_class_is_refused() -> None:
    inspector = Inspector(classifier(), "cpu")
    likeness = Question(Ask.LIKE, reference=frame())
    inspection = inspector.inspect(frame(), Request(question=likeness, method="grad-cam"))
    with pytest.raises(MethodError, match="Ask what speaks for a class"):
        faithfulness(inspector, inspection)
