"""A network that learns step by step, its early layers slower than its late ones or not at all."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.models.classifier import Classifier, as_logits
from camviewer.teach.deep.options import LEAST_FOR_STATISTICS, Options
from camviewer.teach.deep.stages import normalisers, stages
from camviewer.teach.deep.trial import losses

_LONGEST_STEP = 1.0  # norm of the gradient, beyond which it is shortened


class Learner:
    """A copy of a classifier's network, and what changes it.

    Attributes:
        network: on the device; in evaluation mode but within `teaching`.
    """

    def __init__(
        self, classifier: Classifier, options: Options, device: torch.device, pictures: int
    ) -> None:
        """Set each parameter's rate.

        Args:
            classifier: left as it is.
            options: how deep and how fast.
            device: where to learn.
            pictures: how many there are to learn from.

        Raises:
            ModelError: if the network does not end in a linear layer.
        """
        self.network: nn.Module = copy.deepcopy(classifier.network).to(device)
        self._activation = classifier.activation
        self._half = options.half and _knows_half(device)
        self._kind = device.type
        parameters = dict(self.network.named_parameters())
        *trunk, head = stages(self.network)
        depth = len(trunk) if options.stages is None else min(options.stages, len(trunk))
        rates = {len(trunk): options.head_rate}
        rates |= {len(trunk) - 1 - k: options.rate * options.falling**k for k in range(depth)}
        groups: list[dict[str, Any]] = []
        for number, names in enumerate((*trunk, head)):
            learning = number in rates
            for name in names:
                parameters[name].requires_grad = learning
            if learning:
                groups += _groups([parameters[n] for n in names], rates[number], options.decay)
        self._optimiser = torch.optim.AdamW(groups)
        counted = options.statistics
        self._counting = pictures >= LEAST_FOR_STATISTICS if counted is None else counted
        self.at_once = any(self._counts(layer) for layer in normalisers(self.network))
        """Whether the pictures of a batch must go through the network together."""

    def start(self) -> None:
        """Go into training mode, but for layers whose statistics stay as they are."""
        self.network.train()
        for layer in normalisers(self.network):
            if not self._counts(layer):
                layer.eval()

    def stop(self) -> None:
        """Go into evaluation mode."""
        self.network.eval()

    def learn(self, parts: Iterable[tuple[Tensor, Tensor]], count: int, share: float) -> float:
        """Take one step; returns the mean loss of the pictures.

        Args:
            parts: of a batch: normalised pictures and their ``(n, classes)`` targets.
            count: pictures in all of them.
            share: of the full rates, in [0, 1].
        """
        self._optimiser.zero_grad(set_to_none=True)
        total = 0.0
        for pictures, targets in parts:
            with torch.autocast(self._kind, torch.bfloat16, enabled=self._half):
                logits = as_logits(self.network(pictures)).float()
            loss = losses(logits, targets, self._activation).sum() / count
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        if math.isfinite(total):
            learning = [p for group in self._optimiser.param_groups for p in group["params"]]
            nn.utils.clip_grad_norm_(learning, _LONGEST_STEP)
            for group in self._optimiser.param_groups:
                group["lr"] = group["full"] * share
            self._optimiser.step()
        return total

    def numbers(self) -> dict[str, Tensor]:
        """A copy of what learning changes, on the CPU."""
        frozen = {name for name, p in self.network.named_parameters() if not p.requires_grad}
        return {
            name: tensor.detach().to("cpu", copy=True)
            for name, tensor in self.network.state_dict().items()
            if name not in frozen
        }

    def set_numbers(self, numbers: Mapping[str, Tensor]) -> None:
        """Put back what `numbers` gave."""
        self.network.load_state_dict(numbers, strict=False)

    def momentum(self) -> dict[str, Any]:
        """What the next step depends on besides the numbers."""
        return dict(self._optimiser.state_dict())

    def set_momentum(self, momentum: Mapping[str, Any]) -> None:
        """Put back what `momentum` gave.

        Raises:
            ValueError: if it belongs to another network; or whatever odd contents lead to.
        """
        self._optimiser.load_state_dict(dict(momentum))

    def _counts(self, layer: nn.Module) -> bool:
        learning = any(parameter.requires_grad for parameter in layer.parameters())
        return self._counting and learning


def _knows_half(device: torch.device) -> bool:
    """Whether bfloat16 is faster there; many processors only imitate it."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    # newer than the oldest torch we take
    known: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    # AVX-512 alone knows the numbers, but is no faster with them
    return device.type == "cpu" and bool(known.get("amx_bf16", False))


def _groups(parameters: list[nn.Parameter], rate: float, decay: float) -> list[dict[str, Any]]:
    """Biases and scales are not drawn to zero."""
    drawn = [parameter for parameter in parameters if parameter.ndim > 1]
    free = [parameter for parameter in parameters if parameter.ndim <= 1]
    sides = ((drawn, decay), (free, 0.0))
    return [
        {"params": some, "lr": rate, "full": rate, "weight_decay": by} for some, by in sides if some
    ]
