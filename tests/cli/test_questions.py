"""Questions and methods on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camviewer.cam.methods import METHODS, Family
from camviewer.cli import main
from camviewer.models import catalog
from camviewer.paths import resources

BOARD = resources() / "samples" / "board.jpg"
SIGNS = resources() / "samples" / "road_signs.jpg"


def explain(*arguments: object) -> int:
    return main(["explain", *map(str, arguments), "--device", "cpu"])


def one(folder: Path, *arguments: object) -> tuple[dict[str, Any], np.ndarray]:
    """The record and the one map that a command writes."""
    assert explain(BOARD, "--out", folder, "--save-map", *arguments) == 0
    (path,) = folder.glob("*.npy")
    record = json.loads((folder / "board.json").read_text())
    return record, np.load(path, allow_pickle=False)


def test_against_is_the_negative_of_for(tmp_path: Path) -> None:
    plain, speaks_for = one(tmp_path / "for", "--class", "chessboard")
    record, against = one(tmp_path / "against", "--class", "chessboard", "--against")
    assert plain["question"] == {"ask": "for", "other": None, "reference": None}
    assert record["question"] == {"ask": "against", "other": None, "reference": None}
    assert record["explanations"][0]["label"] == "against chessboard"
    np.testing.assert_array_equal(against, -speaks_for)


def test_rather_than_is_the_difference(tmp_path: Path) -> None:
    star = catalog.load("starter").find("star")
    _, board = one(tmp_path / "board", "--class", "chessboard")
    _, other = one(tmp_path / "star", "--class", "star")
    record, contrast = one(tmp_path / "both", "--class", "chessboard", "--rather-than", "STAR")
    assert record["question"]["other"] == {"index": star, "label": "star"}
    assert record["explanations"][0]["label"] == "chessboard, not star"
    np.testing.assert_allclose(contrast, board - other, rtol=1e-3, atol=1e-3)


def test_like_a_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    record, _ = one(tmp_path / "self", "--like", BOARD)
    assert "like board.jpg 100%" in capsys.readouterr().out
    assert record["question"] == {"ask": "like", "other": None, "reference": str(BOARD)}
    record, values = one(tmp_path / "other", "--like", SIGNS, "--save-heatmap")
    (found,) = record["explanations"]
    assert found["index"] == -1
    assert found["label"] == "like road_signs.jpg"
    assert 0 <= found["score"] < 0.999
    assert np.ptp(values) > 0
    names = {path.name for path in (tmp_path / "other").iterdir()}
    assert names >= {"board.like.npy", "board.like.heatmap.png"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--rather-than", "unicorn"], "unicorn"),
        (["--class", "star", "--rather-than", "star"], "itself"),
        (["--like", "nowhere.png"], "nowhere.png"),
    ],
)
def test_wrong_questions_are_told_before_any_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], told: str
) -> None:
    assert explain(BOARD, "--out", tmp_path / "out", *options) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert told in err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options",
    [
        ["--against", "--rather-than", "star"],
        ["--against", "--like", str(BOARD)],
        ["--like", str(BOARD), "--class", "star"],
        ["--like", str(BOARD), "--top", "2"],
    ],
)
def test_questions_that_exclude_each_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        explain(BOARD, "--out", tmp_path, *options)
    assert end.value.code == 2
    assert options[0] in capsys.readouterr().err


def test_methods_are_listed_by_family(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["methods"]) == 0
    lines = capsys.readouterr().out.splitlines()
    headings = [line for line in lines if line and not line.startswith(" ")]
    assert headings == [str(family) for family in Family]
    assert max(map(len, lines)) <= 100
    column = 2 + max(map(len, METHODS)) + 2
    for name, method in METHODS.items():
        (line,) = (line for line in lines if line.startswith(f"  {name} "))
        assert lines.index(line) > lines.index(str(method.family))
        assert line[column] != " "
        assert line[column - 1] == " "
    assert main(["methods", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {entry["name"] for entry in listed} == set(METHODS)
    for entry in listed:
        method = METHODS[entry["name"]]
        assert (entry["family"], entry["slow"]) == (str(method.family), method.slow)
        assert entry["paper"] == method.paper
