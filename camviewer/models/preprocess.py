"""From a picture to the network's input tensor."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as tvf

from camviewer.errors import ModelError
from camviewer.types import Fit, Frame, Geometry, Size

Triple = tuple[float, float, float]

_CELL = 32  # pixels: the stride of most networks' last layer
_LONGEST_SIDE_SHARE = 4.0  # a panorama is fed at most this many times longer than the input size
_LARGEST_ENLARGEMENT = 1 << 24  # pixels an enlarged picture may have before it is cut first
LARGEST_SIDE = 4096  # larger inputs fill the memory, and no classifier was trained on them


@dataclass(frozen=True)
class Overrides:
    """What the user says about a network's input; None leaves it as it is.

    Attributes:
        mean: per channel RGB, for values in [0, 1].
        std: likewise, above zero.
        input_size: side of the square evaluation input, in pixels.
    """

    mean: Triple | None = None
    std: Triple | None = None
    input_size: int | None = None


@dataclass(frozen=True)
class Preprocessing:
    """What a network was trained to expect.

    Attributes:
        mean: per channel RGB, for values in [0, 1].
        std: likewise; all above zero.
        input_size: side of the square evaluation input, in pixels.
        resize_size: what the short side is resized to before the evaluation crop.
        interpolation: ``bilinear``, ``bicubic`` or ``nearest``.
        fixed_size: the network takes squares of ``input_size`` only.
        min_size: the network fails on an input with a shorter side.
        antialias: pictures are smoothed before they are made smaller.

    Raises:
        ModelError: if a number makes no sense; the message says which and why.
    """

    mean: Triple = (0.485, 0.456, 0.406)
    std: Triple = (0.229, 0.224, 0.225)
    input_size: int = 224
    resize_size: int = 256
    interpolation: str = "bilinear"
    fixed_size: bool = False
    min_size: int = 1
    antialias: bool = True

    def __post_init__(self) -> None:
        numbers = (*self.mean, *self.std)
        if len(self.mean) != 3 or len(self.std) != 3 or not all(map(math.isfinite, numbers)):
            raise ModelError("Mean and standard deviation need three finite numbers each: R, G, B.")
        if not all(0 <= value <= 1 for value in self.mean):
            raise ModelError(
                f"The mean {self.mean} is not that of pixel values between 0 and 1. Divide mean "
                "and standard deviation by 255 if they are for values up to 255."
            )
        if min(self.std) <= 0:
            raise ModelError("The standard deviation of every channel must be above zero.")
        _check_side(self.input_size)
        if min(self.resize_size, self.min_size) < 1:
            raise ModelError("Sizes are at least one pixel.")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input tensor at the network's own size, without the batch."""
        return 3, self.input_size, self.input_size

    @property
    def axes(self) -> str:
        """Of the input tensor, in words."""
        return "(1, 3, height, width)"

    def overridden(self, overrides: Overrides) -> Preprocessing:
        """These expectations with the user's own numbers in their place.

        Another input size keeps the evaluation crop's share of the picture.

        Raises:
            ModelError: if a number makes no sense, or another size is asked of a network that
                takes only one.
        """
        size = self.input_size if overrides.input_size is None else overrides.input_size
        if self.fixed_size and size != self.input_size:
            raise ModelError(
                f"This network takes pictures of {self.input_size} x {self.input_size} only; it "
                f"cannot be given {size} x {size}. Leave the input size as it is."
            )
        return replace(
            self,
            mean=self.mean if overrides.mean is None else overrides.mean,
            std=self.std if overrides.std is None else overrides.std,
            input_size=size,
            resize_size=max(self._resize_for(size), 1),
        )

    def geometry(self, picture: Size, fit: Fit, input_size: int | None = None) -> Geometry:
        """How a picture of this size is laid into the network's input.

        ``whole`` feeds the picture with its aspect kept and the short side at the input size (a
        network of fixed size gets it letterboxed); the long side is rounded to a multiple of 32
        where the input size is one, so that the cells of a map cover the picture without rest.
        ``crop`` repeats the evaluation the network was published with; ``stretch`` presses the
        picture into a square.

        Args:
            picture: ``(height, width)`` in pixels.
            fit: how to lay it.
            input_size: another size than the network's own; ignored by networks of fixed size.

        Raises:
            ModelError: if the input size is out of bounds.
        """
        size = self.input_size if self.fixed_size or input_size is None else input_size
        _check_side(size)
        if not self.fixed_size:
            size = max(size, self.min_size)
        if fit is Fit.STRETCH:
            return _stretched(picture, (size, size))
        if fit is Fit.CROP:
            return _cropped(picture, max(self._resize_for(size), size), size)
        if self.fixed_size:
            return _letterboxed(picture, size)
        height, width = picture
        scale = size / min(height, width)
        scale = min(scale, _LONGEST_SIDE_SHARE * size / max(height, width))
        step = math.gcd(size, _CELL)
        rows, columns = (
            max(self.min_size, step, round(side * scale / step) * step) for side in picture
        )
        return _stretched(picture, (rows, columns))

    def tensor(
        self, frame: Frame, geometry: Geometry, device: torch.device | None = None
    ) -> Tensor:
        """The frame as the network's input.

        The resize is torchvision's own for 8-bit pictures. Of Pillow's, with which the published
        accuracies were measured, it differs in few pixels by one or two of 255 grey levels, at a
        twentieth of the time. On CUDA the picture is carried over as it is, and resized there in
        floating point, which differs in few pixels by one grey level.

        Args:
            frame: the picture.
            geometry: how it is laid into the input.
            device: where that is done; the CPU when None, and for devices other than CUDA.

        Returns:
            float32 ``(1, 3, *geometry.input)`` where it was done, normalised; padding is the mean
            colour, hence zero.
        """
        seen = self._seen(frame, geometry, device)
        if seen.is_cuda:
            values = _normalised(seen, self.mean, self.std)
        else:
            values = _looked_up(seen, _levels(self.mean, self.std))
        rows, columns = geometry.input
        if values.shape[1:] == (rows, columns):
            return values.unsqueeze(0)
        padded = torch.zeros(3, rows, columns, device=seen.device)
        top, left = (max(round(offset), 0) for offset in geometry.offset)
        padded[:, top : top + values.shape[1], left : left + values.shape[2]] = values
        return padded.unsqueeze(0)

    def _seen(self, frame: Frame, geometry: Geometry, device: torch.device | None) -> Tensor:
        """The part of the picture that the network sees, resized: uint8 (3, rows, columns)."""
        height, width = geometry.picture
        resized = (
            max(1, round(height * geometry.scale[0])),
            max(1, round(width * geometry.scale[1])),
        )
        needed = 4 * math.prod(geometry.input)
        if math.prod(resized) > max(_LARGEST_ENLARGEMENT, height * width, needed):
            return _enlarged(frame, geometry)
        # torch takes no read-only array, and says so on the terminal
        array = frame.pixels if frame.pixels.flags.writeable else frame.pixels.copy()
        whole = torch.from_numpy(array)
        if device is not None and device.type == "cuda":
            whole = whole.to(device)
        pixels: Tensor = tvf.resize(
            whole.permute(2, 0, 1),
            list(resized),
            interpolation=InterpolationMode(self.interpolation),
            antialias=self.antialias,
        )
        top, left = (max(-round(offset), 0) for offset in geometry.offset)
        rows, columns = geometry.input
        return pixels[:, top : top + rows, left : left + columns]

    def _resize_for(self, size: int) -> int:
        return round(self.resize_size * size / self.input_size)


