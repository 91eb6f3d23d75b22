"""FullGrad: by hand, complete, and without a trace left."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.cam.methods.whole_network import FullGradient, full_grad, full_gradients
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import HookedNetwork, hooked
from camviewer.cam.split.scripted import ScriptedNetwork
from camviewer.cam.targets import Against, Contrast, Similarity, Target, classes
from camviewer.errors import MethodError
from tests.cam.networks import ClassToken, Gap, Overwriting, Residual, frozen
from tests.cam.test_split import scripted_copy

CPU = torch.device("cpu")
PICTURE = torch.zeros(1, 3, 2, 2)
PICTURE[0, 0] = torch.tensor([[1.0, -2.0], [0.0, 3.0]])


class ByHand(nn.Module):
    """The first channel plus a half, ReLU, mean, and a linear layer with two classes."""

    def __init__(self, kind: str = "convolution") -> None:
        super().__init__()
        self.kind = kind
        self.layer = nn.Conv2d(3, 1, 1) if kind == "convolution" else nn.Linear(3, 1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(1, 2)
        with torch.no_grad():
            self.layer.weight.copy_(torch.tensor([1.0, 0, 0]).view_as(self.layer.weight))
            self.layer.bias.fill_(0.5)
            self.head.weight.copy_(torch.tensor([[2.0], [-1.0]]))
            self.head.bias.copy_(torch.tensor([1.0, 0.0]))

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == "tokens":
            x = x.flatten(2).transpose(1, 2)
            return self.head(self.relu(self.layer(x)).mean(1))
        if self.kind == "channels last":
            return self.head(self.relu(self.layer(x.permute(0, 2, 3, 1))).mean((1, 2)))
        return self.head(self.relu(self.layer(x)).mean((2, 3)))


class Rectified(nn.Module):
    """Everything for which the decomposition is complete."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.stem = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2), nn.BatchNorm2d(8), nn.ReLU(inplace=True), nn.MaxPool2d(2)
        )
        self.plain = nn.Conv2d(8, 8, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(8, affine=False)
        self.relu = nn.ReLU(inplace=True)
        self.hidden, self.head = nn.Linear(8, 16), nn.Linear(16, 5)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
                if module.affine:
                    nn.init.normal_(module.weight)
                    nn.init.normal_(module.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.norm(self.plain(x))
        y += x
        x = self.relu(self.plain(self.relu(y)))
        return self.head(self.relu(self.hidden(x.mean((2, 3)))))


def by_hooks(network: nn.Module, shown: Tensor) -> Run:
    side = min(shown.shape[2:])
    opened = HookedNetwork(frozen(network), shown[:, :, :side, :side])
    return opened.run(shown, opened.layers[-1])


def traced(network: nn.Module, side: int = 24) -> Run:
    explainer = Explainer(frozen(network), side, CPU)
    shown = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(2))
    return explainer.run(shown, explainer.automatic)


def whole(found: FullGradient) -> Tensor:
    return found.picture.sum() + torch.stack([term.sum() for term in found.biases]).sum()


def test_the_decomposition_by_hand() -> None:
    run = by_hooks(ByHand(), PICTURE)
    # relu(x + 1/2) is on at three of four places; its mean is (1.5 + 0.5 + 3.5) / 4 = 1.375
    torch.testing.assert_close(run.logits.detach(), torch.tensor([[3.75, -1.375]]))
    (found,) = full_gradients(run, classes(0))
    expected = torch.zeros(1, 3, 2, 2)
    expected[0, 0] = torch.tensor([[0.5, 0], [0, 1.5]])  # x * 2 / 4 where on
    torch.testing.assert_close(found.picture, expected)
    convolution, linear = found.biases
    torch.testing.assert_close(convolution, torch.tensor([[[[0.25, 0], [0.25, 0.25]]]]))
    torch.testing.assert_close(linear, torch.tensor([[1.0, 0.0]]))
    assert float(whole(found)) == pytest.approx(3.75)


@pytest.mark.parametrize("kind", ["convolution", "channels last", "tokens"])
def test_the_map_by_hand(kind: str) -> None:
    # of the picture [1/3 0; 0 1], of the layer's bias [1 0; 1 1]; the head's has no place
    expected = torch.tensor([[4 / 3, 0], [1, 2]])
    maps = full_grad(by_hooks(ByHand(kind), PICTURE), classes(0, 1))
    torch.testing.assert_close(maps, expected.expand(2, 2, 2))


@pytest.mark.parametrize("target", [*classes(0, 3), Contrast(1, 2), Against(4)])
def test_the_terms_add_up_to_the_score(target: Target) -> None:
    network = Rectified()
    for run in (traced(network), by_hooks(network, torch.randn(1, 3, 24, 20))):
        (found,) = full_gradients(run, [target])
        assert float(whole(found)) == pytest.approx(float(run.score(target).detach()), abs=1e-4)
        assert [tuple(term.shape[1:]) for term in found.biases[-2:]] == [(16,), (5,)]


def test_the_terms_of_a_residual_network_add_up() -> None:
    torch.manual_seed(0)
    network = torchvision.models.resnet18(num_classes=7)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.normal_(module.bias, std=0.1)
            module.running_mean.normal_(std=0.1)
    run = traced(network, 64)
    (found,) = full_gradients(run, classes(5))
    assert float(whole(found)) == pytest.approx(float(run.logits[0, 5].detach()), rel=1e-3)
    maps = full_grad(run, classes(5, 6))
    assert maps.shape == (2, 64, 64)
    assert not torch.equal(maps[0], maps[1])
    assert not maps.requires_grad


def test_what_has_no_influence_stays_dark() -> None:
    network = ByHand()
    with torch.no_grad():
        network.head.weight.zero_()
    assert not full_grad(by_hooks(network, PICTURE), classes(0)).any()


def test_likeness_reads_the_embedding() -> None:
    run = traced(Rectified())
    (found,) = full_gradients(run, [Similarity(torch.ones(16))])
    # the cosine does not depend on the length of the embedding: its gradient along it is zero
    embedding = run.embedding.detach().requires_grad_()
    score = torch.cosine_similarity(embedding, torch.ones(1, 16))
    (slope,) = torch.autograd.grad(score.sum(), embedding)
    assert float((slope * embedding).sum().detach()) == pytest.approx(0, abs=1e-6)
    assert float(whole(found)) == pytest.approx(0, abs=1e-5)
    assert len(found.biases) == 4  # the last layer is above the embedding
    assert full_grad(run, [Similarity(torch.ones(16))]).any()


def test_the_network_is_left_as_it_was() -> None:
    network = frozen(Rectified())
    run = traced(network)
    expected = network(run.picture)
    seen: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: Any, output: Tensor) -> None:
        seen.append(output.detach())

    head = network.get_submodule("head")
    with hooked([(head, keep)]):
        full_grad(run, classes(0))
    torch.testing.assert_close(seen, [expected], rtol=0, atol=0)
    torch.testing.assert_close(network(run.picture), expected, rtol=0, atol=0)

    def fail(*_: Any) -> None:
        raise RuntimeError("enough")

    with hooked([(head, fail)]), pytest.raises(RuntimeError, match="enough"):
        full_grad(run, classes(0))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())


