"""ROAD: remove pixels so that their removal itself tells nothing.

Rong et al. 2022, A Consistent and Efficient Evaluation Strategy for Attribution Methods.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camviewer.evaluate.subject import Subject
from camviewer.types import Map

SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
_NOISE = 0.01  # the authors' default, in normalised values
_TOLERANCE = 1e-5  # of the system: leaves the solution's error below the noise
_MOST_STEPS = 1000
_ROW = np.array([1, 2, 1], np.float32)
_MIDDLE = np.float32(1 / 3)


@dataclass(frozen=True)
class Road:
    """Scores after shares of the picture were removed and imputed.

    Attributes:
        shares: how much was removed, in (0, 1).
        most: the class's probability after the most relevant pixels went, for each share.
        least: after the least relevant ones went.
    """

    shares: tuple[float, ...]
    most: tuple[float, ...]
    least: tuple[float, ...]

    @property
    def margin(self) -> float:
        """Mean of ``least - most``, in [-1, 1]: high is good, near zero is as good as chance."""
        return sum(a - b for a, b in zip(self.least, self.most, strict=True)) / len(self.shares)


def road(subject: Subject, shares: Sequence[float] = SHARES, seed: int = 0) -> Road:
    """Remove the most, and the least, relevant pixels; impute them; ask for the score.

    Args:
        subject: a picture with its map.
        shares: of the picture, each in (0, 1).
        seed: of the noise.
    """
    # rounded down, so that a pixel is left to impute from
    counts = [int(share * subject.pixels) for share in shares]
    ranks, last = subject.ranks, subject.pixels
    # beside the picture the ranks are beyond the number of pixels
    gone = [ranks < count for count in counts]
    gone += [(ranks >= last - count) & (ranks < last) for count in counts]
    scores = [s for chunk in subject.scores(_imputed(subject, gone, seed)) for s in chunk]
    return Road(tuple(shares), tuple(scores[: len(shares)]), tuple(scores[len(shares) :]))


def impute(picture: Map, missing: NDArray[np.bool_]) -> Map:
    """Fill in missing pixels from their neighbours: noisy linear imputation without its noise.

    Every missing pixel is the mean of its neighbours, missing or not, with the weights 1/6 (beside,
    above, below) and 1/12 (diagonal); neighbours beyond the border do not count. That is a sparse
    symmetric linear system, which conjugate gradients solve from a coarse-to-fine first guess.

    Args:
        picture: float32 ``(height, width, 3)``.
        missing: ``(height, width)``; at least one pixel is there.

    Returns:
        float32 ``(height, width, 3)``; what is not missing is untouched.
    """
    hole = np.repeat(missing[..., None], 3, axis=2).astype(np.float32)
    known = picture * (1 - hole)
    own = hole * _neighbours(np.ones_like(picture))

    def system(values: Map) -> Map:
        return own * values - hole * _neighbours(values)

    values = hole * _guess(known, missing)
    residual = hole * _neighbours(known) - system(values)
    direction = residual.copy()
    energy = np.vdot(residual, residual)
    for _ in range(_MOST_STEPS):
        if np.abs(residual).max() < _TOLERANCE:
            break
        turned = system(direction)
        step = energy / np.vdot(direction, turned)
        values += step * direction
        residual -= step * turned
        before, energy = energy, np.vdot(residual, residual)
        direction *= energy / before
        direction += residual
    return np.where(missing[..., None], values, picture)


def _imputed(subject: Subject, gone: Sequence[Tensor], seed: int) -> Iterator[Tensor]:
    rows, columns = subject.window
    inside = np.ascontiguousarray(subject.picture[0, :, rows, columns].permute(1, 2, 0).numpy())
    random = np.random.default_rng(seed)
    for missing in gone:
        hole = missing[rows, columns].numpy()
        noise = _NOISE * random.standard_normal(inside.shape, np.float32)
        filled = impute(inside, hole) + noise * hole[..., None]
        picture = subject.picture[0].clone()
        picture[:, rows, columns] = torch.from_numpy(filled).permute(2, 0, 1)
        yield picture


def _neighbours(values: Map) -> Map:
    """The weighted sum of every pixel's eight neighbours."""
    # [1 2 1] by [1 2 1] is 12 times the weights, but for the 4 in the middle
    sums = cv2.sepFilter2D(values, -1, _ROW, _ROW / 12, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(sums, np.float32) - values * _MIDDLE


def _guess(known: Map, missing: NDArray[np.bool_]) -> Map:
    """Missing pixels from an ever coarser picture in which they are not missing."""
    if not missing.any():
        return known
    size = known.shape[1], known.shape[0]
    half = (size[0] + 1) // 2, (size[1] + 1) // 2
    share = cv2.resize((~missing).astype(np.float32), half, interpolation=cv2.INTER_AREA)
    sums = cv2.resize(known, half, interpolation=cv2.INTER_AREA)
    mean = sums / np.where(share > 0, share, 1)[..., None]
    coarse = impute(np.asarray(mean, np.float32), share == 0)
    return np.asarray(cv2.resize(coarse, size, interpolation=cv2.INTER_LINEAR), np.float32)
