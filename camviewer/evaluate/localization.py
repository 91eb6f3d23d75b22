"""Localisation: do boxes derived from maps meet boxes that people drew?

Definitions after Choe et al. 2020, Evaluating Weakly Supervised Object Localization Methods Right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from camviewer.boxes import find_boxes, intersection_over_union
from camviewer.evaluate.datasets import Sample
from camviewer.inspector import Inspector, Request
from camviewer.media.images import load
from camviewer.types import Box, BoxRule, Explanation, Inspection

_HIT = 0.5
_SWEEP = tuple(round(0.05 * step, 2) for step in range(1, 13))


@dataclass(frozen=True)
class Localization:
    """Shares of pictures, in [0, 1].

    Attributes:
        pictures: how many were measured.
        top1: the most probable class is the true one.
        gt_known: a box of the true class meets a true box with IoU >= 0.5.
        top1_localization: both at once.
        whole_picture: what `gt_known` would be for a box around the whole picture.
        by_threshold: `gt_known` for other thresholds; its maximum is MaxBoxAcc at IoU 0.5.
    """

    pictures: int
    top1: float
    gt_known: float
    top1_localization: float
    whole_picture: float
    by_threshold: dict[float, float]

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


def measure_localization(
    inspector: Inspector,
    samples: Iterable[Sample],
    index_of: Callable[[str], int],
    request: Request,
    thresholds: Sequence[float] = _SWEEP,
) -> Localization:
    """Explain the true class of every picture and compare the boxes.

    Args:
        inspector: the network.
        samples: pictures with boxes.
        index_of: from an annotation's class name to the class index.
        request: method, layer, fit, input size and rule; its targets are replaced.
        thresholds: for `Localization.by_threshold`, with the request's own rule.

    Raises:
        CamviewerError: if a picture cannot be read, or a class is not known.
    """
    pictures = top1 = known = both = whole = 0
    hits = dict.fromkeys(thresholds, 0)
    for sample in samples:
        target = index_of(sample.name)
        inspection = inspector.inspect(load(sample.picture), replace(request, targets=(target,)))
        (explanation,) = inspection.explanations
        right = inspection.ranking[0] == target
        hit = meets(explanation.boxes, inspection, sample)
        pictures += 1
        top1 += right
        known += hit
        both += right and hit
        whole += max(intersection_over_union((0, 0, 1, 1), box) for box in sample.boxes) >= _HIT
        for threshold in thresholds:
            boxes = _boxes_at(explanation, threshold)
            hits[threshold] += meets(boxes, inspection, sample)
    count = max(pictures, 1)
    return Localization(
        pictures=pictures,
        top1=top1 / count,
        gt_known=known / count,
        top1_localization=both / count,
        whole_picture=whole / count,
        by_threshold={threshold: hit / count for threshold, hit in hits.items()},
    )


def _boxes_at(explanation: Explanation, threshold: float) -> tuple[Box, ...]:
    rule: BoxRule = replace(explanation.rule, threshold=threshold)
    return find_boxes(explanation.heatmap, rule)


def meets(boxes: Iterable[Box], inspection: Inspection, sample: Sample) -> bool:
    """Whether a derived box meets a drawn one with IoU >= 0.5."""
    height, width = inspection.frame.size
    return any(
        intersection_over_union(
            (b.x / width, b.y / height, (b.x + b.width) / width, (b.y + b.height) / height), true
        )
        >= _HIT
        for b in boxes
        for true in sample.boxes
    )
