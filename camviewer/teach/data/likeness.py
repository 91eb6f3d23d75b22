"""Which pictures are so alike that they must not stand on both sides of a split.

A picture is described by the differences between neighbouring cells of a coarse grey copy, as a
difference hash does, but with their amounts: 64 sign bits took tiles under the same lamp for one
another. What counts as alike depends on how much the pictures differ in general: photographs of
parts under a fixed camera are not copies of each other, though they would be among holiday photos.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.errors import PictureError
from camviewer.media import images
from camviewer.teach.data.dataset import Broken, Example
from camviewer.types import Frame

Print = NDArray[np.float32]

_CELLS = 12
_LENGTH = 2 * _CELLS * _CELLS
_LEAST_SIDE = 8 * _CELLS

ALIKE = 0.12
"""Share of the usual squared distance below which two pictures are alike. Copies (JPEG of quality
30, half the size, brighter, shifted by 1 %) come to at most 0.08, the nearest two of 250 different
photographs to 0.5, of 200 parts under a fixed camera to 0.3."""

_COPIES = 0.01  # squared distance below which pictures are alike whatever the others are
_BLOCK = 256


def describe(frame: Frame) -> Print:
    """A picture as ``(288,)`` float32 of length 1; zeros if it has one colour only.

    The signed roots of the horizontal and vertical differences between 13 x 13 mean greys; they
    change little with size, compression, brightness, contrast and noise.
    """
    grey = cv2.cvtColor(frame.pixels, cv2.COLOR_RGB2GRAY)
    size = (_CELLS + 1, _CELLS + 1)
    cells = cv2.resize(grey.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    across = cells[:_CELLS, 1:] - cells[:_CELLS, :-1]
    down = cells[1:, :_CELLS] - cells[:-1, :_CELLS]
    steps = np.concatenate([across.ravel(), down.ravel()])
    roots = np.sign(steps) * np.sqrt(np.abs(steps))
    length = float(np.linalg.norm(roots))
    return np.asarray(roots / length if length else roots, np.float32)


def describe_all(
    examples: Sequence[Example], report: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float32], tuple[Broken, ...]]:
    """Every example's description, and which of them cannot be read after all.

    Args:
        examples: the pictures; JPEGs are decoded small.
        report: called with how many are done, and of how many; may raise to cancel.

    Returns:
        ``(examples, 288)`` float32, zeros for unreadable ones; and those.
    """
    prints = np.zeros((len(examples), _LENGTH), np.float32)
    broken = []
    for index, example in enumerate(examples):
        try:
            prints[index] = describe(images.load(example.path, least=_LEAST_SIDE))
        except PictureError as error:
            broken.append(Broken(example.path, str(error)))
        if report is not None:
            report(index + 1, len(examples))
    return prints, tuple(broken)


def groups(prints: NDArray[np.float32], sequences: Sequence[str]) -> list[int]:
    """Which pictures belong together: alike, or of one recording, also by way of others.

    Two pictures that are each part of a recording are together only if it is the same: whoever
    records the same thing twice says that these are two looks at it.

    Args:
        prints: ``(n, 288)`` as of `describe`; zeros are like nothing else.
        sequences: of each picture, empty if it is not part of a recording.

    Returns:
        A group number for each picture, from 0 in order of first appearance. Time and 2 KB of
        memory a picture grow with n squared and n: 20,000 pictures take a few seconds.
    """
    label = _by_sequence(sequences)
    recorded = np.array([bool(s) for s in sequences], bool)
    described = np.flatnonzero(prints.any(axis=1))
    limit = _limit(prints[described])
    for start in range(0, len(described), _BLOCK):
        rows, rest = described[start : start + _BLOCK], described[start:]
        near = 2 - 2 * (prints[rows] @ prints[rest].T) <= limit
        near &= ~(recorded[rows][:, None] & recorded[rest][None])
        for row, alike in zip(rows, near, strict=True):
            _join(label, int(row), rest[alike])
    # the least member stands for its group, so sorted labels are in order of first appearance
    return [int(number) for number in np.unique(label, return_inverse=True)[1]]


def _by_sequence(sequences: Sequence[str]) -> NDArray[np.int64]:
    first: dict[str, int] = {}
    return np.array(
        [first.setdefault(s, index) if s else index for index, s in enumerate(sequences)], np.int64
    )


def _limit(prints: NDArray[np.float32]) -> float:
    """The squared distance up to which pictures are alike among these."""
    if not len(prints):
        return 0.0
    # the mean squared distance of all pairs is twice the variance
    usual = 2 * float(np.square(prints - prints.mean(axis=0)).sum(axis=1).mean())
    return max(ALIKE * usual, _COPIES)


def _join(label: NDArray[np.int64], row: int, alike: NDArray[np.int64]) -> None:
    found = label[alike]
    found = np.unique(found[found != label[row]])
    if found.size:
        found = np.append(found, label[row])
        label[np.isin(label, found)] = found.min()
