"""Split of TorchScript networks: the compiled graph is asked to return the activation too.

Hooks do not fire inside TorchScript and torch.fx cannot follow it, but its graph can be given a
second output. Gradients then flow from the scores to that output.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.cam.split import Layer, Run
from camviewer.cam.split.recognised import Recogniser
from camviewer.errors import MethodError, ModelError
from camviewer.models.classifier import as_logits

_OPERATIONS = {
    "_convolution", "conv2d", "relu", "relu_", "silu", "silu_", "gelu", "hardswish", "hardswish_",
    "hardtanh", "hardtanh_", "batch_norm", "layer_norm", "add", "add_", "cat", "max_pool2d",
    "avg_pool2d", "permute", "mul", "leaky_relu", "leaky_relu_",
}  # fmt: skip


class ScriptedNetwork:
    """A TorchScript network, known by the tensors in its compiled graph."""

    def __init__(self, network: nn.Module, probe: Tensor) -> None:
        """Run once and note which operations return a grid.

        Args:
            network: a ScriptModule in evaluation mode.
            probe: a square picture batch ``(1, 3, side, side)``.

        Raises:
            ModelError: if the network does not return class scores.
        """
        self._network = network
        # compiling the graph costs more than running it
        self._function = lru_cache(maxsize=4)(lambda at: _with_outputs(network, [at]))
        candidates = _candidates(_inlined(network))
        with torch.no_grad():
            logits, *values = _with_outputs(network, [i for _, _, i in candidates])(network, probe)
        as_logits(logits)
        recogniser = Recogniser(probe)
        self._positions: dict[str, int] = {}
        layers = []
        for (name, operation, position), value in zip(candidates, values, strict=True):
            shape = tuple(value.shape) if isinstance(value, Tensor) else ()
            layer = recogniser.layer(name, operation, shape)
            if layer is None:
                continue
            self._positions[name] = position
            layers.append(layer)
        self.layers = tuple(layers)
        self.containers: dict[str, str] = {}

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the network on ``(1, 3, height, width)``, keeping what leads from layer to scores."""
        function = self._function(self._positions[layer.name])
        with torch.enable_grad():
            output, activation = function(self._network, tensor.clone().requires_grad_())
        logits = as_logits(output)

        def head(replacement: Tensor) -> Tensor:
            if replacement is activation:
                return logits
            raise MethodError(
                "A TorchScript network cannot be run from the middle. Use Grad-CAM, or load the "
                "network as a state_dict."
            )

        cells = layer.layout.strip(tuple(activation.shape), (tensor.shape[-2], tensor.shape[-1]))
        return Run(
            picture=tensor,
            activation=activation,
            layer=layer,
            cells=cells,
            head=head,
            network=self._network,
            again=self.run,
        )


def _inlined(network: nn.Module) -> Any:
    graph: Any = network.graph
    graph = graph.copy()
    torch._C._jit_pass_inline(graph)
    return graph


def _candidates(graph: Any) -> list[tuple[str, str, int]]:
    """Name, operation and position in the graph of every operation worth showing.

    Not those whose result the next operation overwrites: what is returned would be the latter's.
    """
    counts: Counter[str] = Counter()
    found = []
    for position, node in enumerate(graph.nodes()):
        operation = node.kind().removeprefix("aten::")
        if node.kind().startswith("aten::") and operation in _OPERATIONS:
            counts[operation] += 1
            if not _is_overwritten(node.output()):
                name = f"{operation.strip('_')}.{counts[operation]}"
                found.append((name, operation, position))
    return found


def _is_overwritten(value: Any) -> bool:
    return any(use.offset == 0 and use.user.kind().endswith("_") for use in value.uses())


def _with_outputs(network: nn.Module, positions: list[int]) -> Any:
    graph = _inlined(network)
    nodes = list(graph.nodes())
    outputs = list(graph.outputs())
    if len(outputs) != 1:
        raise ModelError("This TorchScript network returns several values; one is needed.")
    for position in positions:
        graph.registerOutput(nodes[position].output())
    graph.makeMultiOutputIntoTuple()
    return torch._C._create_function_from_graph("with_activation", graph)
