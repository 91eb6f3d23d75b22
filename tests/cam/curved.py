"""Networks whose gradients differ from cell to cell, or from picture to picture, by hand."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Cells(nn.Module):
    """A linear layer over every cell of a 2 x 2 picture, with weights of both signs."""

    def __init__(self, *, rectified: bool) -> None:
        super().__init__()
        self.features = nn.ReLU() if rectified else nn.Identity()
        self.fc = nn.Linear(12, 2, bias=False)
        weight = torch.tensor(
            [
                [[[1.0, -1.0], [2.0, 0.5]], [[-1.0, 2.0], [1.0, 1.0]], [[0.0, 0.0], [0.0, -1.0]]],
                [[[0.0, 1.0], [1.0, 0.0]], [[3.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]],
            ]
        )
        with torch.no_grad():
            self.fc.weight.copy_(weight.flatten(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.features(x).mul(1.0).flatten(1))


class Curved(nn.Module):
    """``y = a m + v m^2`` of the means ``m`` of the rectified picture, for each of two classes."""

    def __init__(self, linear: list[list[float]], square: list[list[float]]) -> None:
        super().__init__()
        self.relu = nn.ReLU()
        self.linear = nn.Linear(3, 2, bias=False)
        self.square = nn.Linear(3, 2, bias=False)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor(linear))
            self.square.weight.copy_(torch.tensor(square))

    def forward(self, x: Tensor) -> Tensor:
        mean = self.relu(x).mean((2, 3))
        return self.linear(mean) + self.square(mean * mean)


class Pooled(nn.Module):
    """ReLU, average pooling and a linear layer, all of random weights, for five classes."""

    def __init__(self, seed: int, scale: float = 1.0) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(6, 5)
        with torch.no_grad():
            for parameter in self.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
            self.fc.weight.mul_(scale)
            self.fc.bias.mul_(scale)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.relu(self.conv(x)).mean((2, 3)))


class Gated(nn.Module):
    """A hard sigmoid above the convolution: torch cannot differentiate it twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv = nn.Conv2d(3, 4, 1)
        self.gate = nn.Hardsigmoid()
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.fc((x * self.gate(x)).mean((2, 3)))
