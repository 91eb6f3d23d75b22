"""Pictures as a network's input, and the batches that are made of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from camviewer.media import images
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Fit

ROOM = 1 << 30
"""Bytes of prepared pictures that are kept; more are read again in each epoch."""

SCALES = (0.8, 1.0, 1.25)
"""Of the input size, one of which each batch has: things are learnt near and far."""

_COLOUR = 0.2  # brightness, contrast and saturation change by at most this share
_MOST_OFTEN = 8  # times that a picture is shown in an epoch, however rare its class
_ROUNDS = 20
_GREY = (0.299, 0.587, 0.114)  # ITU-R BT.601


class Shelf:
    """Reads pictures at the size at which they are used, and keeps them while there is room."""

    def __init__(self, preprocessing: Preprocessing, size: int, room: int = ROOM) -> None:
        """Start empty.

        Args:
            preprocessing: of the network.
            size: of the short side, in pixels.
            room: bytes that may be kept.
        """
        self.size = size
        self._preprocessing = preprocessing
        self._room = room
        self._kept: dict[Path, Tensor] = {}
        self._shapes: dict[Path, tuple[int, int]] = {}
        self._mean = torch.tensor(preprocessing.mean).view(3, 1, 1)
        self._std = torch.tensor(preprocessing.std).view(3, 1, 1)

    def picture(self, path: Path) -> Tensor:
        """A whole picture as uint8 ``(3, rows, columns)``, laid as when the network is used.

        Raises:
            PictureError: if it cannot be read.
        """
        kept = self._kept.get(path)
        if kept is not None:
            return kept
        frame = images.load(path, least=2 * self.size)
        lies = self._preprocessing.geometry(frame.size, Fit.WHOLE, self.size)
        values = self._preprocessing.tensor(frame, lies)[0]
        made = ((values * self._std + self._mean) * 255).round_().clamp_(0, 255).to(torch.uint8)
        self._shapes[path] = (made.shape[1], made.shape[2])
        if made.numel() <= self._room:
            self._room -= made.numel()
            self._kept[path] = made
        return made

    def shape(self, path: Path) -> tuple[int, int]:
        """The ``(rows, columns)`` of a picture that was read before."""
        return self._shapes[path]

    def normalised(self, values: Tensor) -> Tensor:
        """Float ``(n, 3, rows, columns)`` in [0, 1] as the network expects it."""
        return (values - self._mean.to(values.device)) / self._std.to(values.device)


@dataclass(frozen=True, eq=False)
class Batch:
    """Which pictures are shown together, and how they are changed.

    No picture is cropped: what a thing of a few pixels is called would be wrong without it. They
    are mirrored left to right, shown at one of three sizes, pressed into the batch's common shape,
    and their colours change a little.

    Attributes:
        pictures: places in the list of pictures.
        scale: of the input size.
        mirrored: bool ``(n,)``.
        colour: float ``(3, n)``: factors of brightness, contrast and saturation, about 1.
    """

    pictures: NDArray[np.int64]
    scale: float
    mirrored: Tensor
    colour: Tensor

    def part(self, start: int, stop: int) -> Batch:
        """Some of its pictures, changed as in the whole."""
        some = slice(start, stop)
        colour = self.colour[:, some]
        return Batch(self.pictures[some], self.scale, self.mirrored[some], colour)

    def shown(
        self, prepared: Sequence[Tensor], size: tuple[int, int], device: torch.device
    ) -> Tensor:
        """The pictures, changed: float ``(n, 3, *size)`` in [0, 1].

        Args:
            prepared: uint8 ``(3, rows, columns)`` each, in the order of `pictures`.
            size: ``(rows, columns)`` of all.
            device: where to compute.
        """
        resized = torch.cat([_resized(picture.to(device), size) for picture in prepared])
        mirrored = self.mirrored.to(device)[:, None, None, None]
        return _coloured(torch.where(mirrored, resized.flip(3), resized), self.colour.to(device))


def batches(targets: NDArray[np.float32], size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """The batches of an epoch, which depend on the seed and its number alone.

    As many pictures are shown as there are, those of rare classes more often than others (at most
    eight times), so that each class is shown about as often as any other.

    Args:
        targets: ``(pictures, classes)`` of 0 and 1; see `Dataset.targets`.
        size: pictures in a batch, at most.
        seed: see `Options`.
        epoch: from 1.
    """
    random = np.random.default_rng((seed, epoch))
    order = _balanced(targets, random)
    for part in np.array_split(order, -(-len(order) // size)):
        mirrored = torch.from_numpy(random.random(len(part)) < 0.5)
        factors = random.uniform(1 - _COLOUR, 1 + _COLOUR, (3, len(part)))
        colour = torch.from_numpy(factors.astype(np.float32))
        yield Batch(part, float(random.choice(SCALES)), mirrored, colour)


def common_shape(
    shapes: Sequence[tuple[int, int]], preprocessing: Preprocessing, size: int
) -> tuple[int, int]:
    """The shape in which pictures are shown together: that of the median one at an input size."""
    ratio = float(np.median([rows / columns for rows, columns in shapes]))
    picture = (max(1, round(1000 * ratio)), 1000)
    return preprocessing.geometry(picture, Fit.WHOLE, size).input


def _balanced(targets: NDArray[np.float32], random: np.random.Generator) -> NDArray[np.int64]:
    """As many places as there are pictures, drawn so that classes are alike (systematically)."""
    counts = np.maximum(targets.sum(0), 1)
    without = targets.sum(1) == 0
    weights = np.where(without, 1 / max(without.sum(), 1), (targets / counts).max(1, initial=0))
    shuffled = random.permutation(len(targets))
    often = weights[shuffled]
    for _ in range(_ROUNDS):  # what the rarest may not take goes to the others
        often = np.minimum(often * len(targets) / often.sum(), _MOST_OFTEN)
    ends = np.cumsum(often * len(targets) / often.sum())
    drawn = np.searchsorted(ends, random.random() + np.arange(len(targets)))
    return random.permutation(shuffled[np.minimum(drawn, len(targets) - 1)])


def _resized(picture: Tensor, size: tuple[int, int]) -> Tensor:
    values = picture[None].float() / 255
    if values.shape[2:] == size:
        return values
    return F.interpolate(values, size, mode="bilinear", antialias=True).clamp(0, 1)


def _coloured(pictures: Tensor, factors: Tensor) -> Tensor:
    brightness, contrast, saturation = factors[:, :, None, None, None]
    pictures = pictures * brightness
    mean = pictures.mean((1, 2, 3), keepdim=True)
    pictures = mean + (pictures - mean) * contrast
    weights = torch.tensor(_GREY, device=pictures.device).view(1, 3, 1, 1)
    grey = (pictures * weights).sum(1, keepdim=True)
    coloured: Tensor = (grey + (pictures - grey) * saturation).clamp(0, 1)
    return coloured
