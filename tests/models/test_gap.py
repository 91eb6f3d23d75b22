"""AlexNet and VGG with global average pooling: exact maps, finer cells, the same convolutions."""

from pathlib import Path

import pytest
import torch
from torch import nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import ClassTarget
from camviewer.errors import ModelError
from camviewer.models import gap, zoo
from tests.cam.exports import CPU, exports_in

_KINDS = ("alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19",
          "vgg19_bn")  # fmt: skip


def picture(side: int) -> torch.Tensor:
    return torch.randn(1, 3, side, side + 32, generator=torch.Generator().manual_seed(1))


def quiet(network: nn.Module) -> nn.Module:
    return network.eval().requires_grad_(requires_grad=False)


def test_every_alexnet_and_vgg_is_converted() -> None:
    assert set(gap.names()) == {f"{kind}-gap" for kind in _KINDS}
    assert gap.origin("VGG-16_GAP") == "vgg16"
    assert gap.origin("vgg16_bn-gap") == "vgg16_bn"
    assert [gap.origin(name) for name in ("vgg16", "resnet18-gap", "-gap", "gap")] == [None] * 4


@pytest.mark.parametrize("name", gap.names())
def test_layers_are_those_of_the_paper(name: str) -> None:
    with torch.device("meta"):
        network = gap.build(name, 7)
        before = zoo.build(name.removesuffix("-gap"))
    assert not isinstance(network.features[-1], nn.MaxPool2d)
    pools = sum(isinstance(layer, nn.MaxPool2d) for layer in network.features)
    assert pools == sum(isinstance(layer, nn.MaxPool2d) for layer in before.features) - 1
    conv = network.conv
    assert (conv.out_channels, conv.kernel_size, conv.stride, conv.padding) == (
        1024, (3, 3), (1, 1), (1, 1)
    )  # fmt: skip
    kept = {key: v.shape for key, v in before.features.state_dict().items()}
    assert {key: v.shape for key, v in network.features.state_dict().items()} == kept
    assert network.fc.weight.shape == (7, 1024)


@pytest.mark.parametrize(("name", "cells"), [("alexnet", 13), ("vgg11", 14), ("vgg11_bn", 14)])
def test_maps_are_exact_and_as_fine_as_the_paper_says(name: str, cells: int) -> None:
    network = quiet(gap.build(f"{name}-gap", 5, seed=3))
    network.fc.bias.copy_(torch.arange(5.0))
    explainer = Explainer(network, 64, CPU, runtime="eager")
    assert explainer.automatic.name == "relu"
    run = explainer.run(picture(224)[..., :224], explainer.automatic)
    assert run.cells == (cells, cells)
    assert run.linear is not None
    maps = cam(run, [ClassTarget(index) for index in range(5)])
    logits = network(run.picture)[0]
    assert logits.abs().max() > 0.1
    torch.testing.assert_close(maps.mean((1, 2)) + network.fc.bias, logits, rtol=1e-4, atol=1e-4)


def test_onnx_runtime_serves_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = quiet(gap.build("alexnet-gap", 3))
    with exports_in(tmp_path, monkeypatch):
        fast = Explainer(network, 64, CPU, runtime="onnx")
        run = fast.run(picture(96), fast.automatic)
    assert run.runtime == "onnx"
    torch.testing.assert_close(run.prediction, network(run.picture), rtol=1e-4, atol=1e-4)


def test_convolutions_keep_their_weights_and_the_network_given_its_own() -> None:
    before = zoo.build("vgg11_bn", 2)
    after = gap.convert(before, 4)
    old, new = before.features.state_dict(), after.features.state_dict()
    assert all(torch.equal(old[key], new[key]) for key in old)
    with torch.no_grad():
        next(after.parameters()).zero_()
    assert next(before.parameters()).abs().sum() > 0
    assert isinstance(before.features[-1], nn.MaxPool2d)


def test_random_numbers_follow_the_seed_alone() -> None:
    state = torch.get_rng_state()
    one, same, other = (gap.build("alexnet-gap", 2, seed=seed) for seed in (1, 1, 2))
    for (key, a), b, c in zip(
        one.state_dict().items(), same.state_dict().values(), other.state_dict().values(),
        strict=True,
    ):  # fmt: skip
        assert torch.equal(a, b), key
        assert torch.equal(a, c) is (key == "fc.bias"), key
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize("name", gap.names())
def test_the_least_side_is_the_least(name: str) -> None:
    least = gap.preprocessing(name).min_size
    with torch.device("meta"):
        network = gap.build(name, 2).eval()
        assert network(torch.zeros(1, 3, least, least)).shape == (1, 2)
        with pytest.raises(RuntimeError):
            network.features(torch.zeros(1, 3, least - 1, least - 1))


def test_other_networks_are_refused() -> None:
    with pytest.raises(ModelError, match="Only AlexNet and VGG are converted, not ResNet"):
        gap.convert(zoo.skeleton("resnet18"), 2)
    with pytest.raises(ModelError, match=r"'resnet18-gap'.*vgg16-gap"):
        gap.build("resnet18-gap", 2)
