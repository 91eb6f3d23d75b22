"""The shipped starter on shipped samples: the window and the command line are twins."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from camviewer.cli import main
from camviewer.gui.settings import ExportChoices
from camviewer.paths import resources
from tests.gui.windows import Opened, opened

pytestmark = pytest.mark.long

SAMPLES = sorted((resources() / "samples").glob("*.jpg"))


def export(ui: Opened, folder: Path) -> None:
    ui.settings.export = ExportChoices(folder, frozenset({"overlay", "map", "json"}), "png")
    with ui.bot.waitSignal(ui.window.exporter.exported):
        QTest.keyClick(ui.window, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)


def files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir())}


def test_the_window_exports_what_the_command_line_writes(tmp_path: Path, qtbot: QtBot) -> None:
    sample = next(p for p in SAMPLES if p.stem == "road_signs")
    shown, written = tmp_path / "window", tmp_path / "line"
    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        ui.open(sample)
        export(ui, shown)
        found = {e.heatmap.label for e in ui.inspection.explanations}
    arguments = ["explain", str(sample), "--out", str(written), "--device", "cpu", "--save-map"]
    assert main(arguments) == 0
    assert "triangle" in found
    assert files(shown) == files(written)


def test_a_class_chosen_in_the_list_is_the_one_of_the_command_line(
    tmp_path: Path, qtbot: QtBot
) -> None:
    sample = next(p for p in SAMPLES if p.stem == "poster")
    shown, written = tmp_path / "window", tmp_path / "line"
    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        ui.open(sample)
        panel = ui.window.classes
        QTest.keyClick(ui.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(panel.search, "circle")
        where = panel.view.visualRect(panel.model.index(0)).topLeft() + QPoint(120, 10)
        with ui.explained():
            QTest.mouseClick(panel.view.viewport(), Qt.MouseButton.LeftButton, pos=where)
        ui.window.boxes.threshold.slider.setValue(45)
        export(ui, shown)
    arguments = ["explain", str(sample), "--out", str(written), "--device", "cpu", "--save-map"]
    assert main([*arguments, "--class", "circle", "--threshold", "0.45"]) == 0
    record = json.loads((shown / "poster.json").read_text())
    assert [e["label"] for e in record["explanations"]] == ["circle"]
    assert files(shown) == files(written)


def test_the_smoke_test_is_silent_and_saves_an_overlay(tmp_path: Path) -> None:
    out = tmp_path / "out.png"
    command = [sys.executable, "-m", "camviewer", "--smoke-test", str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    pixels, plain = np.asarray(Image.open(out)), np.asarray(Image.open(SAMPLES[0]))
    assert pixels.shape == plain.shape
    assert not np.array_equal(pixels, plain)
