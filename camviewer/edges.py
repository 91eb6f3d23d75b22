"""The picture's own edges, used to make a coarse map or box follow them."""

from __future__ import annotations

import logging

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.types import Map, Pixels

_LOG = logging.getLogger(__name__)

Guide = NDArray[np.float32]
Mask = NDArray[np.bool_]
Double = NDArray[np.float64]

_MODEL = 65  # numbers in one of OpenCV's colour models
# shares of the cut; of 0.6 to 0.8 and 1.35 to 1.65 what localised best
_SURELY_NOT, _SURELY = 0.7, 1.4


def guided_filter(values: Map, guide: Guide, radius: int, epsilon: float) -> Map:
    """Smooth a map but keep it steep where the guide is (He et al. 2013, Guided Image Filtering).

    In every window ``w_k`` of the guide ``I`` the map is fitted by ``a_k^T I + b_k`` with
    ``a_k = (Sigma_k + epsilon U)^-1 (mean_k(I p) - mean_k(I) mean_k(p))`` and
    ``b_k = mean_k(p) - a_k^T mean_k(I)`` (equations 19 to 21); the result at a pixel is the mean
    over the windows that hold it. Windows are cut off at the border, not padded.

    Args:
        values: ``p``, float32 ``(rows, columns)``, finite.
        guide: ``I``, float32 ``(rows, columns, channels)``, usually in [0, 1].
        radius: windows are squares of ``2 radius + 1`` pixels.
        epsilon: variance of the guide, in its units squared, below which the map is smoothed;
            above zero.

    Returns:
        float32 ``(rows, columns)``.
    """
    count = _window_sums(np.ones(values.shape), radius)

    def mean(array: Double) -> Double:
        flat = array.reshape(*values.shape, -1)
        layers = [_window_sums(layer, radius) / count for layer in np.moveaxis(flat, -1, 0)]
        return np.stack(layers, -1).reshape(array.shape)

    p, i = values.astype(np.float64), guide.astype(np.float64)
    mean_p, mean_i = mean(p), mean(i)
    covariance = mean(i * p[..., None]) - mean_i * mean_p[..., None]
    sigma = mean(i[..., :, None] * i[..., None, :]) - mean_i[..., :, None] * mean_i[..., None, :]
    regular = sigma + epsilon * np.eye(guide.shape[2])
    a = np.asarray(np.linalg.solve(regular, covariance[..., None])[..., 0], np.float64)
    b = mean_p - np.einsum("...c,...c", a, mean_i)
    filtered: Map = (np.einsum("...c,...c", mean(a), i) + mean(b)).astype(np.float32)
    return filtered


def _window_sums(layer: Double, radius: int) -> Double:
    side = 2 * radius + 1
    sums = cv2.boxFilter(
        np.ascontiguousarray(layer),
        cv2.CV_64F,
        (side, side),
        normalize=False,
        borderType=cv2.BORDER_CONSTANT,
    )
    return np.asarray(sums, np.float64)


def cut_out(pixels: Pixels, shares: Map, cut: float) -> Mask | None:
    """What belongs to the object by its colours and edges, seeded by a map.

    GrabCut (Rother et al. 2004, "GrabCut": Interactive Foreground Extraction using Iterated Graph
    Cuts), one iteration. Far below the cut it is surely background, far above surely the object,
    and in between the cut says what it probably is.

    Args:
        pixels: RGB uint8 ``(rows, columns, 3)``, small: it takes time.
        shares: float32 ``(rows, columns)`` in [0, 1], the map over the same pixels.
        cut: where the object probably ends, in [0, 1].

    Returns:
        ``(rows, columns)``; None where colours do not tell, such as in a picture of one colour.
        The same every time.
    """
    seeds = np.full(shares.shape, cv2.GC_BGD, np.uint8)
    seeds[shares >= _SURELY_NOT * cut] = cv2.GC_PR_BGD
    seeds[shares >= cut] = cv2.GC_PR_FGD
    seeds[shares >= min(_SURELY * cut, 1.0)] = cv2.GC_FGD
    cv2.setRNGSeed(0)  # the colour models start from k-means
    try:
        cv2.grabCut(
            pixels,
            seeds,
            (0, 0, 0, 0),  # unused: the seeds are a mask
            np.zeros((1, _MODEL)),
            np.zeros((1, _MODEL)),
            1,
            cv2.GC_INIT_WITH_MASK,
        )
    except cv2.error as error:
        _LOG.info("GrabCut gave up: %s", error)
        return None
    return np.isin(seeds, (cv2.GC_FGD, cv2.GC_PR_FGD))
