"""Methods that weigh an activation by the gradient of the score.

Where the head is average pooling and one linear layer the gradient is the same at every cell:
`Run.channel_gradients` knows it, and the maps of all targets are one or two matrix products.
Elsewhere one target's gradient is in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from camviewer.cam.methods.linear import weighted_sum
from camviewer.cam.methods.method import Family, Method, at_once, serves_all
from camviewer.cam.split import Run
from camviewer.cam.targets import Target


def grad_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017, equations 1 and 2).

    ``alpha_k^c = mean_xy dy^c / dA_k(x, y)`` and ``M_c = sum_k alpha_k^c A_k``, with ``y`` the
    logits. The paper's ReLU is left to where the map is shown.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    weights = run.constant_gradients(targets)
    if weights is None:
        weights = torch.stack([g.mean((1, 2)) for g in each_gradient(run, targets)])
    return weighted_sum(weights, run.grid[0])


def xgrad_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """XGrad-CAM (Fu et al. 2020, Axiom-based Grad-CAM, equation 9).

    ``alpha_k^c = sum_xy A_k(x, y) dy^c / dA_k(x, y) / sum_xy A_k(x, y)`` and
    ``M_c = sum_k alpha_k^c A_k``. A channel that sums to zero is weighed as in Grad-CAM. With a
    pooled linear head this is Grad-CAM.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    weights = run.channel_gradients(targets)
    grid = run.grid[0]
    if weights is None:
        total = grid.sum((1, 2))
        weights = torch.stack(
            [
                torch.where(total == 0, g.mean((1, 2)), (g * grid).sum((1, 2)) / total)
                for g in each_gradient(run, targets)
            ]
        )
    return weighted_sum(weights, grid)


def hires_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """HiResCAM (Draelos and Carin 2020, equation 5).

    ``M_c = sum_k A_k dy^c / dA_k``, cell by cell: the gradient is not averaged. With a pooled
    linear head this is Grad-CAM.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    constant = run.channel_gradients(targets)
    grid = run.grid[0]
    if constant is not None:
        return weighted_sum(constant, grid)
    return torch.stack([(g * grid).sum(0) for g in each_gradient(run, targets)])


def layer_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """LayerCAM (Jiang et al. 2021, equations 6 and 7).

    ``M_c = sum_k relu(dy^c / dA_k) A_k``, cell by cell.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    constant = run.channel_gradients(targets)
    grid = run.grid[0]
    if constant is not None:
        return weighted_sum(constant.relu(), grid)
    return torch.stack([(g.relu() * grid).sum(0) for g in each_gradient(run, targets)])


def elementwise_grad_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Element-wise Grad-CAM (Gildenblat 2021, pytorch-grad-cam's GradCAMElementWise).

    ``M_c = sum_k relu(A_k dy^c / dA_k)``, cell by cell: HiResCAM without what channels say against
    the class. In closed form ``relu(w a) = relu(w) relu(a) + relu(-w) relu(-a)``.

    Returns:
        float ``(len(targets), rows, columns)``, zero or more.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    constant = run.channel_gradients(targets)
    grid = run.grid[0]
    if constant is not None:
        positive = weighted_sum(constant.relu(), grid.relu())
        return positive + weighted_sum((-constant).relu(), (-grid).relu())
    return torch.stack([(g * grid).relu().sum(0) for g in each_gradient(run, targets)])


def each_gradient(run: Run, targets: Sequence[Target]) -> Iterator[Tensor]:
    """The gradients ``(channels, rows, columns)``, target by target, not all in memory at once.

    Raises:
        MethodError: if a score does not depend on the target layer.
    """
    for target in targets:
        yield run.gradient(run.score(target))[0]


METHODS = (
    Method(
        name="grad-cam",
        title="Grad-CAM",
        family=Family.GRADIENT,
        summary="Any network, any layer: channels weighed by their mean gradient.",
        paper="Selvaraju et al. 2017, Grad-CAM: Visual Explanations from Deep Networks",
        steps=at_once(grad_cam),
        obstacle=serves_all,
    ),
    Method(
        name="xgrad-cam",
        title="XGrad-CAM",
        family=Family.GRADIENT,
        summary="Grad-CAM with gradients averaged where the channel is active, so that the map's "
        "sum comes closer to the score.",
        paper="Fu et al. 2020, Axiom-based Grad-CAM: Towards Accurate Visualization and "
        "Explanation of CNNs",
        steps=at_once(xgrad_cam),
        obstacle=serves_all,
    ),
    Method(
        name="hires-cam",
        title="HiResCAM",
        family=Family.GRADIENT,
        summary="Gradient times activation, cell by cell: shows only places that were used.",
        paper="Draelos and Carin 2020, Use HiResCAM instead of Grad-CAM for Faithful Explanations "
        "of Convolutional Neural Networks",
        steps=at_once(hires_cam),
        obstacle=serves_all,
    ),
    Method(
        name="layer-cam",
        title="LayerCAM",
        family=Family.GRADIENT,
        summary="Positive gradients times activation, cell by cell: also for early, fine layers.",
        paper="Jiang et al. 2021, LayerCAM: Exploring Hierarchical Class Activation Maps for "
        "Localization",
        steps=at_once(layer_cam),
        obstacle=serves_all,
    ),
    Method(
        name="elementwise-grad-cam",
        title="Element-wise Grad-CAM",
        family=Family.GRADIENT,
        summary="HiResCAM with only what speaks for the class: covers more of the object.",
        paper="Gildenblat 2021, pytorch-grad-cam, GradCAMElementWise",
        steps=at_once(elementwise_grad_cam),
        obstacle=serves_all,
    ),
)