def test_transformers_have_maps_too() -> None:
    maps = full_grad(traced(ClassToken(), 8), classes(0, 2))
    assert maps.shape == (2, 8, 8)
    assert float(maps.std((1, 2)).min()) > 0


def test_who_is_refused() -> None:
    obstacle = METHODS["full-grad"].obstacle
    script = scripted_copy(frozen(Residual()))
    opened = ScriptedNetwork(script, torch.zeros(1, 3, 8, 8))
    assert "TorchScript" in obstacle(opened.run(torch.zeros(1, 3, 8, 8), opened.layers[-1]))
    unbiased = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    assert "biases" in obstacle(traced(unbiased, 8))
    assert obstacle(traced(Gap(), 8)) == ""
    assert not METHODS["full-grad"].layered
    with pytest.raises(MethodError, match="overwrites"):
        full_grad(by_hooks(Overwriting(), torch.randn(1, 3, 8, 8)), classes(0))


class Constant(nn.Module):
    """A layer that is given a constant, as Swin V2's position biases are."""

    def __init__(self) -> None:
        super().__init__()
        self.hand, self.bias = ByHand(), nn.Linear(2, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.hand(x) + self.bias(torch.ones(1, 2))


def test_layers_of_constants_have_no_part() -> None:
    whole = by_hooks(frozen(Constant()), PICTURE)
    torch.testing.assert_close(
        full_grad(whole, classes(0)), full_grad(by_hooks(frozen(ByHand()), PICTURE), classes(0))
    )
