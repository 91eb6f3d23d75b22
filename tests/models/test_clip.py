"""Classes typed as text, with CLIP networks small enough for seconds and no network but our own."""

from __future__ import annotations

import builtins
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.hub
from safetensors.torch import save_file

from camviewer.cam.methods import METHODS
from camviewer.cli import main
from camviewer.errors import (
    CancelledError,
    DownloadError,
    MethodError,
    ModelError,
    WeightsMismatchError,
)
from camviewer.inspector import Inspector, Request
from camviewer.models import catalog, clip, download, zoo
from camviewer.models.catalog import Overrides
from camviewer.models.classifier import Classifier
from camviewer.types import Ask, Frame, Question
from tests.models.hub import Hub

open_clip = pytest.importorskip("open_clip", reason="open_clip, the extra `clip`, is missing")

TEXT = {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1}
TRANSFORMER = {"layers": 2, "width": 32, "head_width": 16, "patch_size": 16, "image_size": 64}
RESNET = {"layers": [1, 1, 1, 1], "width": 16, "head_width": 16, "image_size": 64}
ARCHITECTURES = {"tiny-transformer": TRANSFORMER, "tiny-resnet": RESNET}
TAG = {"hf_hub": "somebody/tiny/", "mean": (0.5, 0.4, 0.3), "std": (0.2, 0.2, 0.1)}
TEXTS = ("a cat", "a dog", "a rusty pipe")


