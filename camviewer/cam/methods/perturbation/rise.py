"""RISE: the score of the picture behind random masks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from camviewer.cam.methods.method import Partial
from camviewer.cam.methods.perturbation.batches import prepare
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.types import Size

_GRID = 7  # cells of a mask along each side, as in the paper
_VISIBLE = 0.5  # probability that a cell is seen, as in the paper
_SEED = 0


def rise(run: Run, targets: Sequence[Target], masks: int = 1000) -> Iterator[Partial]:
    """RISE (Petsiuk et al. 2018, equation 6, masks as in section 3.2).

    ``M_c(x) = 1 / (N p) sum_i (y^c(X * m_i) - mean_j y^c(X * m_j)) m_i(x)`` with ``m_i`` a random
    7 x 7 grid of zeros and ones, a cell being one with probability ``p = 0.5``, enlarged
    bilinearly and shifted at random; seeded. The paper leaves the mean out: in expectation it adds
    the same number everywhere, but with logits, which unlike its probabilities are not bounded, it
    would drown the map in noise. So positive is seen to help and negative to harm.

    Args:
        masks: N; the paper takes 4,000 and 8,000.

    Yields:
        maps, float ``(len(targets), height, width)`` of the network's input, unbounded: the mean
        over the masks so far.
    """
    picture = run.picture
    size = (picture.shape[2], picture.shape[3])
    prepared = prepare(run)
    drawn = RandomMasks.drawn(masks, size)
    offset = prepared.run.of_pictures(picture, targets)  # small sums keep their digits
    scores = picture.new_zeros(len(targets), 1, 1)
    seen = picture.new_zeros(size)
    weighed = picture.new_zeros(len(targets), *size)
    for start in range(0, masks, prepared.at_once):
        stop = min(start + prepared.at_once, masks)
        some = drawn.between(start, stop).to(picture)
        values = prepared.run.of_pictures(some * picture, targets) - offset
        scores += values.sum(1)[:, None, None]
        seen += some.sum((0, 1))
        weighed += torch.einsum("tb,bhw->thw", values, some[:, 0])
        yield Partial((weighed - scores / stop * seen) / (stop * _VISIBLE), stop / masks)


@dataclass(frozen=True, eq=False)
class RandomMasks:
    """Smooth random masks, drawn small; the same however many are made at a time.

    Attributes:
        grids: float ``(masks, 1, 7, 7)`` of zeros and ones.
        shifts: int64 ``(masks, 2)``, pixels down and right.
        size: of the picture, ``(height, width)``.
    """

    grids: Tensor
    shifts: Tensor
    size: Size

    @classmethod
    def drawn(cls, count: int, size: Size) -> RandomMasks:
        """So many masks for pictures of this size."""
        generator = torch.Generator().manual_seed(_SEED)
        grids = torch.rand(count, 1, _GRID, _GRID, generator=generator) < _VISIBLE
        shifts = [
            torch.randint(math.ceil(side / _GRID), (count,), generator=generator) for side in size
        ]
        return cls(grids.float(), torch.stack(shifts, 1), size)

    def between(self, start: int, stop: int) -> Tensor:
        """Some of them enlarged, float ``(stop - start, 1, height, width)`` in [0, 1]."""
        height, width = self.size
        enlarged = [(_GRID + 1) * math.ceil(side / _GRID) for side in self.size]
        large = F.interpolate(self.grids[start:stop], enlarged, mode="bilinear")
        shifts = self.shifts[start:stop].tolist()
        return torch.stack(
            [
                mask[:, down : down + height, right : right + width]
                for mask, (down, right) in zip(large, shifts, strict=True)
            ]
        )
