"""Questions, slow methods and sharper maps: the window and the command line are twins."""

import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from camviewer.cli import main
from camviewer.types import Ask, Question
from tests.e2e.test_window_twin import SAMPLES, export, files
from tests.gui.windows import opened

pytestmark = pytest.mark.long

_FEW = 112  # pixels: covering every place of a larger picture takes half a minute


def sample(stem: str) -> Path:
    return next(p for p in SAMPLES if p.stem == stem)


def test_likeness_to_a_picture(tmp_path: Path, qtbot: QtBot) -> None:
    shown, written = tmp_path / "window", tmp_path / "line"
    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        ui.open(sample("road_signs"))
        question = ui.window.classes.question
        question.ask.setCurrentIndex(question.ask.findData(Ask.LIKE.value))
        question.ask.activated.emit(question.ask.currentIndex())
        with ui.explained():
            question.reference.read(sample("poster"))
        export(ui, shown)
    arguments = ["explain", str(sample("road_signs")), "--like", str(sample("poster"))]
    assert main([*arguments, "--out", str(written), "--device", "cpu", "--save-map"]) == 0
    assert files(shown) == files(written)


def test_a_slow_method_against_a_class(tmp_path: Path, qtbot: QtBot) -> None:
    shown, written = tmp_path / "window", tmp_path / "line"
    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        ui.open(sample("stars"))
        with ui.explained():
            ui.window.session.choose((0,))
        with ui.explained():
            ui.window.session.ask(Question(Ask.AGAINST))
        with ui.explained():
            ui.window.session.set_input_size(_FEW)
        with qtbot.waitSignal(ui.engine.inspected, timeout=60_000):
            ui.window.network.method.chosen.emit("occlusion")
        export(ui, shown)
    arguments = ["explain", str(sample("stars")), "--class", "0", "--against"]
    arguments += ["--method", "occlusion", "--input-size", str(_FEW), "--save-map"]
    arguments += ["--out", str(written), "--device", "cpu"]
    assert main(arguments) == 0
    record = json.loads((shown / "stars.json").read_text())
    assert record["method"] == "occlusion"
    assert files(shown) == files(written)


def test_the_sharpest_map(tmp_path: Path, qtbot: QtBot) -> None:
    shown, written = tmp_path / "window", tmp_path / "line"
    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        ui.open(sample("stars"))
        with qtbot.waitSignal(ui.engine.inspected, timeout=60_000):
            QTest.keyClick(ui.window, Qt.Key.Key_S)
        qtbot.waitUntil(lambda: not ui.engine.busy, timeout=60_000)
        qtbot.waitUntil(lambda: all(e.rule.grabcut for e in ui.inspection.explanations))
        export(ui, shown)
    arguments = ["explain", str(sample("stars")), "--sharper", "--out", str(written)]
    assert main([*arguments, "--device", "cpu", "--save-map"]) == 0
    assert files(shown) == files(written)
