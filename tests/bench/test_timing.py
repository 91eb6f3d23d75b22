"""Timing with a clock that the test winds."""

from collections.abc import Callable

import pytest

from camviewer.bench.timing import Timing, interleaved, ratio


class Clock:
    """A clock that stands still but for the work that is done."""

    def __init__(self) -> None:
        self.now = 0.0
        self.calls: list[str] = []

    def __call__(self) -> float:
        return self.now

    def work(self, name: str, *seconds: float) -> Callable[[], object]:
        """Something that takes so long, the last time for ever after."""
        waiting = list(seconds)

        def call() -> None:
            self.calls.append(name)
            self.now += waiting.pop(0) if len(waiting) > 1 else waiting[0]

        return call


def test_blocks_take_turns_and_the_first_of_each_does_not_count() -> None:
    clock = Clock()
    told: list[None] = []
    contenders = {"a": clock.work("a", 0.5, 0.01), "b": clock.work("b", 0.02)}
    blocks = interleaved(contenders, rounds=2, watch=lambda: told.append(None), clock=clock)
    assert clock.calls == (["a"] * 11 + ["b"] * 11) * 3
    assert blocks == {
        "a": [pytest.approx([0.01] * 10)] * 2,
        "b": [pytest.approx([0.02] * 10)] * 2,
    }
    assert len(told) == 6


def test_a_block_ends_after_a_second_and_what_takes_longer_is_called_once() -> None:
    clock = Clock()
    contenders = {"slow": clock.work("slow", 0.4), "slower": clock.work("slower", 30.0)}
    blocks = interleaved(contenders, rounds=1, clock=clock)
    assert [len(block) for block in blocks["slow"]] == [3]
    assert blocks["slower"] == [[30.0]]
    assert clock.calls.count("slower") == 2


def test_the_ratio_is_taken_round_by_round() -> None:
    """A machine that is half as fast in one round slows both down there."""
    ours = [[1.0, 1.0, 9.0], [2.0, 2.0, 2.0], [1.0]]
    theirs = [[4.0, 4.0, 4.0], [8.0, 8.0, 8.0], [4.0, 4.0, 4.1]]
    assert ratio(theirs, ours) == 4
    assert ratio(ours, theirs) == 0.25


def test_quartiles_in_milliseconds() -> None:
    made = Timing.of([[0.001, 0.002], [0.003, 0.004, 0.005]])
    assert (made.low, made.median, made.high) == pytest.approx((2, 3, 4))
    assert Timing.of([[0.5]]) == Timing(500, 500, 500)
