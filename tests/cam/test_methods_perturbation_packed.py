"""Networks rewritten for many pictures compute what they computed."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, fx, nn

from camviewer.cam.methods.perturbation.packed import PackedConvolution, packed
from tests.cam.networks import frozen


class Steps(nn.Module):
    """Ways in which a convolution can be followed: what is taken over, and what must not be."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(9)
        self.first = nn.Conv2d(3, 6, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.clipped = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.six = nn.ReLU6(inplace=True)
        self.gated = nn.Conv2d(6, 6, 1)
        self.silu = nn.SiLU()
        self.skipped = nn.Conv2d(6, 6, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.twice = nn.Conv2d(6, 6, 3, padding=1)
        self.mirrored = nn.Conv2d(6, 6, 3, padding=1, padding_mode="reflect")
        self.same = nn.Conv2d(6, 6, 3, padding="same")
        self.last = nn.Conv2d(6, 6, 3, stride=2, dilation=2)
        self.fc = nn.Linear(6, 4)
        with torch.no_grad():
            self.norm.running_mean.normal_()
            self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.first(x)))
        x = self.six(self.clipped(x))
        x = self.silu(self.gated(x) + x)  # an addition, then what oneDNN does not do after one
        y = self.skipped(x)
        y += x
        y = self.relu(y)
        z = self.twice(y)  # used twice: cannot be taken over with either
        z = torch.add(self.relu(z), z, alpha=2)
        z = self.mirrored(z) + self.same(z) + 1
        return self.fc(self.last(z).mean((2, 3)))


needs_onednn = pytest.mark.skipif(
    not torch.backends.mkldnn.is_available(), reason="this build of torch has no oneDNN"
)


def convolutions(network: nn.Module) -> list[Any]:
    return [module for module in network.modules() if isinstance(module, PackedConvolution)]


@needs_onednn
def test_what_follows_a_convolution_is_done_with_it() -> None:
    network = frozen(Steps())
    ready = packed(fx.symbolic_trace(network))
    pictures = torch.randn(5, 3, 16, 20)
    torch.testing.assert_close(ready(pictures), network(pictures), rtol=1e-4, atol=1e-5)
    assert [module._then.name for module in convolutions(ready)] == [
        "relu",
        "hardtanh",
        "none",
        "relu",
        "none",
        "none",
    ]
    assert sum(type(module) is nn.Conv2d for module in ready.modules()) == 2  # other paddings
    assert not any(isinstance(module, nn.BatchNorm2d) for module in ready.modules())


@needs_onednn
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_small", "densenet121"])
def test_networks_of_the_zoo(name: str) -> None:
    torch.manual_seed(0)
    network = frozen(getattr(torchvision.models, name)(weights=None))
    ready = packed(fx.symbolic_trace(network))
    pictures = torch.randn(2, 3, 64, 64)
    expected, found = network(pictures), ready(pictures)
    scale = expected.abs().max()
    torch.testing.assert_close(found / scale, expected / scale, rtol=0, atol=1e-4)
    assert len(convolutions(ready)) > 15
    # the network itself is as it was
    assert any(isinstance(module, nn.BatchNorm2d) for module in network.modules())
    torch.testing.assert_close(network(pictures), expected, rtol=0, atol=0)
