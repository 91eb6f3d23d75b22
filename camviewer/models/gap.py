"""AlexNet and VGG with global average pooling, so that class activation maps serve them.

Zhou et al. 2016, section 3: everything behind the last convolution (its pooling and the fully
connected layers) gives way to one more convolution of 3 x 3 with 1,024 channels, global average
pooling and one linear layer. The map of a class is then the sum of the last activation's channels
under the class's weights (equation 2), and its mean plus the bias is the class's logit. Without the
last pooling the map has 14 x 14 cells (VGG) or 13 x 13 (AlexNet) at 224 pixels, twice as many to a
side as before.

The convolutions keep their weights; what is new must be taught.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor, nn
from torchvision.models import VGG, AlexNet

from camviewer.errors import ModelError
from camviewer.models import zoo
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing

CHANNELS = 1024
"""Of the convolution that is added (Zhou et al. 2016, section 3.1)."""

ENDING = "-gap"
"""Of the names of converted networks."""

_LEAST_SIDE = {"alexnet": 31, "vgg": 16}  # pixels, of which a cell is left without the last pooling


class GapNet(nn.Module):
    """Convolutions, one more of 3 x 3, global average pooling and one linear layer.

    Args:
        features: from pictures ``(N, 3, H, W)`` to ``(N, channels, rows, columns)``.
        inputs: how many channels those are.
        num_classes: number of logits.
    """

    def __init__(self, features: nn.Sequential, inputs: int, num_classes: int) -> None:
        super().__init__()
        self.features = features
        self.conv = nn.Conv2d(inputs, CHANNELS, 3, 1, 1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(CHANNELS, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalised pictures (N, 3, H, W) to logits (N, num_classes)."""
        x = self.relu(self.conv(self.features(x)))
        return self.fc(torch.flatten(self.pool(x), 1))  # type: ignore[no-any-return]


def names() -> tuple[str, ...]:
    """What the converted networks are called: ``alexnet-gap``, ``vgg16-gap``..."""
    return tuple(name + ENDING for name in zoo.names() if name.startswith(tuple(_LEAST_SIDE)))


def origin(name: str) -> str | None:
    """The network of `zoo` that a converted one comes from; None if it is none of `names`."""
    plain = name.strip().casefold().replace("_gap", ENDING)
    known = zoo.canonical(plain.removesuffix(ENDING)) if plain.endswith(ENDING) else None
    return known if known is not None and known + ENDING in names() else None


def preprocessing(name: str) -> Preprocessing:
    """What a converted network expects: as before, but smaller pictures will do.

    Raises:
        ModelError: if it is none of `names`.
    """
    before = _origin(name)
    least = next(size for kind, size in _LEAST_SIDE.items() if before.startswith(kind))
    return replace(zoo.preprocessing(before), min_size=least)


def build(name: str, num_classes: int, *, seed: int = 0) -> GapNet:
    """A converted network with random weights, the same for the same seed.

    Args:
        name: one of `names`.
        num_classes: number of logits.
        seed: of the random numbers.

    Raises:
        ModelError: if it is none of `names`.
    """
    before = _origin(name)
    return _seeded(seed, lambda: _converted(zoo.build(before), num_classes))


def convert(network: nn.Module, num_classes: int, *, seed: int = 0) -> GapNet:
    """Give a network global average pooling; its convolutions are copied, with their weights.

    Args:
        network: torchvision's AlexNet or VGG (11 to 19, with or without BatchNorm); left as it is.
        num_classes: number of logits.
        seed: of the random numbers in the new layers.

    Raises:
        ModelError: if it is another network.
    """
    return _seeded(seed, lambda: _converted(copy.deepcopy(network), num_classes))


def classifier(before: Classifier, labels: tuple[str, ...]) -> Classifier:
    """A classifier, converted for other classes, which must yet be taught.

    Args:
        before: torchvision's AlexNet or VGG under its own name; left as it is.
        labels: of the new classes.

    Raises:
        ModelError: if it is another network.
    """
    network = convert(before.network, len(labels))
    name = before.name + ENDING
    # the hash is left out: the added convolution is not in the file
    return Classifier(
        name=name,
        network=network,
        labels=labels,
        preprocessing=replace(before.preprocessing, min_size=preprocessing(name).min_size),
        weights=before.weights,
    )


def _converted(network: nn.Module, num_classes: int) -> GapNet:
    if not isinstance(network, (AlexNet, VGG)):
        raise ModelError(
            f"Only AlexNet and VGG are converted, not {type(network).__name__}. Most other "
            "networks end in global average pooling already: use it as it is."
        )
    kept = list(network.features)
    while isinstance(kept[-1], nn.MaxPool2d):
        kept.pop()
    inputs = [layer for layer in kept if isinstance(layer, nn.Conv2d)][-1].out_channels
    made = GapNet(nn.Sequential(*kept), inputs, num_classes)
    nn.init.kaiming_normal_(made.conv.weight, nonlinearity="relu")
    nn.init.normal_(made.fc.weight, 0, 0.01)
    nn.init.zeros_(made.fc.bias)
    return made


def _seeded(seed: int, make: Callable[[], GapNet]) -> GapNet:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()


def _origin(name: str) -> str:
    before = origin(name)
    if before is None:
        raise ModelError(f"There is no converted network {name!r}. They are {', '.join(names())}.")
    return before
