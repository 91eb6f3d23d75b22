"""What is asked of a network, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from camviewer.types.box import Box, BoxRule
from camviewer.types.heatmap import Heatmap
from camviewer.types.picture import Fit, Frame, Geometry


@dataclass(frozen=True, eq=False)
class Explanation:
    """One class's map and the boxes derived from it."""

    heatmap: Heatmap
    boxes: tuple[Box, ...]
    rule: BoxRule


class Prediction(NamedTuple):
    """One class's score: a probability in [0, 1] and the logit it came from.

    A tuple, for a live view makes some ten thousand in a second.
    """

    index: int  # type: ignore[assignment]  # a class's, which hides tuple's method
    label: str
    score: float
    logit: float


class Ask(StrEnum):
    """What is asked about a class."""

    FOR = "for"  # what speaks for it
    AGAINST = "against"  # what speaks against it
    RATHER_THAN = "rather than"  # what speaks for it and not for another one
    LIKE = "like"  # what looks like a reference picture; no class is needed


@dataclass(frozen=True)
class Question:
    """What is asked of the network.

    Attributes:
        ask: the kind of question.
        other: index of the class it is compared with (rather than).
        reference: the picture it is compared with (like).
    """

    ask: Ask = Ask.FOR
    other: int | None = None
    reference: Frame | None = None


@dataclass(frozen=True)
class Origin:
    """Everything needed to repeat an inspection.

    Attributes:
        model: name of the network.
        weights: what its weights are called.
        weights_sha256: their hash, hexadecimal; empty when they have none (random weights).
        layer: the target layer.
        method: the CAM method.
        fit: how the picture was laid into the input.
        device: what it ran on, such as ``cpu`` or ``cuda:0``.
        note: what the user should know about it, such as why the CPU was used; empty if nothing.
        runtime: what computed the activation, such as ``eager`` or ``onnx``.
        question: what was asked about the classes.
        sharper: what made the map sharper, such as ``scales 3`` and ``flip``.
    """

    model: str
    weights: str
    weights_sha256: str
    layer: str
    method: str
    fit: Fit
    device: str
    note: str = ""
    runtime: str = "eager"
    question: Question = field(default_factory=Question)
    sharper: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Inspection:
    """One frame, explained.

    Attributes:
        frame: the frame itself; a map never travels without it.
        geometry: how the network saw it.
        predictions: one for each class, in class order.
        explanations: one for each target class, strongest first.
        origin: everything needed to repeat it.
        seconds: what the inference took.
        multi_label: independent sigmoids, so several classes or none may be present.
    """

    frame: Frame
    geometry: Geometry
    predictions: tuple[Prediction, ...]
    explanations: tuple[Explanation, ...]
    origin: Origin
    seconds: float
    multi_label: bool = False

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """Class indices, most probable first."""
        order = sorted(range(len(self.predictions)), key=lambda i: -self.predictions[i].logit)
        return tuple(order)

    def top(self, count: int) -> tuple[Prediction, ...]:
        """The ``count`` most probable classes, best first."""
        return tuple(self.predictions[i] for i in self.ranking[:count])

    def with_explanations(self, explanations: tuple[Explanation, ...]) -> Inspection:
        """The same inspection with other explanations (boxes by another rule, say)."""
        return replace(self, explanations=explanations)
