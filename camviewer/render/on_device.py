"""`blend` in torch, for a GPU: the picture goes there as it is, and comes back as it is seen.

Sampling, colour table and mixing follow OpenCV's arithmetic, so what comes back is what `blend`
gives within one level of 255; only the picture itself is made smaller in another way.
"""

from __future__ import annotations

import logging
from functools import cache, lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from camviewer.render.render import (
    UNSEEN_BRIGHTNESS,
    ColorMap,
    View,
    blend,
    levels,
    lookup_table,
    mixed,
    unseen,
)
from camviewer.types import (
    BoxRule,
    Explanation,
    Fit,
    Frame,
    Geometry,
    Heatmap,
    Inspection,
    Origin,
    Pixels,
    Size,
)

_LOG = logging.getLogger(__name__)

_ONE = 2048  # a weight of 1 when OpenCV resizes pictures of bytes
_GRAY = (0.299, 0.587, 0.114)  # ITU-R BT.601, as OpenCV's


@cache
def blender(device: str) -> Blender | None:
    """What blends on a device; None for the CPU, and where the device cannot.

    It is tried once: what comes back must be what `blend` gives.
    """
    where = torch.device(device)
    if where.type == "cpu":
        return None
    made, view = Blender(where), View()
    for inspection in _specimens():
        found = made(inspection, view, inspection.frame.pixels, inspection.frame.size)
        if found is None:
            return None
        off = int(np.abs(found.astype(int) - blend(inspection, view)).max())
        if off > 1:
            _LOG.warning("%s blends otherwise, by %d of 255: the CPU does it", device, off)
            return None
    return made


class Blender:
    """Blends on one device, from any thread; gives up for good when that fails once."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._failed = False

    def __call__(
        self, inspection: Inspection, view: View, pixels: Pixels, size: Size
    ) -> Pixels | None:
        """A picture with its heatmaps, without boxes; see `blend`.

        Args:
            inspection: what is shown.
            view: how.
            pixels: the inspection's picture, RGB uint8, not smaller than the result.
            size: ``(height, width)`` of the result.

        Returns:
            RGB uint8 ``(*size, 3)`` in memory of its own; None where the device cannot.
        """
        if self._failed:
            return None
        try:
            with torch.no_grad():
                picture = resized(to_device(pixels, self._device), size)
                return blend_tensor(inspection, view, picture).cpu().numpy()
        except RuntimeError as error:  # memory, or an operation that the device lacks
            self._failed = True
            _LOG.warning("%s does not blend, the CPU does: %s", self._device, error)
            return None


def to_device(array: NDArray[Any], device: torch.device) -> Tensor:
    """The same numbers on a device."""
    # torch takes no read-only array, and says so on the terminal
    return torch.from_numpy(array if array.flags.writeable else array.copy()).to(device)


def resized(picture: Tensor, size: Size) -> Tensor:
    """A picture ``(height, width, 3)`` uint8 at another size, smoothed where it gets smaller."""
    if tuple(picture.shape[:2]) == size:
        return picture
    planes = picture.permute(2, 0, 1).unsqueeze(0).float()
    shrunk = functional.interpolate(planes, size, mode="bilinear", antialias=True)
    return _bytes(shrunk[0].permute(1, 2, 0))


def blend_tensor(inspection: Inspection, view: View, picture: Tensor) -> Tensor:
    """`blend` where the picture is.

    Args:
        inspection: what is shown.
        view: how.
        picture: the inspection's picture at any size, uint8 ``(height, width, 3)``.

    Returns:
        A new tensor of the picture's shape, on its device.
    """
    opacity = min(max(view.opacity, 0.0), 1.0)
    if not view.show_heatmap or opacity == 0 or not inspection.explanations:
        return picture.clone()
    if len(inspection.explanations) == 1:
        colors = _colored(inspection.explanations[0], view.colormap, picture)
        result = _mean(colors, opacity, picture)
    else:
        result = _mixed(inspection.explanations, opacity, picture)
    for beside in unseen(inspection.geometry, _size(picture)):
        result[beside] = _dimmed(picture[beside], min(2 * opacity, 1.0))
    return result


def sampled(values: Tensor, size: Size) -> Tensor:
    """Bytes ``(rows, columns, channels)`` at another size, bilinear, digit by digit as OpenCV does.

    Args:
        values: uint8.
        size: ``(height, width)``.

    Returns:
        uint8 ``(*size, channels)``.
    """
    top, bottom, upper, lower = _weights(values.shape[0], size[0], values.device)
    left, right, near, far = _weights(values.shape[1], size[1], values.device, clamped=True)
    whole = values.int()
    across = (whole[:, left] * near[:, None] + whole[:, right] * far[:, None]) >> 4
    above, below = across[top] * upper[:, None, None], across[bottom] * lower[:, None, None]
    return (((above >> 16) + (below >> 16) + 2) >> 2).clamp(0, 255).to(torch.uint8)


@lru_cache(64)
def _weights(
    cells: int, length: int, device: torch.device, *, clamped: bool = False
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Along one axis: both neighbours of each sample, and their weights.

    Args:
        cells: how many there are.
        length: how many samples.
        device: where the tensors are to be.
        clamped: beyond the outermost centres one neighbour has all the weight; else both are the
            same cell, which rounds otherwise.
    """
    centres = (np.arange(length) + 0.5) * (cells / length) - 0.5
    place = centres.astype(np.float32)
    first = np.floor(place)
    share = place - first
    if clamped:
        share[(first < 0) | (first >= cells - 1)] = 0
    parts = (
        np.clip(first, 0, cells - 1).astype(np.int64),
        np.clip(first + 1, 0, cells - 1).astype(np.int64),
        np.rint((1 - share) * _ONE).astype(np.int32),
        np.rint(share * _ONE).astype(np.int32),
    )
    before, after, rest, weight = (torch.from_numpy(part).to(device) for part in parts)
    return before, after, rest, weight


