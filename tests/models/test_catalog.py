"""The catalogue describes every network without loading it, and loads by one entry point."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch.hub

from camviewer.errors import CancelledError, DownloadError, ModelError
from camviewer.models import catalog, download, zoo
from camviewer.models.catalog import Entry, Overrides
from camviewer.models.classifier import Activation
from camviewer.models.starter_net import StarterNet
from tests.models.files import SMALL, same_output, save, small_network, small_state
from tests.models.starter_files import write_starter


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of torch.hub."""
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "hub"))
    folder = tmp_path / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small starter in place of the embedded one."""
    monkeypatch.setattr("camviewer.models.starter.resources", lambda: tmp_path)
    catalog.entries.cache_clear()
    return write_starter(tmp_path / "starter")


@pytest.fixture(autouse=True)
def fresh_entries() -> Any:
    """Each test sees the starter that lies there now."""
    catalog.entries.cache_clear()
    yield
    catalog.entries.cache_clear()


def entry(name: str) -> Entry:
    return next(e for e in catalog.entries() if e.name == name)


def test_the_starter_comes_first_then_all_of_torchvision(starter: Path) -> None:
    first, *others = catalog.entries()
    assert first == Entry(
        name="starter",
        title="Starter",
        family="Embedded",
        source="starter",
        parameters=sum(p.numel() for p in StarterNet(3).parameters()),
        weights="starter.safetensors",
        size_bytes=(starter / "starter.safetensors").stat().st_size,
        accuracy=None,
    )
    assert first.cached
    assert [e.name for e in others] == [*zoo.names(), *zoo.clip_names()]
    assert {e.source for e in others} == {"torchvision"}


def test_entries_are_those_of_the_weights() -> None:
    assert entry("resnet18") == Entry(
        name="resnet18",
        title="ResNet18",
        family="ResNet",
        source="torchvision",
        parameters=11_689_512,
        weights="ResNet18_Weights.IMAGENET1K_V1",
        size_bytes=46_830_453,
        accuracy=69.758,
    )
    for e in catalog.entries()[1:]:
        assert e.parameters > 1_000_000
        assert e.size_bytes > 3 * e.parameters
        assert 56 < (e.accuracy or 0) < 89


@pytest.mark.parametrize(
    ("name", "title", "family"),
    [
        ("regnet_x_1_6gf", "RegNet X 1.6GF", "RegNet"),
        ("mnasnet0_75", "MNASNet0.75", "MNASNet"),
        ("wide_resnet50_2", "Wide ResNet50 2", "ResNet"),
        ("vit_b_16", "ViT B 16", "Vision Transformer"),
        ("shufflenet_v2_x0_5", "ShuffleNet V2 X0.5", "ShuffleNet"),
        ("resnext50_32x4d", "ResNeXt50 32X4D", "ResNet"),
    ],
)
def test_titles(name: str, title: str, family: str) -> None:
    assert (entry(name).title, entry(name).family) == (title, family)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("resnet 18", {"resnet18", "r3d_18", "mc3_18", "r2plus1d_18"}),
        ("ResNet-18", {"resnet18"}),
        ("swin v2", {"swin_v2_b", "swin_v2_s", "swin_v2_t"}),
        ("vision transformer 14", {"vit_h_14"}),
        ("squeeze", {"squeezenet1_0", "squeezenet1_1"}),
        ("no such network", set()),
    ],
)
def test_search(text: str, names: set[str]) -> None:
    assert {e.name for e in catalog.search(text)} == names


def test_an_empty_search_finds_all() -> None:
    assert catalog.search(" ") == catalog.entries()


def test_cached_tells_whether_the_weights_are_there(hub: Path) -> None:
    assert not entry("resnet18").cached
    (hub / "resnet18-f37072fd.pth").touch()
    assert entry("resnet18").cached


@pytest.fixture
def published(hub: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Weights in the cache as if they were those torchvision publishes for `SMALL`."""
    weights = zoo.weights_of(SMALL)
    assert weights is not None
    state = zoo.build(SMALL).state_dict()
    path = save(state, hub / "small.pth")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    path = path.rename(hub / f"small-{digest[:8]}.pth")
    moved = type(weights)._member_map_["IMAGENET1K_V1"].value
    monkeypatch.setattr(moved, "url", f"https://127.0.0.1/{path.name}")
    return path


