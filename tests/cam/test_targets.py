"""What can be asked of a network, by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.linear import cam
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import HookedNetwork
from camviewer.cam.split.traced import TracedNetwork
from camviewer.cam.targets import (
    Against,
    ClassTarget,
    Contrast,
    Function,
    Reading,
    Similarity,
    Target,
    classes,
)
from camviewer.errors import MethodError
from tests.cam.networks import Branching, ChannelsLast, Flat, Gap, Residual, frozen

CPU = torch.device("cpu")
PICTURE = torch.tensor(
    [[[[1.0, -2.0], [0.0, 3.0]], [[0.0, 1.0], [2.0, -5.0]], [[1.0, 1.0], [-1.0, 2.0]]]]
)


def gap_run() -> Run:
    explainer = Explainer(frozen(Gap()), 4, CPU)
    return explainer.run(PICTURE, explainer.automatic)


def test_scores_by_hand() -> None:
    run = gap_run()
    # logits: 2.75, 2.75, and 0.5 * (4 + 3 + 4) / 4 = 1.375
    for target, expected in (
        (ClassTarget(2), 1.375),
        (Against(2), -1.375),
        (Contrast(0, 2), 1.375),
        (Function(lambda output: output.square().sum(1)), 2.75**2 * 2 + 1.375**2),
    ):
        assert float(run.score(target).detach()) == pytest.approx(expected)


def test_against_is_the_negative_and_contrast_the_difference_of_maps() -> None:
    run = gap_run()
    first, second = cam(run, classes(0, 1))
    against, contrast, nothing = cam(run, [Against(0), Contrast(0, 1), Contrast(1, 1)])
    torch.testing.assert_close(against, -first)
    torch.testing.assert_close(contrast, first - second)
    assert not nothing.any()


@pytest.mark.parametrize("network", [Residual(), ChannelsLast(), Gap()])
def test_closed_form_gradients_are_those_of_autograd(network: nn.Module) -> None:
    explainer = Explainer(frozen(network), 8, CPU)
    run = explainer.run(torch.randn(1, 3, 8, 12), explainer.automatic)
    targets: list[Target] = [*classes(0, 2), Against(1), Contrast(2, 0), Contrast(1, 1)]
    closed = run.gradients(targets)
    assert run.channel_gradients(targets) is not None
    by_autograd = replace(run, linear=None).gradients(targets)
    torch.testing.assert_close(closed, by_autograd, rtol=1e-4, atol=1e-7)


def test_what_is_not_linear_has_no_closed_form() -> None:
    run = gap_run()
    assert run.channel_gradients([ClassTarget(0), Function(lambda y: y[:, 0] ** 2)]) is None
    # d(y0^2)/dA_k = 2 * y0 * w_k / 4 = 2 * 2.75 * (1, 2, 0) / 4
    gradient = run.gradients([Function(lambda y: y[:, 0] ** 2)])[0, :, 1, 0]
    torch.testing.assert_close(gradient, torch.tensor([1.375, 2.75, 0.0]))
    with pytest.raises(MethodError, match="grad-cam"):
        cam(run, [Function(lambda y: y[:, 0] ** 2)])


def test_the_embedding_is_what_the_last_linear_layer_is_given() -> None:
    run = gap_run()
    # means of relu(picture): 4/4, 3/4, 4/4
    torch.testing.assert_close(run.embedding.detach(), torch.tensor([[1.0, 0.75, 1.0]]))
    flat = Explainer(frozen(Flat()), 2, CPU)
    run = flat.run(PICTURE, flat.layer("relu"))
    torch.testing.assert_close(run.embedding.detach(), PICTURE.relu().flatten(1))


def test_likeness_to_oneself_is_one_and_pulls_nowhere() -> None:
    run = gap_run()
    itself = Similarity(run.embedding.detach()[0])
    assert float(run.score(itself).detach()) == pytest.approx(1.0)
    assert float(grad_cam(run, [itself]).abs().max()) < 1e-6


def test_likeness_points_at_what_both_have() -> None:
    run = gap_run()
    reference = torch.tensor([1.0, 0.0, 0.0])  # only the first channel
    target = Similarity(reference)
    assert target.reads is Reading.EMBEDDING
    # cosine = e_0 / |e| with e = (1, 3/4, 1): |e|^2 = 41/16
    length = (41 / 16) ** 0.5
    assert float(run.score(target).detach()) == pytest.approx(1 / length)
    # d cos / d e = (1/|e| - e_0 e_0/|e|^3, -e_0 e_1/|e|^3, -e_0 e_2/|e|^3), over four cells
    gradient = torch.tensor(
        [1 / length - 1 / length**3, -0.75 / length**3, -1 / length**3]
    ) / 4  # fmt: skip
    torch.testing.assert_close(run.gradients([target])[0, :, 0, 0], gradient)


def test_scores_of_batches() -> None:
    run = gap_run()
    activations = torch.stack([torch.zeros(3, 2, 2), run.grid[0], 2 * run.grid[0]])
    targets: list[Target] = [ClassTarget(0), Against(1)]
    scores = run.of_activations(activations, targets)
    torch.testing.assert_close(scores, torch.tensor([[0.25, 2.75, 5.25], [0.5, -2.75, -6.0]]))
    pictures = torch.cat([torch.zeros_like(PICTURE), PICTURE])
    torch.testing.assert_close(run.of_pictures(pictures, targets), scores[:, :2])
    likeness = [Similarity(run.embedding.detach()[0])]
    torch.testing.assert_close(
        run.of_pictures(torch.cat([PICTURE, 3 * PICTURE]), likeness), torch.ones(1, 2)
    )


class Skipping(nn.Module):
    """A value from below the target layer is joined above it."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        return self.fc(torch.cat([self.conv(x), x], 1).mean((2, 3)))


