"""Where a layer's cells look: not always at the middle of what they stand for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional as F

Shift = tuple[float, float]
"""``(rows, columns)``: by how many cells what a cell sees lies before the cell's own place."""

NONE: Shift = (0.0, 0.0)

_FARTHEST = 4  # cells between a map and that of the mirrored picture
_LEAST_LIKENESS = 0.2
_LEAST_SHIFT = 0.25  # cells; less is not worth mixing neighbours

_ROWS, _COLUMNS = 1, 2  # of (channels, rows, columns)


@dataclass(eq=False)
class Registration:
    """Measures by how much a layer's cells look beside their own place.

    A convolution of stride 2 with 3 x 3 weights and a padding of 1 looks at pixel ``2 i`` where its
    cell stands for the pixels ``2 i`` and ``2 i + 1``: after ``n`` of them, nearly half a cell
    before the cell's middle. Weights may make up for it, as those of residual networks do, or
    add to it, where they were learnt with another padding; so it is measured. The map of the
    mirrored picture, mirrored back, is off the other way: the displacement at which the two are
    most alike (cross-correlation over all channels, with a parabola through its highest values)
    is twice the shift.
    """

    _likeness: dict[int, dict[int, list[float]]] = field(
        default_factory=lambda: {_ROWS: {}, _COLUMNS: {}}
    )

    def add(self, upright: Tensor, overturned: Tensor, mirrored: Tensor) -> None:
        """Count one more picture.

        Args:
            upright: its activation, float ``(channels, rows, columns)``.
            overturned: that of the picture with its top below, as the network gives it.
            mirrored: likewise with left and right exchanged.
        """
        for axis, other in ((_ROWS, overturned), (_COLUMNS, mirrored)):
            first, second = _varying(upright), _varying(other.flip(axis))
            farthest = min(_FARTHEST, (upright.shape[axis] - 1) // 2)
            for lag in range(-farthest, farthest + 1):
                likeness = _likeness(first, second, axis, lag)
                self._likeness[axis].setdefault(lag, []).append(likeness)

    @property
    def shift(self) -> Shift:
        """What was found; 0 along an axis where the pictures do not tell."""
        return _found(self._likeness[_ROWS]), _found(self._likeness[_COLUMNS])


def moved(grid: Tensor, shift: Shift) -> Tensor:
    """A grid whose cells look at their own place.

    Args:
        grid: float ``(N, channels, rows, columns)``.
        shift: of its cells.

    Returns:
        Of the same shape: each cell is mixed from those that look nearest to its place
        (linearly), the border's cells reach out.
    """
    for axis, cells in zip((2, 3), shift, strict=True):
        if cells:
            grid = _moved(grid, axis, cells)
    return grid


def _moved(grid: Tensor, axis: int, cells: float) -> Tensor:
    whole = math.floor(cells)
    rim = max(whole + 2, 1 - whole)
    across = axis == 3
    # from the last axis on, both ends of each
    wider = F.pad(grid, [rim, rim, 0, 0] if across else [0, 0, rim, rim], mode="replicate")
    # not `narrow`, which would fix the size in what is exported
    near, far = (
        wider[..., start : start - 2 * rim] if across else wider[:, :, start : start - 2 * rim]
        for start in (rim + whole, rim + whole + 1)
    )
    return torch.lerp(near, far, cells - whole)


def _varying(grid: Tensor) -> Tensor:
    grid = grid.float()
    return grid - grid.mean((1, 2), keepdim=True)


def _likeness(first: Tensor, second: Tensor, axis: int, lag: int) -> float:
    length = first.shape[axis] - abs(lag)
    first = first.narrow(axis, max(lag, 0), length)
    second = second.narrow(axis, max(-lag, 0), length)
    scale = first.norm() * second.norm()
    return float((first * second).sum() / scale) if scale > 0 else 0.0


def _found(likeness: dict[int, list[float]]) -> float:
    mean = {lag: _mean(values) for lag, values in likeness.items()}
    best = max(mean, key=lambda lag: (mean[lag], -abs(lag)), default=0)
    if best - 1 not in mean or best + 1 not in mean or mean[best] < _LEAST_LIKENESS:
        return 0.0
    before, after = mean[best - 1], mean[best + 1]
    bend = before - 2 * mean[best] + after
    beside = 0.5 * (before - after) / bend if bend else 0.0
    shift = (best + beside) / 2
    return 0.0 if abs(shift) < _LEAST_SHIFT else round(shift, 3)


def _mean(values: Iterable[float]) -> float:
    kept = list(values)
    return sum(kept) / len(kept)
