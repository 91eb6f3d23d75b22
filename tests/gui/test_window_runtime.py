"""What computes: chosen in the menu, remembered, told in the status bar."""

from pathlib import Path

import pytest
from PySide6.QtGui import QAction

from camviewer.cam.runtimes import Choice
from camviewer.cam.runtimes.sources import EXPORTING
from camviewer.gui import status
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Inspector
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]


def choice(ui: Opened, title: str) -> QAction:
    model = next(a.menu() for a in ui.window.menuBar().actions() if a.text() == "&Model")
    menu = next(a.menu() for a in model.actions() if a.text() == "Compute &With")
    return next(a for a in menu.actions() if a.text() == title)


def device(ui: Opened) -> str:
    return ui.window.status.texts["Device"]


def test_the_runtime_is_chosen_remembered_and_keeps_the_question(
    ui: Opened, tmp_path: Path
) -> None:
    assert choice(ui, "&Automatic").isChecked()
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        ui.window.session.choose((1,))
    with ui.bot.waitSignals([ui.engine.model_loaded, ui.engine.inspected]):
        choice(ui, "&PyTorch Alone").trigger()
    assert choice(ui, "&PyTorch Alone").isChecked()
    assert not choice(ui, "&Automatic").isChecked()
    assert ui.settings.runtime is Choice.EAGER
    assert ui.engine.runtime == Choice.EAGER
    assert ui.engine.request.targets == (1,)
    assert ui.inspection.explanations[0].heatmap.target == 1
    assert ui.inspection.origin.runtime == "eager"


def test_a_cuda_graph_is_offered_where_it_can_run(ui: Opened) -> None:
    offered = choice(ui, "&CUDA Graph").isVisible()
    assert offered == status.cuda.is_available()


def test_the_status_bar_tells_when_something_faster_takes_over(
    ui: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = {"runtime": "eager", "note": EXPORTING}
    monkeypatch.setattr(Inspector, "runtime", property(lambda _: now["runtime"]))
    monkeypatch.setattr(Inspector, "runtime_note", property(lambda _: now["note"]))
    monkeypatch.setattr(status, "_LOOKS_MS", 10)
    bar = ui.window.status
    bar._look_again.setInterval(10)
    assert ui.engine.model is not None
    bar._show_model(ModelInfo(ui.engine.model.inspector))
    assert device(ui) == "CPU · PyTorch, ONNX being prepared…"
    label = next(w for w in bar.children() if getattr(w, "accessibleName", str)() == "Device")
    assert EXPORTING in label.toolTip()
    now.update(runtime="onnx", note="")
    ui.bot.waitUntil(lambda: device(ui) == "CPU · ONNX Runtime")
    assert label.toolTip() == "The network runs here, with ONNX Runtime"


def test_what_computed_the_map_shown_is_told(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert ui.inspection.origin.runtime == "eager"
    assert device(ui).startswith("CPU · PyTorch")
