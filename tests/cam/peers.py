"""The published packages, asked for raw maps: no last ReLU, no normalising, no enlargement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torchcam.methods
from pytorch_grad_cam.base_cam import BaseCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn


class _Raw:
    """What a method of pytorch-grad-cam computes before it is made into a picture."""

    def compute_cam_per_layer(self: Any, tensor: Tensor, targets: Any, eigen: bool) -> list[Any]:
        kept = self.activations_and_grads
        activations = kept.activations[0]
        gradients = kept.gradients[0] if self.uses_gradients else activations
        if self.detach:
            activations, gradients = activations.numpy(), gradients.numpy()
        return [
            self.get_cam_image(
                tensor, self.target_layers[0], targets, activations, gradients, eigen
            )
        ]

    def aggregate_multi_layers(self, per_layer: list[np.ndarray]) -> np.ndarray:
        return per_layer[0]


def raw(method: type[BaseCAM]) -> type[Any]:
    """The method without what makes a picture of its map."""
    return type(method.__name__, (_Raw, method), {})


def pytorch_grad_cam_map(
    method: type[BaseCAM],
    network: nn.Module,
    layer: str,
    x: Tensor,
    target: int | Callable[[Tensor], Tensor],
    **extra: Any,
) -> Tensor:
    """The raw map ``(rows, columns)`` of one picture for a class or another target."""
    network = network.requires_grad_()
    asked = ClassifierOutputTarget(target) if isinstance(target, int) else target
    with raw(method)(network, [network.get_submodule(layer)], **extra) as package:
        return torch.from_numpy(package(x.clone().requires_grad_(), [asked])[0])


def torch_cam_map(
    method: str, network: nn.Module, layer: str, x: Tensor, target: int, **extra: Any
) -> Tensor:
    """The map ``(rows, columns)`` of one picture for a class; the package's ReLU is in it."""
    network = network.requires_grad_()
    with getattr(torchcam.methods, method)(network, layer, **extra) as package:
        scores = network(x.clone().requires_grad_())
        return package(target, scores, normalized=False)[0][0].detach()


def assert_parity(ours: Tensor, expected: Tensor) -> None:
    """Equal within 1e-3 of the largest value."""
    scale = expected.abs().max()
    assert scale > 0
    torch.testing.assert_close(ours / scale, expected / scale, rtol=0, atol=1e-3)
