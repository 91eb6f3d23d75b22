"""A picture, and how it lies under the network's input and the map's cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Size = tuple[int, int]
Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Frame:
    """One upright picture.

    Attributes:
        pixels: RGB uint8 ``(height, width, 3)``, C-contiguous; never written to.
        source: where it came from: a path, an address, a camera's name.
        number: its place in the source, from 0.
        time: seconds since the source's start.
    """

    pixels: Pixels
    source: str
    number: int = 0
    time: float = 0.0

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(
                f"a frame is RGB uint8 (height, width, 3), not {self.pixels.dtype} "
                f"{self.pixels.shape}"
            )

    @property
    def size(self) -> Size:
        """``(height, width)`` in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


@dataclass(frozen=True, eq=False, kw_only=True)
class Clip(Frame):
    """A frame together with the frames around it, for networks that look at several at once.

    To everybody else it is the frame.

    Attributes:
        frames: what such a network is shown, in order; they may be smaller than the frame, and one
            may stand there several times.
        place: where the frame lies among them, in frames from 0; it may lie between two.
    """

    frames: tuple[Frame, ...]
    place: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.place <= len(self.frames) - 1:
            raise ValueError(f"no place {self.place:g} among {len(self.frames)} frames")


class Fit(StrEnum):
    """How a picture is laid into the network's input."""

    WHOLE = "whole"  # all of the picture, aspect kept
    CROP = "crop"  # the network's own evaluation: resize, then the centre crop
    STRETCH = "stretch"  # all of the picture, pressed into a square


@dataclass(frozen=True)
class Geometry:
    """How picture pixels, network input and map cells lie over each other.

    ``input = picture * scale + offset`` on each axis. A map covers the input evenly.

    Attributes:
        picture: size of the upright picture.
        input: size of the network's input tensor.
        scale: ``(y, x)`` input pixels per picture pixel.
        offset: ``(y, x)`` where the picture's top left corner lies in the input; negative when the
            input shows only a part of the picture, positive when the picture is padded.
    """

    picture: Size
    input: Size
    scale: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)

    def to_input(self, x: float, y: float) -> tuple[float, float]:
        """Picture point ``(x, y)`` in input coordinates."""
        return x * self.scale[1] + self.offset[1], y * self.scale[0] + self.offset[0]

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Input point ``(x, y)`` in picture coordinates."""
        return (x - self.offset[1]) / self.scale[1], (y - self.offset[0]) / self.scale[0]

    def resized(self, picture: Size) -> Geometry:
        """How a copy of the picture at another size is laid into the same input."""
        scale = (
            self.scale[0] * self.picture[0] / picture[0],
            self.scale[1] * self.picture[1] / picture[1],
        )
        return replace(self, picture=picture, scale=scale)

    @cached_property
    def seen(self) -> tuple[float, float, float, float]:
        """The part of the picture the network sees: ``(left, top, right, bottom)`` in pixels."""
        left, top = self.to_picture(0, 0)
        right, bottom = self.to_picture(self.input[1], self.input[0])
        height, width = self.picture
        return max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))

    @cached_property
    def covers_picture_only(self) -> bool:
        """Whether the input shows all of the picture and nothing else (no crop, no padding)."""
        return all(
            abs(self.offset[axis]) < 1e-6
            and abs(self.picture[axis] * self.scale[axis] - self.input[axis]) < 1e-6
            for axis in (0, 1)
        )

    def window(self, size: Size | None = None) -> tuple[slice, slice]:
        """The rows and columns of a raster over the whole picture that the network saw.

        Args:
            size: size of the raster; the picture's own when None. Edges are rounded to its pixels;
                at least one row and one column remain.
        """
        size = size or self.picture
        left, top, right, bottom = self.seen
        spans = []
        for axis, low, high in ((0, top, bottom), (1, left, right)):
            scale = size[axis] / self.picture[axis]
            start = min(round(low * scale), size[axis] - 1)
            spans.append(slice(start, max(round(high * scale), start + 1)))
        return spans[0], spans[1]

    def sampling(self, cells: Size, size: Size | None = None) -> NDArray[np.float64]:
        """The 2x3 matrix from pixel indices to (fractional) map cell indices.

        Args:
            cells: size of the map.
            size: size of the raster laid over the whole picture; the picture's own when None.

        Returns:
            A matrix for ``cv2.warpAffine`` with ``cv2.WARP_INVERSE_MAP``.
        """
        size = size or self.picture
        matrix = np.zeros((2, 3))
        for row, axis in ((0, 1), (1, 0)):
            cells_per_input = cells[axis] / self.input[axis]
            step = self.picture[axis] / size[axis] * self.scale[axis] * cells_per_input
            matrix[row, row] = step
            matrix[row, 2] = 0.5 * step + self.offset[axis] * cells_per_input - 0.5
        return matrix
