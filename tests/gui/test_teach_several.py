"""Lessons in which a picture may be of several classes, in the window."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from camviewer.models import taught
from camviewer.models.classifier import Activation
from camviewer.teach.data.gathering import gather
from camviewer.teach.data.lesson import Lesson
from tests.gui.teach_worlds import Cards, cards, drop
from tests.gui.teaching import Taught, features, run
from tests.gui.windows import picture
from tests.teach.lessons import table

__all__ = ["cards", "features", "run"]


@pytest.fixture
def several(cards: Cards, tmp_path: Path) -> Cards:
    """Two classes with three pictures in the first, which may be of both."""
    cards.begin("cup", "pen")
    assert not cards.view.header.several.isChecked()
    cards.drop(cards.card("cup"), *(picture(tmp_path / f"{i}.png") for i in range(3)))
    cards.wait(lambda: cards.held() == {"cup": 3, "pen": 0})
    QTest.mouseClick(cards.view.header.several, Qt.MouseButton.LeftButton)
    cards.wait(lambda: cards.view.keeper.contents.several)
    return cards


def dragged(cards: Cards, name: str, *rows: int) -> QMimeData:
    grid = cards.card(name).grid
    grid.choose([grid.pictures.paths[row] for row in rows])
    return grid.pictures.mimeData(grid.selectedIndexes())


def menu_of(cards: Cards, name: str) -> QMenu:
    grid = cards.card(name).grid
    grid.menu_wanted.emit(grid.chosen, QPoint(10, 10))
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    return menu


def test_a_picture_dragged_to_another_card_is_on_both(several: Cards) -> None:
    assert drop(several.card("pen"), dragged(several, "cup", 0, 2))
    several.wait(lambda: several.held() == {"cup": 3, "pen": 2})
    assert several.ui.window.messages.text == "2 pictures now show pen, too."
    assert several.view.header.summary.text() == "2 classes, 3 pictures"
    assert several.card("pen").grid.toolTip().endswith("drag it to another card that it shows, too")
    # what shows several is marked, and says which
    marked = several.card("cup").grid.pictures
    told = [marked.index(row).data(Qt.ItemDataRole.ToolTipRole) for row in range(3)]
    assert [text.endswith("\nShows cup and pen") for text in told] == [True, False, True]
    counts = [marked.index(row).data(Qt.ItemDataRole.UserRole + 1) for row in range(3)]
    assert counts == [2, 0, 2]
    # the key takes it from this card alone
    grid = several.card("cup").grid
    grid.choose(grid.pictures.paths)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    several.wait(lambda: several.held() == {"cup": 0, "pen": 2})
    assert several.ui.window.messages.text == "Removed 3 pictures from cup."
    shown = several.card("pen").grid.pictures
    assert shown.index(0).data(Qt.ItemDataRole.UserRole + 1) == 0
    several.ui.window.messages.trigger()
    several.wait(lambda: several.held() == {"cup": 3, "pen": 2})


def test_the_menu_says_what_a_picture_shows(several: Cards) -> None:
    dragged(several, "cup", 1)
    menu = menu_of(several, "cup")
    assert [a.text() for a in menu.actions() if a.isVisible() and a.text()] == [
        *("&Move to", "&Also Shows", "&Explain This Picture", "&Remove from cup"),
    ]
    also = menu.actions()[1].menu()
    assert [a.text() for a in also.actions()] == ["&2  pen"]
    also.actions()[0].trigger()
    menu.close()
    several.wait(lambda: several.held() == {"cup": 3, "pen": 1})
    # on both already: there is no other card
    menu = menu_of(several, "cup")
    assert not menu.actions()[1].menu().isEnabled()
    menu.actions()[0].menu().actions()[0].trigger()
    menu.close()
    several.wait(lambda: several.held() == {"cup": 2, "pen": 1})


def test_of_one_class_again_a_picture_keeps_the_first(several: Cards) -> None:
    drop(several.card("pen"), dragged(several, "cup", 0))
    several.wait(lambda: several.held() == {"cup": 3, "pen": 1})
    QTest.mouseClick(several.view.header.several, Qt.MouseButton.LeftButton)
    several.wait(lambda: several.held() == {"cup": 3, "pen": 0})
    messages = several.ui.window.messages
    assert messages.text == "1 picture kept only the first of its classes."
    assert not several.view.header.several.isChecked()
    messages.trigger()
    several.wait(lambda: several.held() == {"cup": 3, "pen": 1})
    assert several.view.header.several.isChecked()


def test_what_shows_nothing_any_more_is_of_the_class_of_nothing(several: Cards) -> None:
    several.view.board.tile.nothing.click()
    several.become("cup", "pen", "nothing")
    drop(several.card("pen"), dragged(several, "cup", 0))
    several.wait(lambda: several.held() == {"cup": 3, "pen": 1, "nothing": 0})
    path = several.card("pen").grid.pictures.paths[0]
    several.view.run.leave_requested.emit([path], "cup")
    several.wait(lambda: several.held() == {"cup": 2, "pen": 1, "nothing": 0})
    assert several.ui.window.messages.text == "1 picture now does not show cup."
    several.view.run.leave_requested.emit([path], "pen")
    several.wait(lambda: several.held() == {"cup": 2, "pen": 0, "nothing": 1})
    several.view.run.share_requested.emit([path], "cup")
    several.wait(lambda: several.held() == {"cup": 3, "pen": 0, "nothing": 0})


def test_a_table_of_several_labels_fills_the_cards(cards: Cards, tmp_path: Path) -> None:
    cards.drop(cards.view, table(tmp_path / "shapes", each=3))
    cards.become("cross", "ring", "nothing")
    cards.wait(lambda: cards.held() == {"cross": 6, "ring": 6, "nothing": 3})
    assert cards.view.header.summary.text() == "3 classes, 12 pictures"
    assert cards.view.header.several.isChecked()
    assert cards.view.keeper.contents.nothing == "nothing"
    cards.wait(lambda: "3 pictures show several classes" in cards.ui.window.messages.text)


def test_several_classes_are_taught_and_tried(run: Taught, tmp_path: Path) -> None:
    found = gather([table(tmp_path / "shapes", each=8)])
    lesson = Lesson(tmp_path / "lesson")
    lesson.add_all(found.classes, found.nothing, several=found.several)
    run.open(lesson)
    assert run.panel.hint.text().startswith("32 pictures of 3 classes.")
    run.teach()
    made = run.panel.results
    assert made is not None
    assert made.several
    assert made.classes == ("cross", "ring")
    assert made.taught + len(made.answers) == 32
    # each class of each held-out picture was found, missed, or was not there
    shown = sum(len(answer.truth) for answer in made.answers)
    assert sum(row[0] + row[1] for row in made.counts()) == shown
    assert made.hits >= 0.75 * len(made.answers)
    network = taught.load(made.file)
    assert network.labels == ("cross", "ring")
    assert network.activation is Activation.SIGMOID
    assert not run.panel.summary.changed
    lesson.set_several(several=False)
    run.panel.lesson_changed()
    assert run.panel.summary.changed
