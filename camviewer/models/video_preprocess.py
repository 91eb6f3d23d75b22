"""From a clip to the input tensor of a network that looks at several frames at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from camviewer.errors import ModelError
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Clip, Fit, Frame, Geometry, Size


@dataclass(frozen=True)
class ClipPreprocessing(Preprocessing):
    """What a network of clips was trained to expect.

    Attributes:
        frames: how many it is shown at once.
        rate: of these, per second.
        resized: ``(height, width)`` to which the published evaluation presses every frame before
            the crop, whatever its aspect, at its own input size; None where it resizes the short
            side.
    """

    frames: int = 16
    rate: float = 15.0
    resized: Size | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.frames < 1 or not self.rate > 0:
            raise ModelError("A clip has at least one frame and a rate above zero.")

    @property
    def seconds(self) -> float:
        """How much time the network looks at."""
        return self.frames / self.rate

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the input tensor at the network's own size, without the batch."""
        return 3, self.frames, self.input_size, self.input_size

    @property
    def axes(self) -> str:
        """Of the input tensor, in words."""
        return "clip (1, 3, frames, height, width)"

    def geometry(self, picture: Size, fit: Fit, input_size: int | None = None) -> Geometry:
        """How each frame is laid into the input; see `Preprocessing.geometry`.

        Raises:
            ModelError: if the input size is out of bounds.
        """
        plain = super().geometry(picture, fit, input_size)
        if fit is not Fit.CROP or self.resized is None:
            return plain
        side = plain.input[0]
        scaled = self._resize_for(side) / min(self.resized)
        rows, columns = (round(length * scaled) for length in self.resized)
        offset = -round((rows - side) / 2.0), -round((columns - side) / 2.0)
        scale = rows / picture[0], columns / picture[1]
        return Geometry(picture, plain.input, scale, offset)

    def tensor(
        self, frame: Frame, geometry: Geometry, device: torch.device | None = None
    ) -> Tensor:
        """The clip as the network's input; a plain frame as a clip in which nothing moves.

        A clip of another number of frames is shown evenly thinned out or repeated.

        Returns:
            float32 ``(1, 3, frames, *geometry.input)``, normalised, where `Preprocessing.tensor`
            makes it.
        """
        frames = frame.frames if isinstance(frame, Clip) else (frame,)
        picked = np.linspace(0, len(frames) - 1, self.frames).round().astype(int)
        tensors: dict[int, Tensor] = {}  # one that stands there several times is prepared once
        for one in frames:
            if id(one) not in tensors:
                tensors[id(one)] = super().tensor(one, geometry.resized(one.size), device)
        return torch.stack([tensors[id(frames[i])] for i in picked], dim=2)
