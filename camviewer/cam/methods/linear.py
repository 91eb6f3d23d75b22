"""Methods in closed form, for heads that are average pooling and one linear layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor
from torch.nn.functional import conv2d

from camviewer.cam.methods.method import Family, Method, at_once, needs_linear_head
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.errors import MethodError

# on a CPU: from here on a 1x1 convolution takes less time than the same matrix product
_MANY = 400


def cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Class activation mapping (Zhou et al. 2016, equation 2).

    ``M_c(x, y) = sum_k w_k^c A_k(x, y)``, with ``w`` the weights of the linear layer. The mean of
    ``M_c`` over the map plus the layer's bias is the logit of class ``c``.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the head is anything else than average pooling and one linear layer, or a
            target is not linear in the logits.
    """
    weights = run.class_weights(targets)
    if weights is None:
        raise MethodError(
            f"The head above {run.layer.name!r}, or what is asked of it, is not linear. Use "
            "grad-cam."
        )
    return weighted_sum(weights, run.grid[0])


def weighted_sum(weights: Tensor, grid: Tensor) -> Tensor:
    """``sum_k w_tk A_k`` from ``(targets, channels)`` and ``(channels, rows, columns)``.

    Returns:
        Float ``(targets, rows, columns)``.
    """
    if len(weights) >= _MANY:
        sums: Tensor = conv2d(grid[None], weights[:, :, None, None])[0]
        return sums
    return (weights @ grid.flatten(1)).view(len(weights), *grid.shape[1:])


METHODS = (
    Method(
        name="cam",
        title="CAM",
        family=Family.LINEAR,
        summary="Exact: the pooled map plus the bias is the class's logit. "
        "For networks that end in pooling and one linear layer.",
        paper="Zhou et al. 2016, Learning Deep Features for Discriminative Localization",
        steps=at_once(cam),
        obstacle=needs_linear_head,
    ),
)
