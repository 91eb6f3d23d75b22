"""Split by a forward hook: for networks that torch.fx cannot follow."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.cam.layout import Axes, layout_of
from camviewer.cam.split import Layer, Run
from camviewer.errors import ModelError
from camviewer.models.classifier import as_logits

Hook = Callable[[nn.Module, Any, Any], Any]


class HookedNetwork:
    """A network of which only the modules are known, not what happens between them."""

    def __init__(self, network: nn.Module, probe: Tensor) -> None:
        """Run once and note which modules return a grid.

        Args:
            network: in evaluation mode, no parameter requiring gradients.
            probe: a square picture batch ``(1, 3, side, side)``, on the network's device.

        Raises:
            ModelError: if the network does not return class scores.
        """
        self._network = network
        found: dict[str, Layer] = {}
        side = (probe.shape[2], probe.shape[3])

        def note(name: str, kind: str) -> Hook:
            def hook(_module: nn.Module, _inputs: Any, output: Any) -> None:
                layout = layout_of(tuple(output.shape), side) if _is_float(output) else None
                if layout is not None:
                    shape = tuple(output.shape)
                    channels = shape[1] if layout.axes is Axes.CHANNELS_FIRST else shape[-1]
                    found.pop(name, None)  # a module called twice stands where it ran last
                    found[name] = Layer(name, kind, layout, channels, layout.cells(shape, side))

            return hook

        hooks = [(m, note(n, type(m).__name__)) for n, m in network.named_modules() if n]
        with hooked(hooks), torch.no_grad():
            as_logits(network(probe))
        self.layers = tuple(found.values())
        self.containers: dict[str, str] = {}

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the network on ``(1, 3, height, width)``; gradients start at the layer's output."""
        module = self._network.get_submodule(layer.name)
        captured: list[Tensor] = []

        def capture(_module: nn.Module, _inputs: Any, output: Tensor) -> Tensor:
            # the clones keep what is captured from in-place operations that follow the layer
            captured[:] = [output.detach().clone().requires_grad_()]
            return captured[0].clone()

        with hooked([(module, capture)]), torch.enable_grad():
            first = as_logits(self._network(tensor))
        if not captured:
            raise ModelError(f"Layer {layer.name!r} did not run for this picture.")
        activation = captured[0]

        def head(replacement: Tensor) -> Tensor:
            if replacement is activation:
                return first
            pictures = tensor.expand(len(replacement), *tensor.shape[1:])
            with hooked([(module, lambda *_: replacement.clone())]):
                return as_logits(self._network(pictures))

        shape = tuple(activation.shape)
        cells = layer.layout.cells(shape, (tensor.shape[2], tensor.shape[3]))
        return Run(
            picture=tensor,
            activation=activation,
            layer=layer,
            cells=cells,
            head=head,
            network=self._network,
            again=self.run,
        )


@contextmanager
def hooked(hooks: Sequence[tuple[nn.Module, Hook]]) -> Iterator[None]:
    """Inside, forward hooks are in place, for this thread alone; afterwards none is left."""
    here = threading.get_ident()

    def of_this_thread(hook: Hook) -> Hook:
        # another thread may be running the same network for another picture
        return lambda *seen: hook(*seen) if threading.get_ident() == here else None

    handles = []
    try:
        for module, hook in hooks:
            handles.append(module.register_forward_hook(of_this_thread(hook)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _is_float(output: object) -> bool:
    return isinstance(output, Tensor) and output.is_floating_point()
