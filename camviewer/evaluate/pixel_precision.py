"""PxAP: how well a map tells the thing's pixels from the others, whatever the threshold.

Choe et al. 2020, Evaluating Weakly Supervised Object Localization Methods Right, section 4.1.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.errors import PictureError
from camviewer.evaluate.datasets import Mask
from camviewer.types import Heatmap

_LEVELS = 1000  # thresholds, as the authors' code has
_MOST_SIDE = 2048  # pixels along the longer side; larger pictures are measured smaller
_SAME_SHAPE = 0.02  # how much the sides of mask and picture may differ in proportion

Histogram = NDArray[np.float64]


class PixelPrecision:
    """Pixels of all pictures of one class, counted by the map's value; the memory is bounded.

    With ``s`` the map of the class, ReLU and divided by its maximum in each picture, and ``T`` the
    mask, over the pixels of all pictures of the class::

        PxPrec(tau) = |{s >= tau} and T| / |{s >= tau}|
        PxRec(tau)  = |{s >= tau} and T| / |T|
        PxAP        = sum_l PxPrec(tau_l) * (PxRec(tau_l) - PxRec(tau_l-1))

    with ``tau`` falling from 1 to 0 in steps of 1/1000. In the authors' code every picture has
    224 x 224 pixels; here pixels keep their own size, and each picture weighs the same.
    """

    def __init__(self) -> None:
        self._inside = np.zeros(_LEVELS + 1)
        self._all = np.zeros(_LEVELS + 1)

    def add(self, inside: Histogram, everywhere: Histogram) -> None:
        """Count a picture by its `histograms`."""
        self._inside += inside
        self._all += everywhere

    @property
    def average(self) -> float | None:
        """PxAP in [0, 1]; None before the first picture."""
        found, chosen = self._inside[::-1].cumsum(), self._all[::-1].cumsum()
        if not found[-1]:
            return None
        precision = found / np.where(chosen > 0, chosen, 1)
        recall = found / found[-1]
        return float((precision * np.diff(recall, prepend=0)).sum())


def histograms(heatmap: Heatmap, mask: Mask) -> tuple[Histogram, Histogram]:
    """Which share of a picture's pixels has which value.

    Args:
        heatmap: of the true class; what the network did not see counts as 0.
        mask: bool, as large as the picture, or a copy of it at another size.

    Returns:
        ``(1001,)`` each, by the value rounded down to 1/1000: of the mask's pixels, and of all.

    Raises:
        PictureError: if the mask has another shape than the picture.
    """
    picture = heatmap.geometry.picture
    scale = min(1.0, _MOST_SIDE / max(picture))
    size = max(1, round(picture[0] * scale)), max(1, round(picture[1] * scale))
    inside = fitted(mask, picture, size).ravel()
    window = heatmap.geometry.window(size)
    levels = np.zeros(size, np.uint16)
    levels[window] = heatmap.resample(heatmap.positive, size)[window] * _LEVELS
    flat = levels.ravel()
    return (
        np.bincount(flat[inside], minlength=_LEVELS + 1) / flat.size,
        np.bincount(flat, minlength=_LEVELS + 1) / flat.size,
    )


def fitted(mask: Mask, picture: tuple[int, int], size: tuple[int, int]) -> Mask:
    """A mask at another size ``(height, width)``.

    Raises:
        PictureError: if it has another shape than the picture.
    """
    if mask.shape == size:
        return mask
    proportion = mask.shape[0] * picture[1] / (mask.shape[1] * picture[0])
    if abs(proportion - 1) > _SAME_SHAPE:
        raise PictureError(
            f"The mask has {mask.shape[1]} x {mask.shape[0]} pixels and its picture "
            f"{picture[1]} x {picture[0]}. Is it of another picture?"
        )
    resized = cv2.resize(mask.view(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(resized, np.bool_)
