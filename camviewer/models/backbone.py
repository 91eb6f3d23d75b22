"""The part of a network that is kept when it is taught other classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from camviewer.errors import ModelError
from camviewer.models import gap, starter, zoo
from camviewer.models.pooling import StrongestCells
from camviewer.models.registration import NONE, Shift, moved
from camviewer.models.starter_net import StarterNet
from camviewer.models.tracer import Tracer, names_of

TARGET_LAYER = "maps"
"""The layer of a taught network whose maps its linear layer weighs."""

_LEAST_LENGTH = 1e-6


class Order(StrEnum):
    """The order of an activation's axes."""

    CHANNELS_FIRST = "channels first"  # (batch, channels, rows, columns)
    CHANNELS_LAST = "channels last"  # (batch, rows, columns, channels)
    TOKENS = "tokens"  # (batch, tokens, channels)


@dataclass(frozen=True)
class Tap:
    """A layer of the backbone that is looked at.

    Attributes:
        name: of the layer, as `tracer.names_of` has it.
        order: of its axes.
        prefix: tokens before the grid; zero unless the order is TOKENS.
        cells: ``(rows, columns)`` of tokens, whose number alone does not tell; else ``(0, 0)``.
        shift: by how much its cells look beside their own place, see `Registration`.
    """

    name: str
    order: Order
    prefix: int = 0
    cells: tuple[int, int] = (0, 0)
    shift: Shift = NONE

    def grid(self, activation: Tensor) -> Tensor:
        """The activation as ``(batch, channels, rows, columns)``, cells at their own place."""
        return moved(self._as_grid(activation), self.shift)

    def _as_grid(self, activation: Tensor) -> Tensor:
        if self.order is Order.CHANNELS_FIRST:
            return activation
        if self.order is Order.CHANNELS_LAST:
            return activation.permute(0, 3, 1, 2)
        channels = activation[:, self.prefix :].transpose(1, 2)
        return channels.reshape(activation.shape[0], -1, *self.cells)


def skeleton(name: str, image_size: int | None, *, rescale: bool = True) -> nn.Module:
    """The network of this name without weights, see `zoo.skeleton`.

    Raises:
        ModelError: if there is no network of pictures of this name.
    """
    if name == starter.NAME:
        with torch.device("meta"):
            return StarterNet(1)
    if name in gap.names():
        with torch.device("meta"):
            return gap.build(name, 1)
    if name not in zoo.names():
        raise ModelError(f"There is no network called {name[:100]!r} to build upon.")
    return zoo.skeleton(name, image_size=image_size, rescale=rescale)


def cut(network: nn.Module, layers: Sequence[str]) -> fx.GraphModule:
    """What computes some layers, without all that follows on them.

    Args:
        network: as from `skeleton`, or with weights, which are then shared.
        layers: their names, in order of execution.

    Returns:
        From pictures to a tuple of the layers' activations. Its state_dict has the names of the
        network's own.

    Raises:
        ModelError: if torch.fx cannot follow the network or there is no such layer.
    """
    tracer = Tracer()
    try:
        graph = tracer.trace(network)
    except Exception as error:  # a network's own code runs here: anything may be raised
        raise ModelError(f"torch.fx cannot follow this network: {error}") from error
    nodes = {name: node for node, name in names_of(graph, tracer.node_to_qualname).items()}
    for name in layers:
        if name not in nodes:
            raise ModelError(f"The network has no layer {name[:100]!r}.")
    wanted = [nodes[name] for name in layers]
    needed = _needed(wanted)
    part, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    tapped: dict[fx.Node, fx.Node] = {}
    for node in graph.nodes:
        if node in needed:
            copies[node] = part.node_copy(node, copies.__getitem__)
            if node in wanted:
                # operations in place may follow
                tapped[node] = part.call_method("clone", (copies[node],))
    part.output(tuple(tapped[node] for node in wanted))
    return fx.GraphModule(network, part)


def _needed(wanted: Sequence[fx.Node]) -> set[fx.Node]:
    found, waiting = set(wanted), list(wanted)
    while waiting:
        new = [node for node in waiting.pop().all_input_nodes if node not in found]
        found.update(new)
        waiting.extend(new)
    return found


