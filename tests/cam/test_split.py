"""The split: trunk and head together are the network, whatever the way of splitting."""

import io
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from camviewer.cam.explainer import Explainer
from camviewer.cam.layout import Axes, Layout, layout_of
from camviewer.cam.methods import METHODS
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.split.hooked import HookedNetwork
from camviewer.cam.split.opened import open_network
from camviewer.cam.split.scripted import ScriptedNetwork
from camviewer.cam.split.traced import TracedNetwork
from camviewer.cam.targets import classes
from camviewer.errors import MethodError, ModelError
from camviewer.models.classifier import as_logits
from tests.cam.networks import (
    Branching,
    ChannelsLast,
    ClassToken,
    Gap,
    Overwriting,
    Residual,
    Returning,
    frozen,
)

CPU = torch.device("cpu")


def picture(*size: int) -> Tensor:
    return torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("opened", [TracedNetwork, HookedNetwork])
@pytest.mark.parametrize("make", [Gap, Residual, ClassToken, ChannelsLast])
def test_trunk_and_head_are_the_network_at_every_layer(
    opened: Callable[[nn.Module, Tensor], TracedNetwork | HookedNetwork],
    make: Callable[[], nn.Module],
) -> None:
    network = frozen(make())
    x = picture(8, 8)
    expected = network(x)
    layered = opened(network, picture(8, 8))
    assert layered.layers
    for layer in layered.layers:
        run = layered.run(x, layer)
        torch.testing.assert_close(run.logits, expected)
        kept = run.activation.detach().clone()
        torch.testing.assert_close(run.head(run.activation * 1.0), expected)
        torch.testing.assert_close(run.activation.detach(), kept, rtol=0, atol=0)


def test_an_in_place_operation_after_the_layer_does_not_reach_the_activation() -> None:
    network = frozen(Residual())
    x = picture(6, 6)
    expected = network.conv(network.stem(x))  # before the in-place ReLU
    assert (expected < 0).any()
    for layered in (TracedNetwork(network, picture(8, 8)), HookedNetwork(network, picture(8, 8))):
        (layer,) = (candidate for candidate in layered.layers if candidate.name == "conv")
        run = layered.run(x, layer)
        _ = run.logits
        torch.testing.assert_close(run.activation.detach(), expected)


def test_three_ways_of_splitting_give_one_map() -> None:
    network = frozen(Residual())
    x = picture(8, 10)
    traced = TracedNetwork(network, picture(8, 8))
    hooked = HookedNetwork(network, picture(8, 8))
    scripted = ScriptedNetwork(scripted_copy(network), picture(8, 8))
    maps = []
    for layered, name in ((traced, "stem"), (hooked, "stem"), (scripted, "convolution.1")):
        names = {layer.name: layer for layer in layered.layers}
        chosen = names.get(name) or names["conv2d.1"]
        maps.append(grad_cam(layered.run(x, chosen), classes(0, 3)))
    torch.testing.assert_close(maps[1], maps[0])
    torch.testing.assert_close(maps[2], maps[0])


def scripted_copy(network: nn.Module) -> nn.Module:
    with pytest.warns(FutureWarning):
        script = torch.jit.trace(network, picture(8, 8))
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        torch.jit.save(script, buffer)
        buffer.seek(0)
        return torch.jit.load(buffer)


def test_torchscript_finds_its_layers_and_its_last_one() -> None:
    explainer = Explainer(scripted_copy(frozen(Residual())), 8, CPU)
    run = explainer.run(picture(8, 8), explainer.automatic)
    torch.testing.assert_close(run.logits, frozen(Residual())(picture(8, 8)))
    assert explainer.automatic.operation == "relu_"
    with pytest.raises(MethodError, match="state_dict"):
        run.head(run.activation * 1.0)


