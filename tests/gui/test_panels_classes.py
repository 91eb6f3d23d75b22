"""The Classes panel: ranking, search, one class, several, following."""

from pathlib import Path

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from camviewer.gui.panels.class_model import COLOUR_ROLE, SCORE_ROLE, TARGET_ROLE, percent
from camviewer.models.classifier import Activation
from camviewer.render import CLASS_COLORS
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]

RED, GREEN, BLUE, CAT = range(4)


def rows(ui: Opened) -> list[int]:
    model = ui.window.classes.model
    return [model.index(r).data(TARGET_ROLE) for r in range(model.rowCount())]


def checked(ui: Opened) -> set[int]:
    model = ui.window.classes.model
    indexes = [model.index(r) for r in range(model.rowCount())]
    state, on = Qt.ItemDataRole.CheckStateRole, Qt.CheckState.Checked
    return {i.data(TARGET_ROLE) for i in indexes if i.data(state) == on}


def click(ui: Opened, target: int, *, box: bool, keys: Qt.KeyboardModifier | None = None) -> None:
    view, model = ui.window.classes.view, ui.window.classes.model
    row = view.visualRect(model.index(model.row_of(target)))
    where = row.topLeft() + QPoint(16 if box else 120, row.height() // 2)
    no = Qt.KeyboardModifier.NoModifier
    with ui.explained():
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, keys or no, where)


def explained(ui: Opened) -> list[int]:
    return [e.heatmap.target for e in ui.inspection.explanations]


def test_classes_stand_in_the_order_of_their_scores(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png", (0, 0, 255)))
    assert rows(ui)[0] == BLUE
    model = ui.window.classes.model
    scores = [model.index(r).data(SCORE_ROLE) for r in range(4)]
    assert scores == sorted(scores, reverse=True)
    assert checked(ui) == {BLUE}


def test_a_click_explains_one_class_and_stops_following(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert ui.window.classes.follow.isChecked()
    click(ui, GREEN, box=False)
    assert explained(ui) == [GREEN]
    assert ui.engine.request.targets == (GREEN,)
    assert not ui.window.classes.follow.isChecked()
    assert not ui.window.actions_by_name["follow"].isChecked()


def test_check_boxes_overlay_several_classes_in_colours_of_their_own(
    ui: Opened, tmp_path: Path
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    click(ui, GREEN, box=True)
    click(ui, BLUE, box=False, keys=Qt.KeyboardModifier.ControlModifier)
    assert explained(ui) == [RED, GREEN, BLUE]
    assert checked(ui) == {RED, GREEN, BLUE}
    model = ui.window.classes.model
    colours = [model.index(model.row_of(t)).data(COLOUR_ROLE) for t in (RED, GREEN, BLUE)]
    assert colours == [QColor(*c) for c in CLASS_COLORS[:3]]
    assert not ui.window.appearance.colormap.isEnabled()
    click(ui, GREEN, box=True)
    assert explained(ui) == [RED, BLUE]
    click(ui, BLUE, box=True)
    assert ui.window.appearance.colormap.isEnabled()
    assert model.index(0).data(COLOUR_ROLE) is None


def test_taking_away_the_last_class_follows_again(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    click(ui, GREEN, box=False)
    click(ui, GREEN, box=True)
    assert ui.engine.request.targets is None
    assert explained(ui) == [RED]
    assert ui.window.classes.follow.isChecked()


def test_following_can_be_held_and_taken_up(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        ui.press("follow")
    assert ui.engine.request.targets == (RED,)
    ui.open(picture(tmp_path / "b.png", (0, 255, 0)))
    assert explained(ui) == [RED]
    with ui.explained():
        ui.press("follow")
    assert explained(ui) == [GREEN]


def test_the_search_looks_in_all_names_and_numbers(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    search = ui.window.classes.search
    for text, found in (("CAT wh", [CAT]), ("e", None), ("2", [BLUE]), ("zebra", [])):
        search.setText(text)
        if found is None:
            assert set(rows(ui)) == {RED, GREEN, BLUE, CAT}
        else:
            assert rows(ui) == found
    assert ui.window.classes.view.empty_text == "No class matches “zebra”"
    search.clear()
    assert len(rows(ui)) == 4


def test_the_search_is_steered_by_keys(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    panel = ui.window.classes
    ui.press("search")
    ui.bot.waitUntil(panel.search.hasFocus)
    QTest.keyClicks(panel.search, "blue")
    with ui.explained():
        QTest.keyClick(panel.search, Qt.Key.Key_Return)
    assert explained(ui) == [BLUE]
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel.search.text() == ""
    QTest.keyClick(panel.search, Qt.Key.Key_Escape)
    assert ui.window.canvas.hasFocus()
    ui.press("search")
    QTest.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.view.hasFocus()
    assert panel.view.currentIndex().data(TARGET_ROLE) == RED
    with ui.explained():
        QTest.keyClick(panel.view, Qt.Key.Key_Space)
    assert explained(ui) == [BLUE, RED]
    assert panel.view.currentIndex().data(TARGET_ROLE) == RED
    with ui.explained():
        QTest.keyClick(panel.view, Qt.Key.Key_Return)
    assert explained(ui) == [RED]


def test_typing_in_the_search_triggers_no_shortcut(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("search")
    before = ui.window.session.view
    QTest.keyClicks(ui.window.classes.search, "hxl1fb[]")
    assert ui.window.classes.search.text() == "hxl1fb[]"
    assert ui.window.session.view == before


def test_nothing_found_is_said_with_the_nearest_class(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "grey.png", (128, 128, 128)))
    assert explained(ui) == []
    assert ui.window.classes.notice.startswith("Nothing found")
    nearest = ui.inspection.top(1)[0]
    assert f"Nearest: {nearest.label}, {percent(nearest.score)}." in ui.window.classes.notice
    click(ui, GREEN, box=False)
    assert ui.window.classes.notice == "At this layer nothing speaks for “green”."


def test_all_present_classes_are_shown_at_once(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "yellow.png", (255, 255, 0)))
    ui.open(picture(tmp_path / "yellow.png", (255, 128, 0)))
    present = {e.heatmap.target for e in ui.inspection.explanations if e.heatmap.present}
    assert checked(ui) == present
    assert present


def test_a_softmax_network_always_names_its_best_class(ui: Opened, tmp_path: Path) -> None:
    ui.models.activation = Activation.SOFTMAX
    with ui.bot.waitSignal(ui.engine.model_loaded):
        ui.window.models.load("resnet18")
    ui.open(picture(tmp_path / "pale.png", (140, 128, 128)))
    assert explained(ui) == [RED]
    assert ui.window.classes.notice == ""


def test_percentages_are_honest_at_the_ends() -> None:
    shown = [percent(s) for s in (0.0, 0.0002, 0.001, 0.0321, 0.0999, 0.5, 0.99999, 1.0)]
    assert shown == ["0 %", "<0.1 %", "0.1 %", "3.2 %", "10 %", "50 %", ">99.9 %", "100 %"]
