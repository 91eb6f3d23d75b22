"""``camviewer explain --compare``: methods side by side in one figure."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camviewer.cli import main
from camviewer.export.figure import figure
from camviewer.inspector import Inspector
from camviewer.media.images import load
from camviewer.models import catalog
from camviewer.paths import resources
from camviewer.render import View

BOARD = resources() / "samples" / "board.jpg"


def explain(*arguments: object) -> int:
    return main(["explain", *map(str, arguments), "--device", "cpu", "--runtime", "eager"])


def test_the_figure_is_that_of_the_window(tmp_path: Path) -> None:
    methods = ("cam", "layer-cam", "eigen-cam")
    assert explain(BOARD, "--out", tmp_path, "--opacity", "0.7", "--compare", *methods) == 0
    inspector, frame = Inspector(catalog.load("starter"), "cpu", "eager"), load(BOARD)
    panes = [inspector.inspect(frame, replace(inspector.usual, method=name)) for name in methods]
    with Image.open(tmp_path / "board.compare.png") as image:
        assert np.array_equal(np.array(image), figure(panes, View(opacity=0.7)).pixels)
    entry = json.loads((tmp_path / "board.compare.json").read_text())
    assert [pane["method"] for pane in entry["panes"]] == list(methods)
    assert (tmp_path / "board.overlay.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--compare", "cam"), "2 to 6 methods"),
        (("--compare", *["cam"] * 7), "2 to 6 methods"),
    ],
)
def test_how_many_can_be_compared(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        explain(BOARD, "--out", tmp_path, *arguments)
    assert said in capsys.readouterr().err


def test_a_figure_needs_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        explain(BOARD, "--json", "--compare", "cam", "grad-cam")
    assert "--out DIR" in capsys.readouterr().err


def test_a_method_that_cannot_serve_is_told_before_any_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert explain(BOARD, "--out", out, "--compare", "cam", "legrad") != 0
    assert "LeGrad cannot serve here" in capsys.readouterr().err
    assert not out.exists()
