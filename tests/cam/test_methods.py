"""Maps against values computed by hand."""

import pytest
import torch
from torch import nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, find_method
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.linear import cam
from camviewer.cam.targets import classes
from camviewer.errors import MethodError
from tests.cam.networks import ChannelsLast, Flat, Gap, Residual, frozen

CPU = torch.device("cpu")
PICTURE = torch.tensor(
    [[[[1.0, -2.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, -5.0]], [[1.0, 1.0], [-1.0, 2.0]]]]
)


def test_cam_is_the_weighted_sum_of_zhou() -> None:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    run = explainer.run(PICTURE, explainer.automatic)
    # A = relu(picture); class 0: 1 * A_0 + 2 * A_1; class 1: -1 * A_1 + 4 * A_2
    expected = torch.tensor([[[1.0, 2.0], [4.0, 3.0]], [[4.0, 3.0], [-2.0, 8.0]]])
    assert explainer.automatic.name == "features.1"
    torch.testing.assert_close(cam(run, classes(0, 1)), expected)
    # mean + bias = logit: 10 / 4 + 0.25 and 13 / 4 - 0.5
    torch.testing.assert_close(run.logits[0, :2].detach(), torch.tensor([2.75, 2.75]))


def test_grad_cam_on_a_pooled_head_is_cam_over_the_number_of_cells() -> None:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    run = explainer.run(PICTURE, explainer.automatic)
    expected = torch.tensor([[[1.0, 2.0], [4.0, 3.0]]]) / 4
    torch.testing.assert_close(grad_cam(run, classes(0)), expected)


def test_grad_cam_averages_the_gradient_over_places() -> None:
    explainer = Explainer(frozen(Flat()), 2, CPU)
    run = explainer.run(PICTURE, explainer.layer("relu"))
    # weights of class 0 are 0..11 over (channel, row, column): means 1.5, 5.5, 9.5
    # A_0 = [1 0; 0 3], A_1 = [0 1; 2 0], A_2 = [1 1; 0 2]
    expected = torch.tensor([[[1.5 + 9.5, 5.5 + 9.5], [11.0, 4.5 + 19.0]]])
    torch.testing.assert_close(grad_cam(run, classes(0)), expected)
    # class 1: 12 more everywhere
    second = torch.tensor([[13.5 + 21.5, 17.5 + 21.5], [35.0, 40.5 + 43.0]])
    torch.testing.assert_close(grad_cam(run, classes(1, 0))[0], second)


def test_cam_refuses_other_heads_and_names_the_method_that_serves() -> None:
    explainer = Explainer(frozen(Flat()), 2, CPU)
    run = explainer.run(PICTURE, explainer.automatic)
    with pytest.raises(MethodError, match="grad-cam"):
        cam(run, classes(0))
    assert find_method("auto", run).name == "grad-cam"


def test_auto_is_cam_where_cam_is_exact() -> None:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    assert find_method("auto", explainer.run(PICTURE, explainer.automatic)).name == "cam"


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    run = explainer.run(PICTURE, explainer.automatic)
    with pytest.raises(MethodError, match="cam, grad-cam"):
        find_method("crystal-ball", run)


def test_cam_with_a_convolution_as_head_is_its_output() -> None:
    torch.manual_seed(0)
    network = frozen(
        nn.Sequential(
            nn.Conv2d(3, 5, 3, padding=1),
            nn.ReLU(),
            nn.Sequential(nn.Dropout(), nn.Conv2d(5, 4, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)),
            nn.Flatten(),
        )
    )
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 6, 9), explainer.automatic)
    maps = cam(run, classes(*range(4)))
    assert explainer.automatic.name == "2.2"
    assert maps.shape == (4, 6, 9)
    torch.testing.assert_close(maps.mean((1, 2)), run.logits[0].detach())


def test_cam_through_a_convolution_before_the_pooling() -> None:
    torch.manual_seed(0)
    network = frozen(
        nn.Sequential(
            nn.Conv2d(3, 5, 3), nn.ReLU(), nn.Conv2d(5, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
    )
    explainer = Explainer(network, 8, CPU)
    run = explainer.run(torch.randn(1, 3, 7, 7), explainer.layer("1"))
    bias = network[2].bias
    torch.testing.assert_close(
        cam(run, classes(*range(4))).mean((1, 2)) + bias, run.logits[0].detach()
    )


@pytest.mark.parametrize("network", [Residual(), ChannelsLast(), Gap()])
def test_cam_equals_grad_cam_after_normalising(network: nn.Module) -> None:
    explainer = Explainer(frozen(network), 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 12), explainer.automatic)
    assert run.linear is not None
    targets = classes(*range(run.logits.shape[1]))
    exact, gradient = cam(run, targets), grad_cam(run, targets)
    scale = exact.abs().amax((1, 2), keepdim=True)
    cells = exact.shape[1] * exact.shape[2]
    torch.testing.assert_close(gradient * cells / scale, exact / scale, rtol=1e-4, atol=1e-4)
    bias = run.linear.bias
    assert bias is not None
    torch.testing.assert_close(exact.mean((1, 2)) + bias, run.logits[0].detach())


def test_every_method_names_its_paper() -> None:
    for name, method in METHODS.items():
        assert name == method.name
        assert any(char.isdigit() for char in method.paper)
