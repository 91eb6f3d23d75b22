"""Panes with networks of their own, and what is saved of panes."""

import gc
import json
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication, QFileDialog

from camviewer.errors import ModelError
from camviewer.export.figure import figure
from camviewer.gui.compare.view import CompareView
from camviewer.gui.dialogs.consent import ConsentDialog
from tests.gui.comparing import panes, settled, ui
from tests.gui.windows import Opened

__all__ = ["panes", "ui"]


def test_what_is_saved_is_what_is_shown(ui: Opened, panes: CompareView, tmp_path: Path) -> None:
    with ui.bot.waitSignal(ui.window.comparison.figures.exported) as signal:
        ui.press("quick_export")
    saved, beside = signal.args[0]
    assert saved == tmp_path / "a.compare.png"
    made = figure(panes.results, ui.window.session.view, panes.columns)
    with Image.open(saved) as image:
        assert np.array_equal(np.array(image), made.pixels)
    entry = json.loads(beside.read_bytes())
    assert [p["method"] for p in entry["panes"]] == [p.setting.method for p in panes.panes]
    assert "Saved a.compare.png" in ui.window.messages.text
    with ui.bot.waitSignal(ui.window.comparison.figures.copied):
        ui.press("copy")
    height, width, _ = made.pixels.shape
    copied = QApplication.clipboard().image()
    assert (copied.width(), copied.height()) == (width, height)


def test_a_pane_without_a_result_is_left_out_and_told(ui: Opened, panes: CompareView) -> None:
    panes.panes[0].use(replace(panes.panes[0].setting, method="legrad"))
    settled(ui)
    with ui.bot.waitSignal(ui.window.comparison.figures.exported) as signal:
        ui.press("quick_export")
    entry = json.loads(signal.args[0][1].read_bytes())
    assert len(entry["panes"]) == len(panes.panes) - 1
    assert "A pane without a result is not in it" in ui.window.messages.text


def test_a_pane_takes_another_network_and_the_window_keeps_its_own(
    ui: Opened, panes: CompareView
) -> None:
    pane = panes.panes[1]
    own = ui.window.session.model
    panes.model_wanted.emit(pane, pane.header.model)
    ui.window.comparison.model_choice.popup.chosen.emit("vgg16")
    assert pane.loading
    assert pane.words == "Loading VGG16…"
    settled(ui)
    assert pane.inspection.origin.model == "vgg16"
    assert ui.window.session.model is own
    assert [m.classifier.name for m in ui.window.comparison.shelf.known] == ["starter", "vgg16"]
    # others can have it, too, without loading it again
    loads = len(ui.models.loads)
    panes.panes[0].header.changed.emit(panes.panes[0].setting.on(pane.setting.model))
    settled(ui)
    assert panes.panes[0].inspection.origin.model == "vgg16"
    assert len(ui.models.loads) == loads


def test_a_network_that_does_not_come(ui: Opened, panes: CompareView) -> None:
    def refuse(_cancelled: Any) -> None:
        raise ModelError("The file is damaged. Fetch it again.")

    ui.models.hold = refuse
    pane = panes.panes[1]
    panes.model_wanted.emit(pane, pane.header.model)
    ui.window.comparison.model_choice.popup.chosen.emit("vgg16")
    ui.bot.waitUntil(lambda: "damaged" in pane.words)
    pane.notice.button.click()
    settled(ui)
    assert pane.words == ""
    assert pane.inspection.origin.model == "starter"


def test_a_file_that_holds_a_program_is_asked_about(ui: Opened, panes: CompareView) -> None:
    ui.models.wants_consent = True
    pane = panes.panes[1]
    panes.model_wanted.emit(pane, pane.header.model)
    ui.window.comparison.model_choice.popup.chosen.emit("vgg16")
    ui.bot.waitUntil(lambda: bool(ui.window.findChildren(ConsentDialog)))
    assert "a program" in pane.words
    (dialog,) = ui.window.findChildren(ConsentDialog)
    dialog.accept()
    settled(ui)
    assert pane.inspection.origin.model == "vgg16"
    assert ui.models.loads[-1][1]["consent"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("mine.jpg", {"mine.compare.jpg", "mine.compare.json"}),
        ("b.compare.png", {"b.compare.png", "b.compare.json"}),
        ("no extension", {"no extension.compare.png", "no extension.compare.json"}),
    ],
)
def test_the_figure_goes_where_the_person_says(
    ui: Opened,
    panes: CompareView,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    names: set[str],
) -> None:
    folder = tmp_path / "chosen"
    folder.mkdir()
    asked: list[str] = []

    def answer(_parent: Any, _title: str, suggested: str, _kinds: str) -> tuple[str, str]:
        asked.append(suggested)
        return str(folder / typed), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    with ui.bot.waitSignal(ui.window.comparison.figures.exported):
        ui.press("export")
    assert asked == [str(tmp_path / "a.compare.png")]
    assert {path.name for path in folder.iterdir()} == names


def test_loading_a_network_can_be_given_up(ui: Opened, panes: CompareView) -> None:
    started, given_up = threading.Event(), []

    def wait(cancelled: Any) -> None:
        started.set()
        pause = threading.Event()
        while not cancelled():
            pause.wait(0.005)
        given_up.append(True)

    ui.models.hold = wait
    pane = panes.panes[1]
    panes.model_wanted.emit(pane, pane.header.model)
    ui.window.comparison.model_choice.popup.chosen.emit("vgg16")
    ui.bot.waitUntil(started.is_set)
    assert pane.loading
    pane.notice.button.click()
    ui.bot.waitUntil(lambda: given_up == [True])
    settled(ui)
    assert pane.inspection.origin.model == "starter"


def test_the_windows_network_takes_its_panes_along(ui: Opened, panes: CompareView) -> None:
    with ui.bot.waitSignal(ui.engine.model_loaded):
        ui.window.models.load("vgg16")
    settled(ui)
    assert {pane.inspection.origin.model for pane in panes.panes} == {"vgg16"}


def test_networks_that_nothing_compares_are_let_go_of(ui: Opened) -> None:
    engine, view = ui.window.engine, ui.window.comparison.view
    former = [weakref.ref(engine.model)]
    for name in ("vgg16", "starter", "vgg16"):
        with ui.bot.waitSignal(engine.model_loaded):
            engine.load_model(name)
        former.append(weakref.ref(engine.model))
    ui.bot.waitUntil(lambda: not engine.busy)
    gc.collect()
    assert [ref() is None for ref in former] == [True, True, True, False]
    assert view.panes == ()
