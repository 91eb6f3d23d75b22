"""MNIST-style digits: light strokes on a dark ground, anywhere in the picture, drawn by OpenCV."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 40
LABELS = tuple("0123456789")

_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
)
_ROOM = 4  # digits are drawn this many times larger and made smaller: smooth, at any angle
_LEAST = 0.2  # of full brightness: what counts as a stroke for the box


@dataclass(frozen=True, eq=False)
class Digit:
    """One picture of one digit.

    Attributes:
        pixels: RGB uint8 ``(SIDE, SIDE, 3)``, grey.
        label: 0 to 9.
        box: ``(left, top, right, bottom)`` around the strokes, in pixels; no network sees it.
    """

    pixels: NDArray[np.uint8]
    label: int
    box: tuple[int, int, int, int]


def digit(label: int, rng: np.random.Generator) -> Digit:
    """A digit of random font, size, slant, weight and place, over faint noise."""
    side = SIDE * _ROOM
    raster = np.zeros((side, side), np.uint8)
    font = int(rng.choice(_FONTS))
    scale = rng.uniform(2.4, 3.4)
    weight = int(rng.integers(6, 12))
    (width, height), _ = cv2.getTextSize(LABELS[label], font, scale, weight)
    corner = ((side - width) // 2, (side + height) // 2)
    cv2.putText(raster, LABELS[label], corner, font, scale, 255, weight, cv2.LINE_AA)
    turn = np.asarray(cv2.getRotationMatrix2D((side / 2, side / 2), rng.uniform(-12, 12), 1))
    turn[0, 1] += rng.uniform(-0.15, 0.15)
    free = (side - np.array([width, height]) * 1.15) / 2
    turn[:, 2] = turn[:, 2] + rng.uniform(-1, 1, 2) * np.maximum(free, 0)
    raster = cv2.warpAffine(raster, turn, (side, side))
    strokes = cv2.resize(raster, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255
    rows, columns = np.nonzero(strokes > _LEAST)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    noisy = strokes * rng.uniform(0.7, 1) + rng.normal(0, 0.03, strokes.shape)
    grey = np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)
    left, top, right, bottom = (int(edge) for edge in box)
    return Digit(np.repeat(grey[:, :, None], 3, axis=2), label, (left, top, right, bottom))


def digits(count: int, seed: int) -> list[Digit]:
    """As many of each digit, in turn."""
    rng = np.random.default_rng(seed)
    return [digit(number % len(LABELS), rng) for number in range(count)]
