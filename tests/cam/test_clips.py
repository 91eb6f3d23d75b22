"""Maps over space and time: a clip's grid is a film strip, its moments one below the other."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.layout import Axes, Layout, clip_layout_of
from camviewer.cam.methods import METHODS, find_method
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import HookedNetwork, hooked
from camviewer.cam.targets import classes
from camviewer.errors import CamviewerError, MethodError
from camviewer.inspector.clips import SERVING
from tests.cam.clip_networks import (
    BIAS,
    WEIGHT,
    Branching3d,
    ChannelsLast3d,
    ClassToken3d,
    Gap3d,
    Means3d,
    Sliding,
    Strided,
)

CPU = torch.device("cpu")


def opened(network: nn.Module, side: int = 8, frames: int = 4) -> Explainer:
    network.eval()
    for parameter in network.parameters():
        parameter.requires_grad = False
    return Explainer(network, side, CPU, frames=frames)


def clip(frames: int, height: int, width: int, seed: int = 0) -> Tensor:
    return torch.randn(1, 3, frames, height, width, generator=torch.Generator().manual_seed(seed))


def run_of(network: nn.Module, frames: int = 4, height: int = 6, width: int = 8) -> Run:
    explainer = opened(network)
    return explainer.run(clip(frames, height, width), explainer.automatic)


def unrolled(maps: Tensor, run: Run) -> Tensor:
    """Maps ``(targets, moments * rows, columns)`` as ``(targets, moments, rows, columns)``."""
    moments = run.layer.layout.moments(tuple(run.activation.shape))
    return maps.reshape(len(maps), moments, -1, maps.shape[2])


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 512, 2, 7, 7), Layout(Axes.CHANNELS_FIRST, clip=True)),
        ((1, 64, 16, 1, 1), None),  # pooled
        ((1, 16, 7, 7, 768), Layout(Axes.CHANNELS_LAST, clip=True)),
        ((1, 8, 7, 7, 7), Layout(Axes.CHANNELS_FIRST, clip=True)),
        ((1, 393, 768), Layout(Axes.TOKENS, 1, clip=True, steps=8)),  # not 2 moments of 14 x 14
        ((1, 392, 768), Layout(Axes.TOKENS, 0, clip=True, steps=8)),
        ((1, 390, 768), None),
        ((8, 96, 8, 7, 7), None),  # heads of an attention
        ((1, 8, 393, 393), None),  # what attends to what
        ((1, 400), None),
    ],
)
def test_layouts_of_clips(shape: tuple[int, ...], expected: Layout | None) -> None:
    assert clip_layout_of(shape, (224, 224), 8) == expected


@pytest.mark.parametrize("network", [Gap3d, Means3d, ChannelsLast3d])
def test_cam_over_space_and_time_by_hand(network: type[nn.Module]) -> None:
    """Zhou et al. 2016, equation 2, with time as a third axis."""
    run = run_of(network())
    x = clip(4, 6, 8).relu()
    expected = torch.einsum("ck,kthw->cthw", WEIGHT, x[0])
    assert run.cells == (4 * 6, 8)
    assert run.layer.cells == (8, 8)  # of each moment, where it was opened
    assert find_method("auto", run).name == "cam"
    maps = METHODS["cam"].maps(run, classes(0, 1, 2))
    torch.testing.assert_close(unrolled(maps, run), expected)
    torch.testing.assert_close(maps.mean((1, 2)) + BIAS, run.prediction[0], atol=1e-4, rtol=0)


@given(
    frames=st.integers(1, 6),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    seed=st.integers(0, 99),
)
def test_the_mean_of_cam_and_the_bias_are_the_logit(
    frames: int, height: int, width: int, seed: int
) -> None:
    x = clip(frames, height, width, seed)
    run = GAP.run(x, GAP.automatic)
    maps = METHODS["cam"].maps(run, classes(0, 1, 2))
    with torch.no_grad():
        logits = GAP.network(x)[0]
    torch.testing.assert_close(maps.mean((1, 2)) + BIAS, logits, atol=1e-4, rtol=0)
    torch.testing.assert_close(run.prediction[0], logits, atol=1e-5, rtol=0)
    grad_cam = METHODS["grad-cam"].maps(run, classes(0, 1, 2))
    torch.testing.assert_close(grad_cam * (frames * height * width), maps, atol=1e-4, rtol=0)


GAP = opened(Gap3d())


def by_autograd(network: nn.Module, layer: nn.Module, x: Tensor, index: int) -> Tensor:
    """Grad-CAM as the paper has it, through the whole network, ``(frames, rows, columns)``."""
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept[:] = [output.detach().clone().requires_grad_()]
        return kept[0].clone()

    with hooked([(layer, keep)]), torch.enable_grad():
        (gradient,) = torch.autograd.grad(network(x)[0, index], kept[0])
    alpha = gradient.mean((2, 3, 4), keepdim=True)
    return (alpha * kept[0].detach()).sum(1)[0]


@pytest.mark.parametrize("network", [Strided, Branching3d])
def test_grad_cam_over_space_and_time(network: type[Strided]) -> None:
    own = network()
    explainer = opened(own)
    assert isinstance(explainer._opened, HookedNetwork) is (network is Branching3d)
    x = clip(7, 8, 12)
    layer = explainer.layer("relu")
    run = explainer.run(x, layer)
    maps = unrolled(METHODS["grad-cam"].maps(run, classes(3)), run)
    assert maps.shape == (1, 4, 4, 6)
    torch.testing.assert_close(maps[0], by_autograd(own, own.relu, x, 3))


def test_sliding_averages_weigh_cells_unequally_but_grad_cam_is_cam() -> None:
    """As in S3D: the borders count less, so the plain mean is not the logit, and CAM is refused."""
    explainer = opened(Sliding())
    run = explainer.run(clip(4, 6, 8), explainer.layer("relu"))
    assert METHODS["cam"].obstacle(run)
    assert find_method("auto", run).name == "grad-cam"
    maps = unrolled(METHODS["grad-cam"].maps(run, classes(0, 1, 2)), run)
    expected = torch.einsum("ck,kthw->cthw", WEIGHT, clip(4, 6, 8).relu()[0])
    torch.testing.assert_close(maps * (4 * 6 * 8), expected)


def test_tokens_of_clips() -> None:
    own = ClassToken3d()
    explainer = opened(own)
    assert explainer.automatic.name == "ln_1"  # after the attention the grid no longer matters
    assert explainer.automatic.layout == Layout(Axes.TOKENS, 1, clip=True, steps=2)
    assert explainer.automatic.cells == (4, 4)
    x = clip(4, 8, 8)
    run = explainer.run(x, explainer.automatic)
    maps = unrolled(METHODS["grad-cam"].maps(run, classes(1)), run)
    kept: list[Tensor] = []

    def keep(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        kept[:] = [output.detach().clone().requires_grad_()]
        return kept[0].clone()

    with hooked([(own.ln_1, keep)]), torch.enable_grad():
        (gradient,) = torch.autograd.grad(own(x)[0, 1], kept[0])
    grid = kept[0].detach()[0, 1:]
    expected = (grid * gradient[0, 1:].mean(0)).sum(1).view(2, 4, 4)
    torch.testing.assert_close(maps[0], expected)


@pytest.mark.parametrize("name", sorted(SERVING))
def test_serving_methods_do_not_care_which_cell_lies_where(name: str) -> None:
    """Moments in another order give the maps in that order: nothing looks across cells."""
    # CAM needs a linear head, and the noise of the other one would lie where it lay
    explainer = opened(Gap3d() if name in ("cam", "smooth-grad-cam++") else PointWise())
    x, order = clip(4, 6, 8), torch.tensor([2, 0, 3, 1])
    runs = [explainer.run(one, explainer.automatic) for one in (x, x[:, :, order])]
    plain, moved = (unrolled(METHODS[name].maps(run, classes(1)), run) for run in runs)
    assert plain.shape == (1, 4, 6, 8)
    assert float(plain.std()) > 0
    scale = float(plain.abs().max())
    torch.testing.assert_close(plain[:, order] / scale, moved / scale, atol=1e-3, rtol=0)


class PointWise(nn.Module):
    """Every cell by itself, then means, then a curved head."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(5)
        self.conv = nn.Conv3d(3, 6, 1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool3d(1)
        self.hidden = nn.Linear(6, 6)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.conv(x))).flatten(1)
        return self.fc(torch.tanh(self.hidden(x)))


def test_networks_of_clips_run_in_torch_alone() -> None:
    network = Gap3d().eval()
    assert Explainer(network, 8, CPU, runtime="auto", frames=4).runtime == "eager"
    with pytest.raises(CamviewerError, match="those of clips run in PyTorch"):
        Explainer(network, 8, CPU, runtime="onnx", frames=4)


def test_frames_of_a_size_that_the_network_cannot_take() -> None:
    explainer = opened(Strided())
    with pytest.raises(MethodError, match="an input of 5 x 4 pixels"):
        explainer.run(torch.zeros(1, 2, 4, 4, 5), explainer.automatic)
