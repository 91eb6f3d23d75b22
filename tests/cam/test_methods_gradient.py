"""Gradient methods against values computed by hand.

The picture's channels are [1 -2; 0 3], [0 1; 2 -5], [1 1; -1 2]; rectified they are
A_0 = [1 0; 0 3], A_1 = [0 1; 2 0], A_2 = [1 1; 0 2] with the sums 4, 3, 4 and means 1, 3/4, 1.
The gradients of class 0 of `Cells` are g_0 = [1 -1; 2 1/2], g_1 = [-1 2; 1 1], g_2 = [0 0; 0 -1].
"""

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.finer import finer_cam
from camviewer.cam.methods.gradient import (
    elementwise_grad_cam,
    grad_cam,
    hires_cam,
    layer_cam,
    xgrad_cam,
)
from camviewer.cam.split import Run
from camviewer.cam.targets import Against, ClassTarget, Contrast, Function, Similarity, classes
from camviewer.errors import MethodError
from tests.cam.curved import Cells, Pooled
from tests.cam.networks import Gap, Residual, frozen

PICTURE = torch.tensor(
    [[[[1.0, -2.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, -5.0]], [[1.0, 1.0], [-1.0, 2.0]]]]
)


def run_of(network: nn.Module, layer: str, picture: Tensor = PICTURE, side: int = 2) -> Run:
    explainer = Explainer(frozen(network), side, torch.device("cpu"))
    return explainer.run(picture, explainer.layer(layer))


@pytest.fixture
def cells() -> Run:
    return run_of(Cells(rectified=True), "features")


@pytest.fixture
def signed() -> Run:
    return run_of(Cells(rectified=False), "mul")


@pytest.fixture
def gap() -> Run:
    return run_of(Gap(), "features.1", side=4)


def test_grad_cam(signed: Run) -> None:
    # means 5/8, 3/4, -1/4: the lower right is 3 * 5/8 - 5 * 3/4 - 2 * 1/4
    expected = torch.tensor([[[0.375, -0.75], [1.75, -2.375]]])
    torch.testing.assert_close(grad_cam(signed, classes(0)), expected)


def test_xgrad_cam_averages_the_gradient_by_the_activation(cells: Run) -> None:
    # sums of g A: 1 + 3/2, 2 + 2, -2; over the sums of A: 5/8, 4/3, -1/2
    expected = torch.tensor([[[5 / 8 - 1 / 2, 4 / 3 - 1 / 2], [8 / 3, 15 / 8 - 1]]])
    torch.testing.assert_close(xgrad_cam(cells, classes(0)), expected)


def test_xgrad_cam_weighs_a_channel_without_activation_by_its_mean_gradient() -> None:
    empty = PICTURE.clone()
    empty[0, 0] = torch.tensor([[2.0, -2.0], [0.0, 0.0]])
    run = run_of(Cells(rectified=False), "mul", empty)
    # channel 0 sums to 0: mean gradient 5/8; channel 1: (2 + 2 - 5) / -2; channel 2: -2 / 3
    expected = 5 / 8 * empty[0, 0] + 1 / 2 * empty[0, 1] - 2 / 3 * empty[0, 2]
    torch.testing.assert_close(xgrad_cam(run, classes(0))[0], expected)


def test_hires_cam_is_gradient_times_activation(signed: Run) -> None:
    # upper right -1 * -2 + 2 * 1 + 0; lower right 3/2 - 5 - 2
    expected = torch.tensor([[[1.0, 4.0], [2.0, -5.5]]])
    torch.testing.assert_close(hires_cam(signed, classes(0)), expected)


def test_hires_cam_sums_to_the_logit_of_a_head_without_bias(signed: Run) -> None:
    maps = hires_cam(signed, classes(0, 1))
    torch.testing.assert_close(maps.sum((1, 2)), signed.logits[0].detach())


def test_layer_cam_drops_negative_gradients(signed: Run) -> None:
    # upper right only 2 * 1; lower right 3/2 - 5
    expected = torch.tensor([[[1.0, 2.0], [2.0, -3.5]]])
    torch.testing.assert_close(layer_cam(signed, classes(0)), expected)


def test_elementwise_grad_cam_drops_negative_products(signed: Run) -> None:
    # upper right -1 * -2 + 2 * 1; lower right only 3/2
    expected = torch.tensor([[[1.0, 4.0], [2.0, 1.5]]])
    torch.testing.assert_close(elementwise_grad_cam(signed, classes(0)), expected)


