"""Cards of classes: named, filled, emptied, and all of it taken back."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu
from pytestqt.qtbot import QtBot

from camviewer.teach.data.lesson import Lesson
from tests.evaluate.test_datasets import voc
from tests.gui.live_worlds import STALL, StallWatch
from tests.gui.teach_worlds import LONG, Cards, again, cards, drop
from tests.gui.test_window_access import interactive, nameless
from tests.gui.windows import picture
from tests.teach.data.drawn import save

__all__ = ["cards"]


@pytest.fixture
def filled(cards: Cards, tmp_path: Path) -> Cards:
    """Two classes with three pictures in the first."""
    cards.begin("cup", "pen")
    cards.drop(cards.card("cup"), *(picture(tmp_path / f"{i}.png") for i in range(3)))
    cards.wait(lambda: cards.held() == {"cup": 3, "pen": 0})
    return cards


def lesson_on_disk(cards: Cards) -> dict[str, list[str]]:
    lesson = cards.view.keeper.lesson
    assert lesson is not None
    return {c.name: [p.name for p in c.pictures] for c in Lesson(lesson.folder).classes}


def choose(cards: Cards, name: str, *rows: int) -> None:
    grid = cards.card(name).grid
    grid.choose([grid.pictures.paths[row] for row in rows])


def test_two_names_begin_a_lesson(cards: Cards, tmp_path: Path) -> None:
    window, view = cards.ui.window, cards.view
    assert window.centre.page is view
    assert view.beginning.isVisible()
    assert window.focusWidget() is view.beginning.names[0]
    assert not (tmp_path / "data").exists()
    # nothing happens before both are named
    view.beginning.begin.click()
    assert window.focusWidget() is view.beginning.names[0]
    cards.begin("cup", "pen")
    assert view.board.isVisible()
    assert view.header.lessons.text() == "cup and pen"
    assert lesson_on_disk(cards) == {"cup": [], "pen": []}
    assert [card.key.text() for card in view.board.cards] == ["1", "2"]
    assert cards.ui.settings.lessons == (tmp_path / "data" / "lessons" / "cup and pen",)


def test_two_equal_names_are_told(cards: Cards) -> None:
    for field in cards.view.beginning.names:
        field.setText("cup")
    cards.view.beginning.begin.click()
    cards.wait(lambda: "There is a class cup already" in cards.ui.window.messages.text)
    cards.become("cup")


def test_dropped_files_are_shown_newest_first(filled: Cards) -> None:
    assert filled.kept()["cup"] == ["0.png", "1.png", "2.png"]
    shown = filled.card("cup").grid.pictures.paths
    assert [p.name for p in shown] == ["2.png", "1.png", "0.png"]
    assert filled.card("cup").count.text() == "3 pictures"
    assert lesson_on_disk(filled) == filled.kept()
    # a picture that is dropped again is there once, which is told
    filled.drop(filled.card("cup"), shown[0])
    filled.wait(lambda: "were there already" in filled.ui.window.messages.text)
    assert filled.held() == {"cup": 3, "pen": 0}
    # on another card it is moved
    filled.drop(filled.card("pen"), shown[0])
    filled.wait(lambda: filled.held() == {"cup": 2, "pen": 1})


def test_a_folder_is_dropped_on_a_card_or_beside(cards: Cards, tmp_path: Path) -> None:
    for name in ("a/cup/1.png", "a/cup/2.png", "a/good/3.png", "b/deep/4.png", "b/5.png"):
        save(tmp_path / name)
    cards.drop(cards.view, tmp_path / "a")
    cards.become("cup", "good")
    cards.wait(lambda: cards.held() == {"cup": 2, "good": 1})
    assert cards.view.header.lessons.text() == "a"
    assert "none of these" in cards.card("good").count.text()
    cards.drop(cards.card("cup"), tmp_path / "b")
    cards.wait(lambda: cards.held() == {"cup": 4, "good": 1})
    # loose pictures get a class whose name is there to be replaced
    cards.drop(cards.view, save(tmp_path / "6.png"), save(tmp_path / "7.png"))
    cards.become("cup", "good", "class 3")
    cards.wait(lambda: cards.ui.window.focusWidget() is cards.card("class 3").name)
    QTest.keyClicks(cards.card("class 3").name, "pen")
    QTest.keyClick(cards.card("class 3").name, Qt.Key.Key_Return)
    cards.become("cup", "good", "pen")
    assert cards.kept()["pen"] == ["6.png", "7.png"]
    for _ in range(3):
        cards.ui.press("undo")
    cards.wait(lambda: cards.held() == {"cup": 2, "good": 1})


def test_a_folder_is_dropped_whose_annotations_name_the_classes(
    cards: Cards, tmp_path: Path
) -> None:
    for name in ("cat_1", "dog_1", "dog_2", "both"):
        path = save(tmp_path / "beasts" / "images" / f"{name}.png")
        named = ("cat", "dog") if name == "both" else (name[:3],)
        boxes = [(each, 1, 1, 9, 9) for each in named]
        voc(tmp_path / "beasts" / "annots" / f"{name}.xml", path.name, *boxes)
    cards.drop(cards.view, tmp_path / "beasts")
    cards.become("cat", "dog")
    cards.wait(lambda: cards.held() == {"cat": 2, "dog": 3})
    assert cards.view.header.lessons.text() == "beasts"
    assert cards.view.header.summary.text() == "2 classes, 4 pictures"
    assert cards.view.header.several.isChecked()
    cards.wait(lambda: "1 picture shows several classes" in cards.ui.window.messages.text)


def test_an_empty_folder_is_told(filled: Cards, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    filled.drop(filled.card("pen"), tmp_path / "empty")
    filled.wait(lambda: "no picture in empty" in filled.ui.window.messages.text)


def test_names_are_edited_in_place(filled: Cards) -> None:
    name = filled.card("cup").name
    QTest.mouseClick(name, Qt.MouseButton.LeftButton)
    name.selectAll()
    QTest.keyClicks(name, "mug 1")
    assert filled.view.recorder.take is None  # the digit was text
    QTest.keyClick(name, Qt.Key.Key_Return)
    filled.become("mug 1", "pen")
    assert filled.held() == {"mug 1": 3, "pen": 0}
    # taken names are refused, and the old one is shown
    name.edit()
    QTest.keyClicks(name, "Pen")
    QTest.keyClick(name, Qt.Key.Key_Return)
    filled.wait(lambda: "There is a class Pen already" in filled.ui.window.messages.text)
    assert name.text() == "mug 1"
    name.edit()
    QTest.keyClicks(name, "thrown away")
    QTest.keyClick(name, Qt.Key.Key_Escape)
    assert name.text() == "mug 1"
    assert filled.ui.window.teaching.on
    filled.ui.press("undo")
    filled.become("cup", "pen")


def test_the_delete_key_removes_and_undo_brings_back(filled: Cards) -> None:
    grid = filled.card("cup").grid
    choose(filled, "cup", 0, 2)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    filled.wait(lambda: filled.held()["cup"] == 1)
    assert lesson_on_disk(filled)["cup"] == ["1.png"]
    assert filled.ui.window.messages.text == "Removed 2 pictures."
    assert filled.ui.window.actions_by_name["undo"].isEnabled()
    QTest.keyClick(filled.ui.window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    filled.wait(lambda: filled.held()["cup"] == 3)
    assert lesson_on_disk(filled)["cup"] == ["0.png", "1.png", "2.png"]
    filled.wait(lambda: filled.ui.window.actions_by_name["redo"].isEnabled())
    filled.ui.press("redo")
    filled.wait(lambda: filled.held()["cup"] == 1)


def test_pictures_are_dragged_to_another_card(filled: Cards) -> None:
    grid = filled.card("cup").grid
    choose(filled, "cup", 1)
    mime = grid.pictures.mimeData(grid.selectedIndexes())
    # the window itself takes no pictures of cards
    assert not drop(filled.ui.window.tools, mime)
    assert drop(filled.card("pen"), mime)
    filled.wait(lambda: filled.held() == {"cup": 2, "pen": 1})
    assert filled.kept()["pen"] == ["1.png"]
    filled.ui.window.messages.trigger()
    filled.wait(lambda: filled.held() == {"cup": 3, "pen": 0})


def test_the_menu_of_pictures_moves_them(filled: Cards) -> None:
    choose(filled, "cup", 0, 1)
    grid = filled.card("cup").grid
    grid.menu_wanted.emit(grid.chosen, QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    move = next(a for a in menu.actions() if a.text() == "&Move to")
    assert [a.text() for a in move.menu().actions()] == ["&2  pen"]
    move.menu().actions()[0].trigger()
    menu.close()
    filled.wait(lambda: filled.held() == {"cup": 1, "pen": 2})


def test_selecting_on_one_card_clears_the_others(filled: Cards, tmp_path: Path) -> None:
    filled.drop(filled.card("pen"), picture(tmp_path / "pen.png"))
    filled.wait(lambda: filled.held()["pen"] == 1)
    choose(filled, "cup", 0)
    choose(filled, "pen", 0)
    assert filled.card("cup").grid.chosen == []
    assert len(filled.card("pen").grid.chosen) == 1


def test_a_removed_class_comes_back(filled: Cards) -> None:
    filled.card("cup").removed.emit()
    filled.become("pen")
    assert filled.view.board.cards[0].key.text() == "1"
    assert filled.ui.window.messages.text == "Removed cup with 3 pictures."
    filled.ui.window.messages.trigger()
    filled.become("cup", "pen")
    assert filled.held() == {"cup": 3, "pen": 0}


def test_classes_are_added_and_one_means_nothing(filled: Cards) -> None:
    tile = filled.view.board.tile
    tile.add.click()
    filled.become("cup", "pen", "class 3")
    # the card may be there before the window has been told who asked for it
    filled.wait(lambda: QApplication.focusWidget() is filled.card("class 3").name)
    tile.nothing.click()
    filled.become("cup", "pen", "class 3", "nothing")
    filled.wait(lambda: not tile.nothing.isVisible())
    count = filled.card("nothing").count
    filled.wait(lambda: count.text() == "0 pictures, means “none of these”")
    next(a for a in filled.card("nothing").more.menu().actions() if a.isChecked()).trigger()
    filled.wait(tile.nothing.isVisible)
    filled.wait(lambda: count.text() == "0 pictures")


def test_broken_files_are_listed_and_harm_nobody(filled: Cards, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n no more")
    (tmp_path / "0.png").unlink()
    card = filled.card("pen")
    assert not card.broken.isVisible()
    filled.drop(card, broken, tmp_path / "gone.png", picture(tmp_path / "sound.png"))
    filled.wait(lambda: card.broken.text() == "2 unreadable")
    assert "broken.png is damaged or incomplete" in card.broken.toolTip()
    assert "gone.png: there is no such file" in card.broken.toolTip()
    card.broken.click()
    assert {p.name for p in card.grid.chosen} == {"broken.png", "gone.png"}
    QTest.keyClick(card.grid, Qt.Key.Key_Delete)
    filled.wait(lambda: filled.held()["pen"] == 1)
    assert not card.broken.isVisible()


def test_what_is_pasted_goes_to_the_card_with_the_keyboard(filled: Cards, tmp_path: Path) -> None:
    mime = QMimeData()
    filled.card("pen").record.setFocus()
    shot = filled.ui.window.grab().toImage()
    mime.setImageData(shot)
    QGuiApplication.clipboard().setMimeData(mime)
    QTest.keyClick(filled.ui.window, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    filled.wait(lambda: filled.held()["pen"] == 1)
    assert filled.kept()["pen"][0].startswith("take-")


def test_thumbnails_come_by_themselves(filled: Cards) -> None:
    model = filled.card("cup").grid.pictures

    def there() -> bool:
        shown = [model.index(row).data(Qt.ItemDataRole.DecorationRole) for row in range(3)]
        return all(thumb is not None and not thumb.isNull() for thumb in shown)

    filled.wait(there)
    colour = model.index(0).data(Qt.ItemDataRole.DecorationRole).toImage().pixelColor(3, 3)
    assert (colour.red(), colour.green(), colour.blue()) == (255, 0, 0)


def test_rows_are_full_at_every_width(filled: Cards, tmp_path: Path) -> None:
    grid = filled.card("cup").grid
    grid.setParent(None)
    filled.ui.bot.addWidget(grid)
    grid.pictures.show(tuple(tmp_path / f"{i}.png" for i in range(12)))
    grid.show()
    for width in range(276, 350):
        grid.resize(width, 200)
        grid.doItemsLayout()
        tops = [grid.visualRect(grid.pictures.index(row)).top() for row in range(12)]
        assert tops.count(tops[0]) == (width - 17) // 66, width


def test_the_lesson_is_there_the_next_time(filled: Cards, tmp_path: Path, qtbot: QtBot) -> None:
    kept = filled.kept()
    choose(filled, "cup", 0)
    with contextmanager(again)(filled, tmp_path, qtbot) as later:
        later.become("cup", "pen")
        assert later.kept() == kept
        # a new one begins empty; the old one is among the recent
        later.view.header.new_wanted.emit()
        later.wait(later.view.beginning.isVisible)
        later.begin("cat", "dog")
        later.view.header.recent_wanted.emit(tmp_path / "data" / "lessons" / "cup and pen")
        later.become("cup", "pen")
        assert [f.name for f in later.ui.settings.lessons] == ["cup and pen", "cat and dog"]


def test_a_lesson_that_is_gone_is_no_trouble(filled: Cards, tmp_path: Path, qtbot: QtBot) -> None:
    lesson = filled.view.keeper.lesson
    filled.ui.window.close()
    (lesson.folder / "lesson.json").unlink()
    with contextmanager(again)(filled, tmp_path, qtbot) as later:
        later.wait(lambda: later.ui.settings.lessons == ())
        assert later.view.beginning.isVisible()
        assert later.ui.window.messages.text == ""
        later.view.keeper.open(lesson.folder)
        later.wait(lambda: "There is no lesson in" in later.ui.window.messages.text)


def test_a_damaged_lesson_is_told(filled: Cards, tmp_path: Path) -> None:
    folder = tmp_path / "damaged"
    folder.mkdir()
    (folder / "lesson.json").write_text("{}")
    filled.drop(filled.view, folder)
    filled.wait(lambda: "is damaged" in filled.ui.window.messages.text)
    assert filled.held() == {"cup": 3, "pen": 0}


def test_leaving_and_coming_back_loses_nothing(filled: Cards, tmp_path: Path) -> None:
    window = filled.ui.window
    QTest.keyClick(filled.view, Qt.Key.Key_Escape)
    assert window.centre.page is window.welcome
    docks = [dock.isHidden() for dock in window.docks]
    filled.ui.open(picture(tmp_path / "a.png"))
    shown = filled.ui.inspection
    filled.enter()
    assert all(dock.isHidden() for dock in window.docks)
    assert not window.actions_by_name["export"].isEnabled()
    assert not window.actions_by_name["heatmap"].isEnabled()
    assert filled.held() == {"cup": 3, "pen": 0}
    filled.view.header.done.click()
    assert window.centre.page is window.canvas
    assert filled.ui.inspection is shown
    assert [dock.isHidden() for dock in window.docks] == docks
    assert window.actions_by_name["export"].isEnabled()
    assert window.actions_by_name["heatmap"].isEnabled()


def test_the_cards_come_by_key_button_and_invitation(cards: Cards) -> None:
    window = cards.ui.window
    teach = window.actions_by_name["teach"]
    assert teach.isChecked()
    seen = {label.accessibleName(): label for label in window.status.findChildren(QLabel)}
    of_the_picture = [seen[name] for name in ("Zoom", "Picture size", "Inference time")]
    assert all(label.isHidden() for label in of_the_picture)  # it is not in sight
    QTest.keyClick(window, Qt.Key.Key_T, Qt.KeyboardModifier.ControlModifier)
    assert not window.teaching.on
    assert not teach.isChecked()
    assert not any(label.isHidden() for label in of_the_picture)
    QTest.mouseClick(window.welcome.teach, Qt.MouseButton.LeftButton)
    assert window.teaching.on
    QTest.mouseClick(window.tools.widgetForAction(teach), Qt.MouseButton.LeftButton)
    assert not window.teaching.on


def test_a_folder_of_classes_that_is_opened_can_be_taught(filled: Cards, tmp_path: Path) -> None:
    for number in range(4):
        picture_of = tmp_path / "kitchen" / ("fork", "spoon")[number % 2] / f"{number}.png"
        save(picture_of)
    ui = filled.ui
    ui.open(tmp_path / "kitchen")
    assert not ui.window.teaching.on
    assert len(ui.window.album.paths) == 4
    filled.wait(lambda: "kitchen has 2 subfolders of pictures" in ui.window.messages.text)
    ui.window.messages.trigger()
    filled.become("fork", "spoon")
    filled.wait(lambda: ui.window.focusWidget() is filled.view)  # where digits record
    filled.wait(lambda: filled.held() == {"fork": 2, "spoon": 2})
    assert filled.view.header.lessons.text() == "kitchen"


def test_opening_a_picture_of_a_card_leaves_the_cards(filled: Cards) -> None:
    grid = filled.card("cup").grid
    with filled.ui.explained():
        grid.open_wanted.emit(grid.pictures.paths[0])
    assert not filled.ui.window.teaching.on
    assert Path(filled.ui.inspection.frame.source).name == "2.png"


def test_five_thousand_pictures_do_not_stall_the_window(
    cards: Cards, tmp_path: Path, qtbot: QtBot
) -> None:
    one = save(tmp_path / "one.png")
    lesson = Lesson(tmp_path / "large")
    for name in ("cup", "pen"):
        files = [tmp_path / name / f"{i}.png" for i in range(2500)]
        (tmp_path / name).mkdir()
        for file in files:
            file.hardlink_to(one)
        lesson.add_class(name)
        lesson.add_pictures(name, files)
    watch = StallWatch()
    watch.start()
    cards.view.keeper.open(lesson.folder)
    cards.wait(lambda: cards.held() == {"cup": 2500, "pen": 2500})
    grid = cards.card("cup").grid
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum() // 2)
    grid.selectAll()
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    cards.wait(lambda: cards.held() == {"cup": 0, "pen": 2500})
    cards.view.keeper.undo()
    cards.wait(lambda: cards.held() == {"cup": 2500, "pen": 2500})
    qtbot.waitUntil(lambda: not cards.view.keeper.busy, timeout=LONG)
    assert watch.stop() < STALL


def test_every_control_of_the_cards_has_a_name_and_a_tooltip(filled: Cards) -> None:
    assert len(list(interactive(filled.view))) > 15
    assert nameless(filled.view) == []


def test_tab_visits_the_cards_in_order(filled: Cards) -> None:
    wanted = [w for card in filled.view.board.cards for w in card.tab_order]
    wanted.append(filled.view.board.tile.add)
    order, widget = [], wanted[0]
    for _ in range(800):
        order.append(widget)
        widget = widget.nextInFocusChain()
        if widget is wanted[0]:
            break
    assert [w for w in order if w in wanted] == wanted
