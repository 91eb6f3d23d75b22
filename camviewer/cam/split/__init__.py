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
from torch import Tensor, nn
from torch.nn import functional as F

from camviewer.cam.layout import Layout
from camviewer.cam.targets import ClassTarget, Reading, Target
from camviewer.errors import MethodError
from camviewer.models.classifier import as_logits
from camviewer.types import Size


@dataclass(frozen=True)
class Layer:
    """A layer whose activation is a grid of channel vectors.

    Attributes:
        name: dotted, as in ``named_modules``; operations without a module carry their own name.
        operation: what computes it, such as ``ReLU``.
        layout: the order of its axes.
        channels: how many.
        cells: ``(rows, columns)`` for the picture that the network was opened with; of a clip, of
            each of its moments.
    """

    name: str
    operation: str
    layout: Layout
    channels: int
    cells: Size


@dataclass(frozen=True, eq=False)
class LinearHead:
    """A head that is average pooling and at most one linear layer: ``logits = W mean(A) + b``.

    Or the mean of the strongest cells of each class's map, ``mean(strongest(W A)) + b``: the maps
    are the same, but not the gradients, for which other cells are of no account.

    Attributes:
        weight: float ``(classes, channels)``; None stands for the identity.
        bias: float ``(classes,)`` or None.
        averages: all cells count alike; else the strongest ones alone.
    """

    weight: Tensor | None
    bias: Tensor | None
    averages: bool = True


