"""``camviewer explain``, with the starter and on real files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file

from camviewer.cli import main
from camviewer.inspector import Inspector
from camviewer.media.images import load
from camviewer.models import catalog, zoo
from camviewer.paths import resources
from camviewer.render import View, overlay
from tests.odd_files import odd_files

# pytest shows warnings whatever the program's own filters say
pytestmark = pytest.mark.filterwarnings("ignore:::PIL")

BOARD = resources() / "samples" / "board.jpg"
KEYS = {
    "image", "width", "height", "model", "weights_sha256", "layer", "method", "device",
    "predictions", "explanations",
}  # fmt: skip


def explain(*arguments: object) -> int:
    return main(["explain", *map(str, arguments), "--device", "cpu"])


def test_a_sample_is_explained_with_overlay_record_and_boxes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(BOARD, "--out", tmp_path / "new" / "folder", "--json") == 0
    out, err = capsys.readouterr()
    assert err == ""
    record = json.loads(out)
    assert record == json.loads((tmp_path / "new" / "folder" / "board.json").read_text())
    assert set(record) >= KEYS
    with Image.open(BOARD) as picture:
        assert (record["width"], record["height"]) == picture.size
    assert record["model"] == "starter"
    assert record["method"] == "cam"
    assert len(record["weights_sha256"]) == 64
    assert record["predictions"][0]["label"] == "chessboard"
    (found,) = (e for e in record["explanations"] if e["label"] == "chessboard")
    (box,) = found["boxes"]
    assert found["rule"] == "largest"
    assert found["threshold"] == 0.4  # the starter's own
    # the board itself, as one sees it in the sample, covers about this
    assert 100 < box["x"] < 300
    assert 0 <= box["y"] < 200
    assert 400 < box["width"] < 850


def test_what_is_exported_is_what_the_window_shows(tmp_path: Path) -> None:
    assert explain(BOARD, "--out", tmp_path) == 0
    inspection = Inspector(catalog.load("starter"), "cpu").inspect(load(BOARD))
    with Image.open(tmp_path / "board.overlay.png") as written:
        np.testing.assert_array_equal(np.asarray(written), overlay(inspection, View()))


def test_raw_maps_and_chosen_classes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status = explain(
        BOARD,
        "--out",
        tmp_path,
        "--class",
        "star",
        "--class",
        "0",
        "--save-map",
        "--save-heatmap",
        "--json",
    )
    assert status == 0
    record = json.loads(capsys.readouterr().out)
    assert [e["label"] for e in record["explanations"]] == ["star", "QR code"]
    star = catalog.load("starter").find("star")
    values = np.load(tmp_path / f"board.{star}.npy", allow_pickle=False)
    assert values.dtype == np.float32
    assert values.ndim == 2
    score = record["explanations"][0]["score"]
    assert score == next(p["score"] for p in record["predictions"] if p["index"] == star)
    with Image.open(tmp_path / "board.0.heatmap.png") as heatmap:
        assert heatmap.size == (record["width"], record["height"])


def test_top_and_input_size_and_rule(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--top", 3, "--rule", "all", "--threshold", 0.5, "--input-size", 224)
    assert explain(BOARD, "--out", tmp_path, "--json", *options) == 0
    record = json.loads(capsys.readouterr().out)
    assert len(record["explanations"]) == 3
    assert {e["rule"] for e in record["explanations"]} == {"all"}
    assert {e["threshold"] for e in record["explanations"]} == {0.5}
    assert record["input_height"] == 224


def test_one_bad_picture_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "bilder \N{SNOWMAN}"
    folder.mkdir()
    shutil.copy(BOARD, folder / "a.jpg")
    (folder / "b.jpg").write_bytes(BOARD.read_bytes()[:500])
    shutil.copy(BOARD, folder / "c.JPG")
    assert explain(folder, tmp_path / "gone.png", "--out", tmp_path / "out") == 1
    out, err = capsys.readouterr()
    assert [line.count("chessboard") for line in out.splitlines()] == [1, 1]
    assert "b.jpg" in err
    assert "gone.png" in err
    assert "a.jpg" not in err
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {"a.overlay.png", "a.json", "c.overlay.png", "c.json"}


def test_pictures_of_one_name_do_not_overwrite_each_other(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        shutil.copy(BOARD, tmp_path / name / "same.jpg")
    assert explain(tmp_path / "one", tmp_path / "two", "--out", tmp_path / "out") == 0
    assert len(list((tmp_path / "out").glob("*.overlay.png"))) == 2


def test_nothing_found_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grey = tmp_path / "grey.png"
    Image.new("RGB", (200, 150), (128, 128, 128)).save(grey)
    assert explain(grey, "--out", tmp_path) == 0
    assert "nothing found" in capsys.readouterr().out
    assert json.loads((tmp_path / "grey.json").read_text())["explanations"] == []
    with Image.open(tmp_path / "grey.overlay.png") as written:
        assert np.unique(np.asarray(written)).tolist() == [128]


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--class", "unicorn"], "unicorn"),
        (["--class", "99"], "classes 0 to"),
        (["--layer", "fc9"], "fc9"),
        (["--model", "resnet1"], "resnet1"),
        (["--device", "quantum"], "quantum"),
        (["--input-size", "5000"], "4096"),
        (["--method", "magic"], "cam, grad-cam"),
        (["--weights", "nowhere.pth"], "nowhere.pth"),
        (["--labels", "nowhere.txt"], "nowhere.txt"),
    ],
)
def test_wrong_usage_is_told_before_any_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    status = main(["explain", str(BOARD), "--out", str(tmp_path / "out"), *options])
    assert status == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("camviewer: ")
    assert told in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["explain"],
        ["explain", "x.png"],
        ["explain", "x.png", "--out", "o", "--threshold", "2"],
        ["explain", "x.png", "--out", "o", "--threshold", "much"],
        ["explain", "x.png", "--out", "o", "--top", "0"],
        ["explain", "x.png", "--out", "o", "--opacity", "7"],
        ["explain", "x.png", "--out", "o", "--input-size", "0"],
        ["--frobnicate"],
    ],
)
def test_wrong_options_end_with_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "camviewer" in capsys.readouterr().err


def test_a_file_that_holds_a_program_runs_only_when_trusted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save(zoo.build("squeezenet1_1", num_classes=2), tmp_path / "whole.pth")
    options = ("--out", tmp_path / "out", "--weights", tmp_path / "whole.pth")
    assert explain(BOARD, *options) == 2
    assert "--trust" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert explain(BOARD, *options, "--trust") == 0


def test_an_input_size_that_a_network_cannot_take_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = zoo.build("vit_b_32", num_classes=3, image_size=64)
    save_file(network.state_dict(), tmp_path / "small.safetensors")
    options = ("--model", "vit_b_32", "--weights", tmp_path / "small.safetensors")
    assert explain(BOARD, "--out", tmp_path / "out", *options, "--input-size", 96) == 2
    assert "64 x 64" in capsys.readouterr().err
    assert explain(BOARD, "--out", tmp_path / "out", *options, "--json") == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["input_width"], record["method"]) == (64, "grad-cam")


def test_a_folder_without_pictures_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(tmp_path, "--out", tmp_path / "out") == 1
    assert "no pictures" in capsys.readouterr().err


def test_an_output_folder_that_is_a_file_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("in the way")
    assert explain(BOARD, "--out", tmp_path / "out") == 1
    assert "out" in capsys.readouterr().err
    assert (tmp_path / "out").read_text() == "in the way"


def test_the_method_that_cannot_serve_names_one_that_can(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    layers = [layer.name for layer in Inspector(catalog.load("starter"), "cpu").layers]
    status = explain(BOARD, "--out", tmp_path, "--method", "cam", "--layer", layers[0])
    assert status == 2
    assert "grad-cam" in capsys.readouterr().err


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files=st.lists(odd_files(), min_size=25, max_size=25))
def test_odd_files_are_explained_or_told(
    files: list[tuple[str, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Five hundred of them: every one has a result or a line that names it, and none a crash."""
    folder, out = tmp_path_factory.mktemp("odd"), tmp_path_factory.mktemp("out")
    paths = []
    for number, (name, content) in enumerate(files):
        path = folder / str(number) / name
        path.parent.mkdir()
        path.write_bytes(content)
        paths.append(path)
    status = explain(*paths, "--out", out)
    printed = capsys.readouterr()
    done, failed = printed.out.splitlines(), printed.err.splitlines()
    assert len(done) + len(failed) == len(files)
    assert status == (1 if failed else 0)
    assert len(list(out.glob("*.overlay.png"))) == len(done)
    assert all(line.startswith("camviewer: ") for line in failed)
