"""Runners that are compared with eager torch before they are used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from camviewer.types import Size

_LOG = logging.getLogger(__name__)

Outputs = tuple[Tensor, tuple[Any, ...]]
"""The activation, and what the head needs of the trunk besides (tensors, now and then numbers)."""

Eager = Callable[[Tensor], Outputs]


class Runner(Protocol):
    """Computes a trunk in its own way."""

    @property
    def name(self) -> str:
        """As shown: ``onnx``, ``cuda graph``."""
        ...

    @property
    def tolerance(self) -> float:
        """How far it may be off, as a share of the largest value."""
        ...

    def __call__(self, picture: Tensor, /) -> list[Tensor]:
        """From ``(1, 3, height, width)`` to the trunk's tensors, float32, in memory of their own.

        Raises:
            Exception: whatever the runner's library raises.
        """
        ...


@dataclass(frozen=True)
class _Verdict:
    """What is known of a runner at one input size.

    Attributes:
        fault: why it is not used; empty when it agrees.
        others: what the trunk returns beside tensors, with None in the tensors' places.
    """

    fault: str
    others: tuple[Any, ...] = ()


class Checked:
    """A runner, used at those input sizes at which it agrees with eager torch."""

    def __init__(self, runner: Runner, eager: Eager) -> None:
        self.runner = runner
        self._eager = eager
        self._verdicts: dict[Size, _Verdict] = {}

    def fault(self, picture: Tensor) -> str:
        """Why it must not run pictures of this size; empty when it may.

        The first picture of a size costs one run of each, on noise and not on the picture, so that
        the answer depends on the size alone.
        """
        size = (picture.shape[2], picture.shape[3])
        if size not in self._verdicts:
            self._verdicts[size] = self._compare(picture)
            fault = self._verdicts[size].fault
            if fault:
                _LOG.warning("%s is not used: %s", self.runner.name, fault)
        return self._verdicts[size].fault

    def known_fault(self, size: Size) -> str | None:
        """What `fault` said for ``(height, width)``; None when it was not asked."""
        verdict = self._verdicts.get(size)
        return None if verdict is None else verdict.fault

    def __call__(self, picture: Tensor) -> Outputs | None:
        """Run a picture of a size without fault; None when that fails, which makes it a fault."""
        size = (picture.shape[2], picture.shape[3])
        try:
            tensors = iter(self.runner(picture))
        except Exception as error:  # every runner's library raises its own kinds
            _LOG.warning("%s failed: %s", self.runner.name, error)
            self._verdicts[size] = _Verdict(f"{self.runner.name} failed ({first_line(error)}).")
            return None
        others = self._verdicts[size].others
        activation, *carried = (next(tensors) if o is None else o for o in others)
        return activation, tuple(carried)

    def _compare(self, picture: Tensor) -> _Verdict:
        noise = torch.randn(picture.shape, generator=torch.Generator().manual_seed(0)).to(picture)
        with torch.no_grad():
            activation, carried = self._eager(noise)
        expected = (activation, *carried)
        if any(_hides_tensors(value) for value in carried):
            return _Verdict(f"{self.runner.name} cannot hand over what the head needs.")
        tensors = [value for value in expected if isinstance(value, Tensor)]
        name = self.runner.name
        try:
            found = self.runner(noise)
        except Exception as error:  # every runner's library raises its own kinds
            return _Verdict(f"{name} cannot run this input size ({first_line(error)}).")
        if [(f.shape, f.dtype) for f in found] != [(t.shape, t.dtype) for t in tensors]:
            return _Verdict(f"{name} returns other shapes than PyTorch at this input size.")
        worst = max(map(_deviation, found, tensors))
        if not worst <= self.runner.tolerance:
            return _Verdict(f"{name} is off by {worst:.1%} at this input size.")
        others = tuple(None if isinstance(v, Tensor) else v for v in expected)
        return _Verdict("", others)


def _deviation(found: Tensor, expected: Tensor) -> float:
    """The largest difference as a share of the largest value; not a number if either has one."""
    difference = (found.float() - expected.float()).abs().max()
    return float(difference / expected.float().abs().max().clamp_min(torch.finfo().tiny))


def _hides_tensors(value: object) -> bool:
    return value is None or not isinstance(value, (Tensor, int, float, bool, str, torch.Size))


def first_line(error: Exception) -> str:
    """What an error says, in one line."""
    return (str(error).splitlines() or [type(error).__name__])[0]
