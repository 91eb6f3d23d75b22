"""Where an activation keeps its rows, columns and channels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from torch import Tensor

from camviewer.types import Size

_PREFIXES = (0, 1, 2, 5)  # none, class, class + distillation, class + four registers


class Axes(StrEnum):
    """The order of an activation's axes; in a clip's, time stands before the rows."""

    CHANNELS_FIRST = "channels first"  # (batch, channels, rows, columns), convolutional networks
    CHANNELS_LAST = "channels last"  # (batch, rows, columns, channels), Swin
    TOKENS = "tokens"  # (batch, tokens, channels), ViT


@dataclass(frozen=True)
class Layout:
    """How to read an activation as a grid of channel vectors.

    A clip's grid is laid out as a film strip: its moments one below the other, in order. What looks
    at cells one by one, and at sums over all of them, thereby looks at space and time.

    Attributes:
        axes: their order.
        prefix: tokens before the grid, such as the class token; zero unless ``axes`` is TOKENS.
        clip: whether it is that of a clip.
        steps: moments of a clip, where ``axes`` is TOKENS; elsewhere the shape tells.
    """

    axes: Axes
    prefix: int = 0
    clip: bool = False
    steps: int = 1

    def grid(self, activation: Tensor, cells: Size) -> Tensor:
        """The activation as ``(batch, channels, rows, columns)``: a differentiable view.

        Args:
            activation: in this layout.
            cells: ``(rows, columns)`` of the strip; used for tokens only, the others know their
                own.
        """
        if self.axes is Axes.TOKENS:
            tokens = activation[:, self.prefix :]
            return tokens.transpose(1, 2).reshape(activation.shape[0], -1, *cells)
        grid = activation if self.axes is Axes.CHANNELS_FIRST else activation.movedim(-1, 1)
        return grid.flatten(2, 3) if self.clip else grid

    def moments(self, shape: tuple[int, ...]) -> int:
        """How many moments an activation of this shape tells apart; one for pictures."""
        if not self.clip or self.axes is Axes.TOKENS:
            return self.steps
        return shape[2] if self.axes is Axes.CHANNELS_FIRST else shape[1]

    def cells(self, shape: tuple[int, ...], network_input: Size) -> Size:
        """``(rows, columns)`` of one moment of an activation, for an input of this size."""
        if self.axes is Axes.CHANNELS_FIRST:
            return shape[-2], shape[-1]
        if self.axes is Axes.CHANNELS_LAST:
            return shape[-3], shape[-2]
        tokens = (shape[1] - self.prefix) // self.steps
        return _token_grid(tokens, network_input) or (1, tokens)

    def strip(self, shape: tuple[int, ...], network_input: Size) -> Size:
        """``(rows, columns)`` of all moments, one below the other."""
        rows, columns = self.cells(shape, network_input)
        return self.moments(shape) * rows, columns


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
        for prefix in _PREFIXES:
            cells = _token_grid(shape[1] - prefix, network_input)
            if cells is not None and min(cells) > 1:
                return Layout(Axes.TOKENS, prefix)
    return None


def clip_layout_of(shape: tuple[int, ...], network_input: Size, moments: int) -> Layout | None:
    """The layout of an activation computed from one clip of squares; None if it has no grid.

    Args:
        shape: the activation's, with a batch of one.
        network_input: ``(height, width)`` of the square frames.
        moments: how many there are among tokens; their number alone would not tell.
    """
    if not shape or shape[0] != 1:
        return None
    if len(shape) == 5:
        if shape[3] == shape[4] > 1:
            return Layout(Axes.CHANNELS_FIRST, clip=True)
        if shape[2] == shape[3] > 1:
            return Layout(Axes.CHANNELS_LAST, clip=True)
    if len(shape) == 3:
        for prefix in _PREFIXES:
            tokens, rest = divmod(shape[1] - prefix, moments)
            cells = None if rest else _token_grid(tokens, network_input)
            if cells is not None and min(cells) > 1:
                return Layout(Axes.TOKENS, prefix, clip=True, steps=moments)
    return None


def _token_grid(tokens: int, network_input: Size) -> Size | None:
    if tokens < 1:
        return None
    rows = max(1, round(math.sqrt(tokens * network_input[0] / network_input[1])))
    return (rows, tokens // rows) if rows * (tokens // rows) == tokens else None
