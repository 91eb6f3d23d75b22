"""Networks seen as layers, and split at one of them into a trunk and a head.

Everything below the target layer (the trunk) is a pure function of the picture and is never
differentiated. Everything a CAM method needs stands above it (the head); gradients are taken there
alone, with respect to the activation, never to a parameter.

Three ways to split, behind one interface: `traced` (torch.fx: every torchvision classifier and
exported programs), `hooked` (any module with Python submodules), `scripted` (TorchScript).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from camviewer.cam.layout import Layout
from camviewer.errors import MethodError
from camviewer.types import Size


@dataclass(frozen=True)
class Layer:
    """A layer whose activation is a grid of channel vectors.

    Attributes:
        name: dotted, as in ``named_modules``; operations without a module carry their own name.
        operation: what computes it, such as ``ReLU``.
        layout: the order of its axes.
        channels: how many.
        cells: ``(rows, columns)`` for the picture that the network was opened with.
    """

    name: str
    operation: str
    layout: Layout
    channels: int
    cells: Size


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A head that is average pooling and at most one linear layer: ``logits = W mean(A) + b``.

    Attributes:
        weight: float ``(classes, channels)``; None stands for the identity.
        bias: float ``(classes,)`` or None.
    """

    weight: Tensor | None
    bias: Tensor | None


@dataclass(frozen=True, eq=False)
class Run:
    """One picture, run once through the trunk.

    Attributes:
        activation: of the target layer, in the layer's own layout, batch of one; a leaf that
            requires gradients.
        layer: the target layer.
        cells: ``(rows, columns)`` of the activation for this picture.
        head: from an activation of the same shape to the logits ``(1, classes)``; may be called
            often and leaves its argument as it was.
        linear: the head in closed form, where it has one.
    """

    activation: Tensor
    layer: Layer
    cells: Size
    head: Callable[[Tensor], Tensor]
    linear: LinearHead | None = None

    @cached_property
    def logits(self) -> Tensor:
        """Float ``(1, classes)``, differentiable with respect to the activation."""
        with torch.enable_grad():
            return self.head(self.activation)

    @property
    def grid(self) -> Tensor:
        """The activation as ``(1, channels, rows, columns)``, detached."""
        return self.layer.layout.grid(self.activation.detach(), self.cells)

    def gradient(self, score: Tensor) -> Tensor:
        """The gradient of a scalar computed from `logits`, as ``(1, channels, rows, columns)``.

        Raises:
            MethodError: if the score does not depend on the activation, or cannot be
                differentiated.
        """
        gradient: Tensor | None = None
        try:
            if score.requires_grad:
                (gradient,) = torch.autograd.grad(
                    score, self.activation, retain_graph=True, allow_unused=True
                )
        except RuntimeError as error:
            if "modified by an inplace operation" not in str(error):
                raise
            raise MethodError(
                f"Above layer {self.layer.name!r} the network overwrites what the gradient needs "
                "(an in-place operation). Choose a layer further up."
            ) from error
        if gradient is None:
            raise MethodError(
                f"The scores do not depend on layer {self.layer.name!r}. Choose another layer."
            )
        return self.layer.layout.grid(gradient, self.cells)


class LayeredNetwork(Protocol):
    """A network of which the layers are known."""

    @property
    def layers(self) -> Sequence[Layer]:
        """Layers with a grid on which the output depends, in order of execution."""
        ...

    @property
    def containers(self) -> dict[str, str]:
        """Names of modules that hold layers, such as ``layer4``, with the layer they end in."""
        ...

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the trunk below a layer on ``(1, 3, height, width)``."""
        ...


def find_layer(network: LayeredNetwork, name: str) -> Layer:
    """The layer of this name, or the one in which the module of this name ends.

    Raises:
        MethodError: if there is none; the message offers layers that there are.
    """
    by_name = {layer.name: layer for layer in network.layers}
    found = by_name.get(name) or by_name.get(network.containers.get(name, ""))
    if found is None:
        near = [n for n in (*network.containers, *by_name) if name.split(".")[0] in n]
        some = ", ".join((near or list(by_name))[-6:])
        raise MethodError(
            f"No layer {name!r} with rows and columns to show. There are, among others: {some}."
        )
    return found
