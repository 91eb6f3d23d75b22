"""What to look for in a frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from camviewer.cam.methods import AUTO
from camviewer.types import BoxRule, Fit, Question


@dataclass(frozen=True)
class Sharper:
    """How a map is made sharper, at the price of more runs of the network.

    Attributes:
        scales: how many input scales are merged, 1 or 3.
        flip: the mirrored picture is merged in, too.
        fuse: maps of several layers are fused.
        guided: the map follows the picture's edges (guided filter).
    """

    scales: int = 1
    flip: bool = False
    fuse: bool = False
    guided: bool = False

    @property
    def ways(self) -> tuple[str, ...]:
        """What is done, named as on the command line; empty for a plain map."""
        switches = [name for name in ("flip", "fuse", "guided") if getattr(self, name)]
        return (*((f"scales {self.scales}",) if self.scales > 1 else ()), *switches)


SHARPEST = Sharper(scales=3, flip=True, fuse=True)
"""What localised best, with `BoxRule.grabcut`."""

FUSED_THRESHOLD = 0.43
"""Where boxes are cut on maps of fused layers, whose weak parts are lifted: what localised best."""


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
        sharper: how the map is made sharper.
    """

    method: str = AUTO
    layer: str | None = None
    targets: tuple[int, ...] | None = None
    top: int | None = None
    fit: Fit = Fit.WHOLE
    input_size: int | None = None
    rule: BoxRule = field(default_factory=BoxRule)
    question: Question = field(default_factory=Question)
    sharper: Sharper = field(default_factory=Sharper)
