"""A traced network, rewritten for many pictures.

The same arithmetic in fewer passes over the memory: batch normalisation is folded into the
convolutions and channels are kept last; on the CPU a convolution also adds the skip connection and
applies the activation function, and its weights are laid out once. Modules keep being called one by
one, so that a forward pass can be stopped between two layers.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.fx.experimental.optimization import fuse

_ADDITIONS = (operator.add, operator.iadd, torch.add)
_RECTIFIERS = (F.relu, torch.relu)


@dataclass(frozen=True)
class Activation:
    """An activation function as oneDNN knows it.

    Attributes:
        name: its name there.
        bounds: its parameters.
    """

    name: str
    bounds: tuple[float, ...] = ()


_NONE = Activation("none")
_RELU = Activation("relu")
_ACTIVATIONS: dict[type[nn.Module], Activation] = {
    nn.ReLU: _RELU,
    nn.ReLU6: Activation("hardtanh", (0.0, 6.0)),
    nn.SiLU: Activation("swish"),
    nn.Hardswish: Activation("hardswish"),
}


def packed(network: fx.GraphModule) -> nn.Module:
    """A copy that computes the same but for rounding; the network stays as it is."""
    folded: Any = fuse(network, no_trace=True).to(memory_format=torch.channels_last)
    on_cpu = all(parameter.device.type == "cpu" for parameter in folded.parameters())
    if on_cpu and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        for node in list(folded.graph.nodes):
            if _is_plain_convolution(_module(folded, node)):
                _take_over(folded, node)
        folded.graph.lint()
        folded.recompile()
        folded.delete_all_unused_submodules()
    packed_network: nn.Module = folded
    return packed_network


class PackedConvolution(nn.Module):
    """A convolution of oneDNN with what follows it: an addition, an activation function."""

    def __init__(self, convolution: nn.Conv2d, then: Activation) -> None:
        """Lay out the weights.

        Args:
            convolution: padded with zeros, on the CPU.
            then: what is applied to the result.
        """
        super().__init__()
        self._then = then
        self._bias = convolution.bias
        self._geometry: tuple[Any, ...] = (
            list(convolution.padding),
            list(convolution.stride),
            list(convolution.dilation),
            convolution.groups,
        )
        self._weight = torch.ops.mkldnn._reorder_convolution_weight(
            convolution.weight.detach(), *self._geometry
        )

    def forward(self, x: Tensor, other: Tensor | None = None) -> Tensor:
        """Convolve, add the other where there is one, and apply the activation function."""
        convolve: Any = torch.ops.mkldnn._convolution_pointwise
        given = (self._weight, self._bias, *self._geometry)
        if other is None:
            bounds = list(self._then.bounds)
            plain: Tensor = convolve(x, *given, self._then.name, bounds, None)
            return plain
        unary = None if self._then is _NONE else self._then.name
        added: Tensor = convolve(x, other, *given, "add", 1.0, unary, [], None)
        return added


def _take_over(network: fx.GraphModule, node: fx.Node) -> None:
    """Replace a convolution, and what follows it as far as oneDNN does that too, by one call."""
    convolution: Any = _module(network, node)
    chain = [node]
    following = _only_user(node)
    other = _added(following, node)
    if following is not None and other is not None:
        chain.append(following)
        following = _only_user(following)
    then = _activation(network, following)
    if following is not None and (then == _RELU or (other is None and then != _NONE)):
        chain.append(following)
    else:
        then = _NONE
    name = f"packed_{node.name}"
    network.add_submodule(name, PackedConvolution(convolution, then))
    with network.graph.inserting_after(chain[-1]):
        given = (node.args[0],) if other is None else (node.args[0], other)
        chain[-1].replace_all_uses_with(network.graph.call_module(name, given))
    for done in reversed(chain):
        network.graph.erase_node(done)


def _module(network: fx.GraphModule, node: fx.Node | None) -> nn.Module | None:
    if node is None or node.op != "call_module":
        return None
    return network.get_submodule(str(node.target))


def _is_plain_convolution(module: nn.Module | None) -> bool:
    return (
        type(module) is nn.Conv2d
        and module.padding_mode == "zeros"
        and not isinstance(module.padding, str)
    )


def _only_user(node: fx.Node) -> fx.Node | None:
    return next(iter(node.users)) if len(node.users) == 1 else None


def _added(node: fx.Node | None, summand: fx.Node) -> fx.Node | None:
    """What a node adds to the summand; None where it does anything else."""
    if node is None or node.target not in _ADDITIONS or node.kwargs or len(node.args) != 2:
        return None
    others = [n for n in node.args if isinstance(n, fx.Node) and n is not summand]
    return others[0] if len(others) == 1 else None


def _activation(network: fx.GraphModule, node: fx.Node | None) -> Activation:
    if node is not None and node.target in _RECTIFIERS:
        return _RELU
    module = _module(network, node)
    return _NONE if module is None else _ACTIVATIONS.get(type(module), _NONE)
