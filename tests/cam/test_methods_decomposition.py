"""Eigen-CAM and its kin and deep feature factorization against values computed by hand."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.decomposition import (
    concepts,
    deep_feature_factorization,
    eigen_cam,
    eigen_grad_cam,
    kpca_cam,
)
from camviewer.cam.methods.linear import cam
from camviewer.cam.split import Run
from camviewer.cam.targets import Against, classes
from tests.cam.networks import ClassToken, Flat, Gap, Residual, frozen

CPU = torch.device("cpu")
RAMP = torch.tensor([[0.0, 1.0], [2.0, 3.0]])
CENTRED = RAMP - 1.5


def seen(network: nn.Module, picture: Tensor, layer: str | None = None) -> Run:
    explainer = Explainer(frozen(network), picture.shape[2], CPU)
    return explainer.run(picture, explainer.layer(layer))


def ramps(*factors: float) -> Run:
    """The layer's channels are multiples of one ramp: one component holds everything."""
    return seen(Gap(), torch.stack([RAMP * factor for factor in factors])[None])


def test_eigen_cam_is_the_place_along_the_first_component() -> None:
    # the cells lie on the direction (1, 2, 0) / sqrt 5, sqrt 5 apart
    maps = eigen_cam(ramps(1, 2, 0), classes(0, 2))
    torch.testing.assert_close(maps, torch.stack([CENTRED, CENTRED]) * math.sqrt(5))


def test_eigen_cam_is_positive_where_the_layer_is_active() -> None:
    # (3 - ramp) and its double fall where the ramp rises
    picture = torch.stack([3 - RAMP, 6 - 2 * RAMP, RAMP * 0])[None]
    (map_,) = eigen_cam(seen(Gap(), picture), classes(0))
    torch.testing.assert_close(map_, -CENTRED * math.sqrt(5))


def test_eigen_cam_with_more_cells_than_channels_is_the_same() -> None:
    run = seen(Residual(), torch.randn(1, 3, 8, 8), "stem")  # 64 cells, 4 channels
    samples = run.grid[0].flatten(1).T
    samples = samples - samples.mean(0)
    _, _, v = torch.linalg.svd(samples)
    (map_,) = eigen_cam(run, classes(0))
    expected = (samples @ v[0]).view(8, 8)
    sign = torch.sign((expected * samples.mean(1).view(8, 8)).sum())
    torch.testing.assert_close(map_, expected * sign, rtol=1e-3, atol=1e-4)


def test_eigen_grad_cam_takes_the_activation_times_its_gradient() -> None:
    # gradients of class 0 are (1, 2, 0) / 4: the products are the ramp times (1, 4, 0) / 4
    maps = eigen_grad_cam(ramps(1, 2, 0), (*classes(0), Against(0)))
    expected = CENTRED * math.sqrt(17) / 4
    torch.testing.assert_close(maps, torch.stack([expected, -expected]))


def test_kpca_cam_is_the_first_kernel_component() -> None:
    # channel 0 is 0 above and 2 below, less its mean -1 and 1; over three channels the kernel is
    # p = tanh(1/3 + 1) within a row and q = tanh(-1/3 + 1) across. Centred that is (p - q) / 2 and
    # its negative: the component is (-1, -1, 1, 1) / 2, its eigenvalue 4 (p - q) / 2
    picture = torch.tensor([[0.0, 0.0], [2.0, 2.0]]).expand(3, 2, 2) * torch.tensor(
        [[[1.0]], [[0]], [[0]]]
    )
    (map_,) = kpca_cam(seen(Gap(), picture[None]), classes(1))
    height = math.sqrt(2 * (math.tanh(4 / 3) - math.tanh(2 / 3))) / 2
    torch.testing.assert_close(map_, torch.tensor([[-height, -height], [height, height]]))


def test_kpca_cam_averages_large_grids_down() -> None:
    run = seen(Gap(), torch.randn(1, 3, 40, 24))
    assert kpca_cam(run, classes(0, 1)).shape == (2, 32, 24)


@pytest.mark.parametrize(
    "method", [eigen_cam, eigen_grad_cam, kpca_cam, deep_feature_factorization]
)
def test_a_layer_without_structure_gives_an_empty_map(method: object) -> None:
    maps = method(seen(Gap(), torch.zeros(1, 3, 4, 4)), classes(0, 1))
    torch.testing.assert_close(maps, torch.zeros(2, 4, 4))


