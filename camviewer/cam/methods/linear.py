"""Methods in closed form, for heads that are average pooling and one linear layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from camviewer.cam.split import Run
from camviewer.errors import MethodError


def cam(run: Run, targets: Sequence[int]) -> Tensor:
    """Class activation mapping (Zhou et al. 2016, equation 2).

    ``M_c(x, y) = sum_k w_k^c A_k(x, y)``, with ``w`` the weights of the linear layer. The mean of
    ``M_c`` over the map plus the layer's bias is the logit of class ``c``.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the head is anything else than average pooling and one linear layer.
    """
    if run.linear is None:
        raise MethodError(f"The head above {run.layer.name!r} is not linear. Use grad-cam.")
    grid = run.grid[0]
    if run.linear.weight is None:
        return grid[list(targets)]
    return torch.einsum("ck,khw->chw", run.linear.weight[list(targets)], grid)
