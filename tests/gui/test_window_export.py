"""What is exported or copied equals what is shown."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
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
