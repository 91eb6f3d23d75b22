"""The teach view of the real window, with fake cameras; lessons lie in the test's own folder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from camviewer import paths
from camviewer.gui.teach.card import Card
from camviewer.gui.teach.view import TeachView
from tests.gui.windows import Opened, opened

LONG = 15_000  # ms; for what takes a moment unless other programs take the machine


class Cards:
    """The window while it teaches."""

    def __init__(self, ui: Opened) -> None:
        self.ui = ui
        self.view: TeachView = ui.window.teaching.view

    def enter(self) -> None:
        """Show the cards."""
        self.ui.press("teach")

    def begin(self, *names: str) -> None:
        """Type the first two names, and press Enter."""
        fields = self.view.beginning.names
        for field, name in zip(fields, names, strict=True):
            QTest.keyClicks(field, name)
            QTest.keyClick(field, Qt.Key.Key_Return)
        self.become(*names)

    def become(self, *names: str) -> None:
        """Wait until there are cards of these names."""
        self.wait(lambda: tuple(card.class_name for card in self.view.board.cards) == names)

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        self.ui.bot.waitUntil(condition, timeout=LONG)

    def card(self, name: str) -> Card:
        """The card of a class."""
        card = self.view.board.card(name)
        assert card is not None
        return card

    def held(self) -> dict[str, int]:
        """How many pictures each card shows."""
        return {c.class_name: len(c.grid.pictures.paths) for c in self.view.board.cards}

    def kept(self) -> dict[str, list[str]]:
        """The names of the pictures that the lesson holds, in its order."""
        return {c.name: [p.name for p in c.pictures] for c in self.view.keeper.classes}

    def drop(self, at: QWidget, *files: Path) -> None:
        """Drop files as a file manager does."""
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        drop(at, mime)


def drop(at: QWidget, mime: QMimeData) -> bool:
    """Drag something over a widget and let go of it; whether the widget took it."""
    place, action = QPoint(at.width() // 2, at.height() // 2), Qt.DropAction.CopyAction
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    actions = action | Qt.DropAction.MoveAction
    enter = QDragEnterEvent(place, actions, mime, left, none)
    QApplication.sendEvent(at, enter)
    if not enter.isAccepted():
        return False
    event = QDropEvent(QPointF(place), actions, mime, left, none)
    QApplication.sendEvent(at, event)
    return event.isAccepted()


@pytest.fixture
def cards(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cards]:
    """A window that shows no lesson yet."""
    monkeypatch.setattr(paths, "data", lambda: tmp_path / "data")
    with opened(tmp_path, qtbot) as made:
        made.start()
        found = Cards(made)
        found.enter()
        yield found


def again(cards: Cards, folder: Path, qtbot: QtBot) -> Iterator[Cards]:
    """The window closed and opened again."""
    cards.ui.window.close()
    with opened(folder, qtbot) as made:
        made.start()
        found = Cards(made)
        found.enter()
        yield found
