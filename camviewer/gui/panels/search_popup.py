"""A list that opens under a button, with a search above it."""

from __future__ import annotations

from typing import Protocol

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.theme import SPACE

_STEERING = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class Texts(Protocol):
    """What a popup says.

    Attributes:
        hint: in the empty search.
        search, search_tip: the search's accessible name and tooltip.
        items, items_tip: the list's.
        nothing: instead of the list when nothing matches.
    """

    hint: str
    search: str
    search_tip: str
    items: str
    items_tip: str
    nothing: str


class SearchPopup(QFrame):
    """Search and list, steered together; Escape closes it. Subclasses say what is found and taken.

    The keyboard stays with the search: arrows move in the list, Return takes.
    """

    def __init__(
        self,
        parent: QWidget,
        texts: type[Texts],
        model: QAbstractItemModel,
        delegate: type[QStyledItemDelegate],
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.search = QLineEdit()
        self.search.setPlaceholderText(texts.hint)
        self.search.setAccessibleName(texts.search)
        self.search.setToolTip(texts.search_tip)
        self.search.setClearButtonEnabled(True)
        self.view = QListView()
        self.view.setModel(model)
        self.view.setItemDelegate(delegate(self.view))
        self.view.setMouseTracking(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName(texts.items)
        self.view.setToolTip(texts.items_tip)
        self._nothing = QLabel(texts.nothing)
        self._nothing.setProperty("look", "muted")
        self._nothing.setWordWrap(True)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        self.column.setSpacing(SPACE)
        self.column.addWidget(self.search)
        self.column.addWidget(self._nothing)
        self.column.addWidget(self.view, 1)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.view.clicked.connect(self.take)
        self.view.activated.connect(self.take)

    def fill(self, text: str) -> int:
        """Fill the list with what matches; the row to mark, -1 when nothing matches."""
        raise NotImplementedError

    def take(self, index: QModelIndex) -> None:
        """A row was chosen."""
        raise NotImplementedError

    def row_in_use(self) -> int:
        """The row of what is chosen now; -1 for none."""
        raise NotImplementedError

    def open_at(self, below: QWidget) -> None:
        """Show the whole list under a widget, what is in use marked."""
        self.search.clear()
        self._search("")
        row = self.row_in_use()
        if row >= 0:
            self.view.setCurrentIndex(self.view.model().index(row, 0))
        corner = below.mapToGlobal(QPoint(0, below.height() + 4))
        screen = below.screen().availableGeometry()
        x = max(screen.left(), min(corner.x(), screen.right() - self.width()))
        y = max(screen.top(), min(corner.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.view.scrollTo(self.view.currentIndex(), QListView.ScrollHint.PositionAtCenter)
        self.search.setFocus()

    def event(self, event: QEvent) -> bool:
        # else the window behind would take Escape, and letters typed over the list
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The list is steered with the arrow keys while the search has the focus."""
        pressed = watched is self.search and event.type() == QEvent.Type.KeyPress
        if pressed and isinstance(event, QKeyEvent):
            if event.key() in _STEERING:
                self.view.keyPressEvent(event)
                return True
            if event.key() in _ENTER:
                self.take(self.view.currentIndex())
                return True
        return False

    def _search(self, text: str) -> None:
        row = self.fill(text)
        self.view.setVisible(row >= 0)
        self._nothing.setVisible(row < 0)
        if row >= 0:
            self.view.setCurrentIndex(self.view.model().index(row, 0))
