"""What a taught network is built upon: a network of the catalogue, opened at some layers."""

from __future__ import annotations

import copy
import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import fx

from camviewer.cam.explainer import Explainer
from camviewer.cam.split import Layer
from camviewer.errors import ModelError
from camviewer.models import backbone, gap, starter, zoo
from camviewer.models.backbone import Order, Tap, TaughtNetwork
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Overrides, Preprocessing
from camviewer.models.taught import Descent
from camviewer.models.video_preprocess import ClipPreprocessing

_CELLS = 10
"""Cells that a map should at least have across: with fewer, boxes are coarse."""

_STEP = 32  # pixels

_STRONGEST = (0.003, 0.01, 0.03, 0.1, 0.3)
"""Shares of the cells that count where things are small: a thing may have any of these sizes."""

_STAGES = 2  # whose ends are looked at where things are small
_FINEST = 8  # pixels of a cell: below, layers know edges, and cells are many
_CLOSER = 2  # times the network's own input size


@dataclass(frozen=True, eq=False)
class Foundation:
    """A frozen backbone, ready for new classes.

    Attributes:
        trunk: see `backbone.cut`; shares its weights with the classifier it comes from.
        channels: of all its layers together.
        preprocessing: what it expects of a picture, at the size at which it will work.
        descent: where it comes from.
        identity: tells its weights from all others.
    """

    trunk: fx.GraphModule
    channels: int
    preprocessing: Preprocessing
    descent: Descent
    identity: str

    def network(self, classes: int, device: torch.device | None = None) -> TaughtNetwork:
        """The network with a new head, in evaluation mode; a copy on a device other than the CPU.

        The head is all zeros.
        """
        trunk = self.trunk
        if device is not None and device.type != "cpu":
            trunk = copy.deepcopy(trunk)
        network = TaughtNetwork(
            trunk, self.descent.taps, self.channels, classes, self.descent.strongest
        )
        torch.nn.init.zeros_(network.fc.weight)
        torch.nn.init.zeros_(network.fc.bias)
        return network.eval().to(device or torch.device("cpu"))


def found(
    classifier: Classifier,
    layers: Sequence[str] = (),
    input_size: int | None = None,
    *,
    small: bool = False,
) -> Foundation:
    """Build upon a network.

    Args:
        classifier: the starter, or a network of the catalogue with whatever weights.
        layers: which to look at, by name; none for the automatic ones.
        input_size: pixels of the short side; None for a size at which the map has enough cells.
        small: look for things that fill little of a picture: closer, at the ends of the stages
            before the last, which have finer grids, and where a class's map is strongest only.

    Raises:
        ModelError: if nothing can be built upon this network, or it cannot take this size.
        MethodError: if there is no such layer.
    """
    _check_kind(classifier)
    own = classifier.preprocessing
    explainer = Explainer(
        classifier.network,
        own.input_size,
        torch.device("cpu"),
        classifier.target_layer,
        runtime="eager",
    )
    wanted = {explainer.layer(name) for name in layers}
    if small and not layers:
        wanted.update(_ends_of_stages(explainer, own.input_size))
    wanted = wanted or {explainer.automatic}
    # in order of execution the finest comes first
    chosen = [layer for layer in explainer.layers if layer in wanted]
    names = [layer.name for layer in chosen]
    trunk = backbone.cut(classifier.network, names)
    # torchvision's Inceptions convert what they are given, unless they are told not to
    rescale = bool(getattr(classifier.network, "transform_input", True))
    _check_rebuilt(classifier, trunk, names, rescale)
    return Foundation(
        trunk=trunk,
        channels=sum(layer.channels for layer in chosen),
        preprocessing=_sized(own, chosen, input_size, closer=small),
        descent=Descent(
            backbone=classifier.name,
            weights=classifier.weights,
            weights_sha256=classifier.weights_sha256,
            taps=tuple(_tap(layer) for layer in chosen),
            rescale=rescale,
            strongest=_STRONGEST if small else (),
        ),
        identity=classifier.weights_sha256 or _hash_of(trunk),
    )


def can_carry(classifier: Classifier) -> bool:
    """Whether a network is of a kind that can be built upon; whether it fits, `found` tells."""
    known = classifier.name in (starter.NAME, *zoo.names(), *gap.names())
    return known and not isinstance(classifier.preprocessing, ClipPreprocessing)


def _check_kind(classifier: Classifier) -> None:
    if not can_carry(classifier):
        raise ModelError(
            f"Nothing can be taught on top of {classifier.name}: choose the starter or a network "
            "of pictures that `camviewer models` lists, with its own weights or yours."
        )


def _check_rebuilt(
    classifier: Classifier, trunk: fx.GraphModule, names: Sequence[str], rescale: bool
) -> None:
    """Whether the network can be put together again from its name, as a taught file needs it."""
    size = classifier.preprocessing.input_size if _of_one_size(classifier.name) else None
    try:
        bare = backbone.cut(backbone.skeleton(classifier.name, size, rescale=rescale), names)
        other = _shapes(bare)
    except ModelError:  # it has no such layer
        other = {}
    if _shapes(trunk) != other:
        raise ModelError(
            f"This {classifier.name} is not built like torchvision's, so nothing can be taught on "
            "top of it. Choose its weights as a state_dict."
        )


def _shapes(trunk: fx.GraphModule) -> dict[str, torch.Size]:
    return {name: tensor.shape for name, tensor in trunk.state_dict().items()}


def _of_one_size(name: str) -> bool:
    return name != starter.NAME and zoo.takes_image_size(name)


def _ends_of_stages(explainer: Explainer, size: int) -> list[Layer]:
    """The ends of the stages before the automatic layer: each has a finer grid than the next.

    Args:
        explainer: of the network.
        size: of the pictures that it was opened with.
    """
    ends = set(explainer.containers.values())
    found, last = list[Layer](), explainer.automatic
    for layer in reversed(explainer.layers[: explainer.layers.index(last)]):
        coarse = max(layer.cells) * _FINEST <= size
        if layer.name in ends and coarse and math.prod(layer.cells) > math.prod(last.cells):
            found.append(layer)
            last = layer
    return found[:_STAGES]


def _sized(
    own: Preprocessing, layers: Sequence[Layer], wanted: int | None, *, closer: bool
) -> Preprocessing:
    cells = min(layers[0].cells)
    if wanted is None and closer and not own.fixed_size:
        wanted = _CLOSER * own.input_size
    elif wanted is None and not own.fixed_size and cells < _CELLS:
        wanted = math.ceil(own.input_size * _CELLS / cells / _STEP) * _STEP
    return own.overridden(Overrides(input_size=wanted))


def _tap(layer: Layer) -> Tap:
    order = Order(layer.layout.axes.value)
    cells = layer.cells if order is Order.TOKENS else (0, 0)
    return Tap(layer.name, order, layer.layout.prefix, cells)


def _hash_of(trunk: fx.GraphModule) -> str:
    digest = hashlib.sha256()
    for name, tensor in trunk.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().numpy().tobytes())
    return digest.hexdigest()
