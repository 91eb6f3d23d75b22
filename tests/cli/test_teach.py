"""``camviewer teach``: from a folder to a file that the other commands take."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from camviewer.cli import main
from camviewer.models import taught, zoo
from camviewer.teach.saving import PICTURES, fingerprint
from tests.cli.own_cache import cache, own_cache
from tests.evaluate.test_datasets import voc
from tests.teach.lessons import folders, ring_or_cross, table

__all__ = ["cache", "own_cache"]

_FIXED = ("--device", "cpu", "--input-size", "64")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return folders(tmp_path / "set", each=6)


def test_a_folder_becomes_a_file_that_explains(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 0
    printed = capsys.readouterr().out
    assert "accuracy 100.0 % of 6 pictures held out" in printed
    assert "built on starter" in printed
    picture = ring_or_cross(tmp_path / "new.png", "ring", 99)
    options = ("--json", "--device", "cpu", "--runtime", "eager")
    assert main(["explain", str(picture), "--model", str(out), *options]) == 0
    explained = json.loads(capsys.readouterr().out)
    assert explained["weights"] == "mine.safetensors"
    assert explained["predictions"][0]["label"] == "ring"


def test_figures_and_lists_for_programs(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, lists = tmp_path / "mine.safetensors", tmp_path / "split.json"
    options = ("--json", "--split", str(lists), "--held-out", "0.5", *_FIXED)
    assert main(["teach", str(data), "--out", str(out), *options]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["pictures"] == told["taught"] == 9
    assert told["backbone"]["backbone"] == "starter"
    split = json.loads(lists.read_text())
    named = {*split["teaching"], *split["held_out"]}
    assert named == {str(path) for path in data.rglob("*.png")}
    # the file may be handed on, so it does not tell where pictures lie
    kept = taught.about(out)
    assert kept["figures"] == told["figures"]
    assert str(data) not in json.dumps(kept)


def test_classes_come_from_annotations(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flat = tmp_path / "flat"
    (flat / "images").mkdir(parents=True)
    for path in data.rglob("*.png"):
        moved = path.rename(flat / "images" / f"{path.parent.name}-{path.name}")
        voc(flat / "annotations" / f"{moved.stem}.xml", moved.name, (path.parent.name, 1, 1, 9, 9))
    out = tmp_path / "mine.safetensors"
    command = ["teach", str(flat), "--out", str(out), "--json", *_FIXED]
    assert main(command) == 2
    assert "--boxes voc" in capsys.readouterr().err
    assert main([*command, "--boxes", "voc"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {c["name"]: c["pictures"] for c in told["figures"]["classes"]} == {
        name.name: 2 for name in data.iterdir()
    }


def test_what_was_taught_is_not_taken_for_a_trial(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine of eighteen pictures are taught; a copy by another name is known again."""
    for path in data.rglob("*.png"):
        voc(path.with_suffix(".xml"), path.name, (path.parent.name, 1, 1, 90, 90), side=96)
    out, lists = tmp_path / "mine.safetensors", tmp_path / "split.json"
    options = ("--split", str(lists), "--held-out", "0.5", *_FIXED)
    assert main(["teach", str(data), "--out", str(out), *options]) == 0
    assert f"the classes are folders of {data}" in capsys.readouterr().err
    run = ("--model", str(out), "--json", "--device", "cpu", "--runtime", "eager")
    measure = ["evaluate", "localization", str(data), *run]
    assert main(measure) == 0
    printed = capsys.readouterr()
    assert "9 of 18 pictures that are measured here were taught" in printed.err
    assert json.loads(printed.out)["pictures"] == 18
    assert main([*measure, "--split", str(lists)]) == 0
    printed = capsys.readouterr()
    assert "measured here" not in printed.err
    assert json.loads(printed.out)["pictures"] == 9
    for content, said in (
        ('{"held_out": []}', "Give the folder that was taught"),
        ("[]", "does not say which pictures were held out"),
        ("", "does not say which pictures were held out"),
    ):
        lists.write_text(content)
        assert main([*measure, "--split", str(lists)]) == 2
        assert said in capsys.readouterr().err
    assert main([*measure, "--split", str(tmp_path / "none.json")]) == 2
    assert "none.json cannot be read" in capsys.readouterr().err
    taught_one = next(
        p for p in data.rglob("*.png") if fingerprint(p) in taught.about(out)[PICTURES]
    )
    alone = tmp_path / "alone"
    voc(alone / "x.xml", "x.png", (taught_one.parent.name, 1, 1, 90, 90), side=96)
    (alone / "x.png").write_bytes(taught_one.read_bytes())
    assert main(["evaluate", "localization", str(alone), *run]) == 0
    assert "1 of 1 pictures that are measured here" in capsys.readouterr().err


