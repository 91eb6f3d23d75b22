"""Split by torch.fx: the graph is cut in two at the target layer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, fx, nn

from camviewer.cam.layout import Axes, Layout
from camviewer.cam.runtimes.runtimes import Trunk
from camviewer.cam.runtimes.sources import NoRunner
from camviewer.cam.split import Layer, LinearHead, Run
from camviewer.cam.split.linear import (
    embedding_node,
    keeps_axes,
    linear_head,
    operation,
    pooling_node,
)
from camviewer.cam.split.recognised import Recogniser
from camviewer.errors import ModelError
from camviewer.models.classifier import as_logits
from camviewer.models.tracer import Tracer, names_of

_TOLERANCE = 1e-3
_KEPT = 8  # layers of which the halves are kept; several may be compared side by side
_CHANNELS_FIRST = Layout(Axes.CHANNELS_FIRST)


class TracedNetwork:
    """A network of which torch.fx knows every operation."""

    def __init__(self, network: nn.Module, probe: Tensor) -> None:
        """Trace and check.

        Args:
            network: in evaluation mode.
            probe: a square picture batch ``(1, 3, side, side)``, or a clip of such, at the
                network's own size, on its device.

        Raises:
            ModelError: if torch.fx cannot follow the network, or follows it wrongly.
        """
        self._graph_module, names = _trace(network)
        shapes = _Shapes(self._graph_module)
        with torch.no_grad():
            expected = as_logits(network(probe))
            traced = as_logits(shapes.run(probe))
        if not torch.allclose(traced, expected, rtol=_TOLERANCE, atol=_TOLERANCE, equal_nan=True):
            raise ModelError("The traced network does not compute what the network computes.")
        output = next(n for n in self._graph_module.graph.nodes if n.op == "output")
        needed = _reached(output, lambda node: node.all_input_nodes)
        self._nodes: dict[str, fx.Node] = {}
        recogniser = Recogniser(probe)
        layers = []
        for node, name in names.items():
            if node not in needed or node.op in ("placeholder", "get_attr"):
                continue
            kind = operation(node, self._graph_module)
            layer = recogniser.layer(name, kind, shapes.found.get(node, ()))
            if layer is not None:
                self._nodes[name] = node
                layers.append(layer)
        self.layers = tuple(layers)
        self.containers = _containers(names, self._nodes)
        self._trunk_of: Callable[[fx.GraphModule, Layer], Trunk] = _eager
        self._split = lru_cache(maxsize=_KEPT)(self._cut)

    def compute_with(self, trunk_of: Callable[[fx.GraphModule, Layer], Trunk]) -> None:
        """Let trunks run elsewhere.

        Args:
            trunk_of: from a trunk below a layer to what computes it.
        """
        self._trunk_of = trunk_of
        self._split.cache_clear()

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the trunk below a layer on ``(1, 3, height, width)``, or on a clip.

        Raises:
            CamviewerError: if a runtime that was asked for cannot do that.
        """
        halves = self._split(layer)
        computed = halves.trunk(tensor)
        activation, carried = computed.activation, computed.carried

        def above(half: fx.GraphModule, replacement: Tensor) -> Any:
            # clones: in-place operations above the layer must not reach what the caller holds
            beside = (_cloned(value, len(replacement)) for value in carried)
            return half(replacement.clone(), *beside)

        embed, pooled = halves.embed, halves.pooled
        return Run(
            picture=tensor,
            activation=activation.detach().requires_grad_(),
            layer=layer,
            cells=layer.layout.strip(tuple(activation.shape), (tensor.shape[-2], tensor.shape[-1])),
            head=lambda replacement: as_logits(above(halves.head, replacement)),
            network=self._graph_module,
            again=self.run,
            embed=None if embed is None else lambda given: above(embed, given).flatten(1),
            linear=halves.linear,
            pooled=None if pooled is None else lambda means: as_logits(pooled(means.clone())),
            runtime=computed.runtime,
        )

    def _cut(self, layer: Layer) -> _Halves:
        root = self._graph_module
        target = self._nodes[layer.name]
        above = _reached(target, lambda node: node.users)
        trunk, trunk_env = fx.Graph(), dict[fx.Node, fx.Node]()
        for node in root.graph.nodes:
            if node not in above and node.op != "output":
                trunk_env[node] = trunk.node_copy(node, trunk_env.__getitem__)
        head, head_env, carried = _graph_above(target)
        trunk.output((trunk_env[target], tuple(trunk_env[n] for n in carried)))
        last = embedding_node(root)
        return _Halves(
            trunk=self._trunk_of(fx.GraphModule(root, trunk), layer),
            head=fx.GraphModule(root, head),
            embed=_until(head_env[last], head, root) if last in head_env else None,
            linear=linear_head(target, root, layer.layout),
            pooled=_after_pooling(target, root) if layer.layout == _CHANNELS_FIRST else None,
        )


