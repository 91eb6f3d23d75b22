"""Masks that the network makes for itself: where it looks for a class it was told is there.

No box or mask of the renderer is used. The class activation maps of the classes in the image-level
labels, over several input sizes, say where to start; GrabCut (Rother et al. 2004) finds the edges
of what lies there. Training on such masks is known from weakly supervised segmentation (for one,
Kolesnikov and Lampert 2016, Seed, Expand and Constrain).
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter.network import as_input, logits_and_maps
from camviewer.teach.starter.raster import Mask, Rgb

_INPUTS = (128, 160, 192, 224, 288)
"""Small inputs cover large objects, large ones hug small objects."""
_SURE, _LIKELY, _POSSIBLE = 0.8, 0.5, 0.1
"""Shares of the seed's maximum: surely, likely, possibly the object; below surely not."""
_ROUNDS = 3
_LEAST_OUTSIDE = 0.02
"""Share of a picture that GrabCut needs as background."""


def pseudo_masks(network: StarterNet, picture: Rgb, labels: NDArray[np.float32]) -> dict[int, Mask]:
    """A mask for every class that is present by its image-level label.

    Args:
        network: in evaluation mode.
        picture: RGB uint8 (side, side, 3).
        labels: float32 (classes,), 1, 0 or NaN.

    Returns:
        By class index, uint8 (side, side), 0 or 255; classes for which nothing in the picture
        speaks are left out.
    """
    present = np.flatnonzero(labels == 1).tolist()
    if not present:
        return {}
    seeds = _seeds(network, picture, present)
    return {
        c: _grabbed(picture, seed) for c, seed in zip(present, seeds, strict=True) if seed.max() > 0
    }


def _seeds(network: StarterNet, picture: Rgb, present: Sequence[int]) -> list[NDArray[np.float32]]:
    side = picture.shape[0]
    total = np.zeros((len(present), side, side), np.float32)
    for size in _INPUTS:
        _, maps = logits_and_maps(network, as_input([picture], size))
        for seed, c in zip(total, present, strict=True):
            seed += np.maximum(cv2.resize(maps[0, c], (side, side)), 0)
    return [seed / max(float(seed.max()), 1e-6) for seed in total]


def _grabbed(picture: Rgb, seed: NDArray[np.float32]) -> Mask:
    state = np.full(seed.shape, cv2.GC_BGD, np.uint8)
    state[seed >= _POSSIBLE] = cv2.GC_PR_BGD
    state[seed >= _LIKELY] = cv2.GC_PR_FGD
    state[seed >= _SURE] = cv2.GC_FGD
    if (state == cv2.GC_BGD).mean() < _LEAST_OUTSIDE:
        state[seed <= np.quantile(seed, _LEAST_OUTSIDE)] = cv2.GC_BGD
    cv2.setRNGSeed(0)
    cv2.grabCut(picture, state, (0, 0, 0, 0), np.zeros((1, 65)), np.zeros((1, 65)), _ROUNDS,
                cv2.GC_INIT_WITH_MASK)  # fmt: skip
    inside = (state == cv2.GC_FGD) | (state == cv2.GC_PR_FGD)
    return np.where(inside, 255, 0).astype(np.uint8)