class TaughtNetwork(nn.Module):
    """A backbone with pooling and one linear layer, so that its CAM is exact.

    The generic localisation of Zhou et al. 2016, Learning Deep Features for Discriminative
    Localization, section 4, on maps of unit strength: each layer's activation ``A`` is divided by
    the length of its own mean over the cells, ``A_k(x, y) / |mean(A)|``, which makes the pooled
    features unit vectors, so that contrast and brightness count for less, and leaves the logits a
    linear function of the maps' means.

    Things of a few cells drown in a mean over all of them. With shares of the cells the class's map
    ``M_c = sum_k W_ck A_k`` is made first, and its strongest cells alone are averaged:
    ``logit_c = mean(the strongest of M_c) + b_c``, see `StrongestCells`. The map is the same sum of
    channels, and says which cells made the logit.

    Args:
        trunk: as from `cut`.
        taps: the layers it returns, the finest first; coarser ones are resized to its grid.
        channels: of all layers together.
        classes: how many.
        strongest: which shares of the cells count, those where a class's map is strongest; see
            `StrongestCells`. None for all cells alike.
    """

    def __init__(
        self,
        trunk: nn.Module,
        taps: Sequence[Tap],
        channels: int,
        classes: int,
        strongest: Sequence[float] = (),
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.taps = tuple(taps)
        self.channels = channels
        self.classes = classes
        self.strongest = tuple(strongest)
        self.maps = nn.Identity()
        self.fc: Any  # a Linear or, to weigh each cell, a Conv2d
        self.pool: nn.Module
        if self.strongest:
            self.fc = nn.Conv2d(channels, classes, 1)
            self.pool = StrongestCells(self.strongest)
        else:
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to logits (N, classes)."""
        return self._logits([grid for grid, _ in self._of_unit_strength(self._grids(x))])

    def answered(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The logits, and the lengths by which each layer's maps were divided (N, layers)."""
        grids, lengths = zip(*self._of_unit_strength(self._grids(x)), strict=True)
        return self._logits(grids), torch.cat(lengths, 1).flatten(1)

    def features(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to the means of all maps (N, channels)."""
        return self.looked_at(x)[0]

    def looked_at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The features, and the lengths by which each layer's maps were divided (N, layers)."""
        grids, lengths = zip(*self._of_unit_strength(self._grids(x)), strict=True)
        return torch.cat(grids, 1).mean((2, 3)), torch.cat(lengths, 1).flatten(1)

    def unit_maps(self, x: Tensor) -> tuple[list[Tensor], Tensor]:
        """Each layer's maps of unit strength, coarser ones not resized, and their lengths.

        Returns:
            ``(N, channels, rows, columns)`` for each layer, and ``(N, layers)``.
        """
        own = self._grids(x)
        lengths = [length for _, length in self._of_unit_strength(own)]
        maps = [torch.div(grid, length) for grid, length in zip(own, lengths, strict=True)]
        return maps, torch.cat(lengths, 1).flatten(1)

    def _grids(self, x: Tensor) -> list[Tensor]:
        return [tap.grid(found) for tap, found in zip(self.taps, self.trunk(x), strict=True)]

    def _of_unit_strength(self, grids: list[Tensor]) -> list[tuple[Tensor, Tensor]]:
        finest, *coarser = grids
        coarser = [F.interpolate(g, size=finest.shape[-2:], mode="bilinear") for g in coarser]
        return [_of_unit_mean(grid) for grid in (finest, *coarser)]

    def _logits(self, grids: Sequence[Tensor]) -> Tensor:
        maps = self.maps(torch.cat(list(grids), 1))
        if self.strongest:
            logits: Tensor = self.pool(self.fc(maps))
        else:
            logits = self.fc(torch.flatten(self.pool(maps), 1))
        return logits


def _of_unit_mean(grid: Tensor) -> tuple[Tensor, Tensor]:
    """The grid, and the length of its mean by which it was divided (N, 1, 1, 1)."""
    mean = grid.mean((2, 3), keepdim=True)
    length = torch.linalg.vector_norm(mean, dim=1, keepdim=True).clamp_min(_LEAST_LENGTH)
    return torch.div(grid, length), length
