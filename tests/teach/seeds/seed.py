"""A taught network with pictures that it was not taught with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from camviewer.cam.explainer import Explainer
from camviewer.cam.split import Run
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from tests.teach.seeds import beams, digits
from tests.teach.seeds.beams import Beam
from tests.teach.seeds.digits import Digit
from tests.teach.seeds.training import SeedNet, as_input, taught
from tests.teach.seeds.ways import Array

_MIDDLE = (0.5, 0.5, 0.5)  # of mean and spread: what `as_input` does


@dataclass(frozen=True, eq=False)
class Seed:
    """One of the two, taught.

    Attributes:
        network: in evaluation mode.
        pictures: that it has not seen before.
        labels: of its classes.
        side: of the pictures, in pixels.
    """

    network: SeedNet
    pictures: Sequence[Digit | Beam]
    labels: tuple[str, ...]
    side: int

    @classmethod
    def taught_with(
        cls,
        given: Sequence[Digit | Beam],
        others: Sequence[Digit | Beam],
        labels: tuple[str, ...],
        side: int,
        epochs: int,
        start: int = 0,
    ) -> Seed:
        """Teach a network by some pictures and keep others for it."""
        network = taught([p.pixels for p in given], [p.label for p in given], epochs, start)
        return cls(network, others, labels, side)

    def logits(self) -> torch.Tensor:
        """The network's own output for all pictures, float32 ``(pictures, classes)``."""
        with torch.no_grad():
            logits: torch.Tensor = self.network(as_input([p.pixels for p in self.pictures]))
        return logits

    def accuracy(self) -> float:
        """The share of pictures that it knows, in [0, 1]."""
        wanted = torch.tensor([picture.label for picture in self.pictures])
        return float((self.logits().argmax(1) == wanted).float().mean())

    def layer(self) -> tuple[Array, Array, Array]:
        """What the naive ways need: the last activation of each picture, weights and biases."""
        with torch.no_grad():
            # one by one as the engine does it: a batch is added up in another order
            found = [self.network.features(as_input([p.pixels])) for p in self.pictures]
        weight, bias = self.network.fc.weight, self.network.fc.bias
        return torch.cat(found).double().numpy(), weight.double().numpy(), bias.double().numpy()

    def runs(self) -> list[Run]:
        """The engine's run of each picture, at the layer that it chooses by itself."""
        explainer = Explainer(self.network, self.side, torch.device("cpu"), runtime="eager")
        layer = explainer.automatic
        return [explainer.run(as_input([p.pixels]), layer) for p in self.pictures]

    def classifier(self) -> Classifier:
        """As every part of camviewer takes it."""
        return Classifier(
            name="seed",
            network=self.network,
            labels=self.labels,
            preprocessing=Preprocessing(_MIDDLE, _MIDDLE, self.side, self.side),
            activation=Activation.SOFTMAX,
        )


def digit_seed() -> Seed:
    """A network that knows digits."""
    given, others = digits.digits(1600, seed=0), digits.digits(100, seed=1)
    return Seed.taught_with(given, others, digits.LABELS, digits.SIDE, epochs=5)


def beam_seed(start: int = 0) -> Seed:
    """A network that knows in which third a beam is cracked, and which beams are sound."""
    given, others = beams.beams(2400, seed=0), beams.beams(200, seed=1)
    return Seed.taught_with(given, others, beams.LABELS, beams.SIDE, epochs=6, start=start)


def cracked_only_seed(start: int = 0) -> Seed:
    """Likewise, but it has never met a sound beam."""
    given = [beam for beam in beams.beams(2400, seed=0) if beam.crack is not None]
    others = [beam for beam in beams.beams(200, seed=1) if beam.crack is not None]
    labels = beams.LABELS[: beams.SOUND]
    return Seed.taught_with(given, others, labels, beams.SIDE, epochs=6, start=start)