def _resampled(heatmap: Heatmap, values: Pixels, picture: Tensor) -> Tensor:
    """`Heatmap.resample` to the picture's size: uint8 ``(height, width, channels)``."""
    size, device = _size(picture), picture.device
    if heatmap.geometry.covers_picture_only:
        cells = values.reshape(*values.shape[:2], -1)
        return sampled(to_device(cells, device), size)
    # a margin is laid around a part: OpenCV's own way, and a single plane to carry over
    whole = heatmap.resample(values, size)
    return to_device(whole.reshape(*size, -1), device)


def _colored(explanation: Explanation, colormap: ColorMap, picture: Tensor) -> Tensor:
    heatmap = explanation.heatmap
    shown = _resampled(heatmap, levels(heatmap), picture)
    return _table(colormap, picture.device)[shown[..., 0].long()]


@cache
def _table(colormap: ColorMap, device: torch.device) -> Tensor:
    return to_device(lookup_table(colormap), device)


def _mixed(explanations: tuple[Explanation, ...], opacity: float, picture: Tensor) -> Tensor:
    mixture = mixed(explanations, opacity)
    through = _resampled(mixture.lies, mixture.through, picture).float()
    shown = _bytes(picture * through / 255)
    paint = _resampled(mixture.lies, mixture.paint, picture)
    return _bytes(shown.float() + paint)


def _dimmed(picture: Tensor, strength: float) -> Tensor:
    weights = torch.tensor(_GRAY, device=picture.device)
    gray = _bytes((picture.float() * weights).sum(-1, keepdim=True))
    dark = _bytes(gray * UNSEEN_BRIGHTNESS)
    return _mean(dark, strength, picture)


def _mean(one: Tensor, share: float, other: Tensor) -> Tensor:
    return _bytes(one * share + other * (1 - share))


def _bytes(values: Tensor) -> Tensor:
    return values.round().clamp(0, 255).to(torch.uint8)


def _size(picture: Tensor) -> Size:
    return picture.shape[0], picture.shape[1]


def _specimens() -> list[Inspection]:
    """Slopes over a picture that the network saw all of, and over one with margins."""
    ramp = np.arange(24 * 32 * 3, dtype=np.uint32).reshape(24, 32, 3)
    frame = Frame((ramp % 251).astype(np.uint8), "specimen")
    values = np.linspace(0, 1, 9, dtype=np.float32).reshape(3, 3)
    origin = Origin("", "", "", "", "", Fit.CROP, "")
    lies = (
        Geometry(frame.size, (24, 32), (1.0, 1.0)),
        Geometry(frame.size, (24, 24), (1.0, 1.0), (0.0, -4.0)),
    )
    heatmaps = [Heatmap(values, geometry, 0, "specimen", 1.0) for geometry in lies]
    return [
        Inspection(frame, one.geometry, (), (Explanation(one, (), BoxRule()),), origin, 0.0)
        for one in heatmaps
    ]
