"""What holds for every network, tried with random ones."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torchvision.models import resnet18

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods import METHODS
from camviewer.cam.methods.method import Family
from camviewer.cam.split import Run
from camviewer.cam.targets import Against, ClassTarget, Contrast, Target, classes
from tests.cam.curved import Pooled
from tests.cam.networks import ChannelsLast, ClassToken, Residual, frozen

GRADIENT = [m.name for m in METHODS.values() if m.family is Family.GRADIENT]
HOMOGENEOUS = [name for name in GRADIENT if "++" not in name]
TARGETS: list[Target] = [ClassTarget(0), Against(3), Contrast(1, 2), ClassTarget(4)]
EXAMPLES = settings(max_examples=8)
seeds = st.integers(0, 2**16)


def pooled(seed: int, scale: float = 1.0) -> Run:
    explainer = Explainer(frozen(Pooled(seed, scale)), 8, torch.device("cpu"))
    picture = torch.randn(1, 3, 5, 7, generator=torch.Generator().manual_seed(seed))
    run = explainer.run(picture, explainer.layer("relu"))
    assert run.linear is not None
    return run


def without_closed_form(run: Run) -> Run:
    again = run.again
    return replace(run, linear=None, again=lambda p, layer: replace(again(p, layer), linear=None))


def assert_same(ours: torch.Tensor, expected: torch.Tensor) -> None:
    scale = expected.abs().max().clamp(min=1e-20)
    torch.testing.assert_close(ours / scale, expected / scale, rtol=0, atol=1e-4)


def test_there_are_nine() -> None:
    assert GRADIENT == [
        "grad-cam", "xgrad-cam", "hires-cam", "layer-cam", "elementwise-grad-cam", "grad-cam++",
        "smooth-grad-cam++", "shapley-cam", "finer-cam",
    ]  # fmt: skip
    assert [name for name in GRADIENT if METHODS[name].slow] == ["smooth-grad-cam++"]


@pytest.mark.parametrize("name", GRADIENT)
@EXAMPLES
@given(seed=seeds)
def test_the_closed_form_is_what_autograd_finds(name: str, seed: int) -> None:
    run = pooled(seed)
    by_autograd = without_closed_form(run)
    assert by_autograd.channel_gradients(TARGETS) is None
    assert_same(METHODS[name].maps(run, TARGETS), METHODS[name].maps(by_autograd, TARGETS))


@pytest.mark.parametrize("name", GRADIENT)
def test_no_gradient_is_taken_where_there_is_a_closed_form(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run = pooled(seed=1)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("autograd ran")

    monkeypatch.setattr(torch.autograd, "grad", refuse)
    assert METHODS[name].maps(run, TARGETS).shape == (4, 5, 7)
    with pytest.raises(AssertionError, match="autograd ran"):
        METHODS[name].maps(without_closed_form(run), TARGETS)


@pytest.mark.parametrize("name", HOMOGENEOUS)
@EXAMPLES
@given(seed=seeds, scale=st.sampled_from([1e-6, 0.5, 3.0, 1e4]))
def test_a_head_as_many_times_as_strong_gives_as_strong_a_map(
    name: str, seed: int, scale: float
) -> None:
    expected = METHODS[name].maps(pooled(seed), TARGETS) * scale
    assert_same(METHODS[name].maps(pooled(seed, scale), TARGETS), expected)


@pytest.mark.parametrize("name", GRADIENT)
@EXAMPLES
@given(seed=seeds)
def test_many_targets_are_each_as_one(name: str, seed: int) -> None:
    run = without_closed_form(pooled(seed)) if seed % 2 else pooled(seed)
    together = METHODS[name].maps(run, TARGETS)
    for target, map_ in zip(TARGETS, together, strict=True):
        assert_same(METHODS[name].maps(run, [target])[0], map_)


@EXAMPLES
@given(seed=seeds)
def test_methods_lie_between_each_other(seed: int) -> None:
    run = without_closed_form(pooled(seed))
    maps = {name: METHODS[name].maps(run, TARGETS) for name in GRADIENT}
    # with activations of zero or more, what speaks against the class is all that LayerCAM drops
    assert_same(maps["layer-cam"], maps["elementwise-grad-cam"])
    assert (maps["hires-cam"] <= maps["layer-cam"] + 1e-6).all()
    assert (maps["grad-cam++"] >= 0).all()
    # HiResCAM is complete: its sum is the score without the bias
    bias = run.head(torch.zeros_like(run.activation)).detach()
    scores = torch.stack([t.score(run.logits.detach() - bias)[0] for t in TARGETS])
    torch.testing.assert_close(maps["hires-cam"].sum((1, 2)), scores, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("network", "layer"),
    [(ClassToken(), "ln_1"), (ClassToken(), None), (ChannelsLast(), "norm"), (Residual(), "conv")],
)
@pytest.mark.parametrize("name", GRADIENT)
def test_tokens_and_channels_last(network: nn.Module, layer: str | None, name: str) -> None:
    explainer = Explainer(frozen(network), 8, torch.device("cpu"))
    picture = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    run = explainer.run(picture, explainer.layer(layer))
    maps = METHODS[name].maps(run, classes(0, 2))
    assert maps.shape == (2, *run.cells)
    assert torch.isfinite(maps).all()
    assert not maps.requires_grad
    assert maps.abs().amax((1, 2)).min() > 0


@pytest.fixture(scope="module")
def explained_resnet() -> Explainer:
    torch.manual_seed(0)
    return Explainer(frozen(resnet18(weights=None)), 64, torch.device("cpu"))


@pytest.mark.parametrize("layer", [None, "layer3"])
def test_resnet18(explained_resnet: Explainer, layer: str | None) -> None:
    picture = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(0))
    run = explained_resnet.run(picture, explained_resnet.layer(layer))
    for name in GRADIENT:
        maps = METHODS[name].maps(run, [ClassTarget(7), Contrast(7, 9)])
        assert maps.shape == (2, *run.cells) == ((2, 2, 3) if layer is None else (2, 4, 6))
        assert torch.isfinite(maps).all()
        assert maps.abs().amax((1, 2)).min() > 0
