"""The part of a network that is kept when it is taught other classes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, fx, nn
from torch.nn import functional as F

from camviewer.errors import ModelError
from camviewer.models import gap, starter, zoo
from camviewer.models.starter_net import StarterNet
from camviewer.models.tracer import Tracer, names_of

TARGET_LAYER = "maps"
"""The layer of a taught network whose means its linear layer is given."""

_LEAST_LENGTH = 1e-6
_STEPS = 1000  # of the share of cells that count


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
        strongest: which share of the cells counts, those where a channel is strongest; 1 for all.
            In steps of 1/1000, above 0.
    """

    name: str
    order: Order
    prefix: int = 0
    cells: tuple[int, int] = (0, 0)
    strongest: float = 1.0

    def seen(self, activation: Tensor) -> Tensor:
        """What counts of the activation, as ``(batch, channels, rows, columns)``.

        ``A'_k(x, y) = A_k(x, y)`` where that is among the strongest of channel ``k``, else 0.
        """
        grid = self._grid(activation)
        return grid if self.strongest == 1 else _strongest(grid, round(self.strongest * _STEPS))

    def _grid(self, activation: Tensor) -> Tensor:
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
    """A backbone with average pooling and one linear layer, so that its CAM is exact.

    The generic localisation of Zhou et al. 2016, Learning Deep Features for Discriminative
    Localization, section 4, on maps of unit strength: each layer's activation ``A`` is divided by
    the length of its own mean over the cells, ``A_k(x, y) / |mean(A)|``, which makes the pooled
    features unit vectors, so that contrast and brightness count for less, and leaves the logits a
    linear function of the maps' means.

    Things of a few cells drown in a mean over all of them. Where a tap says so, each channel counts
    only where it is strongest: pooled, that is the mean of its strongest cells (between the average
    pooling of Zhou et al. and the maximum pooling of Oquab et al. 2015, Is Object Localization for
    Free?). Since all other cells are set to zero *before* the average pooling, the logits remain
    linear in the maps' means, and the map says which cells made them.

    Args:
        trunk: as from `cut`.
        taps: the layers it returns, the finest first; coarser ones are resized to its grid.
        channels: of all layers together.
        classes: how many.
    """

    def __init__(self, trunk: nn.Module, taps: Sequence[Tap], channels: int, classes: int) -> None:
        super().__init__()
        self.trunk = trunk
        self.taps = tuple(taps)
        self.maps = nn.Identity()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to logits (N, classes)."""
        return self.fc(self.features(x))  # type: ignore[no-any-return]

    def features(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to what the linear layer sees (N, channels)."""
        return self._pooled([grid for grid, _ in self._of_unit_strength(x)])

    def looked_at(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The features, and the lengths by which each layer's maps were divided (N, layers)."""
        grids, lengths = zip(*self._of_unit_strength(x), strict=True)
        return self._pooled(grids), torch.cat(lengths, 1).flatten(1)

    def _of_unit_strength(self, x: Tensor) -> list[tuple[Tensor, Tensor]]:
        grids = [tap.seen(found) for tap, found in zip(self.taps, self.trunk(x), strict=True)]
        finest, *coarser = grids
        coarser = [F.interpolate(g, size=finest.shape[-2:], mode="bilinear") for g in coarser]
        return [_of_unit_mean(grid) for grid in (finest, *coarser)]

    def _pooled(self, grids: Sequence[Tensor]) -> Tensor:
        return torch.flatten(self.pool(self.maps(torch.cat(list(grids), 1))), 1)


def _strongest(grid: Tensor, thousandths: int) -> Tensor:
    cells = grid.flatten(2)
    # without math.ceil and max, so that torch.fx and exports can follow for all sizes
    count = (cells.shape[2] * thousandths + _STEPS - 1) // _STEPS
    least = cells.topk(count, 2).values[:, :, -1:]
    return torch.where(grid >= least.unsqueeze(3), grid, 0.0)


def _of_unit_mean(grid: Tensor) -> tuple[Tensor, Tensor]:
    """The grid, and the length of its mean by which it was divided (N, 1, 1, 1)."""
    mean = grid.mean((2, 3), keepdim=True)
    length = torch.linalg.vector_norm(mean, dim=1, keepdim=True).clamp_min(_LEAST_LENGTH)
    return torch.div(grid, length), length
