"""How well a network knows the held-out pictures, as they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from camviewer.models.classifier import Activation, as_logits
from camviewer.teach.deep.pictures import Shelf

_PIXELS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Trial:
    """What came out.

    Attributes:
        loss: mean cross-entropy.
        accuracy: share of right answers, in [0, 1]; see `Epoch`.
        balanced: the same as a mean over classes.
    """

    loss: float
    accuracy: float
    balanced: float

    def better_than(self, other: Trial | None) -> bool:
        """More classes are told apart, or as many with fewer doubts."""
        if other is None:
            return True
        return (self.balanced, -self.loss) > (other.balanced, -other.loss)


def losses(logits: Tensor, targets: Tensor, activation: Activation) -> Tensor:
    """Cross-entropy of each picture, ``(n,)``.

    Args:
        logits: ``(n, classes)``.
        targets: likewise, 0 or 1.
        activation: softmax, or sigmoid: the mean over the classes.
    """
    if activation is Activation.SOFTMAX:
        return F.cross_entropy(logits, targets, reduction="none")
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none").mean(1)


def try_out(
    network: nn.Module,
    shelf: Shelf,
    paths: Sequence[Path],
    targets: Tensor,
    activation: Activation,
    device: torch.device,
) -> Trial:
    """Have a network name pictures.

    Args:
        network: in evaluation mode.
        shelf: has read all of the pictures before.
        paths: of the pictures, at least one.
        targets: ``(pictures, classes)`` of 0 and 1, on the CPU.
        activation: softmax or sigmoid.
        device: where the network is.
    """
    logits = torch.empty_like(targets)
    with torch.no_grad():
        for places in _alike([shelf.shape(path) for path in paths]):
            batch = torch.stack([shelf.picture(paths[place]) for place in places])
            values = shelf.normalised(batch.to(device).float() / 255)
            logits[places] = as_logits(network(values)).float().cpu()
    return judged(logits, targets, activation)


def judged(logits: Tensor, targets: Tensor, activation: Activation) -> Trial:
    """How good these answers are, both ``(pictures, classes)``."""
    loss = float(losses(logits, targets, activation).mean())
    if activation is Activation.SOFTMAX:
        right = (logits.argmax(1) == targets.argmax(1)).float()
        shown = targets.sum(0)
        shares = (targets.T @ right)[shown > 0] / shown[shown > 0]
        return Trial(loss, float(right.mean()), float(shares.mean()))
    right = ((logits >= 0) == (targets > 0.5)).float()
    of_each = torch.stack([_recall(right, targets), _recall(right, 1 - targets)])
    return Trial(loss, float(right.mean()), float(of_each.nanmean()))


def _recall(right: Tensor, counted: Tensor) -> Tensor:
    """Share of right answers among those counted, per class; not a number where there are none."""
    return (right * counted).sum(0) / counted.sum(0)


def _alike(shapes: Sequence[tuple[int, int]]) -> Iterator[list[int]]:
    """Places of pictures of one shape, a few at a time."""
    places: dict[tuple[int, int], list[int]] = {}
    for place, shape in enumerate(shapes):
        places.setdefault(shape, []).append(place)
    for (rows, columns), alike in places.items():
        step = max(1, _PIXELS_AT_ONCE // (rows * columns))
        for start in range(0, len(alike), step):
            yield alike[start : start + step]
