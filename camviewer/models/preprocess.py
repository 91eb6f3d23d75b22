"""From a picture to the network's input tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as tvf

from camviewer.errors import ModelError
from camviewer.types import Fit, Frame, Geometry, Size

_LONGEST_SIDE_SHARE = 4.0  # a panorama is fed at most this many times longer than the input size


@dataclass(frozen=True)
class Preprocessing:
    """What a network was trained to expect.

    Attributes:
        mean: per channel RGB, for values in [0, 1].
        std: likewise; none may be zero.
        input_size: side of the square evaluation input, in pixels.
        resize_size: what the short side is resized to before the evaluation crop.
        interpolation: ``bilinear``, ``bicubic`` or ``nearest``; always antialiased.
        fixed_size: the network takes squares of ``input_size`` only.
        multiple: input sides are multiples of this.
    """

    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    input_size: int = 224
    resize_size: int = 256
    interpolation: str = "bilinear"
    fixed_size: bool = False
    multiple: int = 1

    def __post_init__(self) -> None:
        numbers = (*self.mean, *self.std)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, numbers)):
            raise ModelError("Mean and standard deviation need three finite numbers each: R, G, B.")
        if min(self.std) <= 0:
            raise ModelError("The standard deviation of every channel must be above zero.")
        if self.input_size < 1 or self.multiple < 1:
            raise ModelError("The input size must be at least one pixel.")

    def geometry(self, picture: Size, fit: Fit, input_size: int | None = None) -> Geometry:
        """How a picture of this size is laid into the network's input.

        ``whole`` feeds the picture with its aspect kept and the short side at the input size (a
        network of fixed size gets it letterboxed); ``crop`` repeats the evaluation the network was
        published with; ``stretch`` presses it into a square.

        Args:
            picture: ``(height, width)`` in pixels.
            fit: how to lay it.
            input_size: another size than the network's own; ignored by networks of fixed size.
        """
        size = self.input_size if self.fixed_size or input_size is None else input_size
        size = self._rounded(size)
        if fit is Fit.STRETCH:
            return _stretched(picture, (size, size))
        if fit is Fit.CROP:
            resize = round(self.resize_size * size / self.input_size)
            return _cropped(picture, max(resize, size), size)
        if self.fixed_size:
            return _letterboxed(picture, size)
        height, width = picture
        scale = size / min(height, width)
        scale = min(scale, _LONGEST_SIDE_SHARE * size / max(height, width))
        return _stretched(picture, (self._rounded(height * scale), self._rounded(width * scale)))

    def tensor(self, frame: Frame, geometry: Geometry) -> Tensor:
        """The frame as the network's input.

        Returns:
            float32 ``(1, 3, *geometry.input)`` on the CPU, normalised; padding is the mean colour,
            hence zero.
        """
        height, width = geometry.picture
        resized = max(1, round(height * geometry.scale[0])), max(1, round(width * geometry.scale[1]))
        pixels = torch.from_numpy(frame.pixels).permute(2, 0, 1)
        mode = InterpolationMode(self.interpolation)
        pixels = tvf.resize(pixels, list(resized), interpolation=mode, antialias=True)
        top, left = (round(o) for o in geometry.offset)
        rows, columns = geometry.input
        seen = pixels[:, max(-top, 0) : max(-top, 0) + rows, max(-left, 0) : max(-left, 0) + columns]
        mean = torch.tensor(self.mean).view(3, 1, 1)
        std = torch.tensor(self.std).view(3, 1, 1)
        values = (seen.float() / 255 - mean) / std
        if values.shape[1:] == (rows, columns):
            return values.unsqueeze(0)
        padded = torch.zeros(3, rows, columns)
        top, left = max(top, 0), max(left, 0)
        padded[:, top : top + values.shape[1], left : left + values.shape[2]] = values
        return padded.unsqueeze(0)

    def _rounded(self, side: float) -> int:
        return max(1, round(side / self.multiple)) * self.multiple


def _stretched(picture: Size, target: Size) -> Geometry:
    return Geometry(picture, target, (target[0] / picture[0], target[1] / picture[1]))


def _resized(picture: Size, scale: float) -> Size:
    return max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))


def _letterboxed(picture: Size, side: int) -> Geometry:
    rows, columns = _resized(picture, side / max(picture))
    offset = (side - rows) // 2, (side - columns) // 2
    return Geometry(picture, (side, side), (rows / picture[0], columns / picture[1]), offset)


def _cropped(picture: Size, resize: int, side: int) -> Geometry:
    # torchvision's own rounding: the long side is cut down, the crop's corner rounded
    short = min(picture)
    rows, columns = (resize if s == short else int(resize * s / short) for s in picture)
    offset = -round((rows - side) / 2.0), -round((columns - side) / 2.0)
    return Geometry(picture, (side, side), (rows / picture[0], columns / picture[1]), offset)
