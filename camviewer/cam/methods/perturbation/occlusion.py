"""Occlusion sensitivity: what the score loses where the picture is covered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch.nn.functional as F
from torch import Tensor

from camviewer.cam.methods.method import Partial
from camviewer.cam.methods.perturbation.batches import prepare
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.types import Size

_PATCH = 4  # cells along a patch's side; every stride divides it
_STRIDES = (4, 2, 1)  # cells between patches, coarse to fine
_PATCHES = 5  # side by side along the shorter side: near the original's 50 of 224 pixels


def occlusion(run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
    """Occlusion sensitivity (Zeiler & Fergus 2014, section 4.2).

    A patch, a fifth of the shorter side wide and in the picture's mean colour, is slid over the
    picture. ``M_c(cell) = mean_p (y^c(X) - y^c(X_p))`` over the patches ``p`` that cover the cell,
    with ``y`` the score: positive where covering hurts. First the patches lie side by side, then
    half a patch apart, then a quarter; each time the cells of the map are halved.

    Yields:
        maps, float ``(len(targets), rows, columns)``, unbounded, 5 to 20 cells along the shorter
        side; a cell that no patch has covered yet is zero.
    """
    picture = run.picture
    cells = _lattice((picture.shape[2], picture.shape[3]))
    prepared = prepare(run)
    whole = prepared.run.of_pictures(picture, targets)
    losses = picture.new_zeros(len(targets), *cells)
    covered = picture.new_zeros(cells)
    stages = _stages(cells)
    total, done = sum(len(places) for places in stages), 0
    for stride, places in zip(_STRIDES, stages, strict=True):
        for start in range(0, len(places), prepared.at_once):
            some = places[start : start + prepared.at_once]
            drops = whole - prepared.run.of_pictures(_occluded(picture, some, cells), targets)
            for (row, column), drop in zip(some, drops.T, strict=True):
                losses[:, row : row + _PATCH, column : column + _PATCH] += drop[:, None, None]
                covered[row : row + _PATCH, column : column + _PATCH] += 1
            done += len(some)
            mean = losses / covered.clamp_min(1)
            yield Partial(F.avg_pool2d(mean[None], stride)[0], done / total)


def _lattice(size: Size) -> Size:
    """Cells, about square: whole patches along both sides of a picture."""
    shorter = min(size)
    patches = min(_PATCHES, max(1, shorter // _PATCH))
    rows, columns = (max(1, round(patches * side / shorter)) * _PATCH for side in size)
    return rows, columns


def _stages(cells: Size) -> list[list[Size]]:
    """For each stride the places (row, column) of the patches that no coarser one has had."""
    had: set[Size] = set()
    stages = []
    for stride in _STRIDES:
        rows, columns = (range(0, count - _PATCH + 1, stride) for count in cells)
        new = [place for row in rows for column in columns if (place := (row, column)) not in had]
        had.update(new)
        stages.append(new)
    return stages


def _occluded(picture: Tensor, places: Sequence[Size], cells: Size) -> Tensor:
    """The picture once for each place, covered there."""
    height, width = picture.shape[2:]
    batch = picture.expand(len(places), -1, -1, -1).clone()
    colour = picture.mean((2, 3))[0, :, None, None]
    for covered, (row, column) in zip(batch, places, strict=True):
        top, bottom = (edge * height // cells[0] for edge in (row, row + _PATCH))
        left, right = (edge * width // cells[1] for edge in (column, column + _PATCH))
        covered[:, top:bottom, left:right] = colour
    return batch