@dataclass(frozen=True, eq=False)
class Run:
    """One picture or clip, run once through the trunk.

    Attributes:
        picture: float ``(1, 3, height, width)``, normalised: what the trunk was given; a clip is
            ``(1, 3, frames, height, width)``.
        activation: of the target layer, in the layer's own layout, batch of one; a leaf that
            requires gradients.
        layer: the target layer.
        cells: ``(rows, columns)`` of the activation for this picture; of a clip's, the rows of all
            its moments (see `Layout`).
        head: from an activation of the same shape (any batch) to the logits ``(batch, classes)``;
            may be called often and leaves its argument as it was.
        network: the whole network, on the picture's device; may be called with other pictures, of
            this size, in any batch.
        again: from another picture tensor of one to its run at the same layer, or at another one.
        embed: from an activation to the embedding ``(batch, values)``, the input of the last linear
            layer; None where the network does not end in one or it cannot be told.
        linear: the head in closed form, where it has one.
        pooled: what follows on global average pooling, where nothing but that stands between it and
            the layer: from means ``(batch, channels)`` to the logits.
        runtime: what computed the activation, as shown, such as ``eager`` or ``onnx``.
    """

    picture: Tensor
    activation: Tensor
    layer: Layer
    cells: Size
    head: Callable[[Tensor], Tensor]
    network: nn.Module
    again: Callable[[Tensor, Layer], Run]
    embed: Callable[[Tensor], Tensor] | None = None
    linear: LinearHead | None = None
    pooled: Callable[[Tensor], Tensor] | None = None
    runtime: str = "eager"

    @cached_property
    def prediction(self) -> Tensor:
        """The logits as numbers alone, float ``(1, classes)``: cheaper than `logits`."""
        if self.linear is not None and not self.linear.averages:
            with torch.no_grad():
                return self.head(self.activation)
        # class tokens, where there are some, are pooled too and no part of the grid
        if self.linear is not None and self.layer.layout.prefix == 0:
            weight, means = self.linear.weight, self._means()
            return means if weight is None else F.linear(means, weight, self.linear.bias)
        behind = self._behind_pooling
        return (self.logits if behind is None else behind[1]).detach()

    @cached_property
    def logits(self) -> Tensor:
        """Float ``(1, classes)``, differentiable with respect to the activation."""
        with torch.enable_grad():
            return self.head(self.activation)

    @cached_property
    def embedding(self) -> Tensor:
        """Float ``(1, values)``, differentiable with respect to the activation.

        Raises:
            MethodError: if the network does not end in a linear layer.
        """
        with torch.enable_grad():
            return self._embedder(self.activation)

    @property
    def grid(self) -> Tensor:
        """The activation as ``(1, channels, rows, columns)``, detached."""
        return self.layer.layout.grid(self.activation.detach(), self.cells)

    def score(self, target: Target) -> Tensor:
        """What the target asks for, a differentiable scalar.

        Raises:
            MethodError: if the target reads an embedding and there is none.
        """
        with torch.enable_grad():
            output = self.logits if target.reads is Reading.LOGITS else self.embedding
            return target.score(output)[0]

    def of_activations(self, activations: Tensor, targets: Sequence[Target]) -> Tensor:
        """Scores ``(targets, batch)`` of other activations, in the layer's layout; no gradients.

        Raises:
            MethodError: if the network cannot be run from the middle.
        """
        with torch.no_grad():
            return self._scores(targets, activations, self.head, self._embedder)

    def of_pictures(self, pictures: Tensor, targets: Sequence[Target]) -> Tensor:
        """Scores ``(targets, batch)`` of other pictures of this size; no gradients.

        Raises:
            MethodError: if a target reads an embedding: those can be read from the middle only.
        """

        def embed(batch: Tensor) -> Tensor:
            runs = [self.again(picture[None], self.layer) for picture in batch]
            return torch.cat([run.embedding.detach() for run in runs])

        with torch.no_grad():
            return self._scores(
                targets, pictures, lambda batch: as_logits(self.network(batch)), embed
            )

    def class_weights(self, targets: Sequence[Target]) -> Tensor | None:
        """The linear head's weights of what is asked for: ``sum_c a_c W_ck``.

        Returns:
            Float ``(targets, channels)`` for targets with the coefficients ``a``, possibly a view
            that must not be written to; None where head or targets are not linear.
        """
        if self.linear is None or any(t.reads is not Reading.LOGITS for t in targets):
            return None
        weight = self.linear.weight
        if weight is None:
            weight = torch.eye(self.logits.shape[1]).to(self.activation)
        if all(isinstance(target, ClassTarget) for target in targets):
            wanted = [target.index for target in targets if isinstance(target, ClassTarget)]
            return _rows(weight, wanted)
        row: list[int] = []
        column: list[int] = []
        share: list[float] = []
        for number, target in enumerate(targets):
            if target.coefficients is None:
                return None
            for index, coefficient in target.coefficients.items():
                row.append(number)
                column.append(index)
                share.append(coefficient)
        rows = torch.tensor(row, dtype=torch.int64).to(weight.device)
        parts = _rows(weight, column) * torch.tensor(share).to(weight)[:, None]
        return weight.new_zeros(len(targets), weight.shape[1]).index_add(0, rows, parts)

    def channel_gradients(self, targets: Sequence[Target]) -> Tensor | None:
        """The gradients in closed form, where they are the same at every cell.

        With a linear head ``dS/dA_k(x, y) = sum_c a_c W_ck / cells`` for a target with the
        coefficients ``a``.

        Returns:
            Float ``(targets, channels)``; None where head or targets are not linear.
        """
        if self.linear is None or not self.linear.averages:
            return None
        weights = self.class_weights(targets)
        return None if weights is None else weights / (self.cells[0] * self.cells[1])

    def constant_gradients(self, targets: Sequence[Target]) -> Tensor | None:
        """The gradients where they are the same at every cell, in closed form or not.

        Below average pooling they are: ``dS/dA_k(x, y) = dS/dm_k / cells``, with the means ``m``.
        Unlike `channel_gradients` they may change with the activation.

        Returns:
            Float ``(targets, channels)``; None where they differ between cells.

        Raises:
            MethodError: if a score does not depend on the activation.
        """
        closed = self.channel_gradients(targets)
        if closed is not None or any(target.reads is not Reading.LOGITS for target in targets):
            return closed
        if self._behind_pooling is None:
            return None
        means, logits = self._behind_pooling
        with torch.enable_grad():
            scores = [target.score(logits)[0] for target in targets]
        gradients = [self._differentiated(score, means) for score in scores]
        return torch.cat(gradients) / (self.cells[0] * self.cells[1])

    def gradients(self, targets: Sequence[Target]) -> Tensor:
        """The gradients of the targets' scores, as ``(targets, channels, rows, columns)``.

        In closed form where there is one, as a view that must not be written to.

        Raises:
            MethodError: if a score does not depend on the activation.
        """
        constant = self.constant_gradients(targets)
        if constant is not None:
            return constant[:, :, None, None].expand(-1, -1, *self.cells)
        return torch.cat([self.gradient(self.score(target)) for target in targets])

    def gradient(self, score: Tensor) -> Tensor:
        """The gradient of a scalar computed from `logits`, as ``(1, channels, rows, columns)``.

        Raises:
            MethodError: if the score does not depend on the activation, or cannot be
                differentiated.
        """
        return self.layer.layout.grid(self._differentiated(score, self.activation), self.cells)

    @cached_property
    def _behind_pooling(self) -> tuple[Tensor, Tensor] | None:
        """The means, and the logits as a differentiable function of them alone."""
        if self.pooled is None:
            return None
        means = self._means().requires_grad_()
        with torch.enable_grad():
            return means, self.pooled(means)

    def _means(self) -> Tensor:
        """The activation's means over the cells ``(1, channels)``, without gradients.

        As a product with a vector: torch would add up on several threads, which then wait busily
        for more and starve whatever computes the next trunk.
        """
        cells = self.cells[0] * self.cells[1]
        grid = self.grid[0].flatten(1)
        return (grid @ grid.new_full((cells,), 1 / cells))[None]

    def _differentiated(self, score: Tensor, variable: Tensor) -> Tensor:
        gradient: Tensor | None = None
        try:
            if score.requires_grad:
                (gradient,) = torch.autograd.grad(
                    score, variable, retain_graph=True, allow_unused=True
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
        return gradient

    def _embedder(self, activation: Tensor) -> Tensor:
        if self.embed is None:
            raise MethodError(
                "This network shows no embedding: it does not end in one linear layer."
            )
        return self.embed(activation)

    @staticmethod
    def _scores(
        targets: Sequence[Target],
        batch: Tensor,
        logits: Callable[[Tensor], Tensor],
        embedding: Callable[[Tensor], Tensor],
    ) -> Tensor:
        outputs: dict[Reading, Tensor] = {}
        for target in targets:
            if target.reads not in outputs:
                read = logits if target.reads is Reading.LOGITS else embedding
                outputs[target.reads] = read(batch)
        return torch.stack([target.score(outputs[target.reads]) for target in targets])


def _rows(weight: Tensor, wanted: list[int]) -> Tensor:
    """Rows of a matrix, copied only where they do not lie one behind the other."""
    for index in wanted:
        if not 0 <= index < len(weight):
            raise MethodError(f"The network knows 0 to {len(weight) - 1}; there is no {index}.")
    if wanted and wanted == list(range(wanted[0], wanted[0] + len(wanted))):
        return weight[wanted[0] : wanted[0] + len(wanted)]
    return weight.index_select(0, torch.tensor(wanted, dtype=torch.int64).to(weight.device))


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
        """Run the trunk below a layer on ``(1, 3, height, width)``, or on a clip."""
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
