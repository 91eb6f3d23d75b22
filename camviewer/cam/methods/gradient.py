"""Methods that weigh an activation by the gradient of the score."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from camviewer.cam.split import Run


def grad_cam(run: Run, targets: Sequence[int]) -> Tensor:
    """Grad-CAM (Selvaraju et al. 2017, equations 1 and 2).

    ``alpha_k^c = mean_xy dy^c / dA_k(x, y)`` and ``M_c = sum_k alpha_k^c A_k``, with ``y`` the
    logits. The paper's ReLU is left to where the map is shown.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the logits do not depend on the target layer.
    """
    grid = run.grid[0]
    maps = []
    for target in targets:
        weights = run.gradient(run.logits[0, target])[0].mean((1, 2))
        maps.append(torch.einsum("k,khw->hw", weights, grid))
    return torch.stack(maps)
