"""Heads in closed form: pooling with at most one linear layer, read off the graph."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, fx, nn

from camviewer.cam.layout import Axes, Layout
from camviewer.cam.split import LinearHead
from camviewer.models.pooling import StrongestCells

_SKIPPED = {"Dropout", "Identity", "dropout", "contiguous", "clone", "dropout_"}
_LINEAR = {"Linear", "NonDynamicallyQuantizableLinear", "linear"}
_FLATTENED = {"Flatten", "flatten", "view", "reshape", "squeeze"}
_POOLING = ("AdaptiveAvgPool2d", "adaptive_avg_pool2d", "AdaptiveAvgPool3d", "adaptive_avg_pool3d")


@dataclass(frozen=True, eq=False)
class _State:
    axes: Axes
    rank: int  # of the activation
    pooled: bool = False
    mapped: bool = False
    weight: Tensor | None = None
    bias: Tensor | None = None
    averages: bool = True

    @property
    def spatial(self) -> tuple[int, ...]:
        """The axes of the grid, and of a clip that of time."""
        first = 2 if self.axes is Axes.CHANNELS_FIRST else 1
        return tuple(range(first, first + self.rank - 2))


def operation(node: fx.Node, root: nn.Module) -> str:
    """The name of what a node computes: a module's class or a function's name."""
    if node.op == "call_module":
        return type(root.get_submodule(str(node.target))).__name__
    if node.op == "call_function":
        packet = getattr(node.target, "overloadpacket", node.target)
        return str(getattr(packet, "__name__", packet))
    return str(node.target)


def linear_head(target: fx.Node, root: nn.Module, layout: Layout) -> LinearHead | None:
    """Follow the graph from the target layer to the output.

    Returns:
        The head when it is global average pooling with at most one linear layer or 1x1 convolution
        (before or after the pooling), or `StrongestCells` after it; None when anything else stands
        above the layer.
    """
    rank = 3 if layout.axes is Axes.TOKENS else 4 + layout.clip
    state = _State(layout.axes, rank)
    node = target
    while len(node.users) == 1:
        (node,) = node.users
        if node.op == "output":
            plain = isinstance(node.args[0], fx.Node)
            if not plain or not state.pooled:
                return None
            return LinearHead(state.weight, state.bias, state.averages)
        name = operation(node, root)
        if name in _SKIPPED:
            continue
        step = _STEPS.get(name)
        following = step(state, node, root) if step else None
        if following is None:
            return None
        state = following
    return None


def pooling_node(target: fx.Node, root: nn.Module) -> fx.Node | None:
    """The global average pooling right above a layer ``(batch, channels, rows, columns)``."""
    node = target
    while len(node.users) == 1:
        (node,) = node.users
        name = operation(node, root)
        if name in _SKIPPED:
            continue
        step = {"AdaptiveAvgPool2d": _pool, "adaptive_avg_pool2d": _pool, "mean": _mean}.get(name)
        return node if step and step(_State(Axes.CHANNELS_FIRST, 4), node, root) else None
    return None


def keeps_axes(pooling: fx.Node) -> bool:
    """Whether a pooling leaves rows and columns of one instead of dropping them."""
    dropping = pooling.target == torch.mean or pooling.target in ("mean", torch.ops.aten.mean.dim)
    return bool(_argument(pooling, 2, "keepdim")) if dropping else True


def embedding_node(root: fx.GraphModule) -> fx.Node | None:
    """What the last linear layer is given; None where the network does not end in one."""
    (output,) = (node for node in root.graph.nodes if node.op == "output")
    node = output.args[0]
    while isinstance(node, fx.Node):
        name = operation(node, root)
        if name in _LINEAR:
            given = node.args[0]
            return given if isinstance(given, fx.Node) else None
        if name not in _SKIPPED | _FLATTENED:
            return None
        node = node.args[0]
    return None


def _flatten(state: _State, _node: fx.Node, _root: nn.Module) -> _State | None:
    return state if state.pooled else None


def _permute(state: _State, node: fx.Node, root: nn.Module) -> _State | None:
    module: Any = _module(node, root)
    order = module.dims if module else _rest(node)
    last = state.rank - 1
    if state.axes is Axes.CHANNELS_LAST and tuple(order) == (0, last, *range(1, last)):
        return replace(state, axes=Axes.CHANNELS_FIRST)
    return None


def _pool(state: _State, node: fx.Node, root: nn.Module) -> _State | None:
    module: Any = _module(node, root)
    size = module.output_size if module else _argument(node, 1, "output_size")
    whole = size == 1 if isinstance(size, int) else set(size or ()) == {1}
    of_rank = operation(node, root).endswith(f"{state.rank - 2}d")
    fits = state.axes is Axes.CHANNELS_FIRST and of_rank and not state.pooled
    return replace(state, pooled=True) if whole and fits else None


def _strongest(state: _State, _node: fx.Node, _root: nn.Module) -> _State | None:
    # a linear layer after it would weigh other cells for each channel: no sum of maps
    fits = state.axes is Axes.CHANNELS_FIRST and state.rank == 4 and state.mapped
    return replace(state, pooled=True, averages=False) if fits and not state.pooled else None


def _mean(state: _State, node: fx.Node, _root: nn.Module) -> _State | None:
    dims = _argument(node, 1, "dim")
    dims = (dims,) if isinstance(dims, int) else tuple(dims or ())
    if not state.pooled and tuple(sorted(d % state.rank for d in dims)) == state.spatial:
        return replace(state, pooled=True)
    return None


def _linear(state: _State, node: fx.Node, root: nn.Module) -> _State | None:
    return _mapped(state, node, root) if state.pooled else None


def _convolve(state: _State, node: fx.Node, root: nn.Module) -> _State | None:
    conv = _module(node, root)
    plain = (
        state.axes is Axes.CHANNELS_FIRST
        and isinstance(conv, nn.Conv2d)
        and conv.kernel_size == (1, 1)
        and conv.stride == (1, 1)
        and conv.padding in ((0, 0), "valid", "same")
        and conv.groups == 1
    )
    return _mapped(state, node, root) if plain else None


def _mapped(state: _State, node: fx.Node, root: nn.Module) -> _State | None:
    if state.mapped:
        return None
    module: Any = _module(node, root)
    weight = module.weight if module else _attribute(_argument(node, 1, "weight"), root)
    bias = module.bias if module else _attribute(_argument(node, 2, "bias"), root)
    if not isinstance(weight, Tensor):
        return None
    return replace(
        state,
        mapped=True,
        weight=torch.flatten(weight.detach(), 1),
        bias=bias.detach() if isinstance(bias, Tensor) else None,
    )


def _module(node: fx.Node, root: nn.Module) -> nn.Module | None:
    return root.get_submodule(str(node.target)) if node.op == "call_module" else None


def _attribute(value: object, root: nn.Module) -> object:
    if isinstance(value, fx.Node) and value.op == "get_attr":
        path, _, name = str(value.target).rpartition(".")
        return getattr(root.get_submodule(path), name)
    return value


def _argument(node: fx.Node, position: int, name: str) -> Any:
    return node.args[position] if len(node.args) > position else node.kwargs.get(name)


def _rest(node: fx.Node) -> tuple[Any, ...]:
    first = node.args[1] if len(node.args) > 1 else ()
    return tuple(first) if isinstance(first, (tuple, list)) else tuple(node.args[1:])


_Step = Callable[[_State, fx.Node, nn.Module], "_State | None"]
_STEPS: dict[str, _Step] = {
    **dict.fromkeys(_FLATTENED, _flatten),
    **dict.fromkeys(("Permute", "permute"), _permute),
    **dict.fromkeys(_POOLING, _pool),
    "mean": _mean,
    StrongestCells.__name__: _strongest,
    **dict.fromkeys(_LINEAR, _linear),
    "Conv2d": _convolve,
}
