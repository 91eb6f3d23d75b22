"""Gradient methods are those of pytorch-grad-cam and torch-cam where these are right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytorch_grad_cam as package
import torch
from pytorch_grad_cam.utils.model_targets import FinerWeightedTarget
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, finer
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.split import Run
from camviewer.cam.targets import classes
from camviewer.media.images import load
from camviewer.models import catalog
from camviewer.types import Fit
from tests.cam.curved import Cells, Pooled
from tests.cam.networks import ClassToken, Residual, frozen
from tests.cam.peers import assert_parity, pytorch_grad_cam_map, raw, torch_cam_map

SIDE = 8
GRADIENT_CAMS = {
    "grad-cam": package.GradCAM,
    "grad-cam++": package.GradCAMPlusPlus,
    "xgrad-cam": package.XGradCAM,
    "hires-cam": package.HiResCAM,
    "layer-cam": package.LayerCAM,
    "elementwise-grad-cam": package.GradCAMElementWise,
    "shapley-cam": package.ShapleyCAM,
}
TORCH_CAMS = {"grad-cam": "GradCAM", "xgrad-cam": "XGradCAM", "layer-cam": "LayerCAM"}


class Bent(nn.Module):
    """A convolution, and above it a curved head: its second derivatives are not zero."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(6)
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.above = nn.Sequential(nn.SiLU(), nn.Conv2d(4, 4, 3, stride=2), nn.SiLU())
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.above(self.conv(x)).mean((2, 3)))


def tokens_to_grid(tokens: Tensor) -> Tensor:
    return tokens[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2)


Case = tuple[Callable[[], nn.Module], str, int, dict[str, Any]]
CASES: dict[str, Case] = {
    "pooled": (lambda: Pooled(seed=7), "relu", SIDE, {}),
    "residual": (Residual, "stem", SIDE, {}),
    "flat": (lambda: Cells(rectified=True), "features", 2, {}),
    "bent": (Bent, "conv", SIDE, {}),
    "tokens": (ClassToken, "ln_1", SIDE, {"reshape_transform": tokens_to_grid}),
}


def opened(case: str, magnified: float = 1) -> tuple[nn.Module, Tensor, Run]:
    make, layer, side, _ = CASES[case]
    network = frozen(make())
    *_, last = (module for module in network.modules() if isinstance(module, nn.Linear))
    last.weight.mul_(magnified)
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(11))
    explainer = Explainer(network, side, torch.device("cpu"))
    return network, x, explainer.run(x, explainer.layer(layer))


@pytest.mark.parametrize("name", GRADIENT_CAMS)
@pytest.mark.parametrize("case", CASES)
def test_pytorch_grad_cam(case: str, name: str) -> None:
    if (case, name) == ("tokens", "shapley-cam"):
        pytest.skip("pytorch-grad-cam cannot differentiate attention twice")
    # the epsilon of its Grad-CAM++ is small beside the squares of large gradients only
    network, x, run = opened(case, magnified=10_000 if name == "grad-cam++" else 1)
    ours = METHODS[name].maps(run, classes(0, 1))
    _, layer, _, extra = CASES[case]
    for target in (0, 1):
        theirs = pytorch_grad_cam_map(GRADIENT_CAMS[name], network, layer, x, target, **extra)
        assert_parity(ours[target], theirs)


@pytest.mark.parametrize("name", TORCH_CAMS)
@pytest.mark.parametrize("case", ["pooled", "flat", "bent"])
def test_torch_cam(case: str, name: str) -> None:
    network, x, run = opened(case)
    ours = METHODS[name].maps(run, classes(0, 1))
    for target in (0, 1):
        theirs = torch_cam_map(TORCH_CAMS[name], network, CASES[case][1], x, target)
        assert_parity(ours[target].relu(), theirs)


def test_torch_cams_cam() -> None:
    network, x, run = opened("pooled")
    ours = METHODS["cam"].maps(run, classes(0, 1))
    for target in (0, 1):
        theirs = torch_cam_map("CAM", network, "relu", x, target, fc_layer="fc")
        assert_parity(ours[target], theirs)


@pytest.mark.parametrize("case", ["pooled", "bent"])
def test_torch_cams_finer_cam(case: str) -> None:
    network, x, run = opened(case)
    ours = METHODS["finer-cam"].maps(run, classes(0, 1))
    for target in (0, 1):
        theirs = torch_cam_map(
            "FinerCAM",
            network,
            CASES[case][1],
            x,
            target,
            gamma=finer.STRENGTH,
            num_references=finer.SIMILAR,
        )
        assert_parity(ours[target].relu(), theirs)


@pytest.mark.parametrize("case", ["pooled", "bent"])
def test_pytorch_grad_cams_finer_cam_for_one_similar_class(
    monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    """With several similar classes it weighs them by softmax, and differentiates that too."""
    monkeypatch.setattr(finer, "SIMILAR", 1)
    network, x, run = opened(case)
    ours = METHODS["finer-cam"].maps(run, classes(0))[0]
    distances = (run.logits[0] - run.logits[0, 0]).abs().detach()
    similar = int(distances[1:].argmin()) + 1
    layer = network.requires_grad_().get_submodule(CASES[case][1])
    theirs = package.FinerCAM(network, [layer], base_method=raw(package.GradCAM))
    with theirs:
        map_ = theirs(x, [FinerWeightedTarget(0, [similar], finer.STRENGTH)])[0]
    assert_parity(ours, torch.from_numpy(map_))


def test_curvature_counts_in_one_case_at_least() -> None:
    _, _, run = opened("bent")
    shapley, plain = METHODS["shapley-cam"].maps(run, classes(0)), grad_cam(run, classes(0))
    assert (shapley - plain).abs().max() > 0.01 * plain.abs().max()


@pytest.mark.data
@pytest.mark.parametrize("layer", ["layer4.1", "layer3.1"])
def test_on_a_photograph(shared_data: Path, layer: str) -> None:
    weights = shared_data / "weights" / "resnet18-imagenet.pth"
    classifier = catalog.load("resnet18", weights=weights)
    frame = load(shared_data / "cam_examples" / "both.png")
    preprocessing = classifier.preprocessing
    x = preprocessing.tensor(frame, preprocessing.geometry(frame.size, Fit.WHOLE))
    explainer = Explainer(classifier.network, 224, torch.device("cpu"))
    run = explainer.run(x, explainer.layer(layer))
    for name, method in GRADIENT_CAMS.items():
        if name != "grad-cam++":  # the gradients are as small as the epsilon
            ours = METHODS[name].maps(run, classes(282))[0]
            theirs = pytorch_grad_cam_map(method, classifier.network, layer, x, 282)
            assert_parity(ours, theirs)