@pytest.fixture(scope="module", autouse=True)
def architectures(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Two small networks among those of open_clip."""
    folder = tmp_path_factory.mktemp("architectures")
    for name, vision in ARCHITECTURES.items():
        config = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": TEXT}
        (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder)


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, weights that are published nowhere yet, and no way out of this machine."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    for name in ARCHITECTURES:
        settings = {"fake": {**TAG, "interpolation": "bilinear"}, "openai": {**TAG}}
        monkeypatch.setitem(open_clip.pretrained._PRETRAINED, name, settings)
    return tmp_path / "hub" / "checkpoints"


def random_model(architecture: str) -> Any:
    torch.manual_seed(3)
    model = open_clip.create_model(architecture, pretrained=None)
    torch.nn.init.normal_(model.visual.conv1.weight, std=0.2)
    return model.eval()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, architectures: None) -> dict[str, Path]:
    """Random weights of either, as files."""
    folder = tmp_path_factory.mktemp("weights")
    found = {}
    for name in ARCHITECTURES:
        found[name] = folder / f"{name}.safetensors"
        save_file(random_model(name).state_dict(), found[name])
    return found


def frame() -> Frame:
    pixels = np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    return Frame(pixels, "noise")


def load(files: dict[str, Path], architecture: str = "tiny-transformer") -> Classifier:
    return catalog.load(f"clip:{architecture}", texts=TEXTS, weights=files[architecture])


@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_the_logits_are_those_of_clip(files: dict[str, Path], architecture: str) -> None:
    classifier = load(files, architecture)
    model, tokenizer = random_model(architecture), open_clip.get_tokenizer(architecture)
    picture = torch.randn(2, 3, 64, 64)
    expected = []
    with torch.no_grad():
        image = torch.nn.functional.normalize(model.encode_image(picture), dim=1)
        for text in TEXTS:
            prompts = model.encode_text(tokenizer([p.format(text) for p in clip.PROMPTS]))
            mean = (prompts / prompts.norm(dim=1, keepdim=True)).mean(0)
            expected.append(image @ (mean / mean.norm()) / 0.07)
        torch.testing.assert_close(
            classifier.network(picture), torch.stack(expected, 1), rtol=1e-4, atol=1e-4
        )
    assert classifier.labels == TEXTS
    assert classifier.find("RUSTY") == 2
    assert classifier.weights == f"{architecture}.safetensors"
    assert classifier.weights_sha256 == hashlib.sha256(files[architecture].read_bytes()).hexdigest()


def test_the_text_encoder_is_dropped_and_nothing_can_be_trained(files: dict[str, Path]) -> None:
    network = load(files).network
    names = [name for name, _ in network.named_parameters()]
    assert all(name.startswith(("visual.", "classes.")) for name in names)
    assert not network.training
    assert not any(p.requires_grad for p in network.parameters())


def test_what_the_weights_expect_of_a_picture_is_known(files: dict[str, Path]) -> None:
    plain = load(files).preprocessing
    assert plain.mean == pytest.approx(open_clip.OPENAI_DATASET_MEAN)
    assert (plain.input_size, plain.resize_size, plain.interpolation) == (64, 64, "bicubic")
    assert plain.fixed_size
    tagged = catalog.load(
        "CLIP:Tiny-Transformer:FAKE",
        texts=TEXTS,
        weights=files["tiny-transformer"],
        overrides=Overrides(std=(0.1, 0.1, 0.1)),
    )
    assert tagged.name == "clip:tiny-transformer:fake"
    assert tagged.preprocessing.mean == (0.5, 0.4, 0.3)
    assert tagged.preprocessing.std == (0.1, 0.1, 0.1)
    assert tagged.preprocessing.interpolation == "bilinear"


def test_classes_are_taken_as_typed_once_each(files: dict[str, Path]) -> None:
    texts = ("a  cat ", "a {strange} 100 % dog", "", "a cat")
    classifier = catalog.load("clip:tiny-resnet", texts=texts, weights=files["tiny-resnet"])
    assert classifier.labels == ("a cat", "a {strange} 100 % dog")
    assert classifier.network(torch.zeros(1, 3, 64, 64)).shape == (1, 2)


# slow ones run the network as these do, only more often
@pytest.mark.parametrize("method", [name for name, method in METHODS.items() if not method.slow])
@pytest.mark.parametrize("architecture", list(ARCHITECTURES))
def test_every_method_explains_it_or_says_why_not(
    files: dict[str, Path], architecture: str, method: str
) -> None:
    inspector = Inspector(load(files, architecture), "cpu", "eager")
    transformer = architecture == "tiny-transformer"
    refused = {"cam"} | (set() if transformer else {"attention-rollout", "legrad"})
    if method in refused:
        with pytest.raises(MethodError, match=r"It needs"):
            inspector.inspect(frame(), Request(method=method, targets=(0,)))
        return
    (found,) = inspector.inspect(frame(), Request(method=method, targets=(1,))).explanations
    assert found.heatmap.label == "a dog"
    assert np.isfinite(found.heatmap.values).all()
    assert min(found.heatmap.values.shape) > 1


def test_transformers_are_looked_at_before_their_last_attention(files: dict[str, Path]) -> None:
    inspector = Inspector(load(files), "cpu", "eager")
    assert inspector.automatic_layer.name == "visual.transformer.resblocks.1.ln_1.layer_norm"
    assert inspector.automatic_layer.cells == (4, 4)


@pytest.mark.parametrize("method", ["grad-cam", "legrad", "full-grad"])
def test_the_picture_is_compared_with_another_by_its_embedding(
    files: dict[str, Path], method: str
) -> None:
    inspector = Inspector(load(files), "cpu", "eager")
    pixels = np.random.default_rng(2).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    for reference, score in ((frame(), 1.0), (Frame(pixels, "other"), None)):
        question = Question(Ask.LIKE, reference=reference)
        (found,) = inspector.inspect(
            frame(), Request(question=question, method=method)
        ).explanations
        if score is not None:
            assert found.heatmap.score == pytest.approx(score, abs=1e-4)
        assert np.isfinite(found.heatmap.values).all()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine."""
    stand_in = Hub()
    with stand_in.serving() as address:
        monkeypatch.setenv("HF_ENDPOINT", f"{address}/")
        yield stand_in


def test_published_weights_are_downloaded_once(
    files: dict[str, Path], server: Hub, hub: Path
) -> None:
    server.publish(files["tiny-transformer"])
    seen: list[tuple[int, int]] = []
    classifier = catalog.load(
        "clip:tiny-transformer:fake",
        texts=TEXTS,
        progress=lambda done, total: seen.append((done, total)),
    )
    size = files["tiny-transformer"].stat().st_size
    assert seen[-1] == (size, size)
    assert classifier.weights == "tiny-transformer:fake"
    digest = classifier.weights_sha256
    assert [p.name for p in hub.iterdir()] == [
        f"clip-tiny-transformer-fake-{digest[:8]}.safetensors"
    ]
    asked = len(server.asked)
    again = catalog.load("clip:tiny-transformer:fake", texts=TEXTS)
    assert len(server.asked) == asked
    picture = torch.randn(1, 3, 64, 64)
    assert torch.equal(again.network(picture), classifier.network(picture))


def test_without_a_tag_the_preferred_weights_are_taken(files: dict[str, Path], server: Hub) -> None:
    server.publish(files["tiny-resnet"])
    assert catalog.load("clip:tiny-resnet", texts=TEXTS).weights == "tiny-resnet:openai"
    assert clip._choose(open_clip, clip.DEFAULT, published=True).tag == "laion2b_e16"


def test_a_file_that_is_not_the_published_one_does_not_arrive(
    files: dict[str, Path], server: Hub, hub: Path
) -> None:
    server.publish(files["tiny-transformer"], lfs={"sha256": "ab" * 32})
    with pytest.raises(DownloadError, match="not the published file"):
        catalog.load("clip:tiny-transformer:fake", texts=TEXTS)
    assert list(hub.iterdir()) == []


def test_a_file_put_where_the_message_says_is_used(files: dict[str, Path], hub: Path) -> None:
    with pytest.raises(DownloadError) as told:
        catalog.load("clip:tiny-transformer:fake", texts=TEXTS)
    wanted = hub / "clip-tiny-transformer-fake.safetensors"
    assert str(wanted) in str(told.value)
    assert "/somebody/tiny/resolve/main/open_clip_model.safetensors" in str(told.value)
    hub.mkdir(parents=True, exist_ok=True)
    wanted.write_bytes(files["tiny-transformer"].read_bytes())
    assert catalog.load("clip:tiny-transformer:fake", texts=TEXTS).labels == TEXTS


def test_weights_that_open_clip_fetched_before_are_used(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = tmp_path / "huggingface" / "models--somebody--tiny"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("c0ffee")
    snapshot = repository / "snapshots" / "c0ffee"
    snapshot.mkdir(parents=True)
    content = files["tiny-transformer"].read_bytes()
    (snapshot / "open_clip_model.safetensors").write_bytes(content)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "huggingface"))
    classifier = catalog.load("clip:tiny-transformer:fake", texts=TEXTS)
    assert classifier.weights_sha256 == hashlib.sha256(content).hexdigest()
    assert not (tmp_path / "hub" / "checkpoints").exists()


