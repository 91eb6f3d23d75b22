"""Do maps point at the crack?"""

from __future__ import annotations

import math

import numpy as np

from tests.teach.seeds.beams import SOUND, Beam
from tests.teach.seeds.seed import Seed
from tests.teach.seeds.ways import Array, better, odds

NEAR = 8  # pixels of 64: two cells of the map


def highest(heatmap: Array, side: int) -> tuple[float, float]:
    """Where a map over a square picture is highest, ``(x, y)`` in pixels."""
    row, column = np.unravel_index(heatmap.argmax(), heatmap.shape)
    rows, columns = heatmap.shape
    return (float(column) + 0.5) * side / columns, (float(row) + 0.5) * side / rows


def share_near(seed: Seed, *, rather_than_sound: bool = False) -> float:
    """The share of cracked beams whose map is highest near the crack, in [0, 1]."""
    activations, weight, bias = seed.layer()
    near = []
    for activation, picture in zip(activations, seed.pictures, strict=True):
        if isinstance(picture, Beam) and picture.crack is not None:
            maps = better(activation, weight)
            heatmap = maps[picture.label]
            if rather_than_sound:
                heatmap, _ = odds(maps, bias, picture.label, SOUND)
            near.append(math.dist(highest(heatmap, seed.side), picture.crack) <= NEAR)
    return sum(near) / len(near)


def figures(cracked: Seed, sound: Seed) -> Array:
    """What the page says of the network taught without sound beams and of the one taught with them.

    Returns:
        Accuracy and share near the crack of the first, both of the second, and its share near the
        crack when it is asked "rather than sound".
    """
    told = [(seed.accuracy(), share_near(seed)) for seed in (cracked, sound)]
    return np.array([*told[0], *told[1], share_near(sound, rather_than_sound=True)])
