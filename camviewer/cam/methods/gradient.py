"""Methods that weigh an activation by the gradient of the score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

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
    weights = run.channel_gradients(targets)
    if weights is None:
        weights = run.gradients(targets).mean((2, 3))
    return torch.einsum("tk,khw->thw", weights, run.grid[0])


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
)