def _normalised(pixels: Tensor, mean: Triple, std: Triple) -> Tensor:
    """What grey levels are to the network: from ``(3, rows, columns)`` to float32."""
    centre = torch.tensor(mean, device=pixels.device).view(3, 1, 1)
    spread = torch.tensor(std, device=pixels.device).view(3, 1, 1)
    return (pixels.float() / 255 - centre) / spread


@cache
def _levels(mean: Triple, std: Triple) -> NDArray[np.float32]:
    """What each of the 256 grey levels is to the network, ``(3, 256)``; read-only."""
    levels = _normalised(torch.arange(256).expand(3, 1, 256), mean, std)[:, 0].numpy()
    levels.setflags(write=False)
    return np.asarray(levels, np.float32)


def _looked_up(pixels: Tensor, levels: NDArray[np.float32]) -> Tensor:
    """What `_normalised` gives for uint8 on the CPU, to the last bit, in half the time."""
    seen = np.ascontiguousarray(pixels.permute(1, 2, 0).numpy())
    values = np.empty(pixels.shape, np.float32)
    for channel in range(3):
        cv2.LUT(cv2.extractChannel(seen, channel), levels[channel], dst=values[channel])
    return torch.from_numpy(values)


def _check_side(side: int) -> None:
    if not 1 <= side <= LARGEST_SIDE:
        raise ModelError(f"The input size must be 1 to {LARGEST_SIDE} pixels, not {side}.")


def _enlarged(frame: Frame, geometry: Geometry) -> Tensor:
    """The evaluation crop of a picture a few pixels high and very wide (or the reverse).

    Resized as a whole it would fill gigabytes, of which the crop keeps a corner: sample only that.
    """
    left, top, right, bottom = geometry.seen
    x, y = max(math.floor(left) - 1, 0), max(math.floor(top) - 1, 0)
    part = np.ascontiguousarray(frame.pixels[y : math.ceil(bottom) + 1, x : math.ceil(right) + 1])
    matrix = np.array(
        [
            [1 / geometry.scale[1], 0.0, (0.5 - geometry.offset[1]) / geometry.scale[1] - 0.5 - x],
            [0.0, 1 / geometry.scale[0], (0.5 - geometry.offset[0]) / geometry.scale[0] - 0.5 - y],
        ]
    )
    rows, columns = geometry.input
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    pixels = cv2.warpAffine(
        part, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return torch.from_numpy(pixels).permute(2, 0, 1)


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
