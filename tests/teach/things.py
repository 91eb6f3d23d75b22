"""Rendered pictures of coloured things, and a small network that can learn them in seconds."""

from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image
from torch import nn

from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.teach.data.dataset import Dataset, Example
from camviewer.teach.data.split import Split
from camviewer.types import Pixels

CLASSES = ("disc", "square")
EXPECTED = Preprocessing((0.5,) * 3, (0.25,) * 3, input_size=32, resize_size=32)

Place = tuple[int, int, int, int]


def thing(kind: str, number: int, side: int) -> tuple[Pixels, Place]:
    """A picture of grey blots with a red disc or a blue square, and the thing's place in it."""
    random = np.random.default_rng((CLASSES.index(kind), number))
    blots = random.integers(60, 200, (6, 6), np.uint8)
    grey = cv2.resize(blots, (side, side), interpolation=cv2.INTER_CUBIC)
    pixels: Pixels = np.repeat(grey[:, :, None], 3, 2).astype(np.uint8)
    radius = side // 6
    x, y = (int(v) for v in random.integers(radius, side - radius, 2))
    if kind == "disc":
        cv2.circle(pixels, (x, y), radius, (210, 40, 30), -1)
    else:
        corners = (x - radius, y - radius), (x + radius, y + radius)
        cv2.rectangle(pixels, *corners, (30, 50, 220), -1)
    return pixels, (x - radius, y - radius, x + radius, y + radius)


def draw(folder: Path, count: int, side: int, held_out: int) -> tuple[Dataset, Split]:
    """Pictures of each kind; the last ones are held out."""
    examples, teaching, out = [], [], []
    for kind in CLASSES:
        for number in range(count):
            path = folder / f"{kind}{number}.png"
            Image.fromarray(thing(kind, number, side)[0]).save(path)
            (teaching if number < count - held_out else out).append(len(examples))
            examples.append(Example(path, (kind,)))
    groups = tuple(range(len(examples)))
    return Dataset(tuple(examples), CLASSES), Split(tuple(teaching), tuple(out), groups)


class Small(nn.Module):
    """Three stages with BatchNorm, dropout, average pooling and a linear head."""

    def __init__(self, classes: int = 2) -> None:
        super().__init__()
        self.first = _stage(3, 8)
        self.second = _stage(8, 16)
        self.third = _stage(16, 16)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(16, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.third(self.second(self.first(x)))
        return self.fc(self.dropout(torch.flatten(self.pool(x), 1)))


def small(activation: Activation = Activation.SOFTMAX) -> Classifier:
    """That network with random numbers, always the same."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier("small", Small(), CLASSES, EXPECTED, activation)


def _stage(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )
