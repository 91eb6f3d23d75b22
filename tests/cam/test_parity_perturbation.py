"""Parity with pytorch-grad-cam and torch-cam for methods without gradients, and decompositions.

Where the packages deviate from the paper, so does the test, and says how.
"""

from collections.abc import Callable, Iterator

import pytest
import pytorch_grad_cam as package
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, Partial
from camviewer.cam.methods.perturbation import masked_input
from camviewer.cam.methods.perturbation.masked_input import is_cam, score_cam, ss_cam
from camviewer.cam.split import Run
from camviewer.cam.targets import classes
from tests.cam.networks import Flat, Residual, frozen
from tests.cam.peers import assert_parity, pytorch_grad_cam_map, torch_cam_map

CPU = torch.device("cpu")


class Rectified(nn.Module):
    """A curved head over a rectified layer: ablating it sets channels to zero everywhere."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(8)
        self.conv = nn.Conv2d(3, 20, 3, stride=2)
        self.relu = nn.ReLU()
        self.above = nn.Sequential(nn.Conv2d(20, 6, 2), nn.SiLU())
        self.fc = nn.Linear(6, 4, bias=False)
        with torch.no_grad():  # scores of either sign
            self.fc.weight[2:] = -self.fc.weight[:2]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.above(self.relu(self.conv(x))).mean((2, 3)))


def resnet18() -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.resnet18(weights=None)


def prepared(make: Callable[[], nn.Module], layer: str, side: int) -> tuple[nn.Module, Tensor, Run]:
    network = frozen(make())
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(3))
    explainer = Explainer(network, side, CPU)
    return network, x, explainer.run(x, explainer.layer(layer))


def last(steps: Iterator[Partial]) -> Tensor:
    *_, final = steps
    return final.maps


def corners(units: Tensor, size: tuple[int, int]) -> Tensor:
    """pytorch-grad-cam's masks: the corner cells lie in the picture's very corners."""
    large = F.interpolate(units[:, None], size, mode="bilinear", align_corners=True)
    low, high = large.amin((2, 3), keepdim=True), large.amax((2, 3), keepdim=True)
    return (large - low) / (high - low + 1e-8)


def scaled_before(units: Tensor, size: tuple[int, int]) -> Tensor:
    """torch-cam's masks: scaled to [0, 1] before they are enlarged, not after."""
    return F.interpolate(units[:, None], size, mode="bilinear", align_corners=False)


# where layer and picture are of one size, nothing is enlarged and all agree
@pytest.mark.parametrize(
    ("make", "layer", "side", "masks"),
    [(Residual, "stem", 8, None), (Flat, "relu", 2, None), (resnet18, "layer1", 64, corners)],
)
def test_score_cam_of_pytorch_grad_cam(
    make: Callable[[], nn.Module],
    layer: str,
    side: int,
    masks: Callable[[Tensor, tuple[int, int]], Tensor] | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, x, run = prepared(make, layer, side)
    if masks is not None:
        monkeypatch.setattr(masked_input, "enlarged", masks)
    ours = last(score_cam(run, classes(0, 1)))[1]
    assert_parity(ours, pytorch_grad_cam_map(package.ScoreCAM, network, layer, x, 1))


@pytest.mark.parametrize("index", range(4))
def test_ablation_cam_of_pytorch_grad_cam_but_for_negative_scores(index: int) -> None:
    network, x, run = prepared(Rectified, "relu", 12)
    score = float(run.logits.detach()[0, index])
    opposite = float(run.logits.detach()[0, (index + 2) % 4])
    assert score * opposite < 0  # both signs are met
    ours = last(METHODS["ablation-cam"].steps(run, classes(index)))[0]
    expected = pytorch_grad_cam_map(package.AblationCAM, network, "relu", x, index)
    # it divides by the score itself: where that is negative, what helps the class seems to harm it
    assert_parity(ours, expected if score > 0 else -expected)


@pytest.mark.parametrize(
    ("make", "layer", "side"),
    [(Residual, "stem", 8), (Rectified, "relu", 12), (resnet18, "layer4", 64)],
)
@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("eigen-cam", package.EigenCAM),
        ("eigen-grad-cam", package.EigenGradCAM),
        ("kpca-cam", package.KPCA_CAM),
    ],
)
def test_decompositions_of_pytorch_grad_cam_but_for_their_sign(
    make: Callable[[], nn.Module], layer: str, side: int, name: str, theirs: type
) -> None:
    network, x, run = prepared(make, layer, side)
    (ours,) = METHODS[name].maps(run, classes(1))
    expected = pytorch_grad_cam_map(theirs, network, layer, x, 1)
    sign = torch.sign((ours * expected).sum())  # theirs is whatever the solver returns
    assert_parity(ours, expected * sign)


@pytest.mark.parametrize(
    ("make", "layer", "side"), [(Residual, "stem", 8), (resnet18, "layer1", 64)]
)
def test_score_cam_of_torch_cam(
    make: Callable[[], nn.Module], layer: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, x, run = prepared(make, layer, side)
    monkeypatch.setattr(masked_input, "enlarged", scaled_before)
    (ours,) = last(score_cam(run, classes(1)))
    assert_parity(ours.relu(), torch_cam_map("ScoreCAM", network, layer, x, 1))


@pytest.mark.parametrize(
    ("make", "layer", "side"), [(Residual, "stem", 8), (Rectified, "relu", 12)]
)
def test_is_cam_of_torch_cam(
    make: Callable[[], nn.Module], layer: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, x, run = prepared(make, layer, side)
    monkeypatch.setattr(masked_input, "enlarged", scaled_before)
    (ours,) = last(is_cam(run, classes(2)))
    assert_parity(ours.relu(), torch_cam_map("ISCAM", network, layer, x, 2))


@pytest.mark.parametrize(
    ("make", "layer", "side"), [(Residual, "stem", 8), (Rectified, "relu", 12)]
)
def test_ss_cam_of_torch_cam(
    make: Callable[[], nn.Module], layer: str, side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, x, run = prepared(make, layer, side)
    monkeypatch.setattr(masked_input, "enlarged", scaled_before)
    seeds = iter(range(3))

    def noise(_distribution: object, shape: torch.Size) -> Tensor:
        """Its own noise for every channel gives way to ours, which is the same for all."""
        generator = torch.Generator().manual_seed(next(seeds))
        return 2 * torch.randn(1, 1, *shape[2:], generator=generator).expand(shape)

    monkeypatch.setattr(torch.distributions.Normal, "sample", noise)
    (ours,) = last(ss_cam(run, classes(2), samples=3, deviation=2.0))
    theirs = torch_cam_map("SSCAM", network, layer, x, 2, num_samples=3, std=2.0)
    assert_parity(ours.relu(), theirs)
