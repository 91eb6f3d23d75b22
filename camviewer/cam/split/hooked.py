"""Split by a forward hook: for networks that torch.fx cannot follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.cam.split import Layer, Run
from camviewer.cam.split.recognised import Recogniser
from camviewer.errors import ModelError
from camviewer.models.classifier import as_logits

Hook = Callable[[nn.Module, Any, Any], Any]
"""Given a module, its positional inputs and its output; returns another output or None."""
PreHook = Callable[[nn.Module, Any, Any], Any]
"""Given a module and its positional and named inputs; returns others (both) or None."""


class HookedNetwork:
    """A network of which only the modules are known, not what happens between them."""

    def __init__(self, network: nn.Module, probe: Tensor) -> None:
        """Run once and note which modules return a grid.

        Args:
            network: in evaluation mode, no parameter requiring gradients.
            probe: a square picture batch ``(1, 3, side, side)``, or a clip of such, on the
                network's device.

        Raises:
            ModelError: if the network does not return class scores.
        """
        self._network = network
        found: dict[str, Layer] = {}
        recogniser = Recogniser(probe)

        def note(name: str, kind: str) -> Hook:
            def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
                shape = tuple(output.shape) if _is_float(output) else ()
                layer = recogniser.layer(name, kind, shape)
                found.pop(name, None)  # a module called twice stands for its last call
                if layer is not None:
                    found[name] = layer

            return hook

        hooks = [(m, note(n, type(m).__name__)) for n, m in network.named_modules() if n]
        with hooked(hooks), torch.no_grad():
            as_logits(network(probe))
        self.layers = tuple(found.values())
        self.containers: dict[str, str] = {}

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the network on a picture or clip; gradients start at the layer's output."""
        module = self._network.get_submodule(layer.name)
        captured: list[Tensor] = []

        def capture(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            # the clones keep what is captured from in-place operations that follow the layer
            captured[:] = [output.detach().clone().requires_grad_()]
            return captured[0].clone()

        with hooked([(module, capture)]), torch.enable_grad():
            first, embedding = with_embedding(self._network, tensor)
        if not captured:
            raise ModelError(f"Layer {layer.name!r} did not run for this picture.")
        activation = captured[0]

        def above(replacement: Tensor) -> tuple[Tensor, Tensor | None]:
            if replacement is activation:
                return first, embedding
            pictures = tensor.expand(len(replacement), *tensor.shape[1:])
            with hooked([(module, lambda *_: replacement.clone())]):
                return with_embedding(self._network, pictures)

        def embed(replacement: Tensor) -> Tensor:
            found = above(replacement)[1]
            if found is None:
                raise ModelError("This network ends in a linear layer for some pictures only.")
            return found

        shape = tuple(activation.shape)
        cells = layer.layout.strip(shape, (tensor.shape[-2], tensor.shape[-1]))
        return Run(
            picture=tensor,
            activation=activation,
            layer=layer,
            cells=cells,
            head=lambda replacement: above(replacement)[0],
            network=self._network,
            again=self.run,
            embed=None if embedding is None else embed,
        )


def with_embedding(network: nn.Module, pictures: Tensor) -> tuple[Tensor, Tensor | None]:
    """Run a network and keep what its last linear layer is given.

    Args:
        network: any with Python submodules.
        pictures: float ``(batch, 3, height, width)``.

    Returns:
        The logits ``(batch, classes)`` and the embedding ``(batch, values)``; None for it where the
        logits are not what a linear layer returned.
    """
    last: list[Tensor] = []

    def note(_module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        # somebody's own kind of linear layer may be called in its own way
        last[:] = [inputs[0], output] if inputs and isinstance(output, Tensor) else []

    with hooked([(m, note) for m in network.modules() if isinstance(m, nn.Linear)]):
        logits = as_logits(network(pictures))
    if not last or last[1].shape != logits.shape or not torch.equal(last[1], logits):
        return logits, None
    return logits, last[0]


@contextmanager
def hooked(
    hooks: Sequence[tuple[nn.Module, Hook]], before: Sequence[tuple[nn.Module, PreHook]] = ()
) -> Iterator[None]:
    """Inside, forward hooks are in place, for this thread alone; afterwards none is left.

    Args:
        hooks: called with what a module returned.
        before: called with what a module is about to be given.
    """
    here = threading.get_ident()

    def of_this_thread(hook: Hook) -> Hook:
        # another thread may be running the same network for another picture
        return lambda *seen: hook(*seen) if threading.get_ident() == here else None

    handles = []
    try:
        for module, hook in before:
            handles.append(module.register_forward_pre_hook(of_this_thread(hook), with_kwargs=True))
        for module, hook in hooks:
            handles.append(module.register_forward_hook(of_this_thread(hook)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _is_float(output: object) -> bool:
    return isinstance(output, Tensor) and output.is_floating_point()
