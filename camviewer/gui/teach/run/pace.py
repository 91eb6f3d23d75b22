"""How far teaching is, and how long the rest takes: without Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from camviewer.teach.deep import Step
from camviewer.teach.teaching import Stage

LOADING: Final = "loading the network"
READING: Final = "reading the pictures"
SAVING: Final = "saving the network"

_LEAST_SHARE = 0.05  # of a stage, before which there is no telling
_LEAST_SECONDS = 0.7

# where on the one bar the stages begin; most of the time goes into the widest one
_FAST: Mapping[str, float] = {
    LOADING: 0.0,
    READING: 0.03,
    Stage.LOOKING: 0.05,
    Stage.SORTING: 0.85,
    Stage.LEARNING: 0.9,
    SAVING: 0.99,
}
_DEEP: Mapping[str, float] = {
    LOADING: 0.0,
    READING: 0.01,
    Stage.LOOKING: 0.02,
    Stage.SORTING: 0.12,
    Stage.LEARNING: 0.14,
    Stage.TUNING: 0.16,
    Stage.TRYING: 0.95,
    SAVING: 0.99,
}


@dataclass(frozen=True)
class Progress:
    """How far it is.

    Attributes:
        stage: what is being done, as a person reads it.
        share: of all that is to be done, in [0, 1].
        seconds_left: of the stage; None while there is no telling.
    """

    stage: str
    share: float
    seconds_left: float | None = None


class Pace:
    """Watches the stages go by."""

    def __init__(self, *, deeply: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._starts = _DEEP if deeply else _FAST
        self._clock = clock
        self._stage = ""
        self._since = clock()

    def at(self, stage: str, share: float) -> Progress:
        """So much of a stage is done."""
        if stage != self._stage:
            self._stage, self._since = stage, self._clock()
        elapsed = self._clock() - self._since
        left = None
        if share >= _LEAST_SHARE and elapsed >= _LEAST_SECONDS:
            left = elapsed / share * (1 - share)
        return Progress(str(stage), self._of_all(stage, share), left)

    def at_step(self, step: Step, rounds: int) -> Progress:
        """So many steps of a round of deep teaching are done, which tells itself what is left.

        Args:
            step: the last one.
            rounds: how many there will be at most.
        """
        if not step.epoch:
            return Progress(READING, self._of_all(Stage.TUNING, 0))
        share = (step.epoch - 1 + step.done / step.of) / rounds
        return Progress(
            f"{Stage.TUNING}, round {step.epoch} of {rounds}",
            self._of_all(Stage.TUNING, share),
            step.seconds_left,
        )

    def _of_all(self, stage: str, share: float) -> float:
        starts = [*self._starts.values(), 1.0]
        place = list(self._starts).index(stage)
        start, end = starts[place], starts[place + 1]
        return start + min(max(share, 0.0), 1.0) * (end - start)


def in_words(seconds: float) -> str:
    """A time that is left: ``about 20 s left``, ``about 3 min left``."""
    if seconds < 1.5:
        return "nearly done"
    if seconds < 10:
        return f"about {round(seconds)} s left"
    if seconds < 90:
        return f"about {round(seconds / 5) * 5} s left"
    return f"about {round(seconds / 60)} min left"
