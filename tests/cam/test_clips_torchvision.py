"""Every video network of torchvision, small: what it is split into, and that its maps are right."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision.models
from torch import Tensor, nn
from torchvision.models.video import mvit

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, find_method
from camviewer.cam.split.hooked import hooked
from camviewer.cam.targets import classes
from camviewer.models import zoo

CPU = torch.device("cpu")
FRAMES, SIDE = 8, 64
SWINS = ("swin3d_t", "swin3d_s", "swin3d_b")
# the layer looked at, whether CAM is exact there, and (moments, rows, columns)
KNOWN = {
    "r3d_18": ("layer4.1.relu", True, (1, 4, 4)),
    "r2plus1d_18": ("layer4.1.relu", True, (1, 4, 4)),
    "mc3_18": ("layer4.1.relu", True, (8, 4, 4)),
    "mvit_v1_b": ("blocks.15.norm1", False, (4, 2, 2)),
    "mvit_v2_s": ("blocks.15.norm1", False, (4, 2, 2)),
    "s3d": ("features.15.cat", False, (1, 2, 2)),
    **dict.fromkeys(SWINS, ("norm", True, (4, 2, 2))),
}


def small(name: str) -> nn.Module:
    """The network for clips of 8 frames of 64 x 64, with few classes."""
    torch.manual_seed(0)
    build = mvit._mvit

    def smaller(**options: Any) -> nn.Module:
        return build(**{**options, "spatial_size": (SIDE, SIDE), "temporal_size": FRAMES})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mvit, "_mvit", smaller)  # its builders name the size of their weights
        network = torchvision.models.get_model(name, weights=None, num_classes=5).eval()
    if name == "s3d":  # its last pooling would need pictures of 224 x 224 and 14 frames
        network.avgpool = nn.AvgPool3d((1, 2, 2), stride=1)
    for parameter in network.parameters():
        parameter.requires_grad = False
    return network


def test_all_are_known() -> None:
    assert KNOWN.keys() == {*zoo.clip_names()}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_maps_are_those_of_the_whole_network(name: str) -> None:
    network = small(name)
    explainer = Explainer(network, SIDE, CPU, frames=FRAMES)
    layer, exact, grid = KNOWN[name]
    assert explainer.automatic.name == layer
    x = torch.randn(1, 3, FRAMES, SIDE, SIDE, generator=torch.Generator().manual_seed(1))
    run = explainer.run(x, explainer.automatic)
    with torch.no_grad():
        expected = network(x)
    torch.testing.assert_close(run.prediction, expected, atol=1e-4, rtol=1e-4)
    assert run.layer.layout.moments(tuple(run.activation.shape)) == grid[0]
    assert run.cells == (grid[0] * grid[1], grid[2])
    assert find_method("auto", run).name == ("cam" if exact else "grad-cam")
    maps = METHODS["grad-cam"].maps(run, classes(3))
    reference = by_autograd(network, layer, x, 3)
    torch.testing.assert_close(maps[0].flatten(), reference, atol=1e-6, rtol=1e-3)
    if exact:
        linear = run.linear
        assert linear is not None
        assert linear.bias is not None
        cam = METHODS["cam"].maps(run, classes(3))
        assert float(cam.mean() + linear.bias[3]) == pytest.approx(float(expected[0, 3]), abs=1e-4)


def by_autograd(network: nn.Module, layer: str, x: Tensor, index: int) -> Tensor:
    """Grad-CAM through the whole network, in the order of time, rows, columns."""
    # the concatenation at the end of S3D's block is what the block returns
    module = network.get_submodule(layer.removesuffix(".cat"))
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept[:] = [output.detach().clone().requires_grad_()]
        return kept[0].clone()

    with hooked([(module, keep)]), torch.enable_grad():
        score = network(x)[0, index]
    (gradient,) = torch.autograd.grad(score, kept[0])
    activation = kept[0].detach()
    if activation.ndim == 3:  # tokens, the first of which is the class token
        activation, gradient = activation[:, 1:].mT, gradient[:, 1:].mT
    elif layer == "norm":
        activation, gradient = activation.movedim(-1, 1), gradient.movedim(-1, 1)
    activation, gradient = activation.flatten(2)[0], gradient.flatten(2)[0]
    return (gradient.mean(1, keepdim=True) * activation).sum(0)
