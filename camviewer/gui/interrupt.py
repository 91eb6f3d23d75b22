"""Stopping a forward pass between two layers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from camviewer.errors import CancelledError


@contextmanager
def interruptible(cancelled: Callable[[], bool]) -> Iterator[None]:
    """Inside, any network that this thread runs stops before its next layer once cancelled.

    A hook, not a torch function mode: a mode switches off the fused attention of some networks,
    and the window must give the very numbers of the command line.

    Raises:
        CancelledError: out of the network's forward pass.
    """
    here = threading.get_ident()

    def check(_module: nn.Module, _inputs: object) -> None:
        if threading.get_ident() == here and cancelled():
            raise CancelledError("The inspection was cancelled.")

    handle = register_module_forward_pre_hook(check)
    try:
        yield
    finally:
        handle.remove()
