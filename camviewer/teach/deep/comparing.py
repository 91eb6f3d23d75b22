"""Whether deep teaching has brought something, by pictures put aside to choose by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer.models.classifier import Activation
from camviewer.teach import head as heads
from camviewer.teach.deep.trial import Trial, judged

LEAST_TEMPERATURE = 1.0
"""The few pictures to choose by do not warrant surer scores."""

_CLEARLY = 0.9  # of the loss that is left


@dataclass(frozen=True)
class Comparison:
    """What fast and deep teaching of the same pictures say of others, once calibrated.

    Attributes:
        pictures: how many were put aside.
        fast: how good fast teaching's answers are.
        deep: those of deep teaching.
    """

    pictures: int
    fast: Trial
    deep: Trial

    @property
    def as_good(self) -> bool:
        """Deep teaching tells the classes apart no worse."""
        return self.deep.balanced >= self.fast.balanced

    @property
    def better(self) -> bool:
        """Less loss is left; of few pictures the share that is right is too coarse to go by."""
        return self.deep.loss < self.fast.loss

    @property
    def clearly_better(self) -> bool:
        """As good, and a tenth of the loss is gone."""
        return self.as_good and self.deep.loss < _CLEARLY * self.fast.loss


def compare(
    fast: NDArray[np.float64],
    deep: NDArray[np.float64],
    targets: NDArray[np.float32],
    *,
    multi_label: bool,
) -> Comparison:
    """Calibrate both sides' answers, no surer than they may be, and judge them.

    Args:
        fast: logits ``(pictures, classes)``, at least one picture.
        deep: likewise.
        targets: likewise, 0 or 1.
        multi_label: classes do not exclude each other.
    """
    sides = (_judged(logits, targets, multi_label) for logits in (fast, deep))
    return Comparison(len(targets), *sides)


def _judged(logits: NDArray[np.float64], targets: NDArray[np.float32], multi_label: bool) -> Trial:
    temperature, _ = heads.best_temperature(logits, targets, multi_label, LEAST_TEMPERATURE)
    kind = Activation.SIGMOID if multi_label else Activation.SOFTMAX
    scaled = torch.from_numpy(logits / temperature).float()
    return judged(scaled, torch.from_numpy(targets), kind)