def test_an_exported_program_is_split_by_its_own_graph() -> None:
    network = frozen(Residual())
    program = torch.export.export(network, (picture(8, 8),))
    opened = open_network(program.module(), picture(8, 8))
    assert isinstance(opened, TracedNetwork)
    layer = opened.layers[-1]
    run = opened.run(picture(8, 8), layer)
    reference = TracedNetwork(network, picture(8, 8))
    torch.testing.assert_close(
        grad_cam(run, classes(1)),
        grad_cam(reference.run(picture(8, 8), reference.layers[-1]), classes(1)),
    )


def test_control_flow_falls_back_to_hooks() -> None:
    network = frozen(Branching())
    with pytest.raises(ModelError, match=r"torch\.fx"):
        TracedNetwork(network, picture(8, 8))
    opened = open_network(network, picture(8, 8))
    assert isinstance(opened, HookedNetwork)
    torch.testing.assert_close(
        opened.run(picture(8, 8), opened.layers[-1]).logits, network(picture(8, 8))
    )


def test_hooks_are_removed_even_when_the_network_fails() -> None:
    network = frozen(Branching())
    layered = HookedNetwork(network, picture(8, 8))
    with pytest.raises(RuntimeError):
        layered.run(torch.zeros(1, 1, 8, 8), layered.layers[-1])
    assert not any(module._forward_hooks for module in network.modules())


@pytest.mark.parametrize("wrapping", ["tuple", "dict", "named"])
@pytest.mark.parametrize("opened", [TracedNetwork, HookedNetwork])
def test_wrapped_logits_are_found(
    opened: Callable[[nn.Module, Tensor], TracedNetwork | HookedNetwork], wrapping: str
) -> None:
    network = frozen(Returning(wrapping))
    layered = opened(network, picture(8, 8))
    run = layered.run(picture(8, 8), layered.layers[-1])
    torch.testing.assert_close(run.logits, network.inner(picture(8, 8)))


def test_ambiguous_logits_are_refused_with_what_to_do() -> None:
    with pytest.raises(ModelError, match="'logits'"):
        as_logits(frozen(Returning("two"))(picture(8, 8)))


def test_the_automatic_layer_is_before_the_last_attention() -> None:
    explainer = Explainer(frozen(ClassToken()), 8, CPU)
    assert explainer.automatic.name == "ln_1"
    assert explainer.automatic.layout == Layout(Axes.TOKENS, prefix=1)
    run = explainer.run(picture(8, 8), explainer.automatic)
    maps = grad_cam(run, classes(0, 1, 2))
    assert maps.shape == (3, 4, 4)
    # by hand: the class token is left out, then tokens fill the rows
    (gradient,) = torch.autograd.grad(run.logits[0, 1], run.activation, retain_graph=True)
    weights = gradient[0, 1:].mean(0)
    expected = (run.activation[0, 1:].detach() * weights).sum(1).view(4, 4)
    torch.testing.assert_close(maps[1], expected)


def test_layers_above_the_last_attention_say_that_they_say_nothing() -> None:
    explainer = Explainer(frozen(ClassToken()), 8, CPU)
    run = explainer.run(picture(8, 8), explainer.layer("ln_2"))
    assert not grad_cam(run, classes(0)).any()


def test_a_layer_without_influence_is_refused() -> None:
    run = Explainer(frozen(Gap()), 8, CPU).run(
        picture(8, 8), Explainer(frozen(Gap()), 8, CPU).automatic
    )
    with pytest.raises(MethodError, match=r"features\.1"):
        run.gradient(torch.ones(()))


def test_a_network_that_overwrites_what_its_gradient_needs_is_refused_by_hooks() -> None:
    network = frozen(Overwriting())
    hooked = HookedNetwork(network, picture(8, 8))
    run = hooked.run(picture(8, 8), hooked.layers[0])
    with pytest.raises(MethodError, match="overwrites"):
        grad_cam(run, classes(0))
    # torch.fx records the addition as one that does not overwrite
    traced = TracedNetwork(network, picture(8, 8))
    maps = grad_cam(traced.run(picture(8, 8), traced.layers[0]), classes(0))
    assert maps.abs().max() > 0


