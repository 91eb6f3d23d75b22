"""Where an activation keeps its rows, columns and channels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from camviewer.types import Size


class Axes(StrEnum):
    """The order of an activation's axes."""

    CHANNELS_FIRST = "channels first"  # (batch, channels, rows, columns), convolutional networks
    CHANNELS_LAST = "channels last"  # (batch, rows, columns, channels), Swin
    TOKENS = "tokens"  # (batch, tokens, channels), ViT


@dataclass(frozen=True)
class Layout:
    """How to read an activation as a grid of channel vectors.

    Attributes:
        axes: their order.
        prefix: tokens before the grid, such as the class token; zero unless ``axes`` is TOKENS.
    """

    axes: Axes
    prefix: int = 0

    def grid(self, activation: Tensor, cells: Size) -> Tensor:
        """The activation as ``(batch, channels, rows, columns)``: a differentiable view.

        Args:
            activation: in this layout.
            cells: ``(rows, columns)``; used for tokens only, the others know their own.
        """
        if self.axes is Axes.CHANNELS_FIRST:
            return activation
        if self.axes is Axes.CHANNELS_LAST:
            return activation.permute(0, 3, 1, 2)
        tokens = activation[:, self.prefix :]
        return tokens.transpose(1, 2).reshape(activation.shape[0], -1, *cells)

    def cells(self, shape: tuple[int, ...], network_input: Size) -> Size:
        """``(rows, columns)`` of an activation of this shape, for an input of this size."""
        if self.axes is Axes.CHANNELS_FIRST:
            return shape[2], shape[3]
        if self.axes is Axes.CHANNELS_LAST:
            return shape[1], shape[2]
        return _token_grid(shape[1] - self.prefix, network_input) or (1, shape[1] - self.prefix)


def layout_of(shape: tuple[int, ...], network_input: Size) -> Layout | None:
    """The layout of an activation computed from one square picture; None if it has no grid.

    Args:
        shape: the activation's, with a batch of one.
        network_input: the square input's size.
    """
    if not shape or shape[0] != 1:
        return None
    if len(shape) == 4:
        if shape[2] == shape[3] > 1:
            return Layout(Axes.CHANNELS_FIRST)
        if shape[1] == shape[2] > 1:
            return Layout(Axes.CHANNELS_LAST)
    if len(shape) == 3:
        for prefix in (0, 1, 2, 5):  # none, class, class + distillation, class + four registers
            cells = _token_grid(shape[1] - prefix, network_input)
            if cells is not None and min(cells) > 1:
                return Layout(Axes.TOKENS, prefix)
    return None


def _token_grid(tokens: int, network_input: Size) -> Size | None:
    if tokens < 1:
        return None
    rows = max(1, round(math.sqrt(tokens * network_input[0] / network_input[1])))
    return (rows, tokens // rows) if rows * (tokens // rows) == tokens else None
