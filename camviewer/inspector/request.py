"""What to look for in a frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from camviewer.cam.methods import AUTO
from camviewer.types import BoxRule, Fit, Question


@dataclass(frozen=True)
class Request:
    """What to look for in a frame.

    Attributes:
        method: name of the CAM method, or ``auto``.
        layer: name of the target layer; None for the automatic one.
        targets: class indices to explain; None for those that the network finds.
        top: explain this many of the most probable classes instead; ignored with `targets`.
        fit: how the picture is laid into the network's input.
        input_size: pixels; None for the network's own.
        rule: how boxes are derived.
        question: what is asked about the classes.
    """

    method: str = AUTO
    layer: str | None = None
    targets: tuple[int, ...] | None = None
    top: int | None = None
    fit: Fit = Fit.WHOLE
    input_size: int | None = None
    rule: BoxRule = field(default_factory=BoxRule)
    question: Question = field(default_factory=Question)
