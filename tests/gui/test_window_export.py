"""What is exported or copied equals what is shown."""

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from camviewer.gui.message_bar import Kind
from camviewer.gui.settings import ExportChoices
from camviewer.render import overlay
from camviewer.types import Pixels
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]


def pixels_of(image: QImage) -> Pixels:
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3)


def test_the_dialog_exports_what_is_chosen_and_remembers_it(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.window.appearance.opacity.slider.setValue(70)
    ui.press("export")
    dialog = QApplication.activeModalWidget()
    for name, box in dialog.parts.items():
        box.setChecked(name != "heatmap")
    dialog.folder.setText(str(tmp_path / "new" / "folder"))
    with ui.bot.waitSignal(ui.window.exporter.exported) as done:
        dialog.accept()
    paths = done.args[0]
    assert sorted(p.name for p in paths) == ["a.0.npy", "a.json", "a.overlay.png"]
    shown = overlay(ui.inspection, ui.window.session.view)
    assert ui.window.session.view.opacity == 0.7
    assert np.array_equal(np.asarray(Image.open(tmp_path / "new/folder/a.overlay.png")), shown)
    raw = np.load(tmp_path / "new/folder/a.0.npy")
    assert np.array_equal(raw, ui.inspection.explanations[0].heatmap.values)
    record = json.loads((tmp_path / "new/folder/a.json").read_text())
    assert record["explanations"][0]["label"] == "red"
    assert ui.window.messages.text.startswith("Saved 3 files")
    assert ui.window.messages.kind is Kind.GOOD
    choices = ExportChoices(tmp_path / "new/folder", frozenset({"overlay", "map", "json"}), "png")
    assert ui.settings.export == choices


def test_quick_export_lies_beside_the_picture_until_a_folder_is_chosen(
    ui: Opened, tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    ui.open(picture(tmp_path / "pictures" / "a.png"))
    with ui.bot.waitSignal(ui.window.exporter.exported):
        ui.press("quick_export")
    assert (tmp_path / "pictures" / "a.overlay.png").is_file()
    assert (tmp_path / "pictures" / "a.json").is_file()
    ui.settings.export = ExportChoices(tmp_path / "out", frozenset({"overlay"}), "jpg")
    with ui.bot.waitSignal(ui.window.exporter.exported) as done:
        ui.press("quick_export")
    assert done.args[0] == [tmp_path / "out" / "a.overlay.jpg"]


def test_edited_boxes_are_exported(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert len(ui.inspection.explanations[0].boxes) == 1
    ui.window.canvas.select_box(0)
    ui.press("delete")
    ui.settings.export = ExportChoices(tmp_path / "out", frozenset({"overlay", "json"}), "png")
    with ui.bot.waitSignal(ui.window.exporter.exported):
        ui.press("quick_export")
    record = json.loads((tmp_path / "out" / "a.json").read_text())
    assert record["explanations"][0]["boxes"] == []
    bare = replace(ui.window.session.view, show_boxes=False)
    expected = overlay(ui.inspection, bare)
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out" / "a.overlay.png")), expected)
    ui.press("undo")
    assert ui.window.canvas.inspection is not None
    assert len(ui.window.canvas.inspection.explanations[0].boxes) == 1


def test_copy_puts_the_overlay_on_the_clipboard(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.bot.waitSignal(ui.window.exporter.copied):
        ui.press("copy")
    copied = pixels_of(QApplication.clipboard().image())
    assert np.array_equal(copied, overlay(ui.inspection, ui.window.session.view))


def test_an_export_that_fails_says_so_and_harms_nothing(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    (tmp_path / "file").write_text("in the way")
    ui.settings.export = ExportChoices(tmp_path / "file", frozenset({"overlay"}), "png")
    ui.press("quick_export")
    ui.bot.waitUntil(lambda: ui.window.messages.kind is Kind.ERROR)
    assert "file" in ui.window.messages.text
    assert (tmp_path / "file").read_text() == "in the way"


def test_the_dialog_needs_something_to_export(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("export")
    dialog = QApplication.activeModalWidget()
    for box in dialog.parts.values():
        box.setChecked(False)
    assert not dialog.yes.isEnabled()
    dialog.parts["json"].setChecked(True)
    assert dialog.yes.isEnabled()
    assert not dialog.format.isEnabled()
    dialog.folder.setText(" ")
    assert not dialog.yes.isEnabled()
    dialog.reject()
    assert ui.settings.export == ExportChoices()


def test_nothing_can_be_exported_before_there_is_something(ui: Opened) -> None:
    for name in ("export", "quick_export", "copy"):
        assert not ui.window.actions_by_name[name].isEnabled()


def test_all_open_pictures_are_exported_as_the_one_shown(ui: Opened, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{name}.png") for name in "abc"]
    (tmp_path / "d.png").write_bytes(b"broken")
    ui.open(*paths, tmp_path / "d.png")
    ui.window.appearance.opacity.slider.setValue(30)
    ui.press("export")
    dialog = QApplication.activeModalWidget()
    assert dialog.every.text().startswith("All 4 open pictures")
    dialog.every.setChecked(True)
    dialog.folder.setText(str(tmp_path / "out"))
    with ui.bot.waitSignal(ui.window.exporter.batch.ended) as done:
        dialog.accept()
    (batch,) = done.args
    assert batch.exported == paths
    assert ui.window.messages.text.startswith("Exported 3 of 4 pictures")
    assert "d.png" in ui.window.messages.text
    for path in paths:
        shown = overlay(replace(ui.inspection), ui.window.session.view)
        with Image.open(tmp_path / "out" / f"{path.stem}.overlay.png") as written:
            assert np.array_equal(np.asarray(written), shown)


def test_a_batch_is_cancelled_by_its_message(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, stopped = threading.Event(), threading.Event()

    def endless(*_args: object) -> None:
        cancelled = _args[-1]
        going.set()
        while not cancelled():
            pass
        stopped.set()

    monkeypatch.setattr("camviewer.gui.batch_export.export_all", endless)
    ui.open(picture(tmp_path / "a.png"), picture(tmp_path / "b.png"))
    ui.press("export")
    dialog = QApplication.activeModalWidget()
    dialog.every.setChecked(True)
    dialog.accept()
    assert ui.window.exporter.batch.busy
    ui.bot.waitUntil(going.is_set)
    assert ui.window.messages.text.startswith("Exporting picture 1 of 2")
    ui.window.messages.trigger()
    ui.bot.waitUntil(stopped.is_set)
    assert not ui.window.exporter.batch.busy
    assert ui.window.messages.text.startswith("Export cancelled")


def test_one_open_picture_offers_no_batch(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("export")
    dialog = QApplication.activeModalWidget()
    assert not dialog.every.isVisible()
    dialog.reject()
