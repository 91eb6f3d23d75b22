"""The network in use: pictures in, logits and maps out."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter.raster import Rgb, resized

MEAN = (0.48, 0.46, 0.44)
STD = (0.27, 0.27, 0.28)
INPUT_SIZE = 224
"""Side in pixels to which pictures are resized by default."""


def as_input(pictures: Sequence[Rgb], side: int | None = None) -> torch.Tensor:
    """Normalised float32 (N, 3, H, W) in channels-last order from pictures of one size.

    Args:
        side: resize to this square first.
    """
    if side is not None:
        pictures = [resized(picture, side, side) for picture in pictures]
    return normalised(torch.from_numpy(np.stack(pictures)))


def normalised(pictures: torch.Tensor) -> torch.Tensor:
    """From uint8 (N, H, W, 3) to float32 (N, 3, H, W): RGB in 0 to 1, minus mean, over std."""
    x = pictures.permute(0, 3, 1, 2).float().div(255.0)
    shape = (1, 3, 1, 1)
    mean = torch.tensor(MEAN, device=x.device).view(shape)
    std = torch.tensor(STD, device=x.device).view(shape)
    return ((x - mean) / std).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def logits_and_maps(
    network: StarterNet, x: torch.Tensor
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (N, classes) and class activation maps (N, classes, h, w), Zhou et al. 2016, eq. 2.

    The network must be in evaluation mode. The mean of a map plus the bias is the logit.
    """
    features, logits = features_and_logits(network, x)
    maps = torch.einsum("kc,nchw->nkhw", network.fc.weight, features)
    return logits.float().cpu().numpy(), maps.float().cpu().numpy()


def features_and_logits(network: StarterNet, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The last activation (N, channels, h, w) and the logits (N, classes) of one pass."""
    features = network.layer4(network.layer3(network.layer2(network.layer1(network.stem(x)))))
    return features, network.fc(features.mean(dim=(2, 3)))
