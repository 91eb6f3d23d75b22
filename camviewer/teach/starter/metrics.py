"""Figures of merit on arrays: average precision, boxes from maps, overlap."""

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.teach.starter.scenes import BoxCorners

BOX_THRESHOLD = 0.35
"""Share of the map's maximum above which a pixel belongs to the object, for every class."""
COMPONENT_SHARE = 0.35
"""Components at least that large, relative to the largest, belong to the object."""


def average_precision(scores: NDArray[np.float32], labels: NDArray[np.float32]) -> float:
    """Area under the precision-recall steps; NaN labels are left out, NaN without positives.

    Args:
        scores: float32 (n,).
        labels: float32 (n,), 1, 0 or NaN.
    """
    known = ~np.isnan(labels)
    order = np.argsort(-scores[known], kind="stable")
    hits = labels[known][order] > 0.5
    if not hits.any():
        return float("nan")
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def box_of(
    activation: NDArray[np.float32],
    side: int,
    threshold: float = BOX_THRESHOLD,
    component_share: float = COMPONENT_SHARE,
) -> BoxCorners | None:
    """Box of a class activation map laid over a square picture; None where nothing is positive.

    ReLU, then division by the maximum, then the threshold; the box encloses the largest connected
    component and all that are nearly as large.

    Args:
        activation: float32 (h, w), raw.
        side: width and height of the picture in pixels.
    """
    positive = np.maximum(activation, 0)
    large = np.asarray(cv2.resize(positive, (side, side), interpolation=cv2.INTER_LINEAR))
    if large.max() <= 0:
        return None
    above = (large >= threshold * large.max()).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(above, connectivity=8)
    found = np.asarray(stats)[1:]
    kept = found[found[:, cv2.CC_STAT_AREA] >= component_share * found[:, cv2.CC_STAT_AREA].max()]
    right_bottom = (kept[:, :2] + kept[:, 2:4]).max(axis=0)
    left, top = kept[:, :2].min(axis=0)
    return float(left), float(top), float(right_bottom[0]), float(right_bottom[1])


def overlap(one: BoxCorners, other: BoxCorners) -> float:
    """Intersection over union of two boxes, 0 to 1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both)
