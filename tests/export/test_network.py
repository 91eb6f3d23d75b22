"""Networks for other programs: they agree, say what they are, or are refused with a reason."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import torchvision
from safetensors import safe_open

from camviewer.cam.runtimes.export import Shape
from camviewer.cam.runtimes.exporting import export_model
from camviewer.errors import ExportError, ModelError
from camviewer.export import network as export
from camviewer.export.network import to_onnx, to_state_dict
from camviewer.media import images
from camviewer.models import plain, taught, userfile, zoo
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.teach import saving
from camviewer.teach.data.reading import read
from camviewer.teach.foundation import found
from camviewer.teach.teaching import Options, Taught, teach
from camviewer.types import Fit
from tests.teach.lessons import backbone, faint
from tests.teach.things import CLASSES, small

pytestmark = pytest.mark.long

SIZE = 64


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("export")


def of(place: Path, name: str, **more: Any) -> tuple[Taught, Path]:
    """Taught upon a network of random numbers, and its file."""
    file = place / f"{name}.safetensors"
    with torch.random.fork_rng():
        torch.manual_seed(0)
        expected = zoo.preprocessing(name)
        given = Classifier(name, zoo.build(name), zoo.labels(name), expected)
    options = Options(cache=place / "cache", **{"input_size": SIZE, **more})
    data = place / "set"
    learnt = teach(read(data if data.exists() else faint(data, each=6)), given, options)
    saving.save(learnt, file)
    return learnt, file


@pytest.fixture(scope="module")
def resnet(place: Path) -> tuple[Taught, Path]:
    return of(place, "resnet18")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_plain_torchvision_loads_it_strictly_and_says_the_same(
    resnet: tuple[Taught, Path], tmp_path: Path, suffix: str
) -> None:
    learnt, file = resnet
    made = to_state_dict(file, tmp_path / f"out{suffix}")
    assert made.deviation < 1e-4
    fresh = torchvision.models.resnet18(num_classes=2)
    if suffix == ".pth":
        state = torch.load(made.path, weights_only=True)
    else:
        with safe_open(made.path, "pt") as opened:
            state = {key: opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118
            assert json.loads(opened.metadata()["labels"]) == ["cross", "ring"]
            assert opened.metadata()["architecture"] == "resnet18"
    fresh.load_state_dict(state, strict=True)
    network: Any = learnt.classifier.network
    assert learnt.plain is not None
    picture = torch.randn(2, 3, SIZE, SIZE + 32, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        # written out: the mean of the maps, weighted, divided by the one length
        (maps,) = network.trunk(picture)
        expected = maps.mean((2, 3)) @ network.fc.weight.T / learnt.plain.length + network.fc.bias
        found = fresh.eval()(picture)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    assert "torchvision.models.resnet18(num_classes=2) loads it with strict=True." in made.notes
    assert "Its classes are 0 cross, 1 ring." in made.notes
    assert "says the same as the taught network of" in made.notes[-1]
    # and camviewer itself opens it as anybody's weights
    assert userfile.load(made.path, name="resnet18").network(picture).shape == (2, 2)


def test_what_it_promises_was_measured(resnet: tuple[Taught, Path]) -> None:
    """Accuracy and agreement are those of the held-out pictures, counted here one by one."""
    learnt, file = resnet
    assert learnt.plain is not None
    kept = taught.about(file)["plain"]
    assert kept["length"] == learnt.plain.length
    network: Any = learnt.classifier.network
    expected = learnt.classifier.preprocessing
    same = right = 0
    for answer in learnt.figures.answers:
        frame = images.load(answer.path)
        tensor = expected.tensor(frame, expected.geometry(frame.size, Fit.WHOLE))
        with torch.no_grad():
            (maps,) = network.trunk(tensor)
            own = network(tensor).argmax().item()
            pooled = maps.mean((2, 3)) / learnt.plain.length
            found = network.fc(pooled).argmax().item()
        same += own == found
        right += learnt.classifier.labels[found] == answer.truth[0]
    count = len(learnt.figures.answers)
    assert (right / count, same / count) == (kept["accuracy"], kept["agreement"])


@pytest.mark.parametrize(
    ("name", "layers", "reason"),
    [
        ("starter", (), "torchvision has no network called starter"),
        ("mobilenet_v3_small", (), r"further layers \(classifier.0.weight"),
        ("squeezenet1_1", (), "further layers|would be off by"),
        ("resnet18", ("layer3", "layer4"), "looks at several layers"),
    ],
)
def test_what_torchvision_cannot_express_is_refused(
    name: str, layers: tuple[str, ...], reason: str
) -> None:
    given = backbone()
    if name != "starter":
        given = Classifier(name, zoo.build(name), zoo.labels(name), zoo.preprocessing(name))
    foundation = found(given, layers, SIZE)
    network = foundation.network(2)
    torch.nn.init.normal_(network.fc.weight)
    with pytest.raises(ModelError, match=reason):
        plain.network(network, foundation.descent, 1.0, SIZE)


@pytest.mark.parametrize("name", ["mobilenet_v2", "densenet121", "swin_t", "googlenet"])
def test_other_kinds_of_networks_are_expressed(name: str) -> None:
    given = Classifier(name, zoo.build(name), zoo.labels(name), zoo.preprocessing(name))
    foundation = found(given, input_size=SIZE)
    network = foundation.network(3)
    torch.nn.init.normal_(network.fc.weight)
    made = plain.network(network, foundation.descent, 2.0, SIZE)
    picture = torch.randn(1, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        (maps,) = network.trunk(picture)
        grid = foundation.descent.taps[0].grid(maps)
        expected = grid.mean((2, 3)) @ network.fc.weight.T / 2 + network.fc.bias
        torch.testing.assert_close(made(picture), expected, rtol=1e-3, atol=1e-3)


def test_files_that_do_not_tell_are_refused(resnet: tuple[Taught, Path], tmp_path: Path) -> None:
    learnt, _ = resnet
    old = tmp_path / "old.safetensors"
    taught.save(old, learnt.classifier, learnt.descent, {"plain": {"length": "long"}})
    with pytest.raises(ModelError, match="Teach it again"):
        to_state_dict(old, tmp_path / "x.pth")
    (tmp_path / "not.safetensors").write_bytes(b"not at all")
    with pytest.raises(ModelError):
        to_state_dict(tmp_path / "not.safetensors", tmp_path / "x.pth")
    with pytest.raises(ExportError, match="end in"):
        to_state_dict(old, tmp_path / "x.bin")


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Exports without a process of their own; which of them were for any size."""
    asked: list[bool] = []

    def whole(network: torch.nn.Module, size: Any, _: object, *, free: bool) -> bytes:
        asked.append(free)
        return export_model(network, size, Shape(batches=True, sizes=free))

    monkeypatch.setattr(export, "export_whole", whole)
    return asked


