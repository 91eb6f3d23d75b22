"""CAM methods side by side: how faithful they are, how well they point, what they cost."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace

from camviewer.cam.methods import METHODS
from camviewer.evaluate.confidence import confidence
from camviewer.evaluate.curves import STEPS, Curve, deletion, insertion
from camviewer.evaluate.datasets import Sample
from camviewer.evaluate.localization import meets
from camviewer.evaluate.pointing import points_at
from camviewer.evaluate.road import road
from camviewer.evaluate.subject import subject
from camviewer.inspector import Inspector, Request
from camviewer.types import Frame, Inspection


@dataclass(frozen=True)
class Figures:
    """One method's means over the pictures.

    Attributes:
        method: its name.
        pictures: how many were measured.
        insertion: area under the curve, in [0, 1]; high is good.
        deletion: likewise; low is good.
        average_drop: in [0, 1]; low is good.
        increase: share of pictures in [0, 1]; high is good.
        road: `Road.margin`, in [-1, 1]; high is good.
        pointing: hits of the pointing game, averaged over the classes, in [0, 1]; None without
            boxes.
        gt_known: share of pictures where a box of the true class meets a true box with IoU >= 0.5;
            None without boxes.
        milliseconds: median of what an explanation took, the network's trunk included.
    """

    method: str
    pictures: int
    insertion: float
    deletion: float
    average_drop: float
    increase: float
    road: float
    pointing: float | None
    gt_known: float | None
    milliseconds: float

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


class Comparison:
    """Methods measured picture by picture, on one network."""

    def __init__(
        self,
        inspector: Inspector,
        request: Request,
        methods: Sequence[str] = (),
        steps: int = STEPS,
    ) -> None:
        """Check the methods.

        Args:
            inspector: opened on the network.
            request: layer, fit, input size and rule; its method and targets are replaced.
            methods: names; those that serve here and are not slow when empty.
            steps: of the insertion and deletion curves.

        Raises:
            MethodError: if a method does not exist or cannot serve this network.
        """
        self._inspector = inspector
        self._request = request
        self._steps = steps
        for method in methods:
            inspector.require(method, request.layer)
        serving = inspector.methods(request.layer)
        fast = [n for n, obstacle in serving.items() if not obstacle and not METHODS[n].slow]
        self._tallies = {name: _Tally() for name in methods or fast}

    @property
    def methods(self) -> tuple[str, ...]:
        """The names of what is compared."""
        return tuple(self._tallies)

    def measure(
        self,
        frame: Frame,
        sample: Sample | None = None,
        index_of: Callable[[str], int] | None = None,
    ) -> None:
        """Explain a picture by every method and measure the maps.

        Faithfulness is asked of the most probable class, as in the papers; what points and boxes
        tell is asked of the true one.

        Args:
            frame: the picture.
            sample: its class and boxes, if they are known.
            index_of: from the sample's class name to the class index.

        Raises:
            CamviewerError: if the network cannot explain the picture, or does not know the class.
        """
        true = index_of(sample.name) if sample is not None and index_of is not None else None
        best = self._inspector.inspect(frame, replace(self._request, method="auto", top=1))
        targets = best.ranking[:1] if true is None else tuple({best.ranking[0]: 0, true: 0})
        for method, tally in self._tallies.items():
            # another frame: each method pays for the network's trunk
            started = time.perf_counter()
            inspection = self._inspector.inspect(
                replace(frame), replace(self._request, method=method, targets=targets)
            )
            tally.seconds.append(time.perf_counter() - started)
            self._judge(inspection, tally)
            if sample is not None and true is not None:
                _locate(inspection, sample, targets.index(true), tally)

    def figures(self) -> tuple[Figures, ...]:
        """What was measured so far, a row for each method; none before the first picture."""
        return tuple(t.figures(name) for name, t in self._tallies.items() if t.seconds)

    def _judge(self, inspection: Inspection, tally: _Tally) -> None:
        of = subject(self._inspector, inspection)
        known = confidence(of)
        tally.drops.append(known.drop)
        tally.increases.append(known.increased)
        tally.deletions.append(_whole(deletion(of, self._steps)).auc)
        tally.insertions.append(_whole(insertion(of, self._steps)).auc)
        tally.roads.append(road(of).margin)


class _Tally:
    """One method's figures, picture by picture."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self.drops: list[float] = []
        self.increases: list[bool] = []
        self.deletions: list[float] = []
        self.insertions: list[float] = []
        self.roads: list[float] = []
        self.hits: defaultdict[str, list[bool]] = defaultdict(list)
        self.met: list[bool] = []

    def figures(self, method: str) -> Figures:
        """The means."""
        by_class = [statistics.fmean(hits) for hits in self.hits.values()]
        return Figures(
            method=method,
            pictures=len(self.seconds),
            insertion=statistics.fmean(self.insertions),
            deletion=statistics.fmean(self.deletions),
            average_drop=statistics.fmean(self.drops),
            increase=statistics.fmean(self.increases),
            road=statistics.fmean(self.roads),
            pointing=statistics.fmean(by_class) if by_class else None,
            gt_known=statistics.fmean(self.met) if self.met else None,
            milliseconds=1000 * statistics.median(self.seconds),
        )


def _whole(curves: Iterable[Curve]) -> Curve:
    for curve in curves:
        last = curve
    return last


def _locate(inspection: Inspection, sample: Sample, index: int, tally: _Tally) -> None:
    explanation = inspection.explanations[index]
    tally.hits[sample.name].append(points_at(explanation.heatmap, sample.boxes))
    tally.met.append(meets(explanation.boxes, inspection, sample))
