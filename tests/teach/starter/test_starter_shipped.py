"""What ships: the weights fit, are small, recognise and localise fresh renders."""

import hashlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from PIL import Image

from camviewer import paths
from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS, samples
from camviewer.teach.starter.card import CARD, record_figures
from camviewer.teach.starter.evaluate import ON_SURFACES, Seen, look, scenes, sigmoid, table
from camviewer.teach.starter.network import as_input, logits_and_maps
from camviewer.teach.starter.shipped import RECORD, WEIGHTS, Record, read, write_record
from camviewer.teach.starter.train import TEST

pytestmark = pytest.mark.long

FOLDER = paths.resources() / "starter"
MEAN_PRECISION = 0.9
CLASS_PRECISION = 0.65
MEAN_BOXES = 0.68


@pytest.fixture(scope="module")
def shipped() -> tuple[StarterNet, Record]:
    return read(FOLDER)


@pytest.fixture(scope="module")
def fresh(shipped: tuple[StarterNet, Record]) -> Seen:
    network, record = shipped
    return look(network, scenes(77, TEST, ON_SURFACES, 260), record.input_size)


def test_the_weights_fit_strictly_and_are_small() -> None:
    data = (FOLDER / WEIGHTS).read_bytes()
    assert len(data) <= 3_000_000
    state = safetensors.torch.load(data)
    StarterNet(len(LABELS)).load_state_dict(state, strict=True)
    assert {t.dtype for t in state.values() if t.is_floating_point()} == {torch.float16}
    assert json.loads((FOLDER / RECORD).read_text())["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_record_describes_all_that_is_needed(shipped: tuple[StarterNet, Record]) -> None:
    record = shipped[1]
    assert tuple(record.labels) == LABELS
    assert len(record.mean) == len(record.std) == 3
    assert record.head == "sigmoid"
    assert 160 <= record.input_size <= 320
    assert all(0 < threshold < 1 for threshold in record.thresholds)


def test_the_mean_of_the_map_plus_bias_is_the_logit(shipped: tuple[StarterNet, Record]) -> None:
    network = shipped[0]
    scene = render_one()
    x = as_input([scene], 160)
    logits, maps = logits_and_maps(network, x)
    with torch.no_grad():
        assert np.allclose(logits, network(x).numpy(), rtol=1e-4, atol=1e-4)
    assert maps.shape == (1, len(LABELS), 20, 20)


def render_one() -> "np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]":
    return scenes(5, TEST, ON_SURFACES, 1)[0].picture


def test_any_size_from_32_pixels_is_served(shipped: tuple[StarterNet, Record]) -> None:
    network = shipped[0]
    with torch.no_grad():
        for height, width in ((32, 32), (33, 47), (240, 320)):
            assert network(torch.zeros(1, 3, height, width)).shape == (1, len(LABELS))


def test_the_network_can_be_traced(shipped: tuple[StarterNet, Record]) -> None:
    traced = torch.fx.symbolic_trace(shipped[0])
    x = torch.rand(1, 3, 96, 64)
    with torch.no_grad():
        assert torch.equal(traced(x), shipped[0](x))


def test_it_recognises_fresh_renders(fresh: Seen) -> None:
    assert float(np.nanmean(fresh.precision())) >= MEAN_PRECISION


def test_it_recognises_every_class_far_better_than_chance(fresh: Seen) -> None:
    share = np.nanmean(fresh.labels, axis=0)
    for label, precision, chance in zip(LABELS, fresh.precision(), share, strict=True):
        assert precision >= max(CLASS_PRECISION, 2 * chance), label


def test_it_localises_fresh_renders(fresh: Seen) -> None:
    assert float(np.nanmean(fresh.boxes())) >= MEAN_BOXES


def test_changed_weights_are_noticed(tmp_path: Path, shipped: tuple[StarterNet, Record]) -> None:
    (tmp_path / WEIGHTS).write_bytes((FOLDER / WEIGHTS).read_bytes()[:-2] + b"xx")
    write_record(tmp_path, shipped[1])
    with pytest.raises(ModelError, match="Export it again"):
        read(tmp_path)


def test_missing_files_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reinstall"):
        read(tmp_path)


def test_the_card_shows_the_recorded_figures(shipped: tuple[StarterNet, Record]) -> None:
    record = shipped[1]
    card = (FOLDER / CARD).read_text(encoding="utf-8")
    assert record.sha256[:12] in card
    assert table(record.figures) in card


def test_a_card_without_its_marks_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / CARD).write_text("A card.")
    record = read(FOLDER)[1]
    with pytest.raises(ModelError, match="figures: start"):
        record_figures(tmp_path, record, record.figures)
    assert (tmp_path / CARD).read_text() == "A card."


def test_samples_are_pictures_of_a_fair_size() -> None:
    files = sorted((paths.resources() / "samples").glob("*.jpg"))
    assert [file.stem for file in files] == sorted(samples.SAMPLES)
    assert len(files) >= 8
    for file in files:
        data = file.read_bytes()
        assert len(data) < 150_000
        image = Image.open(io.BytesIO(data))
        image.load()
        assert image.mode == "RGB"
        assert 800 <= max(image.size) <= 1200


@pytest.mark.parametrize(
    ("stem", "labels"),
    [
        ("board", {"chessboard"}),
        ("cracked_wall", {"crack"}),
        ("first_aid", {"cross"}),
        ("floor_arrow", {"arrow"}),
        ("page", {"text"}),
        ("parcel", {"QR code", "barcode", "text"}),
        ("road_signs", {"arrow", "circle", "triangle"}),
        ("stars", {"star"}),
    ],
)
def test_it_sees_what_the_samples_show(
    stem: str, labels: set[str], shipped: tuple[StarterNet, Record]
) -> None:
    network, record = shipped
    image = Image.open(paths.resources() / "samples" / f"{stem}.jpg")
    scale = record.input_size / min(image.size)
    small = image.resize((round(image.width * scale), round(image.height * scale)))
    logits, _ = logits_and_maps(network, as_input([np.asarray(small)]))
    present = sigmoid(logits[0]) >= np.array(record.thresholds, np.float32)
    assert labels <= {label for label, seen in zip(LABELS, present, strict=True) if seen}


def test_a_sample_is_drawn_the_same_twice() -> None:
    draw = samples.SAMPLES["stars"]
    assert np.array_equal(draw(np.random.default_rng(1)), draw(np.random.default_rng(1)))
