"""How far teaching is, on stderr."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm

from camviewer.teach.deep import Epoch, Step
from camviewer.teach.teaching import Stage

_PLAIN = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"
_DEEP = "{desc}: {percentage:3.0f}%|{bar}|{postfix}"


class Bar:
    """A progress bar for each stage, where a person watches."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._stage: Stage | None = None

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def show(self, stage: Stage, share: float) -> None:
        """Say how far a stage is, from 0 to 1."""
        if stage is not self._stage:
            self.__exit__()
            self._stage = stage
            form = _DEEP if stage is Stage.TUNING else _PLAIN
            self._bar = tqdm(
                total=1, desc=stage, bar_format=form, disable=None, leave=False, file=sys.stderr
            )
        if self._bar is not None:
            self._bar.update(share - self._bar.n)

    def step(self, step: Step) -> None:
        """Say what a batch of deep teaching brought, and how long all of it takes."""
        if self._bar is None or step.loss is None:
            return
        left = "" if step.seconds_left is None else f", {tqdm.format_interval(step.seconds_left)}"
        self._bar.set_postfix_str(
            f"epoch {step.epoch}, loss {step.loss:.3f}{left} left", refresh=False
        )

    def epoch(self, epoch: Epoch) -> None:
        """A line for each epoch, which stays."""
        named = "before" if epoch.loss is None else f"epoch {epoch.number} of {epoch.of}"
        loss = "" if epoch.loss is None else f"loss {epoch.loss:.4f}, "
        tqdm.write(
            f"{named}: {loss}{percent(epoch.accuracy)} of those to choose by are right (loss "
            f"{epoch.held_out_loss:.4f}){', the best so far' if epoch.best else ''}",
            file=sys.stderr,
        )


def percent(share: float | None) -> str:
    """As in tables."""
    return "-" if share is None else f"{100 * share:.1f} %"
