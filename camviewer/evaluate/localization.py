"""Localisation: do boxes derived from maps meet boxes that people drew?

Definitions after Choe et al. 2020, Evaluating Weakly Supervised Object Localization Methods Right.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from camviewer.boxes import explain, intersection_over_union
from camviewer.cam.methods import METHODS
from camviewer.evaluate.datasets import Sample
from camviewer.inspector import Inspector, Request, Sharper
from camviewer.media.images import load
from camviewer.types import Box, Inspection

_HIT = 0.5
_SWEEP = tuple(round(0.05 * step, 2) for step in range(1, 13))


@dataclass(frozen=True)
class Localization:
    """One method's shares of pictures, in [0, 1].

    Attributes:
        method: its name.
        pictures: how many were measured.
        top1: the most probable class is the true one.
        gt_known: a box of the true class meets a true box with IoU >= 0.5.
        top1_localization: both at once.
        whole_picture: what `gt_known` would be for a box around the whole picture.
        by_threshold: `gt_known` for other thresholds; its maximum is MaxBoxAcc at IoU 0.5.
        milliseconds: median of what an explanation took; where several methods were measured
            without what they share, the plain run of the trunk.
    """

    method: str
    pictures: int
    top1: float
    gt_known: float
    top1_localization: float
    whole_picture: float
    by_threshold: dict[float, float]
    milliseconds: float

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
        request: method, layer, fit, input size, rule and sharper maps; its targets are replaced.
        thresholds: for `Localization.by_threshold`, with the request's own rule.

    Raises:
        CamviewerError: if a picture cannot be read, or a class is not known.
    """
    (result,) = compare_localization(
        inspector, samples, index_of, request, (request.method,), thresholds
    )
    return result


def compare_localization(
    inspector: Inspector,
    samples: Iterable[Sample],
    index_of: Callable[[str], int],
    request: Request,
    methods: Sequence[str],
    thresholds: Sequence[float] = _SWEEP,
) -> list[Localization]:
    """`measure_localization` for several methods, which share one run of the trunk per picture.

    Args:
        methods: names, in the order of the results; the request's own method is ignored.

    Raises:
        CamviewerError: if a picture cannot be read, a class is not known, or a method cannot serve.
    """
    tallies = {method: _Tally(thresholds) for method in methods}
    for sample in samples:
        target = index_of(sample.name)
        frame = load(sample.picture)
        asked = replace(request, targets=(target,))
        if len(tallies) > 1:
            # the run is kept, so that the first method does not pay for the others
            inspector.inspect(frame, replace(asked, method="auto", sharper=Sharper()))
        for method, tally in tallies.items():
            tally.add(inspector.inspect(frame, replace(asked, method=method)), sample, target)
    return [tally.result(method) for method, tally in tallies.items()]


def serving(inspector: Inspector, layer: str | None) -> list[str]:
    """The names of the methods that serve this network at a layer and are not slow.

    Raises:
        MethodError: if there is no layer of this name.
    """
    obstacles = inspector.methods(layer)
    return [name for name, obstacle in obstacles.items() if not obstacle and not METHODS[name].slow]


class _Tally:
    """One method's hits, picture by picture."""

    def __init__(self, thresholds: Sequence[float]) -> None:
        self._right: list[bool] = []
        self._met: list[bool] = []
        self._whole: list[bool] = []
        self._seconds: list[float] = []
        self._met_at: dict[float, list[bool]] = {threshold: [] for threshold in thresholds}

    def add(self, inspection: Inspection, sample: Sample, target: int) -> None:
        """Count a picture whose true class was explained."""
        (explanation,) = inspection.explanations
        self._seconds.append(inspection.seconds)
        self._right.append(inspection.ranking[0] == target)
        self._met.append(meets(explanation.boxes, inspection, sample))
        self._whole.append(
            max(intersection_over_union((0, 0, 1, 1), box) for box in sample.boxes) >= _HIT
        )
        for threshold, met in self._met_at.items():
            rule = replace(explanation.rule, threshold=threshold)
            boxes = explain(explanation.heatmap, rule, inspection.frame).boxes
            met.append(meets(boxes, inspection, sample))

    def result(self, method: str) -> Localization:
        """The shares; zero before the first picture."""
        return Localization(
            method=method,
            pictures=len(self._met),
            top1=_share(self._right),
            gt_known=_share(self._met),
            top1_localization=_share(
                [a and b for a, b in zip(self._right, self._met, strict=True)]
            ),
            whole_picture=_share(self._whole),
            by_threshold={threshold: _share(met) for threshold, met in self._met_at.items()},
            milliseconds=1000 * statistics.median(self._seconds or [0.0]),
        )


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / max(len(hits), 1)


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
