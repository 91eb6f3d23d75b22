"""Attention methods: by hand, against an independent account, and without a trace left."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.cam.methods.attention import attention_rollout, legrad
from camviewer.cam.split import Run
from camviewer.cam.split.hooked import HookedNetwork, hooked
from camviewer.cam.split.scripted import ScriptedNetwork
from camviewer.cam.targets import Against, Contrast, Similarity, Target, classes
from camviewer.errors import CancelledError, MethodError
from tests.cam.networks import ClassToken, Residual, frozen
from tests.cam.test_split import scripted_copy
from tests.cam.transformers import (
    Block,
    ByHand,
    Cross,
    Encoder,
    Shared,
    Vision,
    attention_of,
    block_with,
)

CPU = torch.device("cpu")
LOG = torch.log(torch.tensor([2.0, 1.0, 3.0, 1.0]))
# first channels log 2, 0, log 3, 0; the class token of zeros weighs 1: weights (1, 2, 1, 3, 1) / 8
PICTURE = torch.stack(
    [LOG, torch.tensor([1.0, -2.0, 0.5, 0.0]), torch.tensor([0.0, 1.0, -1.0, 2.0])]
).view(1, 3, 2, 2)


def picture(*size: int) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(7))


def run_of(network: nn.Module, side: int = 8, shown: Tensor | None = None) -> Run:
    explainer = Explainer(frozen(network), side, CPU)
    return explainer.run(picture(side, side) if shown is None else shown, explainer.automatic)


def by_hooks(network: nn.Module, shown: Tensor) -> Run:
    opened = HookedNetwork(frozen(network), shown)
    return opened.run(shown, opened.layers[0])


def assert_untouched(network: nn.Module) -> None:
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in network.modules())
    assert not any(p.requires_grad or p.grad is not None for p in network.parameters())


def test_rollout_through_two_layers_by_hand() -> None:
    # A' = (1 a' + I) / 2; A'A' = (3 * 1 a' + I) / 4: the class token's row is 3/4 a
    expected = torch.tensor([[2.0, 1.0], [3.0, 1.0]]) / 8 * 3 / 4
    maps = attention_rollout(by_hooks(ByHand(2, silent=True), PICTURE), classes(0, 1))
    torch.testing.assert_close(maps, expected.expand(2, 2, 2))


def test_rollout_of_pooled_tokens_is_the_mean_of_their_rows() -> None:
    # of all five rows of (3 * 1 a' + I) / 4: 3/4 a + 1/20
    expected = torch.tensor([[2.0, 1.0], [3.0, 1.0]]) / 8 * 3 / 4 + 1 / 20
    maps = attention_rollout(by_hooks(ByHand(2, silent=True, pooled=True), PICTURE), classes(0))
    torch.testing.assert_close(maps, expected[None])


def test_legrad_of_one_layer_by_hand() -> None:
    # s = w'(sum_j A_0j z_j): ds / dA_0j = w'z_j, zero for the other queries; over five queries
    first = torch.tensor([[1.0, -3.0], [1.5, -2.0]]).relu() / 5
    second = (PICTURE[0].sum(0)).relu() / 5
    maps = legrad(by_hooks(ByHand(1), PICTURE), classes(0, 1))
    torch.testing.assert_close(maps, torch.stack([first, second]))


def test_legrad_of_two_layers_by_hand() -> None:
    # layer 2 sees z_j + m with m = sum_j a_j z_j and the same weights a; w'm = sum_j a_j w'z_j
    slopes = torch.tensor([[1.0, -3.0], [1.5, -2.0]])
    moved = (2 * 1 - 1 * 3 + 3 * 1.5 - 1 * 2) / 8
    expected = (slopes.relu() + (slopes + moved).relu()) / 5 / 2
    maps = legrad(by_hooks(ByHand(2), PICTURE), classes(0))
    torch.testing.assert_close(maps, expected[None])


def account(network: Vision, score: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Rollout ``(17, 17)`` and LeGrad's relevance ``(17,)``, computed without hooks."""
    tokens = network.tokens(picture(8, 8))
    rolled, relevance = torch.eye(17), torch.zeros(17)
    for block in network.blocks:
        assert isinstance(block, Block)
        attention = attention_of(block, tokens).detach().requires_grad_()
        rolled = (attention.detach().mean(0) + torch.eye(17)) / 2 @ rolled
        tokens = block_with(block, tokens.detach(), attention)
        (slope,) = torch.autograd.grad(score(tokens), attention)
        relevance += slope.relu().mean((0, 1)) / 3
    torch.testing.assert_close(network.read(tokens), network(picture(8, 8)))
    return rolled, relevance


