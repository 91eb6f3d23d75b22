"""Many pictures through one network: made ready once, checked, and fed in small batches."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, fx, nn

from camviewer.cam.methods.perturbation.packed import packed
from camviewer.cam.split import Run
from camviewer.errors import CancelledError
from camviewer.models.classifier import as_logits

_LOG = logging.getLogger(__name__)

_TOLERANCE = 1e-3  # of the largest logit
_ON_CPU = 8  # more are no faster, and take longer to stop
_ON_ACCELERATOR = 64
_UNSTOPPABLE = 2  # pictures at once where nothing can be stopped between two layers


@dataclass(frozen=True, eq=False)
class Prepared:
    """A run whose network is ready for many pictures.

    Attributes:
        run: the run, with the network in its fastest form.
        at_once: how many pictures to score at a time.
    """

    run: Run
    at_once: int


@dataclass(frozen=True, eq=False)
class _Plan:
    network: nn.Module | None  # None for the network as it is: the cache must not keep it alive
    batches: bool


_PLANS: WeakKeyDictionary[nn.Module, _Plan] = WeakKeyDictionary()


def prepare(run: Run) -> Prepared:
    """The run, ready to score many pictures of this size.

    A network is prepared once; two pictures then tell whether it still computes the same, and
    whether it takes batches at all (programs exported for one picture do not).
    """
    plan = _PLANS.get(run.network)
    if plan is None:
        plan = _PLANS[run.network] = _plan(run)
    return Prepared(
        run=run if plan.network is None else replace(run, network=plan.network),
        at_once=at_once(run) if plan.batches else 1,
    )


def at_once(run: Run) -> int:
    """How many pictures to score at a time where batches can be taken."""
    if isinstance(run.network, torch.jit.ScriptModule):
        return _UNSTOPPABLE
    return _ON_CPU if run.picture.device.type == "cpu" else _ON_ACCELERATOR


def takes_batches(function: Callable[[Tensor], object], sample: Tensor) -> bool:
    """Whether a network gives for a batch what it gives for each of it.

    Args:
        function: from a batch to whatever the network returns.
        sample: a batch of one.
    """
    pair = torch.cat([sample, sample / 2])
    with torch.no_grad():
        expected = torch.cat([as_logits(function(one[None])) for one in pair])
    return _agrees(lambda: function(pair), expected)


def _plan(run: Run) -> _Plan:
    network = run.network
    if isinstance(network, fx.GraphModule):
        pair = torch.cat([run.picture, run.picture / 2])
        with torch.no_grad():
            expected = torch.cat([as_logits(network(one[None])) for one in pair])
        ready: list[nn.Module] = []

        def pack() -> object:
            ready.append(packed(network))
            return ready[0](pair)

        if _has_batch_norm(network) and _agrees(pack, expected):
            return _Plan(ready[0], batches=True)
    return _Plan(None, takes_batches(network, run.picture))


def _has_batch_norm(network: nn.Module) -> bool:
    return any(isinstance(module, nn.BatchNorm2d) for module in network.modules())


def _agrees(compute: Callable[[], object], expected: Tensor) -> bool:
    try:
        with torch.no_grad():
            logits = as_logits(compute())
    except (CancelledError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # a network's own code runs here: anything may be raised
        _LOG.info("a network does not take batches as it should: %s", error)
        return False
    atol = _TOLERANCE * float(expected.abs().max())
    return logits.shape == expected.shape and torch.allclose(logits, expected, rtol=0, atol=atol)
