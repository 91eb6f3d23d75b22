"""Gradient methods with derivatives of the second and third order."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from camviewer.cam.methods.gradient import each_gradient, grad_cam
from camviewer.cam.methods.linear import weighted_sum
from camviewer.cam.methods.method import Family, Method, Partial, at_once, serves_all
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.errors import MethodError

SAMPLES = 8
NOISE = 0.3

# the choice of attention kernels is the process's: two threads would restore each other's
_ATTENTION = threading.Lock()


def grad_cam_plus_plus(run: Run, targets: Sequence[Target]) -> Tensor:
    """Grad-CAM++ (Chattopadhay et al. 2018, equations 5, 7 and 19).

    ``w_k = sum_xy alpha_k(x, y) relu(dS / dA_k(x, y))`` and ``M = sum_k w_k A_k``, with
    ``alpha = d2 / (2 d2 + sum_ab A_k(a, b) d3)`` of the second and third derivatives of
    ``S = exp(y)``. Where the head is piecewise linear those are ``exp(y) g^2`` and ``exp(y) g^3``
    with ``g = dy / dA_k(x, y)``, so that ``alpha = 1 / (2 + g sum_ab A_k(a, b))``; the factor
    ``exp(y)``, which scales the whole map, is left out, as it may overflow. No epsilon: it would
    drown the squares of small gradients.

    The paper takes activations to be zero or more. Elsewhere the denominator may be zero; the
    weight is then zero.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    grid = run.grid[0]
    total = grid.sum((1, 2))
    constant = run.channel_gradients(targets)
    if constant is not None:
        cells = run.cells[0] * run.cells[1]
        return weighted_sum(constant.relu() * _alpha(constant, total), grid) * cells
    total = total[:, None, None]
    weights = [(g.relu() * _alpha(g, total)).sum((1, 2)) for g in each_gradient(run, targets)]
    return weighted_sum(torch.stack(weights), grid)