def score_of(network: Vision, target: Target, tokens: Tensor) -> Tensor:
    return target.score(network.read(tokens))[0]


@pytest.mark.parametrize("pooled", [False, True])
@pytest.mark.parametrize("batch_first", [False, True])
def test_both_methods_against_an_account_without_hooks(*, batch_first: bool, pooled: bool) -> None:
    network = Vision(batch_first=batch_first, pooled=pooled)
    run = run_of(network)
    targets: list[Target] = [*classes(1, 3), Against(0), Contrast(2, 0)]
    expected = []
    for target in targets:
        rolled, relevance = account(network, partial(score_of, network, target))
        expected.append(relevance[1:].view(4, 4))
    torch.testing.assert_close(legrad(run, targets), torch.stack(expected))
    row = rolled.mean(0) if pooled else rolled[0]
    maps = attention_rollout(run, targets)
    torch.testing.assert_close(maps, row[1:].view(1, 4, 4).expand(4, -1, -1))
    assert_untouched(network)


def test_likeness_reads_the_embedding() -> None:
    network = Vision()
    run = run_of(network)
    target = Similarity(torch.randn(8, generator=torch.Generator().manual_seed(1)))
    _, relevance = account(network, lambda t: target.score(network.norm(t)[:, 0])[0])
    torch.testing.assert_close(legrad(run, [target]), relevance[1:].view(1, 4, 4))


def keep(seen: list[Tensor], _module: nn.Module, _inputs: Any, output: Tensor) -> None:
    seen.append(output.detach())


NETWORKS: list[Callable[[], nn.Module]] = [
    ClassToken,
    Vision,
    lambda: Encoder(norm_first=True),
    lambda: Encoder(norm_first=False),
]


@pytest.mark.parametrize("make", NETWORKS)
@pytest.mark.parametrize("method", [attention_rollout, legrad])
def test_the_network_computes_what_it_computes_without(
    make: Callable[[], nn.Module], method: Callable[..., Tensor]
) -> None:
    network = frozen(make())
    expected = network(picture(8, 8))
    for run in (run_of(network), by_hooks(network, picture(8, 8))):
        seen: list[Tensor] = []
        head = run.network.get_submodule("head")
        with hooked([(head, partial(keep, seen))]):
            maps = method(run, classes(0, 1))
        assert seen
        torch.testing.assert_close(seen[-1][-1:], expected, rtol=1e-5, atol=1e-5)
        assert maps.shape == (2, 4, 4)
        assert float(maps.max()) > 0
        assert float(maps.min()) >= 0
        assert not maps.requires_grad
    torch.testing.assert_close(network(picture(8, 8)), expected)
    assert_untouched(network)


