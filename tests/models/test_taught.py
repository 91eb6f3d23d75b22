"""Taught networks: exact maps, one file, and files that lie."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from camviewer.cam.explainer import Explainer
from camviewer.cam.methods.gradient import grad_cam
from camviewer.cam.methods.linear import cam
from camviewer.cam.split import Run
from camviewer.cam.targets import ClassTarget, Target
from camviewer.errors import ExportError, ModelError
from camviewer.models import backbone, catalog, starter, taught, zoo
from camviewer.models.backbone import TARGET_LAYER, Order, Tap, TaughtNetwork
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.pooling import StrongestCells
from camviewer.models.preprocess import Preprocessing
from camviewer.models.taught import Descent

_SIZE = 64


def _taught(taps: tuple[Tap, ...], channels: int, strongest: Sequence[float] = ()) -> Any:
    network = starter.load_starter().network
    torch.manual_seed(0)
    trunk = backbone.cut(network, [tap.name for tap in taps])
    return TaughtNetwork(trunk, taps, channels, 2, strongest)


def _classifier(network: Any, **more: Any) -> Classifier:
    more.setdefault("labels", ("thing", "nothing"))
    more.setdefault("nothing", 1)
    return Classifier(
        name="taught",
        network=network,
        preprocessing=Preprocessing(input_size=_SIZE, resize_size=_SIZE, min_size=32),
        target_layer=TARGET_LAYER,
        **more,
    )


def _names() -> dict[str, str]:
    """Layers by the module they end in, as the rest of the program names them."""
    explainer = Explainer(starter.load_starter().network, _SIZE, torch.device("cpu"))
    return {module: explainer.containers[module] for module in ("layer3", "layer4")}


@pytest.fixture(scope="module")
def one_layer() -> Classifier:
    taps = (Tap(_names()["layer4"], Order.CHANNELS_FIRST),)
    return _classifier(_taught(taps, 128))


def _descent(classifier: Classifier) -> Descent:
    assert isinstance(classifier.network, TaughtNetwork)
    network = classifier.network
    return Descent("starter", starter.WEIGHTS, "0" * 64, network.taps, strongest=network.strongest)


@pytest.fixture
def file(one_layer: Classifier, tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    taught.save(path, one_layer, _descent(one_layer), {"figures": {"accuracy": 0.5}})
    return path


@pytest.mark.parametrize(("modules", "channels"), [(("layer4",), 128), (("layer3", "layer4"), 224)])
def test_the_map_averages_to_the_logit(modules: tuple[str, ...], channels: int) -> None:
    """``mean_xy(sum_k w_k A_k(x, y)) + b`` is the class's logit, Zhou et al. 2016, section 4."""
    names = _names()
    taps = tuple(Tap(names[module], Order.CHANNELS_FIRST) for module in modules)
    network = _taught(taps, channels).eval()
    explainer = Explainer(network, _SIZE, torch.device("cpu"), TARGET_LAYER)
    picture = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    run = explainer.run(picture, explainer.automatic)
    assert run.linear is not None
    assert run.linear.weight is not None
    maps = torch.einsum("ck,kyx->cyx", run.linear.weight, run.grid[0])
    logits = network(picture)[0].detach()
    torch.testing.assert_close(maps.mean((1, 2)) + run.linear.bias, logits, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(run.prediction[0], logits, atol=1e-5, rtol=1e-5)


class _OneToOne(torch.nn.Module):
    """A backbone whose only layer is the picture itself."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        return (x,)


def test_the_strongest_cells_of_the_class_map_make_the_logit() -> None:
    """Maps of 2 x 3 cells by hand: a third of them is two, of all channels the same two."""
    network = TaughtNetwork(_OneToOne(), (Tap("x", Order.CHANNELS_FIRST),), 3, 2, (0.33,))
    channels = [[9.0, 0, 0, 0, 3, 0], [0.0, 6, 0, 0, 6, 0], [0.0, 0, 0, 0, 0, 0]]
    network.fc.weight.data = torch.tensor([[1.0, 1, 5], [1, -1, 5]]).view(2, 3, 1, 1)
    network.fc.bias.data = torch.tensor([0.5, -1.0])
    # the means are (2, 2, 0), of the length sqrt(8)
    # the maps times it are (9, 6, 0, 0, 9, 0) and (9, -6, 0, 0, -3, 0)
    expected = [9 / 8**0.5 + 0.5, 4.5 / 8**0.5 - 1]
    found = network(torch.tensor(channels).view(1, 3, 2, 3))[0]
    torch.testing.assert_close(found, torch.tensor(expected))


def test_several_shares_are_averaged() -> None:
    """By hand: of ten cells one, three and all; the strongest counts in each of these means."""
    maps = torch.tensor([[[[3.0, 9, 0, 0, 0], [6, 0, 0, -8, 0]]]])
    found = StrongestCells((0.1, 0.25, 1.0))(maps)
    torch.testing.assert_close(found, torch.tensor([[(9 + 18 / 3 + 10 / 10) / 3]]))


@pytest.mark.parametrize("method", [cam, grad_cam])
def test_the_strongest_of_the_shown_map_average_to_the_logit(
    method: Callable[[Run, Sequence[Target]], torch.Tensor],
) -> None:
    """With a bias; Grad-CAM's map is that of CAM divided by the number of cells."""
    names = _names()
    taps = tuple(Tap(names[module], Order.CHANNELS_FIRST) for module in ("layer3", "layer4"))
    network = _taught(taps, 224, strongest=(0.1,)).eval()
    explainer = Explainer(network, _SIZE, torch.device("cpu"), TARGET_LAYER)
    picture = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    run = explainer.run(picture, explainer.automatic)
    logits = network(picture)[0].detach()
    maps = method(run, [ClassTarget(0), ClassTarget(1)])
    cells = run.cells[0] * run.cells[1]
    scale = cells if method is grad_cam else 1
    top = maps.flatten(1).topk(-(-cells // 10), 1).values.mean(1) * scale
    torch.testing.assert_close(top + network.fc.bias.detach(), logits, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(run.prediction[0], logits, atol=1e-5, rtol=1e-5)
    assert run.linear is not None
    assert not run.linear.averages
    assert run.channel_gradients([ClassTarget(0)]) is None


def test_each_layer_has_features_of_length_one() -> None:
    names = _names()
    taps = tuple(Tap(names[module], Order.CHANNELS_FIRST) for module in ("layer3", "layer4"))
    features = _taught(taps, 224).features(torch.randn(1, 3, _SIZE, _SIZE))[0]
    # the coarser one is resized before its mean is taken, so both are exact
    assert features[:96].norm().item() == pytest.approx(1, abs=1e-5)
    assert features[96:].norm().item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("tap", "shape"),
    [
        (Tap("x", Order.CHANNELS_FIRST), (2, 5, 3, 4)),
        (Tap("x", Order.CHANNELS_LAST), (2, 3, 4, 5)),
        (Tap("x", Order.TOKENS, prefix=1, cells=(3, 4)), (2, 13, 5)),
    ],
)
def test_every_order_of_axes_becomes_a_grid(tap: Tap, shape: tuple[int, ...]) -> None:
    activation = torch.arange(torch.Size(shape).numel()).float().view(shape)
    grid = tap.grid(activation)
    assert grid.shape == (2, 5, 3, 4)
    at = {
        Order.CHANNELS_FIRST: lambda: activation[1, 2, 1, 3],
        Order.CHANNELS_LAST: lambda: activation[1, 1, 3, 2],
        Order.TOKENS: lambda: activation[1, 1 + 4 + 3, 2],
    }
    assert grid[1, 2, 1, 3] == at[tap.order]()


def test_the_file_gives_back_what_was_saved(one_layer: Classifier, file: Path) -> None:
    loaded = catalog.load(weights=file)
    picture = torch.randn(1, 3, _SIZE, 96)
    torch.testing.assert_close(loaded.network(picture), one_layer.network(picture))
    assert (loaded.name, loaded.weights) == ("mine", "mine.safetensors")
    assert (loaded.labels, loaded.nothing) == (("thing", "nothing"), 1)
    assert loaded.preprocessing == one_layer.preprocessing
    assert loaded.target_layer == TARGET_LAYER
    assert taught.about(file) == {"figures": {"accuracy": 0.5}}
    assert list(file.parent.iterdir()) == [file]


def test_strongest_cells_survive_the_file_and_older_versions_refuse_it(tmp_path: Path) -> None:
    tap = Tap(_names()["layer4"], Order.CHANNELS_FIRST)
    classifier = _classifier(_taught((tap,), 128, (0.03, 0.1)))
    path = tmp_path / "small.safetensors"
    taught.save(path, classifier, _descent(classifier), {})
    loaded = taught.load(path).network
    picture = torch.randn(1, 3, _SIZE, 96)
    torch.testing.assert_close(loaded(picture), classifier.network(picture))
    assert isinstance(loaded, TaughtNetwork)
    assert loaded.strongest == taught.descent(path).strongest == (0.03, 0.1)
    with safe_open(path, framework="pt") as source:
        assert json.loads(source.metadata()["camviewer.taught"])["format"] == 3


@pytest.mark.parametrize("strongest", [(), (0.03, 0.1)])
def test_where_layers_look_survives_the_file_and_older_versions_refuse_it(
    tmp_path: Path, strongest: tuple[float, ...]
) -> None:
    tap = Tap(_names()["layer4"], Order.CHANNELS_FIRST, shift=(0.75, -0.25))
    classifier = _classifier(_taught((tap,), 128, strongest))
    path = tmp_path / "moved.safetensors"
    taught.save(path, classifier, _descent(classifier), {})
    loaded = taught.load(path).network
    picture = torch.randn(1, 3, _SIZE, 96)
    torch.testing.assert_close(loaded(picture), classifier.network(picture))
    assert taught.descent(path).taps == (tap,)
    with safe_open(path, framework="pt") as source:
        assert json.loads(source.metadata()["camviewer.taught"])["format"] == 4


def test_cells_are_brought_to_their_place() -> None:
    """A layer that looks one row before and half a column after its cells."""
    tap = Tap("x", Order.CHANNELS_FIRST, shift=(1.0, -0.5))
    seen = torch.arange(12.0).view(1, 1, 3, 4)
    wanted = [[4, 4.5, 5.5, 6.5], [8, 8.5, 9.5, 10.5], [8, 8.5, 9.5, 10.5]]
    assert tap.grid(seen)[0, 0].tolist() == wanted


def test_files_say_that_they_were_taught(file: Path, tmp_path: Path) -> None:
    assert taught.recognised(file)
    weights = tmp_path / "weights.safetensors"
    save_file({"x": torch.zeros(1)}, weights)
    torch.save({"x": torch.zeros(1)}, tmp_path / "weights.pth")
    (tmp_path / "torn.safetensors").write_bytes(file.read_bytes()[:100])
    others = ("weights.safetensors", "weights.pth", "torn.safetensors", "missing.safetensors")
    assert not any(taught.recognised(tmp_path / name) for name in others)


def test_files_with_one_share_of_strongest_cells_open(tmp_path: Path) -> None:
    tap = Tap(_names()["layer4"], Order.CHANNELS_FIRST)
    classifier = _classifier(_taught((tap,), 128, (0.03,)))
    path = tmp_path / "small.safetensors"
    taught.save(path, classifier, _descent(classifier), {})
    old = _rewritten(path, lambda d: d.update(strongest=0.03, format=2))
    assert taught.descent(old).strongest == (0.03,)
    picture = torch.randn(1, 3, _SIZE, 96)
    torch.testing.assert_close(taught.load(old).network(picture), classifier.network(picture))


def test_files_from_before_strongest_cells_open(one_layer: Classifier, file: Path) -> None:
    old = _rewritten(file, lambda d: d.pop("strongest"))
    picture = torch.randn(1, 3, _SIZE, 96)
    torch.testing.assert_close(taught.load(old).network(picture), one_layer.network(picture))


def test_several_labels_keep_their_thresholds(one_layer: Classifier, tmp_path: Path) -> None:
    several = _classifier(
        one_layer.network, activation=Activation.SIGMOID, thresholds=(0.25, 0.75), nothing=None
    )
    path = tmp_path / "several.safetensors"
    taught.save(path, several, _descent(one_layer), {})
    loaded = taught.load(path)
    assert (loaded.activation, loaded.thresholds) == (Activation.SIGMOID, (0.25, 0.75))
    assert loaded.nothing is None


def test_a_network_of_torchvision_is_rebuilt(tmp_path: Path) -> None:
    network = zoo.build("resnet18").eval()
    names = Explainer(network, _SIZE, torch.device("cpu")).containers
    taps = (Tap(names["layer4"], Order.CHANNELS_FIRST),)
    taught_network = TaughtNetwork(backbone.cut(network, [taps[0].name]), taps, 512, 2)
    path = tmp_path / "own.safetensors"
    taught.save(path, _classifier(taught_network), Descent("resnet18", "random", "", taps), {})
    picture = torch.randn(1, 3, _SIZE, _SIZE)
    loaded = taught.load(path).network
    torch.testing.assert_close(loaded(picture), taught_network(picture))
    assert not any("trunk.fc" in name for name in loaded.state_dict())


def test_a_taught_file_needs_no_other_network(file: Path) -> None:
    with pytest.raises(ModelError, match="brings its own network"):
        catalog.load("resnet18", weights=file)


def test_a_place_that_cannot_be_written_is_told(one_layer: Classifier, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        taught.save(tmp_path / "taken" / "x.safetensors", one_layer, _descent(one_layer), {})


def _rewritten(file: Path, change: Callable[[dict[str, Any]], object], **tensors: Any) -> Path:
    with safe_open(file, framework="pt") as source:
        state = {key: source.get_tensor(key) for key in source.keys()}  # noqa: SIM118
        described = json.loads(source.metadata()["camviewer.taught"])
    change(described)
    path = file.with_name("hostile.safetensors")
    state.update({name.replace("__", "."): tensor for name, tensor in tensors.items()})
    save_file(state, path, {"camviewer.taught": json.dumps(described)})
    return path


_LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "no labels": lambda d: d.pop("labels"),
    "labels that are numbers": lambda d: d.update(labels=[1, 2]),
    "too many labels": lambda d: d.update(labels=["a", "b", "c"]),
    "unknown backbone": lambda d: d.update(backbone="os.system"),
    "another backbone": lambda d: d.update(backbone="resnet18"),
    "backbone of a kind": lambda d: d.update(backbone=["starter"]),
    "unknown layer": lambda d: d["taps"][0].update(name="layer9"),
    "no layers": lambda d: d.update(taps=[]),
    "layers of a kind": lambda d: d.update(taps=[7]),
    "another order": lambda d: d["taps"][0].update(order="tokens"),
    "cells beyond reason": lambda d: d["taps"][0].update(cells=[10**9, 10**9]),
    "a shift beyond reason": lambda d: d["taps"][0].update(shift=[0, 5]),
    "a shift of no number": lambda d: d["taps"][0].update(shift=[float("nan"), 0]),
    "half a shift": lambda d: d["taps"][0].update(shift=[0]),
    "strongest of none": lambda d: d.update(strongest=[0]),
    "strongest of no number": lambda d: d.update(strongest=[float("nan")]),
    "strongest of another head": lambda d: d.update(strongest=[0.5]),
    "strongest out of order": lambda d: d.update(strongest=[0.5, 0.1]),
    "strongest without end": lambda d: d.update(strongest=[0.1] * 17),
    "nothing beyond the labels": lambda d: d.update(nothing=2),
    "thresholds of a kind": lambda d: d.update(thresholds=["a", "b"]),
    "too few thresholds": lambda d: d.update(thresholds=[0.5]),
    "huge input": lambda d: d["preprocessing"].update(input_size=10**9),
    "input of a kind": lambda d: d["preprocessing"].update(input_size="64"),
    "deviation of zero": lambda d: d["preprocessing"].update(std=[0.0, 0.0, 0.0]),
    "unknown resizing": lambda d: d["preprocessing"].update(interpolation="box"),
    "more of preprocessing": lambda d: d["preprocessing"].update(more=1),
    "unknown activation": lambda d: d.update(activation="relu"),
}


@pytest.mark.parametrize("lie", _LIES.values(), ids=_LIES.keys())
def test_a_file_that_lies_is_refused(file: Path, lie: Callable[[dict[str, Any]], object]) -> None:
    with pytest.raises(ModelError, match=r"hostile\.safetensors says .* another copy"):
        catalog.load(weights=_rewritten(file, lie))


def test_numbers_that_are_not_finite_are_refused(file: Path) -> None:
    path = _rewritten(file, lambda _: None, fc__bias=torch.tensor([0.0, torch.nan]))
    with pytest.raises(ModelError, match="not finite"):
        catalog.load(weights=path)


def test_a_file_of_a_later_version_is_told_apart(file: Path) -> None:
    with pytest.raises(ModelError, match="another version of camviewer"):
        catalog.load(weights=_rewritten(file, lambda d: d.update(format=99)))


def test_metadata_that_is_no_json_is_refused(file: Path) -> None:
    path = file.with_name("hostile.safetensors")
    save_file({"fc.weight": torch.zeros(1, 1)}, path, {"camviewer.taught": "[" * 100_000})
    with pytest.raises(ModelError, match="no network that camviewer taught"):
        catalog.load(weights=path)


def test_a_threshold_for_boxes_is_kept_and_older_files_have_zhous(
    one_layer: Classifier, tmp_path: Path
) -> None:
    path = tmp_path / "mine.safetensors"
    taught.save(path, replace(one_layer, box_threshold=0.35), _descent(one_layer), {})
    assert taught.load(path).box_threshold == 0.35

    def changed(value: object) -> Path:
        with safe_open(path, "pt") as opened:
            described = json.loads(opened.metadata()["camviewer.taught"])
            state = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        described.pop("box_threshold")
        if value is not None:
            described["box_threshold"] = value
        other = tmp_path / "other.safetensors"
        save_file(state, other, {"camviewer.taught": json.dumps(described)})
        return other

    assert taught.load(changed(None)).box_threshold == 0.2
    with pytest.raises(ModelError, match="threshold for boxes"):
        taught.load(changed(1.5))
