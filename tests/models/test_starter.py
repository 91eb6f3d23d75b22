"""The embedded classifier is what its card says, or says that it is not."""

from pathlib import Path

import pytest
import torch

from camviewer.errors import ModelError
from camviewer.models import catalog
from camviewer.models.classifier import Activation
from camviewer.models.preprocess import Preprocessing
from camviewer.models.starter import load_starter
from camviewer.models.weightfile import sha256
from camviewer.paths import resources
from tests.models.files import same_output
from tests.models.starter_files import starter_network, write_starter


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("camviewer.models.starter.resources", lambda: tmp_path)
    return write_starter(tmp_path / "starter")


def test_the_starter_is_what_its_card_says(folder: Path) -> None:
    classifier = load_starter()
    assert classifier.name == "starter"
    assert classifier.labels == ("disc", "ring", "cross")
    assert classifier.preprocessing == Preprocessing(
        mean=(0.5, 0.4, 0.3),
        std=(0.2, 0.3, 0.25),
        input_size=128,
        resize_size=128,
        min_size=32,
    )
    assert classifier.activation is Activation.SIGMOID
    assert classifier.thresholds == (0.3, 0.5, 0.7)
    assert classifier.weights == "starter.safetensors"
    assert classifier.weights_sha256 == sha256(folder / "starter.safetensors")
    assert same_output(classifier.network, starter_network())


@pytest.mark.parametrize("name", ["starter.json", "starter.safetensors"])
def test_missing_files(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ModelError, match=r"missing or damaged.*Install camviewer again"):
        load_starter()
    catalog.entries.cache_clear()
    assert catalog.entries()[0].source == "torchvision"
    catalog.entries.cache_clear()


@pytest.mark.parametrize(
    "changes", [{"sha256": "0" * 64}, {"labels": None}, {"head": "argmax"}, {"labels": ["a"]}]
)
def test_files_that_do_not_belong_together(folder: Path, changes: dict[str, object]) -> None:
    write_starter(folder, **changes)
    with pytest.raises(ModelError, match="missing or damaged"):
        load_starter()


def test_a_card_that_is_no_card(folder: Path) -> None:
    (folder / "starter.json").write_text("[]")
    with pytest.raises(ModelError, match="missing or damaged"):
        load_starter()


@pytest.mark.skipif(
    not (resources() / "starter" / "starter.json").exists(), reason="no starter is embedded yet"
)
def test_the_embedded_starter_loads() -> None:
    classifier = load_starter()
    size = classifier.preprocessing.input_size
    with torch.no_grad():
        scores = classifier.scores(classifier.network(torch.zeros(1, 3, size, size)))
    assert scores.shape == (1, len(classifier.labels))
    assert len(classifier.labels) >= 5
    assert catalog.entries()[0].name == "starter"
