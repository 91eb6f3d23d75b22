"""Grad-CAM++, Smooth Grad-CAM++ and ShapleyCAM against values computed by hand.

The picture is that of `test_methods_gradient`: A_0 = [1 0; 0 3], A_1 = [0 1; 2 0],
A_2 = [1 1; 0 2] with the sums 4, 3, 4 and means 1, 3/4, 1.
"""

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS, require
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.higher_order import (
    SAMPLES,
    grad_cam_plus_plus,
    shapley_cam,
    smooth_grad_cam_plus_plus,
    smoothed,
)
from camviewer.cam.split import Run
from camviewer.cam.targets import Function, classes
from camviewer.errors import MethodError
from tests.cam.curved import Cells, Curved, Gated
from tests.cam.networks import ClassToken, Gap, Residual, frozen
from tests.cam.test_methods_gradient import PICTURE, run_of

SQUARES = [[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]
ZEROS = [[0.0] * 3] * 2


def random_picture(side: int) -> Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(3))


def test_grad_cam_plus_plus() -> None:
    run = run_of(Cells(rectified=True), "features")
    # alpha = 1 / (2 + g sum(A)): weights 1/6 + 2/10 + 0.5/4 and 2/8 + 1/5 + 1/5 and 0
    first, second = 1 / 6 + 0.2 + 0.125, 0.65
    expected = torch.tensor([[[first, second], [2 * second, 3 * first]]])
    torch.testing.assert_close(grad_cam_plus_plus(run, classes(0)), expected)


def test_grad_cam_plus_plus_in_closed_form() -> None:
    run = run_of(Gap(), "features.1", side=4)
    # g = 1/4, 1/2, 0 at each of four cells: weights 4 * 1/4 / (2 + 1) and 4 * 1/2 / (2 + 3/2)
    expected = torch.tensor([[[1 / 3, 4 / 7], [8 / 7, 1.0]]])
    torch.testing.assert_close(grad_cam_plus_plus(run, classes(0)), expected)


def test_grad_cam_plus_plus_gives_no_weight_where_alpha_has_a_pole() -> None:
    picture = torch.zeros(1, 3, 2, 2)
    picture[0, 0] = torch.tensor([[-1.0, 0.0], [0.0, 0.0]])
    run = run_of(Cells(rectified=False), "mul", picture)
    # channel 0 sums to -1: 2 - g is 1, 3, 0, 3/2 for g = 1, -1, 2, 1/2
    expected = torch.tensor([[[-(1 + 1 / 3), 0.0], [0.0, 0.0]]])
    torch.testing.assert_close(grad_cam_plus_plus(run, classes(0)), expected)


def test_smooth_grad_cam_plus_plus_averages_the_powers_over_all_samples() -> None:
    run = run_of(Curved(ZEROS, SQUARES), "relu")
    exchanged = PICTURE[:, [1, 0, 2]]
    # y = m_0^2 + 2 m_1^2, so g = (m_0 / 2, m_1) at every cell: (1/2, 3/4), exchanged (3/8, 1)
    after_one, after_two = smoothed(run, classes(0), [PICTURE, exchanged])
    # one sample: Grad-CAM++, weights 4 * 1/2 / (2 + 4/2) and 4 * 3/4 / (2 + 3 * 3/4)
    first, second = 1 / 2, 3 / 4.25
    expected = torch.tensor([[[first, second], [2 * second, 3 * first]]])
    torch.testing.assert_close(after_one, expected)
    # D1 = 7/16, 7/8; D2 = 25/128, 25/32; D3 = 91/1024, 91/128
    first = 4 * 7 / 16 * (25 / 128) / (2 * 25 / 128 + 4 * 91 / 1024)
    second = 4 * 7 / 8 * (25 / 32) / (2 * 25 / 32 + 3 * 91 / 128)
    assert first == pytest.approx(0.4581152)
    assert second == pytest.approx(0.7399577)
    expected = torch.tensor([[[first, second], [2 * second, 3 * first]]])
    torch.testing.assert_close(after_two, expected)


def test_smooth_grad_cam_plus_plus_shows_progress_and_repeats_itself() -> None:
    run = run_of(Residual(), "stem", random_picture(8), side=8)
    partials = list(smooth_grad_cam_plus_plus(run, classes(0, 4)))
    assert [p.done for p in partials] == [(n + 1) / SAMPLES for n in range(SAMPLES)]
    assert all(p.maps.shape == (2, 8, 8) for p in partials)
    assert not torch.equal(partials[0].maps, partials[-1].maps)
    again = METHODS["smooth-grad-cam++"].maps(run, classes(0, 4))
    torch.testing.assert_close(again, partials[-1].maps, rtol=0, atol=0)


def test_smooth_grad_cam_plus_plus_on_a_linear_head_needs_no_noise() -> None:
    run = run_of(Gap(), "features.1", side=4)
    (only,) = smooth_grad_cam_plus_plus(run, classes(0, 1))
    assert only.done == 1
    torch.testing.assert_close(only.maps, grad_cam_plus_plus(run, classes(0, 1)))