def test_a_repository_without_weights_is_told(server: Hub) -> None:
    server.files["/api/models/somebody/tiny?blobs=true"] = b'{"sha": "c0ffee", "siblings": []}'
    with pytest.raises(DownloadError, match=r"holds no open_clip_model\.safetensors or"):
        catalog.load("clip:tiny-transformer:fake", texts=TEXTS)
    del server.files["/api/models/somebody/tiny?blobs=true"]
    with pytest.raises(DownloadError, match="answered 404"):
        catalog.load("clip:tiny-transformer:fake", texts=TEXTS)


def test_cancelling(files: dict[str, Path], server: Hub) -> None:
    server.publish(files["tiny-transformer"])
    with pytest.raises(CancelledError):
        catalog.load("clip:tiny-transformer:fake", texts=TEXTS, cancelled=lambda: True)
    server.go_on.clear()
    with pytest.raises(CancelledError):
        catalog.load(
            "clip:tiny-transformer:fake", texts=TEXTS, cancelled=lambda: len(server.asked) > 0
        )
    server.go_on.set()
    steps = iter(range(99))
    with pytest.raises(CancelledError, match="Loading"):
        catalog.load(
            "clip:tiny-transformer",
            texts=TEXTS,
            weights=files["tiny-transformer"],
            cancelled=lambda: next(steps) >= 3,
        )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("clip:tiny-transformr", "Did you mean clip:tiny-transformer"),
        ("clip:tiny-transformer:gone", "fake, openai"),
        ("clip:", "camviewer models clip"),
        ("clip:ViT-B-16-SigLIP", "text encoder"),
        ("clip:roberta-ViT-B-32", "text encoder"),
        ("clip:ViT-S-16", "no published weights"),
        ("resnet18", "need a CLIP network"),
        (None, "need a CLIP network"),
    ],
)
def test_what_cannot_be_chosen_is_told(name: str | None, told: str) -> None:
    with pytest.raises(ModelError, match=told):
        catalog.load(name, texts=TEXTS)


