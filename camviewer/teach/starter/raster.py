"""Typed pixel operations shared by the renderer's rooms."""

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Rgb = NDArray[np.uint8]
"""uint8 (height, width, 3), RGB."""
Mask = NDArray[np.uint8]
"""uint8 (height, width), 0 to 255."""
Colour = tuple[int, int, int]
Points = NDArray[np.float64]
"""float64 (n, 2), x right and y down; shapes live in the square from -1 to 1."""
Rng = np.random.Generator

_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Patch:
    """One thing to paste into a scene.

    Attributes:
        rgb: colours, also where alpha is 0.
        alpha: how opaque each pixel is.
        parts: (class label, mask of that object) for every object that the patch shows; a sign
            with an arrow on a disc has two. Empty for a distractor.
        incidental: classes that it also shows in passing, such as the digits below a barcode;
            nobody would count them in, nor call it wrong to find them.
    """

    rgb: Rgb
    alpha: Mask
    parts: list[tuple[str, Mask]] = field(default_factory=list)
    incidental: tuple[str, ...] = ()


def blank(height: int, width: int, colour: Colour) -> Rgb:
    """A picture of one colour."""
    return np.full((height, width, 3), colour, np.uint8)


def as_bytes(values: NDArray[Any]) -> Rgb:
    """Clip to 0..255 and round down to uint8."""
    return np.asarray(np.clip(values, 0, 255), np.uint8)


def polygon(side: int, points: Points, thickness: int = 0) -> Mask:
    """Antialiased polygon (side, side), filled, or outlined where thickness > 0 (pixels)."""
    mask = np.zeros((side, side), np.uint8)
    fixed = np.round((points + 1.0) * 0.5 * (side - 1) * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    if thickness > 0:
        _lines(mask, fixed, thickness, closed=True)
    else:
        cv2.fillPoly(mask, [fixed], 255, cv2.LINE_AA, _SUBPIXEL_BITS)
    return mask


def polyline(mask: Mask, pixels: Points, thickness: int) -> None:
    """Draw an open line through points given in pixels into the mask."""
    fixed = np.round(pixels * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    _lines(mask, fixed, thickness, closed=False)


def resized(image: NDArray[np.uint8], height: int, width: int, smooth: bool = True) -> Rgb:
    """Resize; averages when shrinking, cubic (or nearest if not smooth) when growing."""
    shrinking = height * width < image.shape[0] * image.shape[1]
    growing = cv2.INTER_CUBIC if smooth else cv2.INTER_NEAREST
    flag = cv2.INTER_AREA if shrinking else growing
    return np.asarray(cv2.resize(image, (width, height), interpolation=flag), np.uint8)


def warped(image: NDArray[np.uint8], matrix: NDArray[np.float64], side: int) -> NDArray[np.uint8]:
    """Perspective warp (3x3 matrix) into a square picture; outside is 0."""
    return np.asarray(cv2.warpPerspective(image, matrix, (side, side)), np.uint8)


def blurred(image: NDArray[np.uint8], sigma: float) -> NDArray[np.uint8]:
    """Gaussian blur, sigma in pixels."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)


def blend(below: Rgb, above: Rgb, alpha: Mask) -> Rgb:
    """above over below where alpha says so; all of one height and width."""
    share = alpha.astype(np.float32)[..., None] * np.float32(1 / 255)
    mixed = below + (above.astype(np.float32) - below) * share
    return (mixed + 0.5).astype(np.uint8)


def cloud(rng: Rng, height: int, width: int, coarsest: int, octaves: int) -> NDArray[np.float32]:
    """Fractal noise (height, width) with mean near 0 and spread near 1."""
    total = np.zeros((height, width), np.float32)
    weight, power = 1.0, 0.0
    for octave in range(octaves):
        cells = min(coarsest * 2**octave, height, width)
        grid = rng.standard_normal((cells, cells)).astype(np.float32)
        layer = cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        total += np.float32(weight) * np.asarray(layer, np.float32)
        power += weight**2
        weight *= 0.6
    return total / np.float32(np.sqrt(power))


def _lines(mask: Mask, fixed: NDArray[np.int32], thickness: int, closed: bool) -> None:
    cv2.polylines(mask, [fixed], closed, 255, thickness, cv2.LINE_AA, _SUBPIXEL_BITS)
