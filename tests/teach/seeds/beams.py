"""A cantilever under a load at its end, cracked somewhere: only its deflection is to be seen.

Euler-Bernoulli beam of length 1, clamped at one end, a force at the other. The crack is a spring
between two parts (the usual model of an open edge crack): the beam gets a kink there, in proportion
to the bending moment.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64
LABELS = ("near the clamp", "in the middle", "near the end", "sound")
SOUND = LABELS.index("sound")

_ROOM = 4  # beams are drawn this many times larger and made smaller: smooth, at any angle
_BORDER = 7  # pixels
_MARGIN = 0.06  # between classes: no crack sits on the border of two
_LOADS = (0.2, 0.5)
_KINKS = (0.6, 0.9)  # radians
_LENGTHS = (38, 52)  # pixels
_TILTS = (-45, 5)  # degrees
_CLAMP = 6  # pixels to either side of the beam


@dataclass(frozen=True, eq=False)
class Beam:
    """One picture of one beam.

    Attributes:
        pixels: RGB uint8 ``(SIDE, SIDE, 3)``: dark on light.
        label: the third of the beam in which the crack sits, or `SOUND`.
        crack: ``(x, y)`` of the crack in pixels, None without one; no network sees it.
    """

    pixels: NDArray[np.uint8]
    label: int
    crack: tuple[float, float] | None


def deflection(
    x: NDArray[np.float64], load: float, crack: float, compliance: float
) -> NDArray[np.float64]:
    """How far the beam hangs down at ``x`` in [0, 1], in lengths of the beam.

    ``w(x) = F x^2 (3 - x) / 6 + c M(a) max(0, x - a)``, with the bending moment
    ``M(a) = F (1 - a)``, flexural rigidity 1, and a crack of compliance ``c`` at ``a``.
    """
    kink = compliance * load * (1 - crack)
    return load * x**2 * (3 - x) / 6 + kink * np.maximum(x - crack, 0)


def beam(label: int, rng: np.random.Generator) -> Beam:
    """A beam of random load, crack, length, thickness and tilt, over faint noise.

    The tilt is that of the camera: without it the slope alone would tell the class.
    """
    load, crack = rng.uniform(*_LOADS), rng.uniform(_MARGIN, 1 / 3 - _MARGIN) + label % 3 / 3
    # a kink that can be seen at 64 pixels, wherever it is: cracks near the end are deeper
    compliance = 0.0 if label == SOUND else rng.uniform(*_KINKS) / (load * (1 - crack))
    x = np.linspace(0, 1, 200)
    shape = np.stack([x, deflection(x, load, crack, compliance)], axis=1)
    tilt = np.deg2rad(rng.uniform(*_TILTS))
    along = np.array([np.cos(tilt), np.sin(tilt)])
    across = np.array([-np.sin(tilt), np.cos(tilt)])
    points = shape @ np.stack([along, across]) * rng.uniform(*_LENGTHS)
    points -= points.min(axis=0)
    free = np.maximum(SIDE - 2 * _BORDER - points.max(axis=0), 0)
    points += _BORDER + rng.uniform(0, 1, 2) * free
    raster = np.full((SIDE * _ROOM, SIDE * _ROOM), 235, np.uint8)
    _stroke(raster, points, 30, int(rng.integers(8, 14)))
    _stroke(raster, points[0] + np.outer([-_CLAMP, _CLAMP], across), 110, 16)
    drawn = cv2.resize(raster, (SIDE, SIDE), interpolation=cv2.INTER_AREA) / 255
    noisy = drawn + rng.normal(0, 0.02, drawn.shape)
    grey = np.rint(noisy.clip(0, 1) * 255).astype(np.uint8)
    at = tuple(float(np.interp(crack, x, points[:, axis])) for axis in (0, 1))
    pixels = np.repeat(grey[:, :, None], 3, axis=2)
    return Beam(pixels, label, None if label == SOUND else (at[0], at[1]))


def beams(count: int, seed: int) -> list[Beam]:
    """As many of each class, in turn."""
    rng = np.random.default_rng(seed)
    return [beam(number % len(LABELS), rng) for number in range(count)]


def _stroke(
    raster: NDArray[np.uint8], points: NDArray[np.float64], grey: int, thickness: int
) -> None:
    line = np.rint(points * _ROOM).astype(np.int32)
    cv2.polylines(
        raster, [line], isClosed=False, color=grey, thickness=thickness, lineType=cv2.LINE_AA
    )