@pytest.mark.parametrize("texts", [(), ("", "  ")])
def test_classes_are_needed(texts: tuple[str, ...]) -> None:
    with pytest.raises(ModelError, match="--texts"):
        catalog.load("clip:tiny-transformer", texts=texts)


def _other_weights(path: Path) -> None:
    save_file({"visual.proj": torch.zeros(2, 2)}, path)


def _a_program(path: Path) -> None:
    torch.save(zoo.build("squeezenet1_1", num_classes=2), path)


@pytest.mark.parametrize("write", [_other_weights, _a_program])
def test_other_peoples_files_are_told(tmp_path: Path, write: Callable[[Path], None]) -> None:
    path = tmp_path / "file.safetensors"
    write(path)
    with pytest.raises(WeightsMismatchError, match=r"file\.safetensors does not hold"):
        catalog.load("clip:tiny-transformer", texts=TEXTS, weights=path)


def test_a_picture_is_no_weights_file(tmp_path: Path) -> None:
    (tmp_path / "weights.pt").write_bytes(b"\x89PNG and so on")
    with pytest.raises(ModelError, match="PNG"):
        catalog.load("clip:tiny-transformer", texts=TEXTS, weights=tmp_path / "weights.pt")


def test_without_open_clip_the_install_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    original = builtins.__import__

    def absent(name: str, *rest: Any, **named: Any) -> Any:
        if name == "open_clip":
            raise ModuleNotFoundError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ModelError, match=r"pip install 'camviewer\[clip\]'"):
        catalog.load("clip:ViT-B-32", texts=TEXTS)


def test_on_the_command_line(
    files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from PIL import Image

    Image.fromarray(frame().pixels).save(tmp_path / "noise.png")
    options = ["--texts", "a cat", "a dog", "--weights", str(files["tiny-transformer"])]
    arguments = ["explain", str(tmp_path / "noise.png"), "--json", "--device", "cpu", *options]
    assert main([*arguments, "--model", "clip:tiny-transformer", "--class", "a dog"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["model"] == "clip:tiny-transformer"
    assert {p["label"] for p in record["predictions"]} == {"a cat", "a dog"}
    assert sum(p["score"] for p in record["predictions"]) == pytest.approx(1, abs=1e-5)
    assert record["explanations"][0]["label"] == "a dog"
    assert (
        record["weights_sha256"]
        == hashlib.sha256(files["tiny-transformer"].read_bytes()).hexdigest()
    )
    assert main([*arguments, "--model", "resnet18"]) == 2
    assert "CLIP" in capsys.readouterr().err


def test_the_networks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "clip", "ViT-B-32"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "clip:ViT-B-32:laion2b_s34b_b79k" in lines
    assert all("vit-b-32" in line.casefold() for line in lines)
    assert not any("SigLIP" in line or "roberta" in line for line in lines)
    assert main(["models", "clip", "tiny-resnet", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert listed == [
        {"name": f"clip:tiny-resnet:{tag}", "source": "open_clip"} for tag in ("fake", "openai")
    ]
    assert main(["models", "clip", "xyzzy"]) == 1
