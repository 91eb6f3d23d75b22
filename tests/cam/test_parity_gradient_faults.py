"""Where the published packages are wrong: our values are the papers', theirs are shown beside.

When one of these tests fails on the package's side the package has been mended: move it to parity.
"""

import pytorch_grad_cam as package
import torch
import torchcam.methods
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn

from camviewer.cam.methods import METHODS
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.higher_order import grad_cam_plus_plus, smoothed
from camviewer.cam.targets import classes
from tests.cam.curved import Cells, Curved, Pooled
from tests.cam.networks import Residual, frozen
from tests.cam.peers import assert_parity, pytorch_grad_cam_map, raw, torch_cam_map
from tests.cam.test_methods_gradient import PICTURE, run_of


def normalised(map_: Tensor) -> Tensor:
    return map_ / map_.abs().max()


def random_picture(side: int) -> Tensor:
    return torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(11))


def test_torch_cams_grad_cam_plus_plus_divides_a_copy() -> None:
    network = frozen(Cells(rectified=True))
    ours = grad_cam_plus_plus(run_of(network, "features"), classes(0))[0]
    # by hand in test_methods_gradient_higher_order: weights 1/6 + 2/10 + 0.5/4 and 0.65
    first, second = 1 / 6 + 0.2 + 0.125, 0.65
    torch.testing.assert_close(ours, torch.tensor([[first, second], [2 * second, 3 * first]]))
    theirs = torch_cam_map("GradCAMpp", network, "features", PICTURE, 0)
    # undivided, alpha is g^2: weights 1 + 8 + 1/8 and 8 + 1 + 1
    undivided = torch.tensor([[9.125, 10.0], [20.0, 3 * 9.125]])
    torch.testing.assert_close(theirs, undivided)
    assert (normalised(ours) - normalised(theirs)).abs().max() > 0.1


def test_torch_cams_smooth_grad_cam_plus_plus_weighs_by_the_last_sample() -> None:
    network = frozen(Curved([[0.0] * 3] * 2, [[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]))
    samples = [PICTURE, PICTURE[:, [1, 0, 2]]]
    *_, ours = smoothed(run_of(network, "relu"), classes(0), samples)
    # by hand in test_methods_gradient_higher_order: the mean gradients are 7/16 and 7/8
    first, second = 0.4581152, 0.7399577
    expected = torch.tensor([[first, second], [2 * second, 3 * first]])
    torch.testing.assert_close(ours[0], expected)

    noise = iter([sample - PICTURE for sample in samples])

    class Prepared(torch.distributions.Normal):
        def sample(self, _shape: object = ()) -> Tensor:
            return next(noise)

    extractor = torchcam.methods.SmoothGradCAMpp(network, "relu", num_samples=2)
    with extractor:
        extractor._distrib = Prepared(0, 1)
        network(PICTURE)
        theirs = extractor(0, normalized=False)[0][0]
    # the last sample's gradients, 3/8 and 1, in place of the means, and that sample's activation
    first, second = first * 6 / 7, second * 8 / 7
    last = torch.tensor([[second, first], [2 * first, 3 * second]])
    torch.testing.assert_close(theirs, last)


def test_pytorch_grad_cams_epsilon_swamps_the_squares_of_small_gradients() -> None:
    x = random_picture(8)
    maps, theirs = [], []
    for scale in (1e-4, 1e-6, 1e-12):
        network = frozen(Pooled(seed=7, scale=scale))
        maps.append(normalised(grad_cam_plus_plus(run_of(network, "relu", x, 8), classes(0))[0]))
        map_ = pytorch_grad_cam_map(package.GradCAMPlusPlus, network, "relu", x, 0)
        theirs.append(normalised(map_))
    # for small gradients alpha = 1 / (2 + g sum(A)) is 1/2, whatever their scale
    network = frozen(Pooled(seed=7))
    weights = network.fc.weight[0].relu()
    grid = run_of(network, "relu", x, 8).grid[0]
    limit = normalised(torch.einsum("k,khw->hw", weights, grid))
    for ours in maps:
        torch.testing.assert_close(ours, limit, rtol=0, atol=1e-3)
    # with the epsilon the weights become the third power of the gradients, and in the end nothing
    cubic = normalised(torch.einsum("k,khw->hw", weights**3, grid))
    assert_parity(cubic, theirs[1])
    assert (theirs[1] - limit).abs().max() > 0.1


def test_pytorch_grad_cam_drops_targets_silently() -> None:
    network = frozen(Pooled(seed=7))
    x = random_picture(8)
    ours = grad_cam(run_of(network, "relu", x, 8), classes(0, 1))
    assert ours.shape == (2, 8, 8)
    both = [ClassifierOutputTarget(0), ClassifierOutputTarget(1)]
    with raw(package.GradCAM)(network.requires_grad_(), [network.relu]) as theirs:
        maps = theirs(x.requires_grad_(), both)
    assert maps.shape == (1, 8, 8)
    assert_parity(ours[0], torch.from_numpy(maps[0]))


def test_pytorch_grad_cam_takes_an_activation_that_was_overwritten() -> None:
    network = frozen(Residual())  # its convolution is followed by an in-place ReLU
    x = random_picture(8)
    run = run_of(network, "conv", x, 8)
    assert run.grid.min() < 0
    gradient = run.gradient(run.logits[0, 0])[0]
    for name, method in (("grad-cam", package.GradCAM), ("hires-cam", package.HiResCAM)):
        weights = gradient.mean((1, 2), keepdim=True) if name == "grad-cam" else gradient
        ours = METHODS[name].maps(run, classes(0))[0]
        assert_parity(ours, (weights * run.grid[0]).sum(0))
        theirs = pytorch_grad_cam_map(method, network, "conv", x, 0)
        assert_parity((weights * run.grid[0].relu()).sum(0), theirs)


def test_ours_leaves_nothing_on_the_network() -> None:
    network: nn.Module = frozen(Residual())
    run = run_of(network, "conv", random_picture(8), 8)
    for method in METHODS.values():
        if not method.obstacle(run) and method.family.value == "Gradient":
            method.maps(run, classes(0, 1))
    assert not any(m._forward_hooks or m._backward_hooks for m in network.modules())
    assert all(p.grad is None for p in network.parameters())
