"""Sharper maps, refined boxes and methods side by side on the command line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from camviewer.cam.methods import METHODS
from camviewer.cli import main
from camviewer.paths import resources
from tests.evaluate.test_localization import OBJECT, XML

BOARD = resources() / "samples" / "board.jpg"


def one(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, Any]:
    arguments = ["explain", str(BOARD), "--json", "--class", "chessboard", "--device", "cpu"]
    assert main([*arguments, *options]) == 0
    record: dict[str, Any] = json.loads(capsys.readouterr().out)
    return record


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A folder with one picture on which a chessboard is marked, about right."""
    shutil.copy(BOARD, tmp_path)
    drawn = OBJECT.format("chessboard", 150, 60, 620, 520)
    xml = XML.format(file="board.jpg", width=800, height=600, objects=drawn)
    (tmp_path / "board.xml").write_text(xml)
    return tmp_path


def localization(folder: Path, *options: str) -> int:
    return main(["evaluate", "localization", str(folder), "--device", "cpu", *options])


def test_the_record_says_how_the_map_was_made_sharper(
    capsys: pytest.CaptureFixture[str],
) -> None:
    plain = one(capsys)
    assert plain["sharper"] == []
    assert not plain["explanations"][0]["grabcut"]
    preset = one(capsys, "--sharper")
    assert preset["sharper"] == ["scales 3", "flip", "fuse"]
    assert preset["explanations"][0]["grabcut"]
    # the starter's own, and that of fused layers
    assert plain["explanations"][0]["threshold"] == 0.4
    assert preset["explanations"][0]["threshold"] == 0.43
    own = one(capsys, "--fuse", "--threshold", "0.1")
    assert own["explanations"][0]["threshold"] == 0.1
    assert preset["predictions"] == plain["predictions"]
    single = one(capsys, "--flip", "--guided")
    assert single["sharper"] == ["flip", "guided"]
    assert not single["explanations"][0]["grabcut"]


def test_methods_are_compared_a_row_each(board: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert localization(board, "--methods", "layer-cam", "cam", "cam", "--json") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["method"] for row in rows] == ["layer-cam", "cam"]
    assert all(row["pictures"] == 1 and row["milliseconds"] > 0 for row in rows)
    assert localization(board, "--json") == 0
    alone = json.loads(capsys.readouterr().out)
    figures = "gt_known", "top1", "top1_localization", "by_threshold", "whole_picture"
    assert [alone[key] for key in figures] == [rows[1][key] for key in figures]


def test_all_methods_are_those_that_serve_and_are_not_slow(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert localization(board, "--methods", "all") == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[0] == "method"
    names = [row.split()[0] for row in rows]
    assert {"cam", "grad-cam", "layer-cam"} <= set(names)
    assert not any(METHODS[name].slow for name in names)


def test_a_method_that_cannot_serve_is_wrong_usage(
    board: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert localization(board, "--methods", "cam", "attention-rollout") == 2
    assert "Attention rollout cannot serve" in capsys.readouterr().err
