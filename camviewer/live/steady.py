"""What keeps the maps of a video from flickering: a range held over time, and smoothing.

Normalising each frame by its own maximum makes colours jump: one weak frame, and noise is painted
as bright as the thing was. So the value shown as full colour is a maximum that is *held*: it rises
at once, and falls slowly. Smoothing is apart from that, and off unless asked for: it mixes the maps
themselves over time, so boxes are derived again from what is shown.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from camviewer.boxes import explain
from camviewer.types import Explanation, Frame, Geometry, Heatmap, Inspection, Map, Origin

_LONGEST_GAP = 1.0  # seconds; what was seen before that says nothing about now


@dataclass(frozen=True)
class _Regime:
    """Maps can be compared over time only where all of this is the same."""

    origin: Origin
    geometry: Geometry


@dataclass(frozen=True, eq=False)
class _Past:
    """What is known of one class's maps.

    Attributes:
        ceiling: the held maximum.
        values: the smoothed map.
        time: of both, in seconds.
    """

    ceiling: float
    values: Map
    time: float


class Steady:
    """Holds the range of maps over time, and smooths them. One thread at a time.

    Attributes:
        hold: seconds; the time constant with which a held maximum falls towards the present one.
            0 or less leaves ceilings as they come.
        smoothing: seconds; the time constant of the exponential mean of the maps. 0 or less is off.
    """

    def __init__(self, hold: float = 2.0, smoothing: float = 0.0) -> None:
        self.hold = hold
        self.smoothing = smoothing
        self._regime: _Regime | None = None
        self._time = -math.inf
        self._past: dict[tuple[int, str], _Past] = {}

    def reset(self) -> None:
        """Forget everything, such as at another place of the video."""
        self._past.clear()
        self._regime = None
        self._time = -math.inf

    def __call__(self, inspection: Inspection, time: float) -> Inspection:
        """The next inspection, steadied.

        What was held is forgotten when the model, the method, the layer, the question or the
        geometry changes, or time runs backwards or is no number; smoothing also where a class was
        not explained in the frame before, or that is more than a second ago.

        Args:
            inspection: of the next frame. A ceiling that it has already counts as its maximum.
            time: of the frame, in seconds.

        Returns:
            The same inspection with ceilings set; with smoothing, maps are smoothed and boxes
            derived from them. Maps that hold NaN or infinity get no ceiling.
        """
        # where it was computed makes no difference to a map
        origin = replace(inspection.origin, device="", note="", runtime="")
        regime = _Regime(origin, inspection.geometry)
        if regime != self._regime or time < self._time or not math.isfinite(time):
            self.reset()
        previous, self._regime, self._time = self._time, regime, time
        explanations = tuple(
            self._steadied(explanation, inspection.frame, time, previous)
            for explanation in inspection.explanations
        )
        return inspection.with_explanations(explanations)

    def _steadied(
        self, explanation: Explanation, frame: Frame, time: float, previous: float
    ) -> Explanation:
        heatmap = explanation.heatmap
        key = heatmap.target, heatmap.label
        past = self._past.get(key)
        if past is not None and past.values.shape != heatmap.values.shape:
            past = None
        values = self._smoothed(heatmap.values, past, time, previous)
        if values is not heatmap.values:
            heatmap = replace(heatmap, values=values)
            explanation = explain(heatmap, explanation.rule, frame)
        top = _top(heatmap)
        if not math.isfinite(top):
            return explanation
        ceiling = self._held(top, past, time)
        self._past[key] = _Past(ceiling, values, time)
        if self.hold <= 0:
            return explanation
        return replace(explanation, heatmap=replace(heatmap, ceiling=ceiling))

    def _smoothed(self, values: Map, past: _Past | None, time: float, previous: float) -> Map:
        if self.smoothing <= 0 or past is None or past.time < previous:
            return values
        elapsed = time - past.time
        if not 0 < elapsed <= _LONGEST_GAP:
            return values
        share = np.float32(-math.expm1(-elapsed / self.smoothing))
        return np.asarray(past.values + share * (values - past.values), np.float32)

    def _held(self, top: float, past: _Past | None, time: float) -> float:
        if self.hold <= 0 or past is None or past.ceiling <= top:
            return top
        return top + (past.ceiling - top) * math.exp(-(time - past.time) / self.hold)


def _top(heatmap: Heatmap) -> float:
    """The value that stands for 1 in this frame alone; infinite where it means nothing."""
    if not np.isfinite(heatmap.values).all():
        return math.inf
    return max(heatmap.peak, heatmap.ceiling or 0.0, 0.0)
