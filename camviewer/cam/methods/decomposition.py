"""Methods that take an activation apart into what its cells have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from camviewer.cam.methods.method import Family, Method, at_once, serves_all
from camviewer.cam.split import Run
from camviewer.cam.targets import Target

_MOST_CELLS = 32  # along the longer side: the kernel matrix has the fourth power of it
_CONCEPTS = 5
_UPDATES = 200
_FLOOR = 1e-2  # of the mean: where the factorization's start is zero


def eigen_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Eigen-CAM (Muhammad & Yeasin 2020, section III).

    With the cells of the activation as rows of ``A``, less their mean, and ``A = U S V^T``, the map
    is ``A v_1``, the cells along the first principal component. The paper's formula does not
    subtract the mean; pytorch-grad-cam does, and so components are what the cells differ in, not
    what they share. A component has no sign of its own: it is given the one in which it rises with
    the mean over the channels, so that positive is where the layer is active. The map is the same
    for all targets.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded, of mean zero.
    """
    return _first_component(run.grid).expand(len(targets), -1, -1)


def eigen_grad_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """Eigen-CAM of the activation times its gradient, as pytorch-grad-cam (Gildenblat 2021) has it.

    The first principal component of ``dy^c/dA_k(x, y) A_k(x, y)``, in the sign in which it rises
    with the sum of that over the channels: positive is where the activation speaks for the target.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded, of mean zero.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    products = run.gradients(targets) * run.grid
    return torch.cat([_first_component(product[None]) for product in products])


def kpca_cam(run: Run, targets: Sequence[Target]) -> Tensor:
    """KPCA-CAM (Karmani et al. 2024): Eigen-CAM with kernel principal components.

    With ``a_i`` the channels of cell ``i``, less their mean over the cells, and the sigmoid kernel
    ``K_ij = tanh(a_i . a_j / channels + 1)``, centred in its own space: the map is the first
    eigenvector times the root of its eigenvalue. Its sign is chosen as in `eigen_cam`, and the map
    is the same for all targets. Grids of more than 32 cells along a side are first averaged down to
    that.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded, of mean zero.
    """
    grid = run.grid
    cells = (min(run.cells[0], _MOST_CELLS), min(run.cells[1], _MOST_CELLS))
    samples = _samples(F.adaptive_avg_pool2d(grid, cells))
    kernel = torch.tanh(samples @ samples.T / samples.shape[1] + 1)
    kernel = kernel - kernel.mean(0) - kernel.mean(1, keepdim=True) + kernel.mean()
    component = _largest(kernel)
    return _facing(component, samples).view(1, *cells).to(grid).expand(len(targets), -1, -1)


@dataclass(frozen=True, eq=False)
class Concepts:
    """An activation as a sum of few non-negative parts: ``A_k(x, y) ~ sum_f H_f(x, y) W_fk``.

    Attributes:
        maps: H, float ``(concepts, rows, columns)``, >= 0: where each is.
        vectors: W, float ``(concepts, channels)``, >= 0: which channels it is made of.
    """

    maps: Tensor
    vectors: Tensor


def concepts(grid: Tensor, count: int = _CONCEPTS) -> Concepts:
    """Deep feature factorization (Collins et al. 2018, section 3): whatever the classes may be.

    Non-negative matrix factorization by multiplicative updates (Lee & Seung 2001, theorem 1). They
    start from the singular vectors (NNDSVD, Boutsidis & Gallopoulos 2008), not from chance: always
    the same, and no concept starts as a mixture of all, in which weak ones would drown. Channels
    that go below zero are raised to it.

    Args:
        grid: float ``(1, channels, rows, columns)``.
        count: how many parts; there are never more than channels or cells.
    """
    lowest = grid[0].amin((1, 2), keepdim=True).clamp_max(0)
    data = (grid[0] - lowest).flatten(1).T.cpu().double()  # cells x channels
    heat, vectors = _nonnegative_start(data, count)
    tiny = torch.finfo(data.dtype).tiny
    for _ in range(_UPDATES):
        heat = heat * (data @ vectors.T) / (heat @ (vectors @ vectors.T)).clamp_min(tiny)
        vectors = vectors * (heat.T @ data) / ((heat.T @ heat) @ vectors).clamp_min(tiny)
    return Concepts(heat.T.reshape(-1, *grid.shape[2:]).to(grid), vectors.to(grid))


def deep_feature_factorization(
    run: Run, targets: Sequence[Target], count: int = _CONCEPTS
) -> Tensor:
    """Deep feature factorization (Collins et al. 2018), made to answer for a target.

    The paper's concepts belong to no class. Each is weighed by its contribution to the score, the
    first-order loss if it were taken out of the activation,
    ``c_f = sum_(x, y, k) dy/dA_k(x, y) H_f(x, y) W_fk``, and its heat is scaled to add up to that:
    ``M = sum_f c_f H_f / sum_xy H_f``. The map adds up to what the concepts contribute together,
    and where the head is average pooling and one linear layer it is the CAM of the factorized
    activation over the number of cells.

    Args:
        count: how many concepts.

    Returns:
        float ``(len(targets), rows, columns)``, unbounded.

    Raises:
        MethodError: if the scores do not depend on the target layer.
    """
    found = concepts(run.grid, count)
    gradients = run.gradients(targets)
    shares = torch.einsum("tkhw,fhw,fk->tf", gradients, found.maps, found.vectors)
    total = found.maps.sum((1, 2), keepdim=True)
    heat = found.maps / total.clamp_min(torch.finfo(total.dtype).tiny)
    return torch.einsum("tf,fhw->thw", shares, heat)


def _nonnegative_start(data: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """For each singular triple the positive or the negative parts, whichever hold more.

    What is zero there is a little more than that, for the updates multiply.
    """
    u, s, vh = torch.linalg.svd(data, full_matrices=False)
    left, right = [], []
    for column, value, row in zip(u.T[:count], s[:count], vh[:count], strict=True):
        parts = [(column.clamp_min(0), row.clamp_min(0)), (-column.clamp_max(0), -row.clamp_max(0))]
        x, y = max(parts, key=lambda part: float(part[0].norm() * part[1].norm()))
        size = (value * x.norm() * y.norm()).sqrt()
        left.append(F.normalize(x, dim=0) * size)
        right.append(F.normalize(y, dim=0) * size)
    floor = (data.mean() / count).sqrt() * _FLOOR
    return torch.stack(left, 1).clamp_min(floor), torch.stack(right).clamp_min(floor)


def _samples(grid: Tensor) -> Tensor:
    """The cells of ``(1, channels, rows, columns)`` as rows, less their mean, in double precision.

    On the CPU: not every accelerator has eigenvectors or doubles.
    """
    cells = grid[0].flatten(1).T.cpu().double()
    return cells - cells.mean(0)


def _first_component(grid: Tensor) -> Tensor:
    """The cells along their first principal component, as ``(1, rows, columns)``."""
    samples = _samples(grid)
    cells, channels = samples.shape
    if cells <= channels:
        component = _largest(samples @ samples.T)
    else:
        component = samples @ torch.linalg.eigh(samples.T @ samples).eigenvectors[:, -1]
    return _facing(component, samples).view(1, *grid.shape[2:]).to(grid)


def _largest(gram: Tensor) -> Tensor:
    """The eigenvector of the largest eigenvalue, times the root of that."""
    eigen = torch.linalg.eigh(gram)
    component: Tensor = eigen.eigenvectors[:, -1] * eigen.eigenvalues[-1].clamp_min(0).sqrt()
    return component


def _facing(component: Tensor, samples: Tensor) -> Tensor:
    """The component in the sign in which it rises with the mean over the channels."""
    return -component if component @ samples.mean(1) < 0 else component


METHODS = (
    Method(
        name="eigen-cam",
        title="Eigen-CAM",
        family=Family.DECOMPOSITION,
        summary="What stands out at the layer, whatever the class: the first principal component.",
        paper="Muhammad & Yeasin 2020, Eigen-CAM: Class Activation Map using Principal Components",
        steps=at_once(eigen_cam),
        obstacle=serves_all,
    ),
    Method(
        name="eigen-grad-cam",
        title="Eigen-Grad-CAM",
        family=Family.DECOMPOSITION,
        summary="Eigen-CAM of activation times gradient: smoother than Grad-CAM, for one class.",
        paper="Gildenblat 2021, pytorch-grad-cam, after Muhammad & Yeasin 2020",
        steps=at_once(eigen_grad_cam),
        obstacle=serves_all,
    ),
    Method(
        name="kpca-cam",
        title="KPCA-CAM",
        family=Family.DECOMPOSITION,
        summary="Eigen-CAM with a kernel, for what is not linear; whatever the class.",
        paper="Karmani et al. 2024, KPCA-CAM: Visual Explainability of Deep Computer Vision Models "
        "using Kernel PCA",
        steps=at_once(kpca_cam),
        obstacle=serves_all,
    ),
    Method(
        name="dff",
        title="Deep feature factorization",
        family=Family.DECOMPOSITION,
        summary="The layer taken apart into a few concepts, each weighed by what it contributes.",
        paper="Collins et al. 2018, Deep Feature Factorization For Concept Discovery",
        steps=at_once(deep_feature_factorization),
        obstacle=serves_all,
    ),
)
