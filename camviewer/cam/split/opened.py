"""Opening a network: the best way to split it, and the layer to look at by default."""

from __future__ import annotations

import logging

import torch
from torch import Tensor, nn

from camviewer.cam.layout import Axes
from camviewer.cam.split import Layer, LayeredNetwork
from camviewer.cam.split.hooked import HookedNetwork
from camviewer.cam.split.scripted import ScriptedNetwork
from camviewer.cam.split.traced import TracedNetwork
from camviewer.errors import MethodError, ModelError

_LOG = logging.getLogger(__name__)

# They hand on what the layer before them computed, at a coarser grid or in another order.
_HANDING_ON = {
    "AdaptiveAvgPool2d", "AvgPool2d", "MaxPool2d", "Dropout", "Identity", "Permute",
    "AdaptiveAvgPool3d", "AvgPool3d", "MaxPool3d", "Dropout3d", "avg_pool3d", "max_pool3d",
    "adaptive_avg_pool2d", "avg_pool2d", "max_pool2d", "dropout", "permute", "contiguous", "clone",
    "stochastic_depth",
}  # fmt: skip


# what does something else in training
_IN_TRAINING = (nn.modules.batchnorm._BatchNorm, nn.modules.dropout._DropoutNd)

_NORMALISING = {"LayerNorm", "layer_norm"}  # the module, and the function in modules of others


def open_network(network: nn.Module, probe: Tensor) -> LayeredNetwork:
    """The network with its layers known, by the best way that works for it.

    Args:
        network: in evaluation mode: in training, looking at it would change it.
        probe: a square picture batch ``(1, 3, side, side)``, or a clip of such, at its own size, on
            its device.

    Raises:
        ModelError: if the network does not classify pictures, or is in training.
    """
    if any(module.training for module in network.modules() if isinstance(module, _IN_TRAINING)):
        raise ModelError(
            "This network is in training mode, in which looking at pictures changes it. Call its "
            "eval() first."
        )
    if isinstance(network, torch.jit.ScriptModule):
        return ScriptedNetwork(network, probe)
    try:
        return TracedNetwork(network, probe)
    except ModelError as error:
        _LOG.info("split by hooks instead of torch.fx: %s", error)
        return HookedNetwork(network, probe)


def automatic_layer(network: LayeredNetwork, probe: Tensor) -> Layer:
    """The last layer whose grid still tells the classes apart: the field's usual choice.

    It is the last one before the grid is pooled or flattened. Where a class token reads the grid
    through attention, the layers after the last attention no longer influence the scores and are
    passed over; there, the normalisation before an attention is the field's choice.

    Raises:
        MethodError: if no layer has rows and columns.
    """
    candidates = [layer for layer in network.layers if layer.operation not in _HANDING_ON]
    for layer in reversed(candidates):
        if layer.layout.axes is not Axes.TOKENS:
            return layer
        if layer.operation in _NORMALISING and _influences(network, probe, layer):
            return layer
    raise MethodError(
        "No layer of this network keeps rows and columns, so there is nothing to lay over a "
        "picture. CAM and Grad-CAM need a convolutional or transformer network."
    )


def _influences(network: LayeredNetwork, probe: Tensor, layer: Layer) -> bool:
    """Whether the scores depend on the grid; not-a-number spreads even through weights of zero."""
    run = network.run(probe, layer)
    poisoned = run.activation.detach().clone()
    poisoned[:, layer.layout.prefix :] = torch.nan
    with torch.no_grad():
        return bool(run.head(poisoned).isnan().any())
