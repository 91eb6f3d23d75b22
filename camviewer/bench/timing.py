"""Timing several ways to do a thing against each other."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from camviewer.bench import ROUNDS

_CALLS = 10
_SECONDS = 1.0

Blocks = list[list[float]]
"""Seconds of each call, block by block."""


@dataclass(frozen=True)
class Timing:
    """What one thing takes, in milliseconds.

    Attributes:
        median: of all calls.
        low: the first quartile.
        high: the third quartile.
    """

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, blocks: Blocks) -> Timing:
        """The quartiles of all calls."""
        taken = sorted(1000 * seconds for block in blocks for seconds in block)
        if len(taken) == 1:
            return cls(taken[0], taken[0], taken[0])
        low, median, high = statistics.quantiles(taken, n=4, method="inclusive")
        return cls(median, low, high)


def interleaved(
    contenders: Mapping[str, Callable[[], object]],
    rounds: int = ROUNDS,
    watch: Callable[[], None] = lambda: None,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[str, Blocks]:
    """Time contenders in turn, a block of calls each, round after round.

    Blocks instead of single calls: the thread pools of ONNX Runtime and of torch go on spinning for
    a while after a call and would slow down the next contender. The first call of each block, which
    meets them, does not count; nor does the first round, in which everything warms up.

    Args:
        contenders: by name; each call does the whole work once.
        rounds: how many blocks of each are counted.
        watch: called after each block, `rounds` + 1 times for each contender.
        clock: in seconds.

    Returns:
        The blocks of each contender. A block ends after ten calls or one second.
    """
    blocks: dict[str, Blocks] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, call in contenders.items():
            block = _block(call, clock)
            if number:
                blocks[name].append(block)
            watch()
    return blocks


def ratio(one: Blocks, other: Blocks) -> float:
    """How many times longer one takes: the median over the rounds of the ratio of block medians.

    What slows down a machine for a while slows down both blocks of a round.
    """
    return statistics.median(
        statistics.median(a) / statistics.median(b) for a, b in zip(one, other, strict=True)
    )


def _block(call: Callable[[], object], clock: Callable[[], float]) -> list[float]:
    taken: list[float] = []
    started = clock()
    call()
    first = clock() - started
    if first >= _SECONDS:  # what takes that long is not slowed by a few milliseconds of spinning
        return [first]
    while len(taken) < _CALLS and sum(taken) < _SECONDS:
        before = clock()
        call()
        taken.append(clock() - before)
    return taken
