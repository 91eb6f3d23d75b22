"""A traced network, rewritten for many pictures.

The same arithmetic in fewer passes over the memory: batch normalisation is folded into the
convolutions and channels are kept last; on the CPU a convolution also adds the skip connection and
applies the activation function, and its weights are laid out once. Modules keep being called one by
one, so that a forward pass can be stopped between two layers.
"""

from __future__ import annotations

import copy
import operator
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

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
    """A copy that computes the same but for rounding; the network stays as it is.

    What is not rewritten is shared with the network.
    """
    rewritten = fx.GraphModule(network, copy.deepcopy(network.graph))
    on_cpu = all(parameter.device.type == "cpu" for parameter in network.parameters())
    fused = on_cpu and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    for node in list(rewritten.graph.nodes):
        if type(_module(rewritten, node)) is nn.Conv2d:
            _take_over(rewritten, node, fused)
    rewritten.graph.lint()
    rewritten.recompile()
    rewritten.delete_all_unused_submodules()
    return rewritten


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


def _take_over(network: fx.GraphModule, node: fx.Node, fused: bool) -> None:
    """Replace a convolution, and what follows it as far as it can be done with it, by one call."""
    convolution, chain = _folded(network, node)
    given = node.args
    replacement: nn.Module
    if fused and convolution.padding_mode == "zeros" and not isinstance(convolution.padding, str):
        other, then, following = _followed(network, chain[-1])
        chain += following
        given = node.args if other is None else (*node.args, other)
        replacement = PackedConvolution(convolution, then)
    else:
        replacement = copy.deepcopy(convolution).to(memory_format=torch.channels_last)
    name = f"packed_{node.name}"
    network.add_submodule(name, replacement)
    with network.graph.inserting_after(chain[-1]):
        chain[-1].replace_all_uses_with(network.graph.call_module(name, given))
    for done in reversed(chain):
        network.graph.erase_node(done)


def _folded(network: fx.GraphModule, node: fx.Node) -> tuple[nn.Conv2d, list[fx.Node]]:
    """The convolution with the batch normalisation that follows it, and the nodes of both."""
    convolution: Any = _module(network, node)
    following = _only_user(node)
    norm = _module(network, following)
    if following is None or not isinstance(norm, nn.BatchNorm2d) or norm.running_mean is None:
        return convolution, [node]
    return fuse_conv_bn_eval(convolution, norm), [node, following]


def _followed(
    network: fx.GraphModule, last: fx.Node
) -> tuple[fx.Node | None, Activation, list[fx.Node]]:
    """What is added to a convolution's result, what is applied to that, and the nodes of both."""
    nodes = []
    following = _only_user(last)
    other = _added(following, last)
    if following is not None and other is not None:
        nodes.append(following)
        following = _only_user(following)
    then = _activation(network, following)
    if following is None or not (then == _RELU or (other is None and then != _NONE)):
        return other, _NONE, nodes
    return other, then, [*nodes, following]


def _module(network: fx.GraphModule, node: fx.Node | None) -> nn.Module | None:
    if node is None or node.op != "call_module":
        return None
    return network.get_submodule(str(node.target))


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
