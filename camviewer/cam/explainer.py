"""A network on a device, opened for explaining."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from camviewer.cam.runtimes import Choice, choose
from camviewer.cam.split import Layer, Run, find_layer
from camviewer.cam.split.opened import automatic_layer, open_network
from camviewer.errors import MethodError


class Explainer:
    """Runs the trunk of a network for one picture at a time."""

    def __init__(
        self,
        network: nn.Module,
        probe_size: int,
        device: torch.device,
        target_layer: str | None = None,
        *,
        runtime: str = Choice.AUTO,
        weights_sha256: str = "",
    ) -> None:
        """Bring the network to the device and find its layers.

        Args:
            network: on the CPU, where it stays: another device gets a copy, so that nobody else who
                uses the network, and no fall-back to the CPU, meets it on the wrong device.
            probe_size: side of a square input that it can take, in pixels.
            device: where to run.
            target_layer: the layer to look at by default; None for the automatic choice.
            runtime: what computes the trunk: ``auto``, ``eager``, ``onnx`` or ``cuda-graph``.
            weights_sha256: hash of the network's weights, under which an export is kept; empty to
                hash them here.

        Raises:
            CamviewerError: if there is no such runtime, or it cannot serve this network here.
            ModelError: if the network does not classify pictures.
            MethodError: if it has no layer with rows and columns.
        """
        self._choice = choose(runtime)
        self._weights_sha256 = weights_sha256
        self.device = device
        if device.type != "cpu":
            network = copy.deepcopy(network).to(device)
        self.network = network  # whole, on the device
        generator = torch.Generator().manual_seed(0)
        probe = torch.randn(1, 3, probe_size, probe_size, generator=generator).to(device)
        self._opened = open_network(network, probe)
        self.layers: tuple[Layer, ...] = tuple(self._opened.layers)
        self.containers: dict[str, str] = self._opened.containers
        self.automatic: Layer = (
            find_layer(self._opened, target_layer)
            if target_layer
            else automatic_layer(self._opened, probe)
        )

    @property
    def runtime(self) -> str:
        """What computed the last run, as shown: ``eager``, ``onnx`` or ``cuda graph``."""
        return "eager"

    @property
    def runtime_note(self) -> str:
        """Why it is that, where the user should know; else empty."""
        return ""

    def layer(self, name: str | None) -> Layer:
        """The layer of this name; the automatic one for None.

        Raises:
            MethodError: if there is none of this name.
        """
        return self.automatic if name is None else find_layer(self._opened, name)

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the trunk below a layer.

        Args:
            tensor: float32 ``(1, 3, height, width)``, normalised.
            layer: one of `layers`.

        Raises:
            MethodError: if the network cannot take an input of this size.
            torch.OutOfMemoryError: if the device's memory does not suffice.
        """
        try:
            run = self._opened.run(tensor.to(self.device), layer)
            _ = run.logits
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, AssertionError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise MethodError(
                f"The network cannot take an input of {tensor.shape[3]} x {tensor.shape[2]} pixels "
                f"({reason}). Try another input size."
            ) from error
        return run
