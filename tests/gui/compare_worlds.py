"""Networks for tests of the view that compares: small, in three stages, trunk runs counted."""

from collections import Counter
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Inspector
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing

LABELS = ("red", "green", "blue", "a very long name of a class that no pane has room for, surely")


class Stages(nn.Module):
    """Three convolutions, each halving the grid, then pooling and one linear layer."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Conv2d(3, 6, 3, 2, 1)
        self.second = nn.Conv2d(6, 6, 3, 2, 1)
        self.third = nn.Conv2d(6, 6, 3, 2, 1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(6, len(LABELS))

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.third(self.second(self.first(x)).relu()).relu())
        return self.head(self.pool(x).flatten(1))


def classifier(name: str = "one", labels: tuple[str, ...] = LABELS) -> Classifier:
    """A classifier whose weights depend on its name."""
    network = Stages(sum(name.encode())).eval().requires_grad_(requires_grad=False)
    preprocessing = Preprocessing((0.0,) * 3, (1.0,) * 3, 32, 32)
    return Classifier(name, network, labels, preprocessing, weights="made by hand")


def counted(inspector: Inspector, runs: Counter[tuple[str, str]]) -> Inspector:
    """Count from now on how often the trunk runs, by network and layer."""
    explainer = inspector._explainer
    run = explainer.run

    def counting(tensor: Tensor, layer: Any) -> Any:
        runs[inspector.classifier.name, layer.name] += 1
        return run(tensor, layer)

    explainer.run = counting
    return inspector


def model(name: str = "one", runs: Counter[tuple[str, str]] | None = None) -> ModelInfo:
    """A network as the engine hands it out."""
    inspector = Inspector(classifier(name), "cpu")
    obstacles = inspector.methods()
    return ModelInfo(counted(inspector, Counter() if runs is None else runs), obstacles)