def test_where_many_are_wrong_ways_on_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(8):
        for name in ("one", "two"):  # the same pictures: half of the answers must be wrong
            ring_or_cross(tmp_path / "set" / name / f"{number}.png", "ring", number)
    command = ["teach", str(tmp_path / "set"), "--out", str(tmp_path / "a.safetensors"), *_FIXED]
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "If the things fill little of a picture, try --small." in lines
    assert any("--backbone resnet18" in line for line in lines)
    assert main([*command, "--small"]) == 0
    assert "--small" not in capsys.readouterr().out


def test_several_labels_from_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = table(tmp_path / "several", each=6)
    out = tmp_path / "mine.safetensors"
    options = ("--multi-label", str(labels), "--out", str(out), *_FIXED)
    assert main(["teach", str(labels.parent), *options]) == 0
    assert taught.load(out).thresholds is not None
    assert "recall" in capsys.readouterr().out


def test_what_is_left_out_is_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    damaged = data / "ring" / "ring3.png"
    damaged.write_bytes(damaged.read_bytes()[:400])
    out = tmp_path / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 0
    assert "ring3.png: not used." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--out", "mine.bin"), "end in .safetensors"),
        (("--out", "m.safetensors", "--held-out", "2"), "above 0 and below 1"),
        (("--out", "m.safetensors", "--nothing", "dog"), "no class dog"),
        (("--out", "m.safetensors", "--layers", "layer9"), "No layer 'layer9'"),
        (("--out", "m.safetensors", "--backbone", "resnet19"), "no network called"),
    ],
)
def test_wrong_use_is_told(
    data: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["teach", str(data), *options, *_FIXED]) == 2
    assert message in capsys.readouterr().err


def test_a_place_that_cannot_be_written_fails(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "taken").write_text("")
    out = tmp_path / "taken" / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 1
    assert "cannot be written" in capsys.readouterr().err


def test_help_comes_without_a_network_library() -> None:
    code = (
        "import sys; from camviewer.cli import main\n"
        "try: main(['teach', '--help'])\n"
        "except SystemExit: print('torch' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "False"
    assert "--multi-label" in done.stdout


def test_small_things_are_said_to_be_small(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), "--small", *_FIXED]) == 0
    told = capsys.readouterr().out
    assert "small things: the strongest cells count" in told
    assert "brought back" not in told  # the starter's look where they are
    assert taught.descent(out).strongest == (0.003, 0.01, 0.03, 0.1, 0.3)


def test_layers_that_look_beside_their_cells_are_named(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Strides alone do it to MobileNetV2: random weights leave it there."""
    weights, out = tmp_path / "mobilenet_v2.pth", tmp_path / "mine.safetensors"
    torch.manual_seed(0)
    torch.save(zoo.build("mobilenet_v2").state_dict(), weights)
    backbone = ("--backbone", "mobilenet_v2", "--weights", str(weights), "--input-size", "128")
    assert main(["teach", str(data), "--out", str(out), "--small", *backbone]) == 0
    shifts = [tap.shift for tap in taught.descent(out).taps]
    assert all(0.25 <= cells < 1 for shift in shifts for cells in shift)
    farthest = ", ".join(f"{max(shift):.2f}" for shift in shifts)
    assert f"brought back, by up to {farthest} of a cell" in capsys.readouterr().out
