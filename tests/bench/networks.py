"""Networks of which every package can take gradients: weights stand below the target layer."""

import torch
from torch import Tensor, nn


class Plain(nn.Module):
    """Average pooling and one linear layer above the target layer ``features.1``."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.flatten(self.pool(self.features(x)), 1))


class TwoLayers(Plain):
    """Two linear layers: no closed form."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Linear(5, 3))


class Reusing(Plain):
    """The target layer is the second call of a module, which no name leads to."""

    def __init__(self) -> None:
        super().__init__()
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.features(x) - 0.1)
        x = self.relu(x - 0.1)
        return self.fc(torch.flatten(self.pool(x), 1))
