"""What can be done with the pictures that are selected on a card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu

from camviewer.gui.teach.board import Board
from camviewer.gui.teach.card import Card
from camviewer.gui.teach.changes import Changes
from camviewer.gui.teach.keeper import Keeper


class Handling(QObject):
    """Moves, shares and removes them, as the lesson's pictures are of one class or of several.

    Signals:
        picture_wanted(Path): this picture is to be explained on the canvas.
    """

    picture_wanted = Signal(object)

    def __init__(self, keeper: Keeper, changes: Changes, board: Board) -> None:
        super().__init__(board)
        self._keeper = keeper
        self._changes = changes
        self._board = board

    def adopt(self, card: Card) -> None:
        """Do what a new card asks for about its pictures."""
        grid = card.grid
        card.moved_here.connect(lambda pictures: self._drop(pictures, card))
        grid.remove_wanted.connect(lambda pictures: self._remove(pictures, card))
        grid.open_wanted.connect(self.picture_wanted)
        grid.menu_wanted.connect(lambda pictures, at: self._open_menu(pictures, card, at))
        grid.selected.connect(lambda: self._select_only(card))

    def _drop(self, pictures: Sequence[Path], card: Card) -> None:
        """What was dragged from another card is of this class, too, or instead."""
        if self._keeper.contents.several:
            self._changes.share(pictures, card.class_name)
        else:
            self._changes.move(pictures, card.class_name)

    def _remove(self, pictures: Sequence[Path], card: Card) -> None:
        self._changes.remove(pictures, card.class_name if self._keeper.contents.several else None)

    def _select_only(self, card: Card) -> None:
        for other in self._board.cards:
            if other is not card:
                other.grid.clearSelection()

    def _open_menu(self, pictures: Sequence[Path], card: Card, at: QPoint) -> None:
        contents, name = self._keeper.contents, card.class_name
        several = contents.several
        menu = QMenu(card)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        target = menu.addMenu("&Move to")
        also = menu.addMenu("&Also Shows")
        also.menuAction().setVisible(several)
        for other in self._board.cards:
            if other is not card:
                _offer(target, other, partial(self._changes.move, pictures, of=name))
                there = all(path in other.grid.pictures for path in pictures)
                if not there and contents.nothing not in (name, other.class_name):
                    _offer(also, other, partial(self._changes.share, pictures))
        for choices in (target, also):
            choices.setEnabled(not choices.isEmpty())
        explain = menu.addAction("&Explain This Picture")
        explain.setEnabled(len(pictures) == 1)
        explain.triggered.connect(lambda: self.picture_wanted.emit(pictures[0]))
        menu.addSeparator()
        removed = f"&Remove from {name.replace('&', '&&')}" if several else "&Remove"
        menu.addAction(removed, partial(self._remove, pictures, card))
        menu.popup(at)


def _offer(menu: QMenu, card: Card, how: Callable[[str], None]) -> None:
    """A class to choose, with the digit of its card."""
    key = f"&{card.number}  " if card.number <= 9 else ""
    action = menu.addAction(key + card.class_name.replace("&", "&&"))
    action.triggered.connect(lambda: how(card.class_name))
