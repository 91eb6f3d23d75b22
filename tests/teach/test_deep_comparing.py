"""Whether deep teaching has brought something, by hand."""

import math

import numpy as np
import pytest

from camviewer.teach.deep.comparing import Comparison, compare
from camviewer.teach.deep.trial import Trial

_TRUTH = np.array([[1, 0], [1, 0], [0, 1], [0, 1]], np.float32)
_UNSURE = math.log(2)


def _by(fast: tuple[float, float], deep: tuple[float, float]) -> Comparison:
    """From loss and balanced accuracy of either."""
    return Comparison(4, *(Trial(loss, share, share) for loss, share in (fast, deep)))


def test_answers_are_calibrated_and_judged() -> None:
    knowing = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    nothing = np.zeros((4, 2))
    found = compare(nothing, knowing, _TRUTH, multi_label=False)
    assert found.pictures == 4
    assert found.fast.loss == pytest.approx(_UNSURE)
    assert (found.fast.accuracy, found.fast.balanced) == (0.5, 0.5)
    # the temperature stays 1 where surer would be better: log(1 + exp(-1))
    assert found.deep.loss == pytest.approx(math.log1p(math.exp(-1)))
    assert (found.deep.accuracy, found.deep.balanced) == (1, 1)
    assert found.clearly_better


def test_too_sure_answers_are_cooled_down() -> None:
    """Three of four right with 30 nats between: the best temperature is 30 / log(3)."""
    sure = np.array([[30.0, 0], [30, 0], [0, 30], [30, 0]])
    found = compare(sure, sure, _TRUTH, multi_label=False)
    # the highest temperature is 5
    expected = (3 * math.log1p(math.exp(-6)) + math.log1p(math.exp(6))) / 4
    assert found.fast.loss == pytest.approx(expected)
    assert found.fast == found.deep


def test_several_labels_are_judged_one_by_one() -> None:
    said = np.array([[2.0, -2], [2, -2], [-2, 2], [2, 2]])
    found = compare(said, said, _TRUTH, multi_label=True)
    assert found.deep.accuracy == 7 / 8
    assert found.deep.balanced == pytest.approx((1 + 0.5 + 1 + 1) / 4)


@pytest.mark.parametrize(
    ("deep", "as_good", "better", "clearly"),
    [
        ((0.40, 0.8), True, True, True),
        ((0.46, 0.8), True, True, False),
        ((0.50, 0.8), True, False, False),
        ((0.40, 0.7), False, True, False),
        ((0.60, 0.9), True, False, False),
    ],
)
def test_how_much_better(
    deep: tuple[float, float], as_good: bool, better: bool, clearly: bool
) -> None:
    found = _by((0.5, 0.8), deep)
    assert (found.as_good, found.better, found.clearly_better) == (as_good, better, clearly)
