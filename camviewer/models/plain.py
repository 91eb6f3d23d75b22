"""Taught networks without what plain torchvision cannot express."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.errors import ModelError
from camviewer.models import zoo
from camviewer.models.backbone import TaughtNetwork
from camviewer.models.taught import Descent

_TOLERANCE = 1e-3  # of the largest logit


@dataclass(frozen=True)
class Plain:
    """A taught network that divides the maps of all pictures by one length.

    A `TaughtNetwork` divides each picture's by the length of their own mean, which takes more than
    torchvision's layers. With one length for all, ``w . f / c + b``, the head is a linear layer.

    Attributes:
        length: ``c``, the mean of those of taught pictures.
        accuracy: on the held-out pictures, as in `Figures`; None where none was held out.
        agreement: share of them of which it says the same as the taught network; likewise.
    """

    length: float
    accuracy: float | None
    agreement: float | None


def from_about(about: Mapping[str, Any]) -> Plain | None:
    """What a taught file tells of it, see `taught.about`; None if it tells nothing that fits."""
    found = about.get("plain")
    if not isinstance(found, dict):
        return None
    length, *shares = (found.get(name) for name in ("length", "accuracy", "agreement"))
    if not isinstance(length, float) or not 0 < length < float("inf"):
        return None
    if not all(s is None or (isinstance(s, float) and 0 <= s <= 1) for s in shares):
        return None
    return Plain(length, *shares)


def network(taught: TaughtNetwork, descent: Descent, length: float, size: int) -> nn.Module:
    """The network of torchvision with these weights, in evaluation mode.

    Args:
        taught: what was taught.
        descent: upon what.
        length: see `Plain`.
        size: pixels of a square picture that it takes.

    Raises:
        ModelError: if torchvision has no layers for it; the message says why.
    """
    name = descent.backbone
    if name not in zoo.names():
        raise ModelError(
            f"torchvision has no network called {name}, so there is no state_dict of it. Export it "
            "as ONNX."
        )
    if len(taught.taps) > 1 or taught.strongest:
        raise ModelError(
            "It looks at several layers or at the strongest cells only, for which torchvision's "
            f"{name} has no layers. Export it as ONNX, or teach again with one whole layer."
        )
    made = zoo.build(name, taught.classes, size, rescale=descent.rescale).eval()
    head = zoo.head_of(name)
    expected = made.state_dict()
    state = {k.removeprefix("trunk."): v for k, v in taught.state_dict().items() if k[:3] != "fc."}
    state[head] = taught.fc.weight / length
    state[head.removesuffix("weight") + "bias"] = taught.fc.bias
    lacking = [key for key in expected if key not in state]
    if lacking or any(state[key].shape != expected[key].shape for key in expected):
        raise ModelError(
            f"Between the maps and the classes torchvision's {name} has further layers "
            f"({', '.join(lacking[:3]) or head}), which were not taught. Export it as ONNX."
        )
    made.load_state_dict({key: state[key].detach().clone() for key in expected})
    _check(made, taught, length, size)
    return made


def _check(made: nn.Module, taught: TaughtNetwork, length: float, size: int) -> None:
    noise = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        found, expected = made(noise), logits(taught, noise, length)
    worst = (found - expected).abs().max() / expected.abs().max().clamp_min(1e-6)
    if not worst <= _TOLERANCE:
        raise ModelError(
            f"torchvision's {type(made).__name__} does not end in pooled maps and one linear "
            f"layer: its answers would be off by {float(worst):.0%}. Export it as ONNX."
        )


def logits(taught: TaughtNetwork, pictures: Tensor, length: float) -> Tensor:
    """What the network with one length for all pictures answers, ``(N, classes)``."""
    seen, lengths = taught.looked_at(pictures)
    bias: Tensor = taught.fc.bias
    weighted: Tensor = (taught.fc(seen) - bias) * lengths / length
    return weighted + bias
