"""One interface over every network: what it is, what it expects, what its numbers mean."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor, nn

from camviewer.errors import ModelError
from camviewer.models.preprocess import Preprocessing
from camviewer.types import BoxRule

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_NAMES_OF_LOGITS = ("logits", "out", "output", "scores", "y")


class Activation(StrEnum):
    """What turns logits into scores."""

    SOFTMAX = "softmax"  # exactly one class is in the picture
    SIGMOID = "sigmoid"  # any number of classes, or none


@dataclass(frozen=True, eq=False)
class Classifier:
    """A network with all that is needed to use it and to say where it came from.

    Attributes:
        name: as shown and as given to ``--model``.
        network: in evaluation mode, float32, no parameter requiring gradients.
        labels: one for each class, in class order.
        preprocessing: what it expects of a picture.
        activation: what turns logits into scores; of a single logit, the sigmoid alone says
            anything.
        weights: what its weights are called.
        weights_sha256: hexadecimal hash of the weight file; empty for random weights.
        thresholds: calibrated score per class above which the class is present (sigmoid only).
        target_layer: the layer to explain, where the catalogue knows better than the automatic.
        nothing: the class that means "none of these", of which nothing is drawn unless it is asked
            for; None if there is none.
        box_threshold: where boxes are cut unless a person says otherwise, a share of the map's
            maximum: Zhou's in general, another one where it was measured.
    """

    name: str
    network: nn.Module
    labels: tuple[str, ...]
    preprocessing: Preprocessing
    activation: Activation = Activation.SOFTMAX
    weights: str = "random"
    weights_sha256: str = ""
    thresholds: tuple[float, ...] | None = None
    target_layer: str | None = None
    nothing: int | None = None
    box_threshold: float = BoxRule.threshold

    def __post_init__(self) -> None:
        if self.thresholds is not None and len(self.thresholds) != len(self.labels):
            raise ModelError(
                f"{self.name} has {len(self.labels)} labels but {len(self.thresholds)} thresholds."
            )
        if len(self.labels) == 1:
            object.__setattr__(self, "activation", Activation.SIGMOID)
        # Frozen networks stay frozen and half-precision weights become exact float32 copies:
        # gradients are only ever taken with respect to activations.
        self.network.eval()
        self.network.float()
        for parameter in self.network.parameters():
            parameter.requires_grad = False

    def scores(self, logits: Tensor) -> Tensor:
        """Probabilities in [0, 1], same shape as the logits ``(..., classes)``."""
        if self.activation is Activation.SOFTMAX:
            return torch.softmax(logits, -1)
        return torch.sigmoid(logits)

    def find(self, wanted: str) -> int:
        """The class index for an index or a name (case and underscores ignored; a part will do).

        A whole number is always an index.

        Raises:
            ModelError: if there is no such class, or several; the message offers the nearest.
        """
        if _WHOLE_NUMBER.fullmatch(wanted.strip()):
            index = int(wanted)
            if 0 <= index < len(self.labels):
                return index
            raise ModelError(
                f"{self.name} has classes 0 to {len(self.labels) - 1}; there is no class {index}."
            )
        names = [_plain(label) for label in self.labels]
        text = _plain(wanted)
        matches = [i for i, name in enumerate(names) if name == text]
        if not matches and text:
            matches = [i for i, name in enumerate(names) if text in name]
        if len(matches) == 1:
            return matches[0]
        if matches:
            some = ", ".join(f"{i} {self.labels[i]}" for i in matches[:5])
            more = f" and {len(matches) - 5} more" if len(matches) > 5 else ""
            raise ModelError(f"Several classes match {wanted!r}: {some}{more}. Give the number.")
        near = difflib.get_close_matches(text, names, n=3)
        offer = ", ".join(self.labels[names.index(name)] for name in near)
        hint = f" Did you mean {offer}?" if near else ""
        raise ModelError(f"{self.name} knows no class {wanted!r}.{hint}")


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").split())


def as_logits(output: object) -> Tensor:
    """The logits ``(batch, classes)`` in whatever a network returns.

    A tensor is taken as it is, one of ``(batch, classes, 1, 1)`` flattened, one of ``(classes,)``
    given a batch of one; of a tuple or list the first tensor ``(batch, classes)``; of a mapping the
    entry named like logits, or its only such tensor.

    Raises:
        ModelError: if there is none, or no telling which.
    """
    if isinstance(output, Tensor):
        if output.ndim == 1:
            return output.unsqueeze(0)
        if output.ndim == 2 or (output.ndim > 2 and set(output.shape[2:]) == {1}):
            return output.flatten(1)
        raise ModelError(
            f"The network returned a tensor of shape {tuple(output.shape)}; a classifier returns "
            "(batch, classes). Is this a segmentation or detection network?"
        )
    if isinstance(output, Mapping):
        named = [output[n] for n in _NAMES_OF_LOGITS if n in output]
        tensors = named or [v for v in output.values() if isinstance(v, Tensor) and v.ndim == 2]
        if named or len(tensors) == 1:
            return as_logits(tensors[0])
        raise ModelError(
            f"The network returned a mapping with {', '.join(map(str, output))}; name the entry "
            f"that holds the class scores 'logits'."
        )
    if isinstance(output, Sequence) and not isinstance(output, str):
        for item in output:
            if isinstance(item, Tensor) and item.ndim == 2:
                return item
    raise ModelError(
        f"The network returned {type(output).__name__}, in which no (batch, classes) tensor of "
        "class scores was found."
    )