@pytest.mark.parametrize("make", [Skipping, Residual, Branching])
def test_heads_take_batches_also_with_skip_connections(make: Callable[[], nn.Module]) -> None:
    explainer = Explainer(frozen(make()), 8, CPU)
    layer = "inner.conv" if make is Branching else "conv"
    run = explainer.run(torch.randn(1, 3, 8, 8), explainer.layer(layer))
    alone = run.of_activations(run.activation, classes(0, 1))
    other = torch.randn_like(run.activation)
    both = run.of_activations(torch.cat([run.activation, other]).detach(), classes(0, 1))
    torch.testing.assert_close(both[:, :1], alone)
    torch.testing.assert_close(both[:, 1:], run.of_activations(other, classes(0, 1)))


def test_a_network_without_a_last_linear_layer_says_so() -> None:
    network = frozen(Residual())
    hooked = HookedNetwork(network, torch.zeros(1, 3, 8, 8))
    run = replace(hooked.run(torch.zeros(1, 3, 8, 8), hooked.layers[0]), embed=None)
    with pytest.raises(MethodError, match="embedding"):
        _ = run.embedding


@pytest.mark.parametrize("make", [Gap, Residual, ChannelsLast])
def test_hooks_find_the_embedding_that_tracing_finds(make: Callable[[], nn.Module]) -> None:
    network = frozen(make())
    x = torch.randn(2, 3, 8, 8)
    hooked, traced = HookedNetwork(network, x[:1]), TracedNetwork(network, x[:1])
    run, same = hooked.run(x[:1], hooked.layers[-1]), traced.run(x[:1], traced.layers[-1])
    torch.testing.assert_close(run.embedding, same.embedding)
    reference = Similarity(torch.arange(same.embedding.shape[1]).float())
    torch.testing.assert_close(grad_cam(run, [reference]), grad_cam(same, [reference]))
    other = hooked.run(x[1:], hooked.layers[-1])
    torch.testing.assert_close(
        run.of_activations(other.activation.detach(), [reference]),
        other.score(reference).view(1, 1),
    )


class Keyword(nn.Module):
    """Calls its linear layer by keyword, so that hooks do not see what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = nn.Conv2d(3, 4, 1), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(input=self.conv(x).mean((2, 3)))


class Bare(nn.Module):
    """Ends in pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x).mean((2, 3))


@pytest.mark.parametrize("make", [Bare, Keyword])
def test_hooks_say_that_there_is_no_embedding(make: Callable[[], nn.Module]) -> None:
    network = frozen(make())
    hooked = HookedNetwork(network, torch.zeros(1, 3, 8, 8))
    run = hooked.run(torch.zeros(1, 3, 8, 8), hooked.layers[0])
    with pytest.raises(MethodError, match="embedding"):
        _ = run.embedding
