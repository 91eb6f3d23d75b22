"""What is asked of the network: a scalar of its output, whose evidence in the picture is shown.

A target reads either the logits or the embedding (what the last linear layer is given). Where it is
linear in what it reads it says so by its `coefficients`, and methods use closed forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import torch
from torch import Tensor


class Reading(StrEnum):
    """Which of the network's outputs a target looks at."""

    LOGITS = "logits"
    EMBEDDING = "embedding"


class Target(Protocol):
    """A scalar function of the network's output."""

    @property
    def reads(self) -> Reading:
        """Which output `score` is given."""
        ...

    def score(self, output: Tensor) -> Tensor:
        """From outputs ``(batch, values)`` to one differentiable scalar each, ``(batch,)``."""
        ...

    @property
    def coefficients(self) -> Mapping[int, float] | None:
        """By index, where the score is a weighted sum of few outputs; None where it is not."""
        ...


@dataclass(frozen=True)
class ClassTarget:
    """The logit of one class: what speaks for it."""

    index: int
    reads: Reading = Reading.LOGITS

    def score(self, output: Tensor) -> Tensor:
        """The class's column."""
        return output[:, self.index]

    @property
    def coefficients(self) -> Mapping[int, float]:
        """One for the class."""
        return {self.index: 1.0}


@dataclass(frozen=True)
class Against:
    """What speaks against a class (Selvaraju et al. 2017, section 3.3: the negated gradient)."""

    index: int
    reads: Reading = Reading.LOGITS

    def score(self, output: Tensor) -> Tensor:
        """The negated logit."""
        return -output[:, self.index]

    @property
    def coefficients(self) -> Mapping[int, float]:
        """Minus one for the class."""
        return {self.index: -1.0}


@dataclass(frozen=True)
class Contrast:
    """Why one class and not another: the difference of their logits.

    Prabhushankar et al. 2020, Contrastive Explanations in Neural Networks, with the difference of
    logits instead of a loss.
    """

    index: int
    other: int
    reads: Reading = Reading.LOGITS

    def score(self, output: Tensor) -> Tensor:
        """The one logit minus the other."""
        return output[:, self.index] - output[:, self.other]

    @property
    def coefficients(self) -> Mapping[int, float]:
        """One and minus one; nothing for a class and itself."""
        return {} if self.index == self.other else {self.index: 1.0, self.other: -1.0}


@dataclass(frozen=True, eq=False)
class Similarity:
    """Likeness to a reference: the cosine between two embeddings, in [-1, 1].

    Attributes:
        reference: float ``(values,)``, the embedding of the reference picture.
    """

    reference: Tensor
    reads: Reading = Reading.EMBEDDING

    def score(self, output: Tensor) -> Tensor:
        """The cosine of the angle to the reference."""
        return torch.cosine_similarity(output, self.reference.to(output)[None], dim=1)

    @property
    def coefficients(self) -> None:
        """None: the cosine is not linear."""


@dataclass(frozen=True, eq=False)
class Function:
    """Any differentiable scalar of the output, for those who script.

    Attributes:
        function: from outputs ``(batch, values)`` to ``(batch,)``.
    """

    function: Callable[[Tensor], Tensor]
    reads: Reading = Reading.LOGITS

    def score(self, output: Tensor) -> Tensor:
        """Whatever the function says."""
        return self.function(output)

    @property
    def coefficients(self) -> None:
        """None: nothing is known of the function."""


def classes(*indices: int) -> tuple[ClassTarget, ...]:
    """Targets for several classes."""
    return tuple(ClassTarget(index) for index in indices)
