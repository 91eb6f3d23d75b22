"""Pooling of what few cells show."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

_STEPS = 1000  # of the share of cells that count


class StrongestCells(nn.Module):
    """The mean of each map's strongest cells, ``(N, maps, rows, columns)`` to ``(N, maps)``.

    Between average pooling (all cells; Zhou et al. 2016) and maximum pooling (one; Oquab et al.
    2015, Is Object Localization for Free?). With several shares the mean of their means: a cell
    counts the more the stronger it is (rank-weighted pooling), and a thing may have any size.
    Numbers of cells are rounded up.

    Args:
        shares: of the cells, ascending, above 0, at most 1, in steps of 1/1000.
    """

    def __init__(self, shares: Sequence[float]) -> None:
        super().__init__()
        self.shares = tuple(shares)

    def forward(self, maps: Tensor) -> Tensor:
        """The means."""
        cells = maps.flatten(2)
        counts = [strongest_of(cells.shape[2], share) for share in self.shares]
        values = cells.topk(counts[-1], 2).values
        return torch.stack([values[:, :, :count].mean(2) for count in counts]).mean(0)


def strongest_of(cells: int, share: float) -> int:
    """How many cells a share of them is."""
    # without math.ceil and max, so that exports can follow for all sizes
    return (cells * round(share * _STEPS) + _STEPS - 1) // _STEPS
