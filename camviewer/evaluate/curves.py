"""Deletion and insertion: does the score go and come with the pixels that the map points at?

Petsiuk et al. 2018, RISE: Randomized Input Sampling for Explanation of Black-box Models,
section 4.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import functional as tvf

from camviewer.evaluate.subject import Subject

STEPS = 32
# the authors' released blur: 11 taps, sigma 5, at 224 pixels
_BLUR_AT, _TAPS, _SIGMA = 224, 11, 5.0


@dataclass(frozen=True)
class Curve:
    """Scores over the share of the picture that was changed, as far as they are known.

    Attributes:
        shares: of the picture's pixels, rising from 0, in [0, 1].
        scores: the class's probability at each, in [0, 1].
    """

    shares: tuple[float, ...] = ()
    scores: tuple[float, ...] = ()

    @property
    def auc(self) -> float:
        """The area under the curve by the trapezoidal rule, in [0, 1]; over all of it once whole.

        NaN for fewer than two points.
        """
        if len(self.shares) < 2:
            return float("nan")
        return float(torch.trapezoid(torch.tensor(self.scores), torch.tensor(self.shares)))

    def extended(self, shares: Sequence[float], scores: Sequence[float]) -> Curve:
        """The curve with further points."""
        return Curve((*self.shares, *shares), (*self.scores, *scores))


def deletion(subject: Subject, steps: int = STEPS) -> Iterator[Curve]:
    """The score while the most relevant pixels are taken away; low is good.

    Pixels become the mean colour (zero after normalisation), most relevant first. The authors take
    away 224 pixels of 224 x 224 a step; here a step is ``1 / steps`` of the picture.

    Yields:
        The curve as it grows; the last one has ``steps + 1`` points.
    """
    yield from _curve(subject, steps, subject.picture[0], torch.zeros_like(subject.picture[0]))


def insertion(subject: Subject, steps: int = STEPS) -> Iterator[Curve]:
    """The score while the most relevant pixels are added to the blurred picture; high is good.

    The paper starts from a blurred picture because sharp edges against a plain ground would
    themselves be evidence.

    Yields:
        The curve as it grows; the last one has ``steps + 1`` points.
    """
    yield from _curve(subject, steps, blurred(subject), subject.picture[0])


def blurred(subject: Subject) -> Tensor:
    """The picture without detail, ``(3, height, width)``; what lies beside it stays as it is.

    A Gaussian of standard deviation 5 cut to 11 taps, as in the authors' code at 224 pixels, and
    grown with the input's shorter side; at the borders the picture is mirrored.
    """
    result = subject.picture[0].clone()
    rows, columns = subject.window
    inside = result[:, rows, columns]
    grown = min(subject.relevance.shape) / _BLUR_AT
    # mirroring needs less than the picture's own width on each side
    reach = min(max(round(_TAPS // 2 * grown), 1), min(inside.shape[1:]) - 1)
    if reach > 0:
        taps = 2 * reach + 1
        result[:, rows, columns] = tvf.gaussian_blur(
            inside, [taps, taps], [max(_SIGMA * grown, 0.5)] * 2
        )
    return result


def _curve(subject: Subject, steps: int, before: Tensor, after: Tensor) -> Iterator[Curve]:
    shares = [step / steps for step in range(steps + 1)]
    pictures = (
        torch.where(subject.ranks < round(share * subject.pixels), after, before)
        for share in shares
    )
    curve = Curve()
    for scores in subject.scores(pictures):
        known = len(curve.shares)
        curve = curve.extended(shares[known : known + len(scores)], scores)
        yield curve
