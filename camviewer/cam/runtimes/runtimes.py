"""The runtime of each of a network's trunks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, fx

from camviewer.cam.runtimes import Choice
from camviewer.cam.runtimes.sources import (
    CudaGraphSource,
    Effort,
    NoRunner,
    OnnxSource,
    Source,
)
from camviewer.cam.runtimes.workers import Workers
from camviewer.errors import CamviewerError, MethodError
from camviewer.types import Size

EAGER = "eager"

_DELAY = 3.0  # seconds; who tries one network after the other exports none
_PATIENCE = 8  # runs of a trunk that not everybody looks at


@dataclass(frozen=True, eq=False)
class Computed:
    """What a trunk computed.

    Attributes:
        activation: of the target layer, in memory of its own.
        carried: what the head needs besides.
        runtime: what computed it, as shown.
    """

    activation: Tensor
    carried: tuple[Any, ...]
    runtime: str


class Trunk:
    """The part of a network below one layer, computed by whatever is fastest and right."""

    def __init__(self, eager: fx.GraphModule, source: Source, *, forced: bool = False) -> None:
        """Wrap a trunk.

        Args:
            eager: from a picture to the activation and what the head needs besides.
            source: of something faster.
            forced: raise an error instead of running eager.
        """
        self._eager = eager
        self._source = source
        self._forced = forced
        self._size: Size = (0, 0)

    @property
    def runtime(self) -> str:
        """What will run the next picture of the last one's size, as shown."""
        found = self._source.found
        if found is not None and found.known_fault(self._size) == "":
            return found.runner.name
        return EAGER

    @property
    def note(self) -> str:
        """Why it is that, where the user should know; else empty."""
        found = self._source.found
        fault = found.known_fault(self._size) if found is not None else None
        return f"{fault} It runs in PyTorch." if fault else self._source.note

    def __call__(self, picture: Tensor) -> Computed:
        """Run a picture ``(1, 3, height, width)``.

        Raises:
            MethodError: if the runtime that was asked for cannot run this size.
            ModelError: if there is no such runtime for this network.
        """
        self._size = (picture.shape[2], picture.shape[3])
        self._source.ask(picture)
        found = self._source.found
        if found is not None:
            outputs = None if found.fault(picture) else found(picture)
            if outputs is not None:
                return Computed(outputs[0], outputs[1], found.runner.name)
            if self._forced:
                raise MethodError(f"{found.fault(picture)} Leave --runtime out.")
        with torch.no_grad():
            activation, carried = self._eager(picture)
        return Computed(activation, carried, EAGER)


class Runtimes:
    """What computes the trunks of one network."""

    def __init__(
        self, choice: Choice, device: torch.device, weights_sha256: str, *, background: bool
    ) -> None:
        """Decide, start nothing.

        Args:
            choice: what was asked for.
            device: where the network is.
            weights_sha256: of its weights; empty when not known.
            background: whether exports may be made in the background.

        Raises:
            CamviewerError: if what was asked for does not run on this device.
        """
        self._kind = _kind(choice, device)
        self._forced = choice is not Choice.AUTO
        self._weights_sha256 = weights_sha256
        self._background = background
        self.workers = Workers(_DELAY)

    @property
    def needs_a_graph(self) -> bool:
        """Whether something was asked for that only networks traced by torch.fx can have."""
        return self._forced and self._kind is not Choice.EAGER

    def trunk(self, eager: fx.GraphModule, *, likely: bool) -> Trunk:
        """The trunk below a layer.

        Args:
            eager: from a picture to the activation and what the head needs besides.
            likely: this layer is the one that will be looked at again and again.
        """
        return Trunk(eager, self._source(eager, likely), forced=self._forced)

    def _source(self, eager: fx.GraphModule, likely: bool) -> Source:
        if self._kind is Choice.CUDA_GRAPH:
            return CudaGraphSource(eager)
        if self._kind is Choice.EAGER:
            return NoRunner()
        effort = Effort.BACKGROUND if self._background else Effort.KEPT
        if self._forced:
            effort = Effort.WAIT
        patience = 0 if likely else _PATIENCE
        return OnnxSource(eager, self._weights_sha256, effort, self.workers, patience)


def _kind(choice: Choice, device: torch.device) -> Choice:
    fastest = {"cpu": Choice.ONNX, "cuda": Choice.CUDA_GRAPH}.get(device.type, Choice.EAGER)
    if choice is Choice.ONNX and device.type != "cpu":
        raise CamviewerError(
            f"The runtime onnx runs on the CPU, not on {device}. Add --device cpu."
        )
    if choice is Choice.CUDA_GRAPH and device.type != "cuda":
        raise CamviewerError(
            f"The runtime cuda-graph runs on a CUDA GPU, not on {device}. Leave --runtime out."
        )
    return fastest if choice is Choice.AUTO else choice
