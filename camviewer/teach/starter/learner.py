"""A network being trained, with its moving average, kept in a checkpoint."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS

_LARGEST_GRADIENT = 5.0


class Learner:
    """A network, its optimizer (AdamW) and the moving average of its weights.

    Attributes:
        step: optimizer steps so far.
        seconds: training time so far, over all resumed parts.
        resumed: whether a checkpoint was found.
        extra: what else the checkpoint holds.

    Args:
        file: the checkpoint; continued where it exists.
        averaged: share of the average that a step keeps.

    Raises:
        ModelError: the checkpoint belongs to another network.
    """

    def __init__(
        self,
        file: Path,
        device: str,
        learning_rate: float,
        weight_decay: float,
        averaged: float,
        start: StarterNet | None = None,
    ) -> None:
        self.step = 0
        self.seconds = 0.0
        self.extra: dict[str, Any] = {}
        self._file = file
        network = StarterNet(len(LABELS))
        if start is not None:
            network.load_state_dict(start.state_dict())
        self.network = network.to(device).to(memory_format=torch.channels_last)
        moving = get_ema_multi_avg_fn(averaged)  # type: ignore[no-untyped-call]
        self._averaged = AveragedModel(self.network, multi_avg_fn=moving, use_buffers=True)
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), learning_rate, weight_decay=weight_decay
        )
        self._learning_rate = learning_rate
        self._device = device
        file.parent.mkdir(parents=True, exist_ok=True)
        self.resumed = file.exists()
        if self.resumed:
            self._resume()

    @property
    def averaged(self) -> StarterNet:
        """The averaged network in evaluation mode."""
        return cast("StarterNet", self._averaged.module).eval()

    def learn(self, loss: Callable[[StarterNet], torch.Tensor], rate: float) -> float:
        """One optimizer step; returns the loss.

        Args:
            loss: from the network in training mode to a scalar.
            rate: share of the learning rate.
        """
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate * rate
        self.network.train()
        value = loss(self.network)
        self._optimizer.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _LARGEST_GRADIENT)
        self._optimizer.step()
        self._averaged.update_parameters(self.network)
        self.step += 1
        return float(value.detach())

    def save(self) -> None:
        """Write the checkpoint; the old one stays until the new one is complete."""
        state = {
            "network": self.network.state_dict(),
            "averaged": self._averaged.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
            **self.extra,
        }
        fresh = self._file.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self._file)

    def _resume(self) -> None:
        state = torch.load(self._file, map_location=self._device, weights_only=True)
        try:
            self.network.load_state_dict(state.pop("network"))
            self._averaged.load_state_dict(state.pop("averaged"))
        except RuntimeError as error:
            raise ModelError(
                f"The checkpoint {self._file} belongs to another network. Name another --out "
                "folder, or delete the file to start afresh."
            ) from error
        self._optimizer.load_state_dict(state.pop("optimizer"))
        self.step, self.seconds = state.pop("step"), state.pop("seconds")
        self.extra = state


def averaged_in(file: Path) -> tuple[StarterNet, int, float]:
    """The averaged network of a checkpoint, in evaluation mode; its steps and seconds."""
    saved = torch.load(file, map_location="cpu", weights_only=True)
    prefix = "module."
    network = StarterNet(len(LABELS))
    network.load_state_dict(
        {k.removeprefix(prefix): v for k, v in saved["averaged"].items() if k.startswith(prefix)}
    )
    return network.eval(), saved["step"], saved["seconds"]
