"""Pooling of what few cells show."""

from __future__ import annotations

from torch import Tensor, nn

_STEPS = 1000  # of the share of cells that count


class StrongestCells(nn.Module):
    """The mean of each map's strongest cells, ``(N, maps, rows, columns)`` to ``(N, maps)``.

    Between average pooling (all cells; Zhou et al. 2016) and maximum pooling (one; Oquab et al.
    2015, Is Object Localization for Free?). The number of cells is rounded up.

    Args:
        share: of the cells, above 0, at most 1, in steps of 1/1000.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, maps: Tensor) -> Tensor:
        """The means."""
        cells = maps.flatten(2)
        return cells.topk(strongest_of(cells.shape[2], self.share), 2).values.mean(2)


def strongest_of(cells: int, share: float) -> int:
    """How many cells a share of them is."""
    # without math.ceil and max, so that exports can follow for all sizes
    return (cells * round(share * _STEPS) + _STEPS - 1) // _STEPS
