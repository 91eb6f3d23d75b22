"""What a run does not compute unless it is asked for, and that it is the same when it is."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.cam.runtimes import cuda_graph
from camviewer.cam.runtimes.checked import Checked
from camviewer.cam.split.traced import TracedNetwork
from camviewer.cam.targets import Against, ClassTarget, Contrast, Function
from tests.cam.exports import CPU, picture
from tests.cam.networks import ChannelsLast, ClassToken, Flat, Gap, Residual, frozen

TARGETS = (ClassTarget(0), Against(1), Contrast(2, 0), Function(lambda y: y[:, 1] * y[:, 2]))


class Pooled(nn.Module):
    """Two linear layers above the pooling, the first overwritten in place: MobileNetV3's head."""

    def __init__(self, pool: Callable[[Tensor], Tensor], first: nn.Module) -> None:
        super().__init__()
        torch.manual_seed(4)
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.pool = pool
        self.first = first
        self.hidden = nn.Linear(6, 7)
        self.act = nn.Hardswish(inplace=True)
        self.fc = nn.Linear(7, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(self.pool(self.conv(x)).flatten(1))
        return self.fc(self.act(self.hidden(x)))


POOLINGS = [
    nn.AdaptiveAvgPool2d(1),
    lambda x: nn.functional.adaptive_avg_pool2d(x, (1, 1)),
    lambda x: x.mean((2, 3)),
    lambda x: x.mean([-1, -2], keepdim=True),
    lambda x: torch.mean(x, dim=(2, 3), keepdim=True),
]


@pytest.mark.parametrize("pool", POOLINGS)
@pytest.mark.parametrize("first", [nn.Dropout(), nn.ReLU(inplace=True)])
def test_below_a_pooling_gradients_are_those_of_the_means(
    pool: Callable[[Tensor], Tensor], first: nn.Module
) -> None:
    network = frozen(Pooled(pool, first))
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(picture(8, 12), explainer.layer("conv"))
    assert run.pooled is not None
    torch.testing.assert_close(run.prediction, network(picture(8, 12)))
    expected = torch.cat([run.gradient(run.score(target)) for target in TARGETS])
    torch.testing.assert_close(run.gradients(TARGETS), expected)
    maps = torch.einsum("tk,khw->thw", expected.mean((2, 3)), run.grid[0])
    torch.testing.assert_close(METHODS["grad-cam"].maps(run, TARGETS), maps)


@pytest.mark.parametrize("make", [Flat, Residual, ClassToken, ChannelsLast])
def test_gradients_elsewhere_are_those_of_the_activation(make: type[nn.Module]) -> None:
    explainer = Explainer(frozen(make()), 2 if make is Flat else 8, CPU)
    for layer in explainer.layers:
        run = explainer.run(picture(2, 2) if make is Flat else picture(), layer)
        targets = [ClassTarget(0), ClassTarget(1)]
        expected = torch.cat([run.gradient(run.score(target)) for target in targets])
        torch.testing.assert_close(run.gradients(targets), expected)
        torch.testing.assert_close(run.prediction, run.logits.detach())


def test_a_linear_head_is_not_differentiated() -> None:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    run = explainer.run(picture(4, 4), explainer.automatic)
    METHODS["cam"].maps(run, TARGETS[:3])
    METHODS["grad-cam"].maps(run, TARGETS[:3])
    assert "logits" not in run.__dict__
    assert not run.prediction.requires_grad
    torch.testing.assert_close(run.prediction, run.logits.detach())


def test_normalisation_folded_for_the_gpu_computes_the_same() -> None:
    class Normalised(Residual):
        def __init__(self) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(4)
            self.bn.running_mean.uniform_()
            self.bn.running_var.uniform_(0.5, 2)

        def forward(self, x: Tensor) -> Tensor:
            y = self.relu(self.bn(self.conv(self.stem(x))))
            return self.fc(y.mean((2, 3)))

    network = frozen(Normalised())
    before = copy.deepcopy(network.state_dict())
    opened = TracedNetwork(network, picture())
    (layer,) = (layer for layer in opened.layers if layer.name == "relu")
    trunk = opened._split(layer).trunk._eager
    folded = cuda_graph.fuse(trunk, no_trace=True)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    torch.testing.assert_close(folded(picture())[0], trunk(picture())[0])
    torch.testing.assert_close(network.state_dict(), before)


@pytest.mark.gpu
@pytest.mark.parametrize("make", [Residual, ChannelsLast])
def test_cuda_graphs_are_near_full_precision_at_every_size(make: type[nn.Module]) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    device = torch.device("cuda")
    network = frozen(make())
    fast, plain = (Explainer(network, 16, device, runtime=r) for r in ("cuda-graph", "eager"))
    for layer in fast.layers:
        runs = [fast.run(picture(16, side), layer) for side in (16, 24, 16)]
        for run, side in zip(runs, (16, 24, 16), strict=True):
            expected = plain.run(picture(16, side), layer)
            assert (run.runtime, run.activation.dtype) == ("cuda graph", torch.float32)
            limit = 1e-2 * float(expected.activation.abs().max())
            torch.testing.assert_close(run.activation, expected.activation, rtol=0, atol=limit)
            torch.testing.assert_close(run.logits, expected.logits, rtol=1e-2, atol=1e-2)


@pytest.mark.gpu
def test_few_cuda_graphs_are_kept() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA GPU")
    opened = TracedNetwork(frozen(Residual()).cuda(), picture().cuda())
    trunk = opened._split(opened.layers[0]).trunk._eager
    runner = cuda_graph.CudaGraphRunner(trunk)
    checked = Checked(runner, trunk)
    for side in range(8, 16):
        assert checked.fault(picture(8, side).cuda()) == ""
    assert list(runner._captured) == [(8, side) for side in range(12, 16)]