def test_concepts_of_what_is_one_concept_are_exact() -> None:
    grid = torch.tensor([1.0, 2.0, 5.0])[:, None, None] * RAMP
    found = concepts(grid[None], 1)
    # H and W may share any factor; their product is the activation
    torch.testing.assert_close(
        torch.einsum("fhw,fk->khw", found.maps, found.vectors), grid, rtol=1e-4, atol=1e-4
    )
    torch.testing.assert_close(found.maps[0] / found.maps[0].max(), RAMP / 3)


def test_concepts_tell_apart_what_does_not_overlap() -> None:
    grid = torch.zeros(1, 4, 4, 4)
    grid[0, :2, :2] = 1  # channels 0 and 1 above
    grid[0, 2:, 2:] = 3  # channels 2 and 3 below
    found = concepts(grid, 2)
    above, below = (0, 1) if found.vectors[0, 0] > found.vectors[1, 0] else (1, 0)
    assert found.maps[above, 2:].max() < 1e-3 * found.maps[above, :2].min()
    assert found.maps[below, :2].max() < 1e-3 * found.maps[below, 2:].min()
    assert found.vectors[above, 2:].max() < 1e-3 * found.vectors[above, :2].min()


def test_factorization_for_a_target_is_the_cam_of_the_concepts() -> None:
    # one concept, the ramp times (1, 2, 0), rebuilds the layer; class 0 weighs channels (1, 2, 0),
    # class 1 (0, -1, 4): CAM is 5 and -2 times the ramp, and there are four cells
    maps = deep_feature_factorization(ramps(1, 2, 0), classes(0, 1))
    expected = torch.stack([5 * RAMP, -2 * RAMP]) / 4
    torch.testing.assert_close(maps, expected, rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(maps, cam(ramps(1, 2, 0), classes(0, 1)) / 4, rtol=1e-3, atol=1e-3)


def test_factorization_weighs_concepts_by_the_gradient_where_they_are() -> None:
    # the head looks at every place by itself: weights of class 0 are 0..11 over (channel, row,
    # column). One concept, (1, 1, 0) at the right column: it contributes 1 + 3 + 5 + 7 = 16, shown
    # in equal parts where it is
    column = torch.tensor([[0.0, 1.0], [0.0, 1.0]])
    picture = torch.stack([column, column, column * 0])[None]
    (map_,) = deep_feature_factorization(seen(Flat(), picture, "relu"), classes(0), 1)
    torch.testing.assert_close(map_, column * 8, rtol=1e-3, atol=1e-3)


@given(seed=st.integers(0, 1000), count=st.integers(1, 6))
def test_concepts_are_not_negative_repeatable_and_better_than_the_mean(
    seed: int, count: int
) -> None:
    grid = torch.randn(1, 5, 4, 6, generator=torch.Generator().manual_seed(seed))
    found = concepts(grid, count)
    assert found.maps.shape == (min(count, 5), 4, 6)
    assert found.vectors.shape == (min(count, 5), 5)
    assert min(found.maps.min(), found.vectors.min()) >= 0
    again = concepts(grid, count)
    assert torch.equal(found.maps, again.maps)
    raised = grid[0] - grid[0].amin((1, 2), keepdim=True)  # every channel goes below zero
    rebuilt = torch.einsum("fhw,fk->khw", found.maps, found.vectors)
    mean = raised.mean((1, 2), keepdim=True)  # itself a factorization of one concept
    assert (raised - rebuilt).square().sum() <= (raised - mean).square().sum() * 1.001


@settings(max_examples=20)
@given(seed=st.integers(0, 1000))
def test_a_factorized_map_adds_up_to_what_the_concepts_contribute(seed: int) -> None:
    picture = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed))
    run = seen(ClassToken(), picture)
    maps = deep_feature_factorization(run, classes(0, 2))
    found = concepts(run.grid)
    rebuilt = torch.einsum("fhw,fk->khw", found.maps, found.vectors)
    expected = (run.gradients(classes(0, 2)) * rebuilt).sum((1, 2, 3))
    torch.testing.assert_close(maps.sum((1, 2)), expected, rtol=1e-3, atol=1e-4)