def smooth_grad_cam_plus_plus(run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
    """Smooth Grad-CAM++ (Omeiza et al. 2019, equations 6 to 8).

    Grad-CAM++ with the derivatives averaged over noisy copies of the picture:
    ``w_k = sum_xy alpha relu(D1)`` and ``alpha = D2 / (2 D2 + sum_ab A_k(a, b) D3)``, where ``Dn``
    is the mean over all copies of the n-th power of ``dy / dA_k(x, y)`` and ``A`` the activation
    of the picture itself. (The paper prints D1 as the numerator of alpha, which contradicts the
    Grad-CAM++ that it extends.) The noise is Gaussian and the same every time, its standard
    deviation 0.3 of the picture's.

    With a pooled linear head the gradient does not depend on the picture: this is Grad-CAM++, and
    no noise is needed.

    Yields:
        The maps ``(len(targets), rows, columns)``, unbounded, of one copy more each time.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    if run.channel_gradients(targets) is not None:
        yield Partial(grad_cam_plus_plus(run, targets), 1.0)
        return
    for number, maps in enumerate(smoothed(run, targets, _noisy(run.picture)), start=1):
        yield Partial(maps, number / SAMPLES)


def smoothed(run: Run, targets: Sequence[Target], pictures: Iterable[Tensor]) -> Iterator[Tensor]:
    """The maps of Smooth Grad-CAM++ over the pictures seen so far, after each of them.

    Args:
        run: gives the activation that is weighed.
        targets: what is asked.
        pictures: float ``(1, 3, height, width)`` each, as `Run.picture`.
    """
    grid = run.grid[0]
    total = grid.sum((1, 2), keepdim=True)
    first = second = third = grid.new_zeros(len(targets), *grid.shape)
    for number, picture in enumerate(pictures, start=1):
        gradients = run.again(picture, run.layer).gradients(targets)
        squares = gradients.square()
        first, second = first + gradients, second + squares
        third = third + squares * gradients
        # D3 / D2 takes the place of one sample's gradient: it is that gradient, weighed by squares
        slope = torch.where(second > 0, third / second, 0)
        weights = (first.relu() / number * _alpha(slope, total)).sum((2, 3))
        yield weighted_sum(weights, grid)


def _alpha(gradient: Tensor, total: Tensor) -> Tensor:
    denominator = 2 + gradient * total
    return torch.where(denominator == 0, 0, 1 / denominator)


def _noisy(picture: Tensor) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(0)
    deviation = NOISE * float(picture.std())
    for _ in range(SAMPLES):
        yield picture + deviation * torch.randn(picture.shape, generator=generator).to(picture)


def shapley_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """ShapleyCAM (Cai 2025, CAMs as Shapley Value-based Explainers, section 4).

    ``w_k = mean_xy (dU/dA - H A / 2)_k(x, y)`` and ``M = sum_k w_k A_k``, with ``H`` the Hessian of
    the utility ``U`` with respect to the whole activation ``A``: the Shapley values of a game
    whose utility is expanded to the second order. The utility is the target's score; the paper's
    ReST, ``y^c + log softmax(y)^c``, can be asked for with a `Function`. Where the head is
    piecewise linear, ``H`` is zero and this is Grad-CAM.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the head cannot be differentiated twice, or the scores do not depend on the
            target layer.
    """
    if run.channel_gradients(targets) is not None:
        return grad_cam(run, targets)
    # a new leaf: what has been computed already may have used kernels without second derivatives
    again = replace(run, activation=run.activation.detach().requires_grad_())
    try:
        with torch.enable_grad(), _ATTENTION, sdpa_kernel(SDPBackend.MATH):
            weights = [_shapley_weights(again, target) for target in targets]
    except torch.OutOfMemoryError:
        raise
    except RuntimeError as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise MethodError(
            f"Above layer {run.layer.name!r} the network cannot be differentiated twice "
            f"({reason}). Use Grad-CAM, or a layer further up."
        ) from error
    return weighted_sum(torch.stack(weights), run.grid[0])


def _shapley_weights(run: Run, target: Target) -> Tensor:
    """``mean_xy (dU/dA - H A / 2)`` per channel, float ``(channels,)``."""
    score, activation = run.score(target), run.activation
    gradient = _derivative(score, activation)
    if gradient is None:
        raise MethodError(
            f"The scores do not depend on layer {run.layer.name!r}. Choose another layer."
        )
    curvature = _derivative((gradient * activation.detach()).sum(), activation)
    marginal = gradient if curvature is None else gradient - curvature / 2
    return run.layer.layout.grid(marginal.detach(), run.cells)[0].mean((1, 2))


def _derivative(value: Tensor, of: Tensor) -> Tensor | None:
    """The gradient of a scalar, itself differentiable; None where it does not depend on it."""
    if not value.requires_grad:
        return None
    (gradient,) = torch.autograd.grad(value, of, create_graph=True, allow_unused=True)
    return gradient


def _runs_from_the_middle(run: Run) -> str:
    if isinstance(run.network, torch.jit.ScriptModule):
        return "It needs second derivatives, which a TorchScript network does not give."
    return ""


METHODS = (
    Method(
        name="grad-cam++",
        title="Grad-CAM++",
        family=Family.GRADIENT,
        summary="Only positive gradients, weighed per cell: covers several objects of a class.",
        paper="Chattopadhay et al. 2018, Grad-CAM++: Improved Visual Explanations for Deep "
        "Convolutional Networks",
        steps=at_once(grad_cam_plus_plus),
        obstacle=serves_all,
    ),
    Method(
        name="smooth-grad-cam++",
        title="Smooth Grad-CAM++",
        family=Family.GRADIENT,
        summary="Grad-CAM++ averaged over noisy copies of the picture: calmer maps.",
        paper="Omeiza et al. 2019, Smooth Grad-CAM++: An Enhanced Inference Level Visualization "
        "Technique for Deep Convolutional Neural Network Models",
        steps=smooth_grad_cam_plus_plus,
        obstacle=serves_all,
        slow=True,
    ),
    Method(
        name="shapley-cam",
        title="ShapleyCAM",
        family=Family.GRADIENT,
        summary="Grad-CAM corrected by second derivatives; differs where the head is curved.",
        paper="Cai 2025, CAMs as Shapley Value-based Explainers",
        steps=at_once(shapley_cam),
        obstacle=_runs_from_the_middle,
    ),
)
