"""The window compares: real engine, real Inspector, tiny networks."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from camviewer.gui.compare.view import CompareView
from camviewer.types import BoxRule
from tests.gui.comparing import keys, panes, settled, shown_docks, ui
from tests.gui.windows import Opened, picture

__all__ = ["panes", "ui"]


def test_methods_that_fit_are_compared_first(ui: Opened, panes: CompareView) -> None:
    assert ui.window.centre.page is panes
    assert ui.window.actions_by_name["compare"].isChecked()
    assert shown_docks(ui) == set()
    methods = [pane.inspection.origin.method for pane in panes.panes]
    assert methods[0] == "cam"
    assert 3 <= len(set(methods)) == len(methods) <= 4
    for pane in panes.panes:
        assert pane.canvas.inspection.frame is ui.window.session.frame
        assert pane.footer.target.whole.startswith("red ")
        assert pane.footer.said.endswith((" ms", " s"))
        assert pane.words == ""


def test_escape_goes_back_to_the_canvas_as_it_was(ui: Opened, panes: CompareView) -> None:
    before = ui.window.session.inspection
    keys(panes.panes[1], Qt.Key.Key_Escape)
    assert ui.window.centre.page is ui.window.canvas
    assert not ui.window.actions_by_name["compare"].isChecked()
    assert shown_docks(ui) >= {"Network", "Classes", "Appearance", "Boxes"}
    assert ui.window.session.inspection is before
    # and what was compared stands as it was left
    asked = len(ui.asked)
    kept = [pane.setting for pane in panes.panes]
    ui.press("compare")
    settled(ui)
    assert [pane.setting for pane in panes.panes] == kept
    assert len(ui.asked) > asked


def test_all_panes_zoom_and_pan_together(ui: Opened, panes: CompareView) -> None:
    def together() -> bool:
        """Same zoom; the same pixel in the middle, to the screen pixel that sizes may differ by."""
        first, *others = (pane.canvas.viewport for pane in panes.panes)
        middle = first.to_picture(first.width / 2, first.height / 2)
        return all(
            v.zoom == pytest.approx(first.zoom)
            and v.to_picture(v.width / 2, v.height / 2)
            == pytest.approx(middle, abs=1 / first.scale)
            for v in others
        )

    ui.press("zoom_in")
    ui.press("zoom_in")
    assert together()
    zoomed = panes.panes[0].canvas.zoom
    view = panes.panes[0].canvas.viewport
    before = view.to_picture(view.width / 2, view.height / 2)
    QTest.keyClick(panes.panes[-1].canvas, Qt.Key.Key_Up)
    assert together()
    middle = view.to_picture(view.width / 2, view.height / 2)
    assert middle != before
    panes.duplicate(panes.panes[0])
    ui.bot.waitUntil(lambda: panes.panes[1].canvas.isVisible() and together())
    # laying the panes out anew leaves the picture where it was
    after = view.to_picture(view.width / 2, view.height / 2)
    assert after == pytest.approx(middle, abs=1 / view.scale)
    assert panes.panes[1].canvas.zoom == zoomed
    assert ui.window.status.texts["Zoom"] == f"{zoomed * 100:.0f} %"
    ui.press("fit")
    assert all(pane.canvas.viewport.fitting for pane in panes.panes)


def test_the_cursor_is_shown_and_read_in_every_pane(ui: Opened, panes: CompareView) -> None:
    first, *others = panes.panes
    at = first.canvas.viewport.to_screen(10.5, 20.5)
    QTest.mouseMove(first.canvas, QPoint(round(at[0]) - 30, round(at[1]) - 30))
    QTest.mouseMove(first.canvas, QPoint(round(at[0]), round(at[1])))
    mark = others[0].canvas.mark
    assert mark is not None
    assert first.canvas.mark is None
    assert {pane.canvas.mark for pane in others} == {mark}
    for pane in panes.panes:
        value = pane.inspection.explanations[0].heatmap.at(*mark)
        assert pane.footer.said == f"{value:.3g}"
    assert ui.window.status.texts["Under the cursor"].startswith(f"x {int(mark[0])}")
    QApplication.sendEvent(first.canvas, QEvent(QEvent.Type.Leave))
    assert {pane.canvas.mark for pane in panes.panes} == {None}
    assert all(pane.footer.said.endswith((" ms", " s")) for pane in panes.panes)


def test_panes_come_and_go_between_two_and_six(ui: Opened, panes: CompareView) -> None:
    while len(panes.panes) < 6:
        keys(panes.panes[0], Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert panes.panes[1].setting == panes.panes[0].setting
    keys(panes.panes[0], Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    assert len(panes.panes) == 6
    assert not panes.strip.add.isEnabled()
    while len(panes.panes) > 2:
        last = panes.panes[-1]
        keys(last, Qt.Key.Key_Delete)
        assert last not in panes.panes
    keys(panes.panes[0], Qt.Key.Key_Delete)
    assert len(panes.panes) == 2
    assert not panes.panes[0].header.remove.isEnabled()
    panes.strip.add.click()
    assert len(panes.panes) == 3
    settled(ui)
    assert panes.waiting == 0


def test_tab_goes_through_the_panes_in_order(ui: Opened, panes: CompareView) -> None:
    def pane_of(widget: Any) -> int:
        return next((i for i, p in enumerate(panes.panes) if p.isAncestorOf(widget)), -1)

    panes.duplicate(panes.panes[0])
    ui.bot.waitUntil(lambda: panes.panes[1].header.method.isVisible())
    panes.panes[0].header.method.setFocus()
    visited = []
    for _ in range(60):
        focused = QApplication.focusWidget()
        assert focused is not None
        visited.append(pane_of(focused))
        QTest.keyClick(focused, Qt.Key.Key_Tab)
    inside = [v for v in visited if v >= 0]
    first_round = inside[: inside.index(len(panes.panes) - 1) + 1]
    assert first_round == sorted(first_round)
    assert set(first_round) == set(range(len(panes.panes)))


def test_classes_one_to_a_pane(ui: Opened, panes: CompareView) -> None:
    panes.strip.presets["classes"].click()
    settled(ui)
    shown = [pane.inspection.explanations[0].heatmap.target for pane in panes.panes]
    ranking = panes.panes[0].inspection.ranking
    assert tuple(shown) == ranking[:4]
    panes.panes[0].footer.targets_chosen.emit((2,))
    settled(ui)
    assert panes.panes[0].footer.target.whole.startswith("blue")


def test_layers_by_a_method_that_serves_at_all(ui: Opened, panes: CompareView) -> None:
    panes.strip.presets["layers"].click()
    settled(ui)
    assert len(panes.panes) == 2  # all layers of this network have the same cells
    assert {pane.inspection.origin.method for pane in panes.panes} == {"grad-cam"}


def test_an_obstacle_is_told_in_its_pane_with_the_way_out(ui: Opened, panes: CompareView) -> None:
    pane, other = panes.panes[:2]
    pane.use(replace(pane.setting, method="legrad"))
    settled(ui)
    assert pane.words.startswith("LeGrad cannot serve here")
    assert pane.inspection is None
    assert other.inspection is not None
    assert ui.window.messages.text == ""
    assert pane.notice.button.text() == "Use Automatic"
    pane.notice.button.click()
    settled(ui)
    assert pane.words == ""
    assert pane.inspection.origin.method == "cam"


def test_another_picture_is_explained_in_all_panes(
    ui: Opened, panes: CompareView, tmp_path: Path
) -> None:
    ui.window.opener.open_paths([picture(tmp_path / "b.png", (0, 255, 0))])
    ui.bot.waitUntil(lambda: ui.window.session.frame.source.endswith("b.png"))
    settled(ui)
    assert ui.window.centre.page is panes
    for pane in panes.panes:
        assert pane.inspection.frame is ui.window.session.frame
        assert pane.footer.target.whole.startswith("green")
    # the canvas is not asked meanwhile, and is when it is back
    assert ui.window.session.inspection is None
    with ui.explained():
        panes.left.emit()
    assert ui.inspection.frame.source.endswith("b.png")


def test_closing_the_picture_leaves(ui: Opened, panes: CompareView) -> None:
    ui.press("close")
    assert not ui.window.comparison.on
    assert ui.window.centre.page is ui.window.welcome
    ui.press("compare")
    assert not ui.window.comparison.on
    assert not ui.window.actions_by_name["compare"].isChecked()


def test_looks_and_boxes_change_in_all_panes_without_asking(ui: Opened, panes: CompareView) -> None:
    asked = len(ui.asked)
    panes.strip.opacity.slider.setValue(80)
    assert {pane.canvas.view.opacity for pane in panes.panes} == {0.8}
    ui.window.session.rule = BoxRule(threshold=0.6)
    for pane in panes.panes:
        assert pane.inspection.explanations[0].rule.threshold == 0.6
        assert pane.canvas.boxes == pane.inspection.explanations[0].boxes
    assert len(ui.asked) == asked


def test_refined_boxes_are_found_off_the_gui_thread_and_the_maps_stay(
    ui: Opened, panes: CompareView
) -> None:
    asked = len(ui.asked)
    maps = [pane.inspection.explanations[0].heatmap for pane in panes.panes]
    ui.window.session.rule = BoxRule(grabcut=True)
    assert all(pane.pending for pane in panes.panes)
    settled(ui)
    assert [pane.inspection.explanations[0].heatmap for pane in panes.panes] == maps
    assert all(pane.inspection.explanations[0].rule.grabcut for pane in panes.panes)
    assert len(ui.asked) == asked


def test_boxes_in_panes_cannot_be_changed(ui: Opened, panes: CompareView) -> None:
    canvas = panes.panes[0].canvas
    QTest.keyClick(canvas, Qt.Key.Key_N)
    assert canvas.selected_box == -1
    for name in ("draw", "undo", "redo", "delete"):
        assert not ui.window.actions_by_name[name].isEnabled()


def test_closing_while_comparing_is_quick_and_keeps_the_panels(
    ui: Opened, panes: CompareView
) -> None:
    panes.use_preset("classes")
    started = time.monotonic()
    ui.window.close()
    assert time.monotonic() - started < 2
    assert shown_docks(ui) >= {"Network", "Classes", "Appearance", "Boxes"}


def test_the_windows_lists_are_those_of_the_marked_pane(ui: Opened, panes: CompareView) -> None:
    pane = panes.panes[1]
    pane.canvas.setFocus()
    for name, popup in (
        ("pick_method", pane.header.methods),
        ("pick_model", pane.header.models),
        ("search", pane.footer.classes),
    ):
        ui.press(name)
        assert popup.isVisible(), name
        popup.hide()
    panes.left.emit()
    ui.press("pick_method")
    assert ui.window.network.method.popup.isVisible()
    ui.window.network.method.popup.hide()


def test_panes_leave_nothing_behind(ui: Opened, panes: CompareView) -> None:
    def widgets() -> int:
        settled(ui)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        return len(QApplication.allWidgets())

    panes.use_preset("layers")
    before = widgets()
    for _ in range(4):
        panes.use_preset("classes")
        panes.duplicate(panes.panes[0])
        settled(ui)
        ui.press("compare")
        ui.press("compare")
        panes.use_preset("layers")
    assert widgets() == before


def test_everything_in_a_pane_says_what_it_is(ui: Opened, panes: CompareView) -> None:
    for button in panes.findChildren(QAbstractButton):
        if button.isVisible():
            assert button.accessibleName(), button
            assert button.toolTip(), button
    assert panes.panes[0].accessibleName().startswith("Pane: CAM, ")