def test_shapley_cam_takes_half_the_curvature_away() -> None:
    run = run_of(Curved([[1.0, 2.0, 0.0], [0.0] * 3], [[0.0, 4.0, -2.0], [0.0] * 3]), "relu")
    # y = m_0 + 2 m_1 + 4 m_1^2 - 2 m_2^2: gradient (1, 8, -4) / 4, H A = (0, 6, -4) / 4
    expected = torch.tensor([[[1 - 2, 5 - 2], [10, 3 - 4]]]) / 4
    torch.testing.assert_close(shapley_cam(run, classes(0)), expected)
    # the sum over the cells is then y itself: 1 + 3/2 + 9/4 - 2
    torch.testing.assert_close(expected.sum(), run.logits[0, 0].detach())


def test_shapley_cam_of_the_papers_utility() -> None:
    run = run_of(Gap(), "features.1", side=4)
    utility = Function(lambda y: y[:, 0] + y.log_softmax(1)[:, 0])
    weight, bias = run.linear.weight, run.linear.bias
    # U = 2 y_0 - logsumexp(y): with p = softmax(y) and z = y - b = W mean(A) over four cells
    # dU/dA = W^T (2 e_0 - p) / 4 and H A = -W^T (diag(p) - p p^T) z / 4
    y = run.logits[0].detach()
    p, z = y.softmax(0), y - bias
    unit = torch.tensor([1.0, 0.0, 0.0])
    weights = weight.T @ (2 * unit - p + (p * z - p * (p @ z)) / 2) / 4
    expected = torch.einsum("k,khw->hw", weights, run.grid[0])
    torch.testing.assert_close(shapley_cam(run, [utility])[0], expected)


def test_shapley_cam_is_grad_cam_where_the_head_is_piecewise_linear() -> None:
    for network, layer in ((Gap(), "features.1"), (Residual(), "stem")):
        run = run_of(network, layer, random_picture(8), side=8)
        torch.testing.assert_close(shapley_cam(run, classes(0)), grad_cam(run, classes(0)))


def test_shapley_cam_through_attention() -> None:
    run = run_of(ClassToken(), "ln_1", random_picture(8), side=8)
    # H A is how the gradient changes as A grows
    stretched = []
    for factor in (1.01, 0.99):
        activation = (run.activation.detach() * factor).requires_grad_()
        stretched += torch.autograd.grad(run.head(activation)[0, 1], activation)
    curvature = run.layer.layout.grid((stretched[0] - stretched[1]) / 0.02, run.cells)[0]
    gradient = run.gradient(run.logits[0, 1])[0]
    expected = torch.einsum("khw->k", gradient - curvature / 2) / 16
    expected = torch.einsum("k,khw->hw", expected, run.grid[0])
    scale = expected.abs().max()
    ours = shapley_cam(run, classes(1))[0]
    torch.testing.assert_close(ours / scale, expected / scale, rtol=0, atol=1e-3)
    assert (grad_cam(run, classes(1))[0] - ours).abs().max() > 0.01 * scale


def test_shapley_cam_leaves_the_run_as_it_was() -> None:
    run = run_of(Curved(ZEROS, SQUARES), "relu")
    before = grad_cam(run, classes(0, 1))
    shapley_cam(run, classes(0, 1))
    torch.testing.assert_close(grad_cam(run, classes(0, 1)), before)


def test_shapley_cam_refuses_a_head_without_second_derivatives() -> None:
    run = run_of(Gated(), "conv", random_picture(8), side=8)
    assert torch.isfinite(grad_cam(run, classes(0))).all()
    with pytest.raises(MethodError, match=r"twice .*hardsigmoid.* Grad-CAM"):
        shapley_cam(run, classes(0))


def test_shapley_cam_refuses_a_score_that_does_not_depend_on_the_layer() -> None:
    run = run_of(Residual(), "stem", random_picture(8), side=8)
    elsewhere = torch.zeros(1, requires_grad=True)
    for constant in (lambda y: torch.zeros(len(y)), lambda y: elsewhere.expand(len(y))):
        with pytest.raises(MethodError, match="do not depend"):
            shapley_cam(run, [Function(constant)])


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_torchscript_has_every_gradient_method_but_shapley_cam() -> None:
    x = random_picture(8)
    scripted = torch.jit.trace(frozen(Residual()), x)
    explainer = Explainer(scripted, 8, torch.device("cpu"))
    run = explainer.run(x, explainer.automatic)
    with pytest.raises(MethodError, match=r"second derivatives.*TorchScript.*grad-cam"):
        require(METHODS["shapley-cam"], run)
    for name in ("xgrad-cam", "hires-cam", "layer-cam", "grad-cam++", "smooth-grad-cam++"):
        require(METHODS[name], run)
        maps = METHODS[name].maps(run, classes(0, 1))
        assert maps.shape == (2, *run.cells)
        assert torch.isfinite(maps).all()


def test_a_network_with_one_logit_has_nothing_to_be_compared_with() -> None:
    network = nn.Sequential(nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1))
    run: Run = run_of(network, "0")
    with pytest.raises(MethodError, match="only one"):
        require(METHODS["finer-cam"], run)
