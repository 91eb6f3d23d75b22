"""The loop that people write around pytorch-grad-cam today, to compare the live view with."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import torch
from torch import nn

from camviewer.bench.peers import PEERS
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Fit, Frame, Pixels

PEER = "pytorch-grad-cam"


def plain_loop(
    network: nn.Module, layer: str, preprocessing: Preprocessing, device: torch.device
) -> Callable[[Frame], Pixels]:
    """One turn of the loop: resize, normalise, Grad-CAM of the most probable class, overlay.

    It resizes to the same input as camviewer's default, so that both run the network on as many
    pixels.

    Args:
        network: of its own; parameters require gradients, as in a network that was just loaded.
        layer: dotted name of the module that computes the target layer.
        preprocessing: what the network expects.
        device: where the network is.

    Returns:
        From a frame to the overlay, RGB uint8 of the frame's size.

    Raises:
        CamviewerError: if pytorch-grad-cam is not installed.
    """
    package = PEERS[PEER].load()
    from pytorch_grad_cam.utils.image import preprocess_image, show_cam_on_image

    cam = package.GradCAM(network, [network.get_submodule(layer)])

    def turn(frame: Frame) -> Pixels:
        height, width = preprocessing.geometry(frame.size, Fit.WHOLE, None).input
        resized = cv2.resize(frame.pixels, (width, height))
        tensor = preprocess_image(
            resized, mean=list(preprocessing.mean), std=list(preprocessing.std)
        )
        (grayscale,) = cam(input_tensor=tensor.to(device), targets=None)
        across = cv2.resize(grayscale, (frame.size[1], frame.size[0]))
        picture = np.asarray(frame.pixels, np.float32) / 255
        return np.asarray(show_cam_on_image(picture, across, use_rgb=True), np.uint8)

    return turn