def test_other_threads_see_the_network_as_it_is() -> None:
    network = frozen(Vision())
    run = run_of(network)
    other = torch.randn(2, 3, 8, 8)
    expected = network(other)
    found: list[Tensor] = []

    def meanwhile(*_: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            thread = threading.Thread(target=lambda: found.append(network(other)))
            thread.start()
            thread.join()

    with hooked([(network.blocks[1].ln_2, meanwhile)]):
        legrad(run, classes(0))
        attention_rollout(run, classes(0))
    assert len(found) == 3
    for logits in found:
        torch.testing.assert_close(logits, expected, rtol=0, atol=0)


@contextmanager
def interrupted(passes: int) -> Iterator[None]:
    """Cancel as the window does: between two modules, after that many."""
    left = [passes]

    def interrupt(*_: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise CancelledError("enough")

    handle = nn.modules.module.register_module_forward_pre_hook(interrupt)
    yield
    handle.remove()


@pytest.mark.parametrize("method", [attention_rollout, legrad])
@pytest.mark.parametrize("passes", [0, 5, 20])
def test_no_hook_is_left_when_the_network_is_interrupted(
    method: Callable[..., Tensor], passes: int
) -> None:
    network = frozen(Vision())
    run = run_of(network)
    with interrupted(passes), pytest.raises(CancelledError):
        method(run, classes(0))
    assert_untouched(network)


def test_torchvisions_vision_transformer() -> None:
    torch.manual_seed(0)
    network = torchvision.models.VisionTransformer(32, 8, 2, 2, 16, 32, num_classes=5)
    nn.init.normal_(network.heads.head.weight)
    run = run_of(network, 32)
    for method in (attention_rollout, legrad):
        maps = method(run, classes(0, 4))
        assert maps.shape == (2, 4, 4)
        assert float(maps.std((1, 2)).min()) > 0
    assert not torch.equal(*legrad(run, classes(0, 4)))
    assert torch.equal(*attention_rollout(run, classes(0, 4)))


def test_oblong_pictures_have_oblong_maps() -> None:
    explainer = Explainer(frozen(Vision()), 8, CPU)
    for layer in (explainer.automatic, explainer.layer("patches")):
        run = explainer.run(picture(8, 14), layer)
        assert legrad(run, classes(0)).shape == (1, 4, 7)
        assert attention_rollout(run, classes(0)).shape == (1, 4, 7)


def test_networks_without_such_attention_are_refused_beforehand() -> None:
    plain = run_of(Residual())
    opened = ScriptedNetwork(scripted_copy(frozen(Residual())), picture(8, 8))
    script = opened.run(picture(8, 8), opened.layers[-1])
    for name in ("attention-rollout", "legrad"):
        assert METHODS[name].obstacle(run_of(Vision())) == ""
        assert "MultiheadAttention" in METHODS[name].obstacle(plain)
        assert "TorchScript" in METHODS[name].obstacle(script)
        assert not METHODS[name].layered


@pytest.mark.parametrize("method", [attention_rollout, legrad])
def test_attention_of_another_kind_is_refused_with_what_to_use(
    method: Callable[..., Tensor],
) -> None:
    with pytest.raises(MethodError, match=r"self-attention.*Use grad-cam"):
        method(run_of(Cross()), classes(0))
    with pytest.raises(MethodError, match="Use grad-cam"):
        method(by_hooks(Residual(), picture(8, 8)), classes(0))


def test_a_shared_attention_has_no_layers_of_its_own() -> None:
    run = by_hooks(Shared(), PICTURE)
    with pytest.raises(MethodError, match="self-attention"):
        legrad(run, classes(0))
    assert attention_rollout(run, classes(0)).shape == (1, 2, 2)


class OneByOne(Vision):
    """Refuses batches."""

    def tokens(self, x: Tensor) -> Tensor:
        return super().tokens(x.view(1, 3, 8, 8))


def test_a_network_that_takes_one_picture_at_a_time_is_told() -> None:
    run = by_hooks(OneByOne(), picture(8, 8))
    with pytest.raises(MethodError, match="one picture at a time"):
        legrad(run, classes(0))
    assert attention_rollout(run, classes(0)).shape == (1, 4, 4)
    assert_untouched(run.network)


def test_tokens_that_are_no_cells_are_refused() -> None:
    class Odd(ClassToken):
        def forward(self, x: Tensor) -> Tensor:
            tokens = self.patches(x).flatten(2).transpose(1, 2)[:, :3]
            normal = self.ln_1(tokens)
            return self.head(self.attention(normal, normal, normal)[0].mean(1))

    with pytest.raises(MethodError, match="3 tokens"):
        attention_rollout(by_hooks(Odd(), picture(8, 8)), classes(0))
