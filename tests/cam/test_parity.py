"""Parity with pytorch-grad-cam, the field's most used package."""

from pathlib import Path

import pytest
import torch
from pytorch_grad_cam import GradCAM
from torch import nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import classes
from camviewer.media.images import load
from camviewer.models import catalog, zoo
from camviewer.types import Fit
from tests.cam.networks import ClassToken, Flat, Residual, frozen
from tests.cam.peers import assert_parity, pytorch_grad_cam_map

CPU = torch.device("cpu")


@pytest.mark.parametrize(("make", "layer"), [(Residual, "stem"), (Flat, "relu")])
def test_grad_cam_on_tiny_networks(make: type[nn.Module], layer: str) -> None:
    network = frozen(make())
    side = 2 if make is Flat else 8
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(3))
    explainer = Explainer(network, side, CPU)
    run = explainer.run(x, explainer.layer(layer))
    ours = grad_cam(run, classes(0, 1))
    for target in (0, 1):
        assert_parity(ours[target], pytorch_grad_cam_map(GradCAM, network, layer, x, target))


def test_grad_cam_with_tokens() -> None:
    network = frozen(ClassToken())
    x = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    explainer = Explainer(network, 8, CPU)
    ours = grad_cam(explainer.run(x, explainer.automatic), classes(2))[0]
    expected = pytorch_grad_cam_map(
        GradCAM,
        network,
        "ln_1",
        x,
        2,
        reshape_transform=lambda t: t[:, 1:].reshape(1, 4, 4, 8).permute(0, 3, 1, 2),
    )
    assert_parity(ours, expected)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "layer"),
    [
        ("resnet18", "layer4.1"),
        ("mobilenet_v2", "features.18"),
        ("squeezenet1_0", "features.12"),
    ],
)
def test_grad_cam_on_real_networks(shared_data: Path, name: str, layer: str) -> None:
    classifier = catalog.load(name, weights=shared_data / "weights" / f"{name}-imagenet.pth")
    frame = load(shared_data / "cam_examples" / "both.png")
    geometry = classifier.preprocessing.geometry(frame.size, Fit.WHOLE)
    x = classifier.preprocessing.tensor(frame, geometry)
    explainer = Explainer(classifier.network, 224, CPU)
    run = explainer.run(x, explainer.layer(layer))
    targets = [282, 242]  # tiger cat, boxer
    ours = grad_cam(run, classes(*targets))
    for map_, target in zip(ours, targets, strict=True):
        theirs = pytorch_grad_cam_map(GradCAM, classifier.network, layer, x, target)
        assert_parity(map_, theirs)


@pytest.mark.data
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet1_0"])
def test_cam_is_exact_and_equals_grad_cam_on_real_networks(shared_data: Path, name: str) -> None:
    classifier = catalog.load(name, weights=shared_data / "weights" / f"{name}-imagenet.pth")
    assert len(classifier.labels) == len(zoo.labels(name))
    frame = load(shared_data / "cam_examples" / "both.png")
    preprocessing = classifier.preprocessing
    x = preprocessing.tensor(frame, preprocessing.geometry(frame.size, Fit.WHOLE, 320))
    explainer = Explainer(classifier.network, 224, CPU)
    run = explainer.run(x, explainer.automatic)
    assert run.linear is not None
    top = run.logits[0].topk(5).indices.tolist()
    targets = classes(*top)
    exact, gradient = cam(run, targets), grad_cam(run, targets)
    bias = 0 if run.linear.bias is None else run.linear.bias[top]
    logits = run.logits[0, top].detach()
    torch.testing.assert_close(exact.mean((1, 2)) + bias, logits, rtol=1e-4, atol=1e-6)
    for a, b in zip(exact, gradient, strict=True):
        torch.testing.assert_close(a / a.abs().max(), b / b.abs().max(), rtol=0, atol=1e-4)
