"""Stopping a network in the middle: between two layers, forwards and backwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn

from camviewer.errors import CancelledError

Cancelled = Callable[[], bool]


def check(cancelled: Cancelled) -> None:
    """Stop here if somebody cancelled.

    Raises:
        CancelledError: then.
    """
    if cancelled():
        raise CancelledError("Teaching was cancelled.")


@contextmanager
def interruptible(network: nn.Module, cancelled: Cancelled) -> Iterator[None]:
    """Have the network ask at every layer; a batch of a large one takes longer than people wait.

    Args:
        network: must not be exported or traced meanwhile.
        cancelled: asked often; computing and learning raise `CancelledError` once it is true.
    """

    def ask(*_: object) -> None:
        check(cancelled)

    layers = [module for module in network.modules() if next(module.children(), None) is None]
    hooks = [layer.register_forward_pre_hook(ask) for layer in layers]
    learning: list[Any] = [p for p in network.parameters() if p.requires_grad]  # hooks are untyped
    hooks += [parameter.register_post_accumulate_grad_hook(ask) for parameter in learning]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