def test_closed_forms_of_a_pooled_head(gap: Run) -> None:
    # class 1 is (-A_1 + 4 A_2) / 4 over four cells
    expected = torch.tensor([[[4.0, 3.0], [-2.0, 8.0]]]) / 4
    torch.testing.assert_close(xgrad_cam(gap, classes(1)), expected)
    torch.testing.assert_close(hires_cam(gap, classes(1)), expected)
    # without the negative weight of A_1
    expected = torch.tensor([[[4.0, 4.0], [0.0, 8.0]]]) / 4
    torch.testing.assert_close(layer_cam(gap, classes(1)), expected)
    torch.testing.assert_close(elementwise_grad_cam(gap, classes(1)), expected)


def test_closed_form_of_elementwise_grad_cam_keeps_two_negatives() -> None:
    network = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))
    with torch.no_grad():
        network[3].weight.copy_(torch.tensor([[1.0, -1.0, 0.0], [0.0, 0.0, 1.0]]))
    run = run_of(nn.Sequential(nn.Hardtanh(-9, 9), *network), "0")
    assert run.linear is not None
    # relu(1 * [1 -2; 0 3]) + relu(-1 * [0 1; 2 -5]) over four cells
    expected = torch.tensor([[[1.0, 0.0], [0.0, 3.0 + 5.0]]]) / 4
    torch.testing.assert_close(elementwise_grad_cam(run, classes(0)), expected)


def test_what_speaks_against_a_class_is_its_negated_gradient(signed: Run) -> None:
    torch.testing.assert_close(hires_cam(signed, [Against(0)]), -hires_cam(signed, classes(0)))
    # relu(-g) A: [0 -2; 0 0] + [0 0; 0 0] + [0 0; 0 2]
    expected = torch.tensor([[[0.0, -2.0], [0.0, 2.0]]])
    torch.testing.assert_close(layer_cam(signed, [Against(0)]), expected)


def test_a_class_and_itself_have_no_contrast(gap: Run, signed: Run) -> None:
    for run in (gap, signed):
        torch.testing.assert_close(grad_cam(run, [Contrast(1, 1)]), torch.zeros(1, 2, 2))
        both = grad_cam(run, [Contrast(0, 1), Contrast(1, 1)])
        single = grad_cam(run, classes(0, 1))
        torch.testing.assert_close(both[0], single[0] - single[1])
        torch.testing.assert_close(both[1], torch.zeros(2, 2))


def test_finer_cam_subtracts_the_classes_with_the_closest_logits(gap: Run) -> None:
    # two others: [1 2 0] - 0.3 ([0 -1 4] + [1/2 1/2 1/2]) = [0.85 2.15 -1.35], over four cells
    expected = torch.tensor([[[-0.5, 0.8], [4.3, -0.15]]]) / 4
    torch.testing.assert_close(finer_cam(gap, classes(0)), expected)
    torch.testing.assert_close(finer_cam(gap, [Against(0)]), -expected)


def test_finer_cam_compares_with_three_classes_at_most() -> None:
    network = Pooled(seed=5)
    with torch.no_grad():
        network.fc.weight.zero_()
        network.fc.weight[torch.arange(5), torch.arange(5)] = 1.0
        network.fc.bias.copy_(torch.tensor([0.0, 50.0, 150.0, -100.0, 200.0]))
    run = run_of(network, "relu", torch.randn(1, 3, 4, 4), side=4)
    # logits are the means plus the biases: classes 1, 3, 2 are closer to class 0 than class 4
    grid = run.grid[0] / 16
    expected = grid[0] - 0.6 / 3 * (grid[1] + grid[2] + grid[3])
    torch.testing.assert_close(finer_cam(run, classes(0))[0], expected)


def test_finer_cam_leaves_a_contrast_as_it_is(gap: Run) -> None:
    targets = [Contrast(0, 2), Contrast(1, 1)]
    torch.testing.assert_close(finer_cam(gap, targets), grad_cam(gap, targets))


def test_finer_cam_refuses_what_is_not_about_classes(gap: Run) -> None:
    for target in (Function(lambda y: y[:, 0] * y[:, 1]), Similarity(torch.ones(3))):
        with pytest.raises(MethodError, match="Grad-CAM"):
            finer_cam(gap, [ClassTarget(0), target])


def test_a_score_that_does_not_depend_on_the_layer_is_refused() -> None:
    run = run_of(Residual(), "stem", torch.randn(1, 3, 8, 8), side=8)
    constant = Function(lambda y: torch.zeros(len(y)))
    for method in (grad_cam, xgrad_cam, hires_cam, layer_cam, elementwise_grad_cam):
        with pytest.raises(MethodError, match="do not depend"):
            method(run, [constant])
