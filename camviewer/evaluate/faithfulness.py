"""Faithfulness of one map: does the network care about what the map points at?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from camviewer.evaluate.confidence import Confidence, confidence
from camviewer.evaluate.curves import STEPS, Curve, deletion, insertion
from camviewer.evaluate.subject import Subject, subject
from camviewer.inspector import Inspector
from camviewer.types import Inspection


@dataclass(frozen=True)
class Faithfulness:
    """What is known of one map's faithfulness.

    Attributes:
        target: index of the class.
        label: its name.
        confidence: of the picture, and of what the map leaves of it.
        deletion: the score while the most relevant pixels go; a small area is good.
        insertion: the score while the most relevant pixels come; a large area is good.
        done: share of the work that is done, in (0, 1]; 1 when the curves are whole.
    """

    target: int
    label: str
    confidence: Confidence
    deletion: Curve
    insertion: Curve
    done: float


Watch = Callable[[Faithfulness], None]
"""Is given what is known so far, every few forward passes; what it raises ends the work."""


def faithfulness(
    inspector: Inspector,
    inspection: Inspection,
    index: int = 0,
    *,
    watch: Watch | None = None,
    steps: int = STEPS,
) -> Faithfulness:
    """Measure one explanation; both curves grow from step to step.

    Costs ``2 * steps + 4`` forward passes of the network. The measures ask about the class's
    probability, so they judge maps of what speaks *for* a class.

    Args:
        inspector: opened on the network that the inspection came from.
        inspection: what is measured.
        index: of the explanation.
        watch: called whenever more is known, also with the result.
        steps: how many shares of the picture are taken away and added; at least 1.

    Raises:
        MethodError: if the explanation is not about a class.
    """
    heatmap = inspection.explanations[index].heatmap
    of = subject(inspector, inspection, index)
    known = confidence(of)
    for shrinking, growing, done in _both(of, steps):
        result = Faithfulness(heatmap.target, heatmap.label, known, shrinking, growing, done)
        if watch is not None:
            watch(result)
    return result


def _both(of: Subject, steps: int) -> Iterator[tuple[Curve, Curve, float]]:
    """Both curves in turn, so that they grow side by side."""
    for shrinking, growing in zip(deletion(of, steps), insertion(of, steps), strict=True):
        yield shrinking, growing, len(growing.shares) / (steps + 1)
