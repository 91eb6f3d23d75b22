"""One picture, one class, and where it is."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError
from camviewer.teach.data.dataset import Broken
from camviewer.types import Size

Mask = NDArray[np.bool_]
Polygon = NDArray[np.float64]

_NUDGE = 1e-6  # pixels
_MOST_PARTS = 100  # of one mask; a speckled one must not stall the program


@dataclass(frozen=True, eq=False)
class Truth:
    """Where the things of one class are.

    Attributes:
        boxes: ``(left, top, right, bottom)`` of each as shares of the picture's width and height,
            in [0, 1]; a derived box is right when it meets any of them. Empty where nothing is
            marked.
        mask: bool ``(height, width)``, all their pixels; None where only boxes were drawn.
    """

    boxes: tuple[Corners, ...]
    mask: Mask | None = None


@dataclass(frozen=True)
class Sample:
    """A picture, what is on it, and where.

    A picture with things of several classes is a sample for each of them.

    Attributes:
        picture: the file.
        name: the class as the annotation calls it.
        boxes: as drawn, see `Truth.boxes`; empty on a picture where nothing is marked, and where a
            mask is drawn instead.
        mask: reads the mask, bool ``(height, width)``; None where only boxes were drawn.
        others: the other classes that are on the picture.
    """

    picture: Path
    name: str
    boxes: tuple[Corners, ...] = ()
    mask: Callable[[], Mask] | None = None
    others: frozenset[str] = frozenset()

    @property
    def marked(self) -> bool:
        """Whether it can say where the class is."""
        return bool(self.boxes) or self.mask is not None

    def truth(self) -> Truth:
        """Where the class is; of a mask without boxes, the boxes of its parts.

        Raises:
            CamviewerError: if the mask cannot be read.
        """
        mask = None if self.mask is None else self.mask()
        boxes = self.boxes if mask is None or self.boxes else boxes_of(mask)
        return Truth(boxes, mask if boxes else None)


@dataclass(frozen=True)
class Annotations:
    """What people marked on the pictures of a data set, as far as it can be used.

    Attributes:
        samples: pictures with what is marked on them.
        broken: annotations that are left out, and why.
        unsure: stems of the pictures that these speak of, casefolded: what they show is not known.
    """

    samples: tuple[Sample, ...]
    broken: tuple[Broken, ...] = ()
    unsure: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.broken and not self.samples:
            path, reason = self.broken[0].path, self.broken[0].reason
            more = f" ({len(self.broken) - 1:,} more like it.)" if len(self.broken) > 1 else ""
            raise CamviewerError(f"No annotation can be used. {path}: {reason}{more}")


def boxes_of(mask: Mask) -> tuple[Corners, ...]:
    """The boxes of a mask's 8-connected parts, at most the 100 largest, and one around them all.

    Args:
        mask: bool ``(height, width)``.

    Returns:
        Shares of the picture, see `Truth.boxes`; none for an empty mask.
    """
    height, width = mask.shape
    count, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    if count == 1:
        return ()
    parts = stats[1:][np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")].astype(np.float64)
    corners = np.concatenate((parts[:, :2], parts[:, :2] + parts[:, 2:4]), axis=1)
    corners /= (width, height, width, height)
    around = np.concatenate((corners[:, :2].min(0), corners[:, 2:].max(0)))
    drawn = corners[:_MOST_PARTS] if count == 2 else (*corners[:_MOST_PARTS], around)
    return tuple((float(a), float(b), float(c), float(d)) for a, b, c, d in drawn)


def filled(polygons: Iterable[Polygon], size: Size) -> Mask:
    """What polygons cover.

    Args:
        polygons: float64 ``(points, 2)`` each, x and y in pixels; integers name pixels' corners.
        size: ``(height, width)`` of the picture.
    """
    height, width = size
    mask = np.zeros(size, np.uint8)
    for polygon in polygons:
        # far beyond the picture OpenCV's numbers overflow
        inside = np.clip(polygon, -1, (width + 1, height + 1)) - 0.5
        # an edge between two pixels belongs to the inner one
        inside += _NUDGE * np.sign(inside.mean(axis=0) - inside)
        cv2.fillPoly(mask, [np.rint(inside).astype(np.int32)], 1)
    return mask.astype(bool)


def corners_of(left: float, top: float, right: float, bottom: float) -> Corners:
    """A drawn box, checked.

    Args:
        left: the edges as shares of the picture; a little beyond it is cut off.

    Raises:
        ValueError: if the numbers are not finite or the box has no area on the picture.
    """
    if not all(map(math.isfinite, (left, top, right, bottom))):
        raise ValueError("a box whose numbers are not finite")
    kept = max(left, 0.0), max(top, 0.0), min(right, 1.0), min(bottom, 1.0)
    if kept[0] >= kept[2] or kept[1] >= kept[3]:
        raise ValueError("a box without area on the picture")
    return kept
