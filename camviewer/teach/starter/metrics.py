"""Figures of merit on arrays: average precision, boxes from maps."""

import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import Corners, find_boxes
from camviewer.types import BoxRule, Geometry, Heatmap, Rule

BOX_RULE = BoxRule(Rule.ALL, threshold=0.4, min_area=0.01)
"""One rule for every class, chosen on calibration scenes: the box around all that it finds."""


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


def box_of(activation: NDArray[np.float32], side: int, rule: BoxRule = BOX_RULE) -> Corners | None:
    """The box that encloses all that the rule finds; None where nothing speaks for the class.

    Args:
        activation: float32 (h, w), a raw class activation map of the whole square picture.
        side: width and height of the picture in pixels.
    """
    geometry = Geometry((side, side), (side, side), (1.0, 1.0))
    found = find_boxes(Heatmap(activation, geometry, 0, "", 1.0), rule)
    if not found:
        return None
    return (
        min(box.x for box in found),
        min(box.y for box in found),
        max(box.x + box.width for box in found),
        max(box.y + box.height for box in found),
    )
