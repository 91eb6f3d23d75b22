"""A network on a device, opened for explaining."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable, MutableMapping
from weakref import WeakValueDictionary

import torch
from torch import Tensor, fx, nn

from camviewer.cam.runtimes import Choice, choose
from camviewer.cam.runtimes.runtimes import EAGER, Runtimes, Trunk
from camviewer.cam.split import Layer, Run, find_layer
from camviewer.cam.split.opened import automatic_layer, open_network
from camviewer.cam.split.traced import TracedNetwork
from camviewer.errors import CamviewerError, MethodError


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
        background: bool = False,
        frames: int | None = None,
    ) -> None:
        """Bring the network to the device and find its layers.

        Args:
            network: on the CPU, where it stays: another device gets a copy, so that nobody else who
                uses the network, and no fall-back to the CPU, meets it on the wrong device.
            probe_size: side of a square input that it can take, in pixels.
            device: where to run.
            target_layer: the layer to look at by default; None for the automatic choice.
            runtime: what computes the trunk: ``eager``; ``onnx``, which waits for the export;
                ``cuda-graph``; or ``auto``: CUDA graphs on CUDA, and on the CPU ONNX Runtime where
                there is an export already.
            weights_sha256: hash of the network's weights, under which an export is kept; empty to
                hash them here. The weights must not change while the network is explained.
            background: with ``auto``, have exports made in the background that are not there.
            frames: of a clip that it can take, whose network torch itself runs; None for a network
                of pictures.

        Raises:
            CamviewerError: if there is no such runtime, or it cannot serve this network here.
            ModelError: if the network does not classify.
            MethodError: if it has no layer with rows and columns.
        """
        choice = _chosen(runtime, frames)
        self._runtimes = Runtimes(choice, device, weights_sha256, background=background)
        self.device = device
        if device.type != "cpu":
            network = copy.deepcopy(network).to(device)
        self.network = network  # whole, on the device
        generator = torch.Generator().manual_seed(0)
        sides = (probe_size, probe_size) if frames is None else (frames, probe_size, probe_size)
        probe = torch.randn(1, 3, *sides, generator=generator).to(device)
        self._opened = open_network(network, probe)
        self.layers: tuple[Layer, ...] = tuple(self._opened.layers)
        self.containers: dict[str, str] = self._opened.containers
        self.automatic: Layer = (
            find_layer(self._opened, target_layer)
            if target_layer
            else automatic_layer(self._opened, probe)
        )
        self._trunks: WeakValueDictionary[Layer, Trunk] = WeakValueDictionary()
        self._latest: Trunk | None = None
        if isinstance(self._opened, TracedNetwork):
            self._opened.compute_with(_trunks(self._runtimes, self.automatic, self._trunks))
        elif self._runtimes.needs_a_graph:
            raise MethodError(
                f"The runtime {runtime} needs a network that torch.fx can follow, and this one it "
                "cannot. Leave --runtime out."
            )
        # exports in the background end with whoever wanted them
        weakref.finalize(self, self._runtimes.workers.stop.set)

    @property
    def runtime(self) -> str:
        """What computes now, as shown: ``eager``, ``onnx`` or ``cuda graph``."""
        return EAGER if self._latest is None else self._latest.runtime

    @property
    def runtime_note(self) -> str:
        """Why it is that, where the user should know; else empty."""
        return "" if self._latest is None else self._latest.note

    def close(self) -> None:
        """Give up what is being made in the background; takes a second at most."""
        self._runtimes.workers.close()

    def layer(self, name: str | None) -> Layer:
        """The layer of this name; the automatic one for None.

        Raises:
            MethodError: if there is none of this name.
        """
        return self.automatic if name is None else find_layer(self._opened, name)

    def run(self, tensor: Tensor, layer: Layer) -> Run:
        """Run the trunk below a layer.

        Args:
            tensor: float32 ``(1, 3, height, width)``, normalised; a clip is
                ``(1, 3, frames, height, width)``.
            layer: one of `layers`.

        Raises:
            MethodError: if the network cannot take an input of this size.
            torch.OutOfMemoryError: if the device's memory does not suffice.
        """
        try:
            run = self._opened.run(tensor.to(self.device), layer)
            _ = run.prediction
            self._latest = self._trunks.get(layer)
        except torch.OutOfMemoryError:
            raise
        except (RuntimeError, AssertionError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            height, width = tensor.shape[-2:]
            raise MethodError(
                f"The network cannot take an input of {width} x {height} pixels "
                f"({reason}). Try another input size."
            ) from error
        return run


def _chosen(runtime: str, frames: int | None) -> Choice:
    choice = choose(runtime)
    if frames is None or choice is Choice.EAGER:
        return choice
    if runtime != Choice.AUTO:
        raise CamviewerError(
            f"The runtime {runtime} is for networks of pictures; those of clips run in PyTorch. "
            "Leave --runtime out."
        )
    return Choice.EAGER


def _trunks(
    runtimes: Runtimes, automatic: Layer, made: MutableMapping[Layer, Trunk]
) -> Callable[[fx.GraphModule, Layer], Trunk]:
    """What makes the trunk below a layer; holds no Explainer, so that one ends when dropped."""

    def make(eager: fx.GraphModule, layer: Layer) -> Trunk:
        made[layer] = trunk = runtimes.trunk(eager, likely=layer == automatic)
        return trunk

    return make