@dataclass(frozen=True, eq=False)
class _Halves:
    trunk: Trunk
    head: fx.GraphModule
    embed: fx.GraphModule | None
    linear: LinearHead | None
    pooled: nn.Module | None


def _eager(trunk: fx.GraphModule, _layer: Layer) -> Trunk:
    return Trunk(trunk, NoRunner())


def _graph_above(start: fx.Node) -> tuple[fx.Graph, dict[fx.Node, fx.Node], list[fx.Node]]:
    """What follows on a node, given its value and those of the nodes returned last."""
    above = _reached(start, lambda node: node.users)
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    copies[start] = graph.placeholder("activation")
    carried = _carried(above, start)
    for node in carried:
        copies[node] = graph.placeholder(f"carried_{node.name}")
    for node in start.graph.nodes:
        if node in above or (node.op == "get_attr" and node not in copies):
            copies[node] = graph.node_copy(node, copies.__getitem__)
    return graph, copies, carried


def _after_pooling(target: fx.Node, root: fx.GraphModule) -> nn.Module | None:
    """From means ``(batch, channels)`` to the output, if the layer is pooled and nothing else."""
    pooling = pooling_node(target, root)
    if pooling is None:
        return None
    graph, _, carried = _graph_above(pooling)
    if carried:
        return None
    after = fx.GraphModule(root, graph)
    return nn.Sequential(nn.Unflatten(1, (-1, 1, 1)), after) if keeps_axes(pooling) else after


class _Shapes(fx.Interpreter):
    """Runs a graph and notes the shape of every tensor."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.found: dict[fx.Node, tuple[int, ...]] = {}

    def call_function(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A function is called; Swin Transformers of clips write into lists they are given."""
        own = {name: _own_list(value) for name, value in kwargs.items()}
        return super().call_function(target, tuple(map(_own_list, args)), own)

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, Tensor) and value.is_floating_point():
            self.found[n] = tuple(value.shape)
        return value


def _own_list(value: Any) -> Any:
    return list(value) if isinstance(value, list) else value


def _trace(network: nn.Module) -> tuple[fx.GraphModule, dict[fx.Node, str]]:
    if isinstance(network, fx.GraphModule):  # an exported program: its graph is the trace
        return network, _exported_names(network.graph)
    if isinstance(network, torch.jit.ScriptModule):
        raise ModelError("TorchScript cannot be traced by torch.fx.")
    tracer = Tracer()
    try:
        graph = tracer.trace(network)
    except Exception as error:  # a network's own code runs here: anything may be raised
        raise ModelError(f"torch.fx cannot follow this network: {error}") from error
    return fx.GraphModule(network, graph), names_of(graph, tracer.node_to_qualname)


def _exported_names(graph: fx.Graph) -> dict[fx.Node, str]:
    names: dict[fx.Node, str] = {}
    for node in graph.nodes:
        stack = list((node.meta.get("nn_module_stack") or {}).values())
        names[node] = f"{stack[-1][0]}.{node.name}".lstrip(".") if stack else node.name
    return names


def _reached(start: fx.Node, following: Callable[[fx.Node], Iterable[fx.Node]]) -> set[fx.Node]:
    """Every node that can be reached from one, step by step, without the node itself."""
    found: set[fx.Node] = set()
    waiting = [start]
    while waiting:
        new = [node for node in following(waiting.pop()) if node not in found]
        found.update(new)
        waiting.extend(new)
    return found


def _carried(above: set[fx.Node], target: fx.Node) -> list[fx.Node]:
    """Values from below the cut, beside the activation, that the head needs (skip connections)."""
    inputs = {i: None for node in target.graph.nodes if node in above for i in node.all_input_nodes}
    return [n for n in inputs if n not in above and n is not target and n.op != "get_attr"]


def _containers(names: dict[fx.Node, str], nodes: dict[str, fx.Node]) -> dict[str, str]:
    """Modules by the layer they end in: a module's output is the last operation within it."""
    last: dict[str, str] = {}
    for name in names.values():
        parts = name.split(".")
        for depth in range(1, len(parts)):
            last[".".join(parts[:depth])] = name
    return {module: name for module, name in last.items() if name in nodes and module not in nodes}


def _until(last: fx.Node, graph: fx.Graph, root: nn.Module) -> fx.GraphModule:
    """The part of a graph that leads to one node; its inputs stay as they are."""
    needed = _reached(last, lambda node: node.all_input_nodes)
    part, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in graph.nodes:
        if node is last or node in needed or node.op == "placeholder":
            copies[node] = part.node_copy(node, copies.__getitem__)
    part.output(copies[last])
    return fx.GraphModule(root, part)


def _cloned(value: object, batch: int) -> object:
    """A copy of a value from below the cut, repeated where it belongs to one picture."""
    if not isinstance(value, Tensor):
        return value
    if batch > 1 and value.ndim > 1 and value.shape[0] == 1:
        return value.expand(batch, *value.shape[1:]).clone()
    return value.clone()
