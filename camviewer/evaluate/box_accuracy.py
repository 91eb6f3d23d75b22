"""BoxAcc: how many pictures have a right box, whatever the threshold.

Choe et al. 2020, Evaluating Weakly Supervised Object Localization Methods Right, section 4.1.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import Corners
from camviewer.types import Heatmap, Map

OVERLAPS = (0.3, 0.5, 0.7)
"""The deltas of MaxBoxAccV2."""

CUTS = np.arange(100, dtype=np.float32) / 100
"""The thresholds tau: shares of the map's maximum."""

_HALF = 0.5
_SIDE, _MOST_SIDE = 224, 448  # of the raster on which maps are cut; 224 is the authors'
_MOST_PARTS = 100  # of one cut, the largest ones; as `boxes.find_boxes`
_ROUNDING = 1e-9

Overlaps = NDArray[np.float64]


class BoxAccuracy:
    """Right boxes for every threshold and overlap, counted over pictures.

    ``BoxAcc(tau, delta) = 1/N * sum_n [IoU(box(s_n, tau), B_n) >= delta]``: ``s_n`` is the map of
    the true class, ReLU and divided by its maximum; ``box`` encloses the largest component of
    ``s_n >= tau``; of several drawn boxes ``B_n`` the nearest counts.

    ``MaxBoxAcc(delta) = max_tau BoxAcc(tau, delta)``, with delta 0.5: one threshold for all
    pictures, the best one.

    MaxBoxAccV2 (the extended paper, Evaluation for Weakly Supervised Object Localization: Protocol,
    Metrics, and Datasets) takes the best of the boxes of all components and of all drawn boxes, and
    averages ``MaxBoxAcc(delta)`` over delta in 0.3, 0.5 and 0.7.
    """

    def __init__(self) -> None:
        self.pictures = 0
        self._largest = np.zeros(len(CUTS), np.int64)
        self._every = np.zeros((len(OVERLAPS), len(CUTS)), np.int64)

    def add(self, largest: Overlaps, every: Overlaps) -> None:
        """Count a picture by what `sweep` found."""
        self.pictures += 1
        self._largest += reaches(largest, _HALF)
        self._every += reaches(every, np.array(OVERLAPS)[:, None])

    @property
    def max_box_acc(self) -> float:
        """In [0, 1]; 0 before the first picture."""
        return float(self._largest.max()) / max(self.pictures, 1)

    @property
    def best_cut(self) -> float:
        """The threshold that gives `max_box_acc`; the lowest of several."""
        return round(float(CUTS[self._largest.argmax()]), 2)

    @property
    def by_overlap(self) -> dict[float, float]:
        """MaxBoxAccV2's terms: for each overlap the best share over the thresholds, in [0, 1]."""
        best = self._every.max(axis=1) / max(self.pictures, 1)
        return dict(zip(OVERLAPS, best.tolist(), strict=True))

    @property
    def max_box_acc_v2(self) -> float:
        """In [0, 1]; 0 before the first picture."""
        return sum(self.by_overlap.values()) / len(OVERLAPS)


def sweep(heatmap: Heatmap, drawn: Sequence[Corners]) -> tuple[Overlaps, Overlaps]:
    """How well the boxes of a map meet drawn ones, for every threshold of `CUTS`.

    The map is laid over a raster of 224 pixels along the picture's longer side (more when the map
    itself is finer), so edges are right to half of such a pixel. Components are 8-connected.

    Args:
        heatmap: of the true class.
        drawn: shares of the picture, see `Truth.boxes`; at least one.

    Returns:
        The best intersection over union with a drawn box, in [0, 1], ``(len(CUTS),)`` each: of the
        largest component's box, and of all components' boxes.
    """
    height, width = heatmap.geometry.picture
    scale = min(max(_SIDE, *heatmap.cells), _MOST_SIDE) / max(height, width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    rows, columns = heatmap.geometry.window(size)
    values = heatmap.resample(heatmap.positive, size)[rows, columns]
    parts, first = _parts(np.ascontiguousarray(values))
    parts[:, :2] += (columns.start, rows.start)
    corners = np.concatenate((parts[:, :2], parts[:, :2] + parts[:, 2:]), axis=1)
    best = overlaps(corners / (size[1], size[0], size[1], size[0]), drawn)
    largest, every = np.zeros(len(CUTS)), np.zeros(len(CUTS))
    largest[: len(first)] = best[first]
    every[: len(first)] = np.maximum.reduceat(best, first)
    return largest, every


def reaches(overlap: Overlaps | float, least: Overlaps | float) -> NDArray[np.bool_]:
    """Whether an overlap is as large, whatever its last binary digits say."""
    return np.asarray(overlap >= np.asarray(least) - _ROUNDING)


def overlaps(boxes: NDArray[np.float64], drawn: Sequence[Corners]) -> Overlaps:
    """The best intersection over union of each box ``(boxes, 4)`` with a drawn one, in [0, 1]."""
    one, other = boxes[:, None], np.array(drawn, np.float64)[None]
    sides = np.minimum(one[..., 2:], other[..., 2:]) - np.maximum(one[..., :2], other[..., :2])
    shared = np.maximum(sides, 0).prod(-1)
    areas = (one[..., 2:] - one[..., :2]).prod(-1) + (other[..., 2:] - other[..., :2]).prod(-1)
    best: Overlaps = (shared / (areas - shared)).max(axis=1)
    return best


def _parts(values: Map) -> tuple[NDArray[np.float64], list[int]]:
    """Left, top, width and height of every component at every cut, the largest of each cut first.

    Returns:
        ``(components, 4)``, and where the components of each cut begin; a cut above the maximum,
        and all after it, have none.
    """
    found: list[NDArray[np.int32]] = []
    first: list[int] = []
    x = y = 0
    for cut in CUTS:
        # level sets are nested: what lies outside the last one is not looked at again
        _, _, stats, _ = cv2.connectedComponentsWithStats(
            (values >= cut).view(np.uint8), connectivity=8, ltype=cv2.CV_16U
        )
        order = np.argsort(-stats[1:, cv2.CC_STAT_AREA], kind="stable")
        if not len(order):
            break
        stats = stats[1:][order, :4]
        first.append(sum(map(len, found)))
        left, top = stats[:, :2].min(0)
        right, bottom = (stats[:, :2] + stats[:, 2:]).max(0)
        values = values[top:bottom, left:right]
        found.append(stats[:_MOST_PARTS] + np.array((x, y, 0, 0), np.int32))
        x, y = x + left, y + top
    return np.concatenate(found).astype(np.float64), first