def test_published_weights(published: Path) -> None:
    assert entry(SMALL).cached
    classifier = catalog.load("ShuffleNet-v2-x0.5".replace(".", "_"))
    assert classifier.name == SMALL
    assert classifier.labels == zoo.labels(SMALL)
    assert classifier.preprocessing == zoo.preprocessing(SMALL)
    assert classifier.activation is Activation.SOFTMAX
    assert classifier.weights == "ShuffleNet_V2_X0_5_Weights.IMAGENET1K_V1"
    assert classifier.weights_sha256 == hashlib.sha256(published.read_bytes()).hexdigest()


def test_published_weights_that_were_changed_are_refused(published: Path) -> None:
    published.write_bytes(published.read_bytes() + b"\0")
    with pytest.raises(ModelError, match=r"is not the published file\. Delete it") as failure:
        catalog.load(SMALL)
    assert str(published) in str(failure.value)


def test_weights_are_downloaded_with_progress_and_cancel(
    published: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def fetch(url: str, **options: object) -> Path:
        asked.append((url, options))
        return published

    monkeypatch.setattr(download, "fetch", fetch)

    def progress(done: int, total: int) -> None:
        """Not called here."""

    def cancelled() -> bool:
        return False

    catalog.load(SMALL, progress=progress, cancelled=cancelled)
    url = f"https://127.0.0.1/{published.name}"
    assert asked == [(url, {"progress": progress, "cancelled": cancelled})]


def test_cancelled_between_the_steps(published: Path, tmp_path: Path) -> None:
    with pytest.raises(CancelledError):
        catalog.load(SMALL, cancelled=lambda: True)
    path = save(small_state(), tmp_path / "mine.pth")
    with pytest.raises(CancelledError):
        catalog.load(SMALL, weights=path, cancelled=lambda: True)


def test_offline_names_the_file(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(*args: object, **options: object) -> None:
        raise OSError("no route")

    monkeypatch.setattr("urllib.request.urlopen", unreachable)
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.0)
    with pytest.raises(DownloadError) as failure:
        catalog.load("resnet18")
    assert "https://download.pytorch.org/models/resnet18-f37072fd.pth" in str(failure.value)
    assert str(hub / "resnet18-f37072fd.pth") in str(failure.value)


def test_networks_without_published_weights_ask_for_a_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(zoo, "weights_of", lambda _: None)
    zoo.preprocessing.cache_clear()
    assert entry(SMALL) == Entry(
        SMALL, "ShuffleNet V2 X0.5", "ShuffleNet", "torchvision", 0, "", 0, None
    )
    assert not entry(SMALL).cached
    assert zoo.preprocessing(SMALL).input_size == 224
    zoo.preprocessing.cache_clear()
    with pytest.raises(ModelError, match=r"no published weights\. Give a file"):
        catalog.load(SMALL)


def test_own_weights_labels_and_numbers(tmp_path: Path) -> None:
    path = save(small_state(), tmp_path / "mine.pth")
    names = tmp_path / "names.json"
    names.write_text(json.dumps({"4": "e", "3": "d", "2": "c", "1": "b", "0": "a"}))
    classifier = catalog.load(SMALL, weights=path, labels=names, overrides=Overrides(input_size=96))
    assert classifier.labels == ("a", "b", "c", "d", "e")
    assert classifier.preprocessing.input_size == 96
    assert same_output(classifier.network, small_network())
    assert same_output(catalog.load(weights=path).network, small_network())


@pytest.mark.parametrize("name", [None, "starter", "Starter "])
def test_the_starter_is_the_default(starter: Path, name: str | None) -> None:
    classifier = catalog.load(name)
    assert classifier.name == "starter"
    assert classifier.labels == ("disc", "ring", "cross")


def test_the_starter_takes_other_numbers_and_labels_but_no_weights(
    starter: Path, tmp_path: Path
) -> None:
    names = tmp_path / "names.txt"
    names.write_text("a\nb\nc\n")
    classifier = catalog.load("starter", labels=names, overrides=Overrides(input_size=96))
    assert classifier.labels == ("a", "b", "c")
    assert classifier.preprocessing.input_size == 96
    names.write_text("a\n")
    with pytest.raises(ModelError, match="1 labels, but the network has 3"):
        catalog.load("starter", labels=names)
    with pytest.raises(ModelError, match="starter brings its own weights"):
        catalog.load("starter", weights=tmp_path / "mine.pth")


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(
        ModelError, match=r"no network called 'resnet19'\. Did you mean resnet18 or"
    ):
        catalog.load("resnet19")
    with pytest.raises(ModelError, match=r"no network called 'zzz'\. `camviewer models` lists"):
        catalog.load("zzz")