def test_unknown_layers_are_refused_with_known_ones() -> None:
    explainer = Explainer(frozen(Residual()), 8, CPU)
    with pytest.raises(MethodError, match="stem"):
        explainer.layer("layer5")


def test_a_container_stands_for_the_layer_it_ends_in() -> None:
    explainer = Explainer(frozen(Gap()), 8, CPU)
    assert explainer.layer("features").name == "features.1"


def test_a_network_without_a_grid_is_refused() -> None:
    network = frozen(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2)))
    with pytest.raises(MethodError, match="rows and columns"):
        Explainer(network, 8, CPU)


def test_a_segmentation_network_is_refused() -> None:
    with pytest.raises(ModelError, match="segmentation"):
        Explainer(frozen(nn.Conv2d(3, 2, 1)), 8, CPU)


def test_an_impossible_input_size_is_refused_with_what_to_do() -> None:
    network = frozen(
        nn.Sequential(nn.Conv2d(3, 4, 7), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))
    )
    explainer = Explainer(network, 16, CPU)
    with pytest.raises(MethodError, match="Try another input size"):
        explainer.run(picture(4, 4), explainer.automatic)


def test_a_module_called_twice_stands_for_both_calls() -> None:
    names = [layer.name for layer in TracedNetwork(frozen(Residual()), picture(8, 8)).layers]
    assert names == ["stem", "conv", "relu", "add", "relu_1"]


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 5, 7, 7), Layout(Axes.CHANNELS_FIRST)),
        ((1, 7, 7, 5), Layout(Axes.CHANNELS_LAST)),
        ((1, 49, 5), Layout(Axes.TOKENS, 0)),
        ((1, 50, 5), Layout(Axes.TOKENS, 1)),
        ((1, 51, 5), Layout(Axes.TOKENS, 2)),
        ((1, 5, 1, 1), None),
        ((1, 512), None),
        ((64, 49, 32), None),
        ((), None),
    ],
)
def test_layouts_are_told_from_shapes(shape: tuple[int, ...], expected: Layout | None) -> None:
    assert layout_of(shape, (224, 224)) == expected


def test_tokens_of_an_oblong_input_fill_an_oblong_grid() -> None:
    assert Layout(Axes.TOKENS, 1).cells((1, 1 + 14 * 20, 8), (224, 320)) == (14, 20)


class Reused(Gap):
    """One ReLU for the grid and for what is left of it after the pooling."""

    def forward(self, x: Tensor) -> Tensor:
        relu = self.features[1]
        return self.fc(relu(torch.flatten(self.pool(relu(self.features[0](x))), 1)))


def test_a_module_whose_last_call_has_no_grid_is_no_layer_for_hooks() -> None:
    network = HookedNetwork(frozen(Reused()), picture(8, 8))
    assert [layer.name for layer in network.layers] == ["features.0"]
    run = network.run(picture(8, 12), network.layers[0])
    torch.testing.assert_close(run.logits, frozen(Reused())(picture(8, 12)))


class InPlace(nn.Module):
    """What the normalisation returns is overwritten by what follows."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.norm = nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.relu_(self.norm(self.stem(x))).mean((2, 3)))


def test_torchscript_shows_no_layer_that_is_overwritten() -> None:
    scripted = ScriptedNetwork(torch.jit.script(frozen(InPlace())), picture(8, 8))
    names = [layer.name for layer in scripted.layers]
    assert names[-1].startswith("relu")
    assert not any(name.startswith("batch_norm") for name in names)


def test_a_network_in_training_is_refused() -> None:
    network = InPlace().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with pytest.raises(ModelError, match=r"eval\(\)"):
        Explainer(network, 8, CPU)
    assert all(torch.equal(before[name], value) for name, value in network.state_dict().items())


@pytest.mark.parametrize("index", [-1, 2])
def test_a_class_that_is_not_there_is_told(index: int) -> None:
    explainer = Explainer(frozen(InPlace()), 8, CPU)
    with pytest.raises(MethodError, match="0 to 1"):
        METHODS["cam"].maps(explainer.run(picture(8, 8), explainer.automatic), classes(index))
