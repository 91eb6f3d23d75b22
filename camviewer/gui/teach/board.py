"""The cards of all classes, in as many columns as there is room for."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.icons import icon
from camviewer.gui.teach.card import LEAST_HEIGHT, LEAST_WIDTH, MOST_HEIGHT, Card, Icons
from camviewer.gui.teach.thumbnails import Thumbnails
from camviewer.gui.theme import SPACE
from camviewer.teach.data.labels import labels_of
from camviewer.teach.data.lesson_file import Contents

_A_STEP = 4  # cards that are made before they are shown
_MUCH = 1000
_ANY_HEIGHT = 16_777_215  # QWIDGETSIZE_MAX
_LONELY = 160  # logical pixels; the height of the tile below all cards
_A_TURN = 0.012  # seconds in which cards are made before other events have their turn
_MOST_ORDERED = 60  # cards that Tab visits in reading order; beyond, in the order they were made
_NOTHING_HINT = "Pictures without any of your things teach it to find nothing where there is none."


class AddTile(QFrame):
    """Where the next card will be.

    Signals:
        class_wanted(), nothing_wanted(): asked for.
    """

    class_wanted = Signal()
    nothing_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("addTile")
        self.setMinimumWidth(LEAST_WIDTH)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.add = QPushButton("Add a class")
        self.add.setToolTip("One more thing to tell from the others")
        self.nothing = QPushButton("Add “nothing”")
        self.nothing.setToolTip("A class that means “none of these”: no heatmap is drawn for it")
        self._hint = QLabel(_NOTHING_HINT)
        self._hint.setProperty("look", "muted")
        self._hint.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._hint.setWordWrap(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * SPACE] * 4)
        column.setSpacing(SPACE)
        column.addStretch(1)
        for button in (self.add, self.nothing):
            button.setAutoDefault(False)
            button.setAccessibleName(button.text())
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self._hint)
        column.addStretch(1)
        self.add.clicked.connect(self.class_wanted)
        self.nothing.clicked.connect(self.nothing_wanted)
        self._draw_icon()

    def offer_nothing(self, *, offered: bool) -> None:
        """Whether there is no class yet that means "none of these"."""
        self.nothing.setVisible(offered)
        self._hint.setVisible(offered)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_hint"):
            self._draw_icon()

    def _draw_icon(self) -> None:
        self.add.setIcon(icon("add"))


class Board(QScrollArea):
    """A card for each class.

    Signals:
        card_made(Card): there is another card.
        finished(): every class has its card.
    """

    card_made = Signal(object)
    finished = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._cards: list[Card] = []
        self._wanted = Contents()
        self._broken: Mapping[Path, str] = {}
        self._places: tuple[object, ...] = ()
        self._making = False
        self._icons = Icons.drawn()
        self.tile = AddTile()
        content = QWidget()
        content.setObjectName("board")
        self._grid = QGridLayout(content)
        self._grid.setContentsMargins(SPACE + 4, SPACE // 2, SPACE // 2, SPACE + 4)
        self._grid.setSpacing(SPACE + 2)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Classes")
        self.setWidget(content)
        # otherwise the area paints its own ground over the window's
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self._lay_out()

    @property
    def cards(self) -> tuple[Card, ...]:
        """In the order of the classes."""
        return tuple(self._cards)

    def card(self, name: str) -> Card | None:
        """A class's card; None if there is none yet."""
        return next((card for card in self._cards if card.class_name == name), None)

    def show_classes(self, contents: Contents) -> None:
        """Show these classes; where there are many, their cards are made one by one."""
        self._wanted = contents
        self._reuse()
        self._go_on()

    def show_broken(self, broken: Mapping[Path, str]) -> None:
        """Mark pictures that cannot be read, with why, by the file."""
        self._broken = broken
        for card in self._cards:
            card.show_broken(broken)

    def minimumSizeHint(self) -> QSize:
        return QSize(LEAST_WIDTH + 4 * SPACE, LEAST_HEIGHT)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_icons"):
            self._icons = Icons.drawn()
            for card in self._cards:
                card.use_icons(self._icons)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._lay_out()

    def _reuse(self) -> None:
        """Cards go with their class, renamed or not."""
        known = {card.class_name: card for card in self._cards}
        kept = [known.pop(c.name, None) for c in self._wanted.classes]
        spare = list(known.values())
        cards: list[Card] = []
        for card in kept:
            if card is None and not spare:
                break
            cards.append(card or spare.pop(0))
        for card in {*self._cards} - {*cards}:
            self._grid.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = cards

    def _go_on(self) -> None:
        self._making = False
        until = time.perf_counter() + _A_TURN
        while len(self._cards) < len(self._wanted.classes):
            if time.perf_counter() > until:
                self._making = True
                QTimer.singleShot(0, self, self._resume)
                break
            card = Card(self._wanted.classes[len(self._cards)].name, self._thumbnails)
            card.use_icons(self._icons)
            self._cards.append(card)
            self.card_made.emit(card)
        if self._making and len(self._cards) < len(self._places) - 2 + _A_STEP:
            return  # laying out and painting all for each one would take much longer
        wanted = self._wanted
        labels = labels_of(wanted) if wanted.several else {}
        pairs = zip(self._cards, wanted.classes, strict=False)
        for number, (card, shown) in enumerate(pairs, 1):
            meant = shown.name == wanted.nothing
            card.show_class(shown, number, nothing=meant, several=wanted.several)
            card.show_labels(labels)
            card.show_broken(self._broken)
        self.tile.offer_nothing(offered=wanted.nothing is None)
        self._lay_out()
        if not self._making:
            self.finished.emit()

    def _resume(self) -> None:
        if self._making:
            self._go_on()

    def _lay_out(self) -> None:
        width = self.viewport().width() - 2 * SPACE
        room = max(1, width // (LEAST_WIDTH + self._grid.spacing()))
        cells: list[QWidget] = [*self._cards, self.tile]
        columns = min(room, len(cells))
        places = (columns, *cells)
        if places == self._places:
            return
        stay = self._places if self._places[:1] == places[:1] else ()
        self._places = places
        for index, cell in enumerate(cells):
            if index + 1 < len(stay) and stay[index + 1] is cell:
                continue
            self._grid.addWidget(cell, index // columns, index % columns)
            cell.show()
        for column in range(self._grid.columnCount()):
            self._grid.setColumnStretch(column, int(column < columns))
        rows = -(-len(cells) // columns)
        alone = len(self._cards) == (rows - 1) * columns > 0
        most = _ANY_HEIGHT if rows - alone == 1 else MOST_HEIGHT
        for card in self._cards:
            card.setMaximumHeight(most)
        self.tile.setMaximumHeight(_LONELY if alone else most)
        for row in range(self._grid.rowCount()):
            self._grid.setRowStretch(row, _MUCH if row < rows - alone else 0)
        self._grid.setRowStretch(rows, 1)  # the room that is left when all are as high as can be
        order = [w for card in self._cards[:_MOST_ORDERED] for w in card.tab_order]
        for before, after in pairwise((*order, self.tile.add, self.tile.nothing)):
            QWidget.setTabOrder(before, after)
