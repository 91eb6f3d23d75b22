"""Sliders and switches: what they change, and that they never ask the network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtTest import QTest

from camviewer.boxes import rebox
from camviewer.render import ColorMap
from camviewer.types import BoxRule, Fit, Rule
from tests.gui.windows import Opened, opened, picture, ui

__all__ = ["ui"]


def test_the_view_and_the_box_rule_cause_no_inference(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    asked = len(ui.asked)
    window = ui.window
    for value in range(0, 101, 5):
        window.appearance.opacity.slider.setValue(value)
    for index in range(len(ColorMap)):
        window.appearance.colormap.setCurrentIndex(index)
        window.appearance.colormap.activated.emit(index)
    for value in range(1, 100, 5):
        window.boxes.threshold.slider.setValue(value)
    for index in range(len(Rule)):
        window.boxes.rule.setCurrentIndex(index)
        window.boxes.rule.activated.emit(index)
    window.boxes.min_area.slider.setValue(50)
    for name in ("heatmap", "boxes", "labels", "fainter", "stronger"):
        ui.press(name)
    assert not ui.engine.busy
    assert len(ui.asked) == asked
    assert window.session.view.colormap is list(ColorMap)[-1]
    assert window.session.rule.rule is list(Rule)[-1]


def test_the_opacity_reaches_the_canvas_at_once(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png", side=200))
    ui.window.appearance.opacity.slider.setValue(0)
    before = ui.window.canvas.grab().toImage()
    ui.window.appearance.opacity.slider.setValue(90)
    assert ui.window.canvas.grab().toImage() != before
    assert ui.window.session.view.opacity == 0.9


def test_boxes_follow_the_rule(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    boxes = ui.window.boxes
    boxes.threshold.slider.setValue(55)
    rule = BoxRule(Rule.LARGEST, 0.55)
    assert ui.inspection.explanations[0].rule == rule
    assert ui.inspection.explanations[0].boxes == rebox(ui.inspection, rule).explanations[0].boxes
    assert ui.window.canvas.inspection is not None
    assert ui.window.canvas.inspection.explanations[0].rule == rule


def test_the_threshold_is_the_networks_until_the_person_chooses_one(
    tmp_path: Path, ui: Opened
) -> None:
    window = ui.window
    ui.models.box_threshold = 0.35

    def load(name: str) -> None:
        with ui.bot.waitSignal(ui.engine.model_loaded, timeout=5000):
            window.models.load(name)

    assert (window.boxes.threshold.value, window.session.own_threshold) == (20, False)
    load("another")
    ui.open(picture(tmp_path / "red.png"))
    assert window.boxes.threshold.value == 35
    assert ui.inspection.explanations[0].rule.threshold == 0.35
    assert window.boxes.threshold.slider.toolTip().endswith("35 % unless you choose another")
    window.boxes.threshold.slider.setValue(20)
    assert window.session.own_threshold
    load("a third")
    assert window.session.rule.threshold == 0.2
    window.close()
    with opened(tmp_path, ui.bot) as again:
        again.models.box_threshold = 0.35
        again.start()
        assert again.window.session.rule.threshold == 0.2
        again.window.boxes.threshold.slider.setValue(35)
        assert not again.window.session.own_threshold


def test_the_chosen_row_of_an_open_list_can_be_read(ui: Opened) -> None:
    """It was white on white: the colour of its ground was given to a style that ignores it."""
    rule = ui.window.boxes.rule
    rule.showPopup()
    view = rule.view()
    row = view.visualRect(view.currentIndex())
    shown = view.viewport().grab(row).toImage()
    colours = {
        shown.pixelColor(x, y).name() for x in range(shown.width()) for y in range(shown.height())
    }
    rule.hidePopup()
    accent = ui.window.palette().color(QPalette.ColorRole.Highlight).name()
    assert shown.pixelColor(shown.width() // 2, 3).name() == accent
    assert len(colours) > 2  # the letters


def test_what_a_rule_does_not_use_is_disabled_and_says_why(ui: Opened) -> None:
    boxes = ui.window.boxes
    assert not boxes.min_area.isEnabled()
    assert "whatever its size" in boxes.min_area.slider.toolTip()
    ui.window.session.rule = replace(ui.window.session.rule, rule=Rule.OTSU)
    assert not boxes.threshold.isEnabled()
    assert "itself" in boxes.threshold.slider.toolTip()
    assert boxes.min_area.isEnabled()
    boxes.rule.setCurrentIndex(boxes.rule.findText("Largest region, Otsu"))
    boxes.rule.activated.emit(boxes.rule.currentIndex())
    assert ui.window.session.rule.rule is Rule.LARGEST_OTSU
    assert not boxes.threshold.isEnabled()
    assert not boxes.min_area.isEnabled()


def test_switches_in_panel_menu_and_keys_are_one(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    switch = ui.window.appearance.switches["heatmap"]
    action = ui.window.actions_by_name["heatmap"]
    switch.click()
    assert not action.isChecked()
    assert not ui.window.session.view.show_heatmap
    QTest.keyClick(ui.window.canvas, Qt.Key.Key_H)
    assert action.isChecked()
    assert switch.isChecked()
    assert ui.window.session.view.show_heatmap


def test_a_larger_input_gives_a_finer_map(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert ui.inspection.explanations[0].heatmap.values.shape == (8, 8)
    with ui.explained():
        ui.window.network.input_size.slider.setValue(120)
    assert ui.engine.request.input_size == 128
    assert ui.inspection.explanations[0].heatmap.values.shape == (16, 16)
    assert "128 × 128 → 16 × 16" in ui.window.status.texts["Input and map size"]
    with ui.explained():
        ui.window.network.input_size.slider.setValue(64)
    assert ui.engine.request.input_size is None


def test_a_rule_chosen_while_the_network_works_counts(ui: Opened, tmp_path: Path) -> None:
    with ui.explained():
        ui.window.opener.open_paths([picture(tmp_path / "a.png")])
        ui.window.boxes.threshold.slider.setValue(70)
    assert ui.inspection.explanations[0].rule.threshold == 0.7


def test_method_layer_and_fit_ask_again(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    network = ui.window.network
    assert network.method.title == "Automatic (CAM)"
    with ui.explained():
        network.method.chosen.emit("grad-cam")
    assert ui.inspection.origin.method == "grad-cam"
    item = network.layers.findItems("features", Qt.MatchFlag.MatchExactly)[0]
    with ui.explained():
        network.layers.setCurrentItem(item)
    assert ui.inspection.origin.layer == "features"
    with ui.explained():
        network.fit.setCurrentIndex(network.fit.findData(Fit.CROP.value))
        network.fit.activated.emit(network.fit.currentIndex())
    assert ui.inspection.origin.fit is Fit.CROP


def test_the_layer_tree_shows_shapes_and_the_suggestion(ui: Opened) -> None:
    layers = ui.window.network.layers
    assert layers.topLevelItem(0).text(0) == "Automatic (relu)"
    texts = {}
    for row in range(1, layers.topLevelItemCount()):
        item = layers.topLevelItem(row)
        texts[item.text(0)] = item.text(1)
    assert texts["features"] == "8×8 × 3"
    assert "★ relu" in texts


def test_the_status_bar_is_honest(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    texts = ui.window.status.texts
    assert texts["Device"].startswith("CPU · PyTorch")
    assert texts["Picture size"] == "96 × 96"
    assert texts["Input and map size"] == "64 × 64 → 8 × 8"
    assert texts["Inference time"] == f"{ui.inspection.seconds * 1000:.0f} ms"


def test_hovering_tells_pixel_colour_and_map_value(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    heatmap = ui.inspection.explanations[0].heatmap
    canvas = ui.window.canvas
    with ui.bot.waitSignal(canvas.hovered, check_params_cb=lambda info: info is not None) as hover:
        QTest.mouseMove(canvas, canvas.rect().center())
    info = hover.args[0]
    assert info.rgb == tuple(ui.inspection.frame.pixels[info.y, info.x])
    assert np.isclose(info.values[0], heatmap.at(info.x + 0.5, info.y + 0.5))
    text = ui.window.status.texts["Under the cursor"]
    assert text.startswith(f"x {info.x}  y {info.y}")
    assert f"red {info.values[0]:.3g}" in text


def test_view_rule_and_layout_are_remembered(tmp_path: Path, ui: Opened) -> None:
    ui.window.appearance.opacity.slider.setValue(80)
    ui.window.session.rule = BoxRule(Rule.ALL, 0.4, 0.01)
    ui.press("labels")
    ui.window.docks[2].hide()
    ui.window.close()
    with opened(tmp_path, ui.bot) as again:
        again.start()
        assert again.window.session.view == ui.window.session.view
        assert again.window.session.view.opacity == 0.8
        assert not again.window.session.view.show_labels
        assert again.window.session.rule == BoxRule(Rule.ALL, 0.4, 0.01)
        assert again.window.boxes.threshold.value == 40
        assert not again.window.docks[2].isVisible()
