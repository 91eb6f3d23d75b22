"""A small network that ends in average pooling and one linear layer, taught in seconds."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

_BATCH = 64


class SeedNet(nn.Module):
    """Four 3x3 convolutions, one cell for 4 x 4 pixels, pooling, one linear layer.

    A cell sees 23 x 23 pixels.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *_layer(3, 16, stride=2),
            *_layer(16, 32, stride=2),
            *_layer(32, 32),
            *_layer(32, 32),
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(32, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


def _layer(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
    return [convolution, nn.BatchNorm2d(outputs), nn.ReLU()]


def as_input(pixels: Sequence[NDArray[np.uint8]]) -> Tensor:
    """Pictures RGB uint8 as the network takes them: float32 ``(batch, 3, height, width)``."""
    batch = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float() / 255
    return (batch - 0.5) / 0.5


def taught(
    pictures: Sequence[NDArray[np.uint8]], labels: Sequence[int], epochs: int, start: int = 0
) -> SeedNet:
    """A network that was told what is in each picture, and never where; from a random start."""
    with torch.random.fork_rng():
        torch.manual_seed(start)
        network = SeedNet(max(labels) + 1)
        inputs, wanted = as_input(pictures), torch.tensor(labels)
        steps = epochs * (len(labels) // _BATCH)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=1e-2)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-2, total_steps=steps)
        network.train()
        for _ in range(epochs):
            order = torch.randperm(len(labels))
            for start in range(0, len(labels) - _BATCH + 1, _BATCH):
                chosen = order[start : start + _BATCH]
                optimizer.zero_grad()
                loss = F.cross_entropy(network(inputs[chosen]), wanted[chosen])
                loss.backward()
                optimizer.step()
                schedule.step()
    return network.eval().requires_grad_(requires_grad=False)