def test_onnx_says_the_same_of_any_number_and_size(tmp_path: Path) -> None:
    """In a process of its own, as in earnest."""
    given = replace(small(Activation.SIGMOID), thresholds=(0.25, 0.75), nothing=1)
    made = to_onnx(given, tmp_path / "new" / "x.onnx")
    assert made.deviation < 1e-5
    assert made.notes[0] == "It takes any number of pictures of any size."
    assert [path.name for path in made.path.parent.iterdir()] == ["x.onnx"]
    session = onnxruntime.InferenceSession(made.path)
    (entry,), (answer,) = session.get_inputs(), session.get_outputs()
    assert (entry.name, entry.shape) == ("pictures", ["batch", 3, "height", "width"])
    assert (answer.name, answer.shape) == ("logits", ["batch", 2])
    pictures = torch.randn(5, 3, 80, 48, generator=torch.Generator().manual_seed(0))
    (found,) = session.run(None, {"pictures": pictures.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, given.network(pictures).numpy(), atol=1e-5)
    told = session.get_modelmeta().custom_metadata_map
    assert json.loads(told["labels"]) == list(CLASSES)
    assert json.loads(told["activation"]) == "sigmoid"
    assert json.loads(told["thresholds"]) == [0.25, 0.75]
    assert json.loads(told["nothing"]) == 1
    assert json.loads(told["preprocessing"])["input_size"] == 32
    assert told["name"] == "small"
    onnx.checker.check_model(onnx.load(made.path))


def test_onnx_of_a_taught_network(
    resnet: tuple[Taught, Path], tmp_path: Path, in_process: list[bool]
) -> None:
    given = taught.load(resnet[1])
    made = to_onnx(given, tmp_path / "x.onnx")
    assert in_process == [True]
    session = onnxruntime.InferenceSession(made.path)
    pictures = torch.randn(2, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    (found,) = session.run(None, {"pictures": pictures.numpy()})
    with torch.no_grad():
        np.testing.assert_allclose(found, given.network(pictures).numpy(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.75, -0.25)])
def test_onnx_of_the_strongest_cells(
    tmp_path: Path, in_process: list[bool], shift: tuple[float, float]
) -> None:
    foundation = found(backbone(), input_size=SIZE, small=True)
    taps = tuple(replace(tap, shift=shift) for tap in foundation.descent.taps)
    foundation = replace(foundation, descent=replace(foundation.descent, taps=taps))
    network = foundation.network(2)
    torch.nn.init.normal_(network.fc.weight)
    given = Classifier("taught", network, CLASSES, foundation.preprocessing)
    made = to_onnx(given, tmp_path / "x.onnx")
    assert made.deviation < 1e-4
    assert in_process == [True]
    assert made.notes[0] == "It takes any number of pictures of any size."
    with pytest.raises(ModelError, match="no network called starter"):
        plain.network(network, foundation.descent, 1.0, SIZE)


class Stubborn(torch.nn.Module):
    """Its export is right at one size only."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = 1.0 if torch.compiler.is_exporting() else x.shape[3] / 32
        return x.mean((2, 3)) * scale


def test_what_is_wrong_at_other_sizes_is_exported_for_one(
    tmp_path: Path, in_process: list[bool]
) -> None:
    given = Classifier("x", Stubborn(), ("a", "b", "c"), small().preprocessing)
    made = to_onnx(given, tmp_path / "x.onnx")
    assert in_process == [True, False]
    assert made.notes[0] == "It takes any number of pictures, of 32 x 32 pixels."


class Liar(torch.nn.Module):
    """Its export is wrong."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean((2, 3)) * (2.0 if torch.compiler.is_exporting() else 1.0)


def test_what_does_not_agree_is_not_kept(tmp_path: Path, in_process: list[bool]) -> None:
    given = Classifier("x", Liar(), ("a", "b", "c"), small().preprocessing)
    with pytest.raises(ModelError, match=r"off by 100\.0%"):
        to_onnx(given, tmp_path / "x.onnx")
    assert list(tmp_path.iterdir()) == []
    assert in_process == [True, False]


def test_wrong_places_and_kinds_are_told(tmp_path: Path, in_process: list[bool]) -> None:
    with pytest.raises(ExportError, match=r"end in \.onnx"):
        to_onnx(small(), tmp_path / "x.bin")
    (tmp_path / "taken").write_text("")
    with pytest.raises(ExportError, match="cannot be written"):
        to_onnx(small(), tmp_path / "taken" / "x.onnx")
    of_clips = replace(small(), preprocessing=ClipPreprocessing())
    with pytest.raises(ModelError, match="looks at clips"):
        to_onnx(of_clips, tmp_path / "x.onnx")
