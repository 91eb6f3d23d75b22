"""Localisation: do maps, and boxes derived from them, find what people marked?

Definitions after Choe et al. 2020, Evaluating Weakly Supervised Object Localization Methods Right.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from camviewer.boxes import Corners, explain
from camviewer.cam.methods import AUTO, METHODS
from camviewer.errors import PictureError
from camviewer.evaluate.box_accuracy import overlaps, reaches, sweep
from camviewer.evaluate.datasets import Sample, Truth
from camviewer.evaluate.pixel_precision import histograms
from camviewer.evaluate.pointing import points_at, points_at_mask
from camviewer.evaluate.tally import Figures, Located, Tally, mean
from camviewer.inspector import Inspector, Request, Sharper
from camviewer.media.images import load
from camviewer.types import Box, Frame, Inspection

_HIT = 0.5
_SWEEP = tuple(round(0.05 * step, 2) for step in range(1, 13))
_WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Localization(Figures):
    """One method's figures, over all classes.

    Attributes:
        method: its name.
        by_class: those of each class, by the annotations' names in order of the alphabet.
        milliseconds: median of what an explanation took; where several methods were measured
            without what they share, the plain run of the trunk.
    """

    method: str
    by_class: dict[str, Figures]
    milliseconds: float


def measure_localization(
    inspector: Inspector,
    samples: Iterable[Sample],
    index_of: Callable[[str], int],
    request: Request,
    thresholds: Sequence[float] = _SWEEP,
) -> Localization:
    """Explain the true class of every picture and compare with what was marked.

    Args:
        inspector: the network.
        samples: pictures; where nothing is marked, they count for the accuracy only.
        index_of: from an annotation's class name to the class index.
        request: method, layer, fit, input size, rule and sharper maps; its targets are replaced.
        thresholds: for `Figures.by_threshold`, with the request's own rule.

    Raises:
        PictureError: if a picture or a mask cannot be read.
        CamviewerError: if a class is not known.
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
    passed_over: Callable[[Sample, PictureError], None] | None = None,
) -> list[Localization]:
    """`measure_localization` for several methods, which share one run of the trunk per picture.

    Args:
        methods: names, in the order of the results; the request's own method is ignored.
        passed_over: called with each sample whose picture or mask cannot be read; it counts for
            no method. None to raise.

    Raises:
        PictureError: if a picture or a mask cannot be read, and nobody wants to know.
        CamviewerError: if a class is not known, or a method cannot serve.
    """
    tallies = {method: _MethodTally(thresholds) for method in methods}
    frame: Frame | None = None
    for sample in samples:
        try:
            if frame is None or frame.source != str(sample.picture):
                frame = load(sample.picture)
            measured = _measured(inspector, frame, sample, index_of, request, tallies)
        except PictureError as error:
            if passed_over is None:
                raise PictureError(f"{sample.picture}: {error}") from error
            passed_over(sample, error)
        else:
            for method, figures in measured.items():
                tallies[method].add(sample.name, figures)
    return [tally.result(method) for method, tally in tallies.items()]


def serving(inspector: Inspector, layer: str | None) -> list[str]:
    """The names of the methods that serve this network at a layer and are not slow.

    Raises:
        MethodError: if there is no layer of this name.
    """
    obstacles = inspector.methods(layer)
    return [name for name, obstacle in obstacles.items() if not obstacle and not METHODS[name].slow]


def meets(boxes: Iterable[Box], inspection: Inspection, sample: Sample) -> bool:
    """Whether a derived box meets a drawn one with IoU >= 0.5."""
    return bool(reaches(_overlap(boxes, inspection, sample.boxes), _HIT))


@dataclass(frozen=True)
class _Measured:
    """What one picture says of one method.

    Attributes:
        right: the class that the network finds most probable is on the picture.
        first: that class is the one that was asked for.
        located: None where nothing is marked.
        seconds: that the explanation took; likewise.
    """

    right: bool
    first: bool
    located: Located | None = None
    seconds: float | None = None


class _MethodTally:
    """One method's figures, for each class and for all of them."""

    def __init__(self, thresholds: Sequence[float]) -> None:
        self.thresholds = tuple(thresholds)
        self._all = Tally(thresholds)
        self._by_class: dict[str, Tally] = {}
        self._seconds: list[float] = []

    def add(self, name: str, measured: _Measured) -> None:
        """Count a picture of a class."""
        if measured.seconds is not None:
            self._seconds.append(measured.seconds)
        for tally in (self._all, self._by_class.setdefault(name, Tally(self.thresholds))):
            tally.add(measured.located, right=measured.right, first=measured.first)

    def result(self, method: str) -> Localization:
        """What was counted so far."""
        by_class = {name: self._by_class[name].figures() for name in sorted(self._by_class)}
        shares = vars(self._all.figures()) | {
            "px_ap": mean([figures.px_ap for figures in by_class.values()]),
            "pointing": mean([figures.pointing for figures in by_class.values()]),
        }
        return Localization(
            method=method,
            by_class=by_class,
            milliseconds=1000 * statistics.median(self._seconds or [0.0]),
            **shares,
        )


def _measured(
    inspector: Inspector,
    frame: Frame,
    sample: Sample,
    index_of: Callable[[str], int],
    request: Request,
    tallies: Mapping[str, _MethodTally],
) -> dict[str, _Measured]:
    target = index_of(sample.name)
    present = {target, *map(index_of, sample.others)}
    truth = sample.truth()
    asked = replace(request, targets=(target,))
    plain = replace(asked, method=AUTO, sharper=Sharper())
    if not truth.boxes:
        right = inspector.inspect(frame, plain).ranking[0] in present
        return dict.fromkeys(tallies, _Measured(right=right, first=right))
    if len(tallies) > 1:
        # the run is kept, so that the first method does not pay for the others
        inspector.inspect(frame, plain)
    measured = {}
    for method, tally in tallies.items():
        seen = inspector.inspect(frame, replace(asked, method=method))
        best = seen.ranking[0]
        measured[method] = _Measured(
            right=best in present,
            first=best == target,
            located=_located(seen, truth, tally.thresholds),
            seconds=seen.seconds,
        )
    return measured


def _located(inspection: Inspection, truth: Truth, thresholds: Sequence[float]) -> Located:
    (explanation,) = inspection.explanations
    heatmap, mask = explanation.heatmap, truth.mask
    rules = (replace(explanation.rule, threshold=threshold) for threshold in thresholds)
    others = (explain(heatmap, rule, inspection.frame).boxes for rule in rules)
    return Located(
        overlap=_overlap(explanation.boxes, inspection, truth.boxes),
        whole=float(overlaps(np.array([_WHOLE]), truth.boxes)[0]),
        at=np.array([_overlap(boxes, inspection, truth.boxes) for boxes in others]),
        sweep=sweep(heatmap, truth.boxes),
        pointed=points_at(heatmap, truth.boxes) if mask is None else points_at_mask(heatmap, mask),
        pixels=None if mask is None else histograms(heatmap, mask),
    )


def _overlap(boxes: Iterable[Box], inspection: Inspection, drawn: Sequence[Corners]) -> float:
    """The best intersection over union of derived boxes with drawn ones; 0 without any."""
    height, width = inspection.frame.size
    derived = np.array([(b.x, b.y, b.x + b.width, b.y + b.height) for b in boxes], np.float64)
    if not len(derived) or not drawn:
        return 0.0
    return float(overlaps(derived / (width, height, width, height), drawn).max())
