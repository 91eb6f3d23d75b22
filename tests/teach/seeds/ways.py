"""Three ways from the last layer to a class's map and to its probability, without the engine.

All take the activation ``A`` of one picture, ``(channels, rows, columns)``, and the linear layer's
weights ``W`` ``(classes, channels)`` and biases ``b`` ``(classes,)``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def naive(activation: Array, weight: Array, label: int) -> Array:
    """As a beginner writes it: one sum after the other, cell by cell (Zhou et al., equation 2)."""
    channels, rows, columns = activation.shape
    heatmap = np.zeros((rows, columns))
    for row in range(rows):
        for column in range(columns):
            for channel in range(channels):
                heatmap[row, column] += weight[label, channel] * activation[channel, row, column]
    return heatmap


def better(activation: Array, weight: Array) -> Array:
    """All classes at once: one matrix product."""
    maps = weight @ activation.reshape(len(activation), -1)
    return maps.reshape(-1, *activation.shape[1:])


def probabilities(maps: Array, bias: Array) -> list[float]:
    """What the maps say of each class: the softmax of their means plus the biases.

    Exactly the network's output: the mean over the cells and the sum over the channels may be
    taken in either order.
    """
    scores = [float(heatmap.mean()) + float(b) for heatmap, b in zip(maps, bias, strict=True)]
    highest = max(scores)
    shares = [math.exp(score - highest) for score in scores]
    return [share / sum(shares) for share in shares]


def odds(maps: Array, bias: Array, label: int, other: int) -> tuple[Array, float]:
    """Why one class rather than another, cell by cell.

    Returns:
        A map and a number: the map's mean plus the number is ``log(p_label / p_other)``.
    """
    return maps[label] - maps[other], float(bias[label] - bias[other])
