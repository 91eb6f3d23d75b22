"""How deep, how long and how fast to teach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """What can be chosen; the defaults are for a network that has learnt from other pictures.

    Attributes:
        stages: how many of the last stages learn besides the head, see `stages.stages`; 0 for the
            head alone, None for all.
        epochs: how often as many pictures as there are to learn from are shown, at most.
        patience: epochs without progress on the held-out pictures after which it ends.
        batch: pictures between two steps.
        rate: learning rate of the last stage. What the head sees are unit vectors and its weights
            are long, so small changes of the layers below it already turn answers over.
        head_rate: of the head, which fast teaching has brought near its best.
        falling: each earlier stage learns at this share of the next one's rate, for it has more to
            lose (Howard and Ruder 2018, section 3.2, with 1/2.6).
        decay: weight decay of all that is not a bias or a scale.
        statistics: whether BatchNorm takes the statistics of the pictures; None to do so from
            `LEAST_FOR_STATISTICS` pictures on, for those of a few batches are mostly noise.
        fresh: the head begins with zeros instead of what fast teaching learnt, whose weights are
            large where the features tell little.
        half: compute in bfloat16 where the processor is made for it, in half the time; numbers are
            kept in full.
        input_size: pixels of the short side; None for the network's own.
        seed: another one shows other pictures in another order.
    """

    stages: int | None = 2
    epochs: int = 20
    patience: int = 5
    batch: int = 16
    rate: float = 2e-5
    head_rate: float = 1e-4
    falling: float = 1 / 2.6
    decay: float = 0.01
    statistics: bool | None = None
    fresh: bool = False
    half: bool = False
    input_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.patience, self.batch) < 1 or (self.stages or 0) < 0:
            raise ValueError("epochs, patience and batch are at least 1, stages at least 0")
        if min(self.rate, self.head_rate, self.falling) <= 0 or self.decay < 0:
            raise ValueError("rates are above 0, and decay is not below")


LEAST_FOR_STATISTICS = 2000
"""Pictures to learn from, from which on BatchNorm may take their statistics."""


def from_scratch(epochs: int = 60, **changes: int | float | bool | None) -> Options:
    """For a network of random numbers: everything learns, at one rate.

    Args:
        epochs: see `Options`.
        changes: other values of `Options` than these.
    """
    own = {
        "stages": None,
        "patience": 15,
        "falling": 1.0,
        "rate": 1e-4,
        "head_rate": 1e-4,
        "statistics": True,
        "fresh": True,
    }
    return Options(epochs=epochs, **{**own, **changes})  # type: ignore[arg-type]
