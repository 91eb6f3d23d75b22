"""The list of networks that opens under the model button."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from camviewer.gui.panels.search_popup import SearchPopup
from camviewer.gui.theme import SPACE
from camviewer.models import catalog
from camviewer.models.catalog import Entry

_Index = QModelIndex | QPersistentModelIndex
_ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
_STATE_ROLE = Qt.ItemDataRole.UserRole + 2
_SIZE = QSize(420, 460)


def megabytes(size: int) -> str:
    """A file size for people: ``44.7 MB``, ``528 MB``."""
    value = size / 1e6
    return f"{value:.0f} MB" if value >= 100 else f"{value:.1f} MB"


def details(entry: Entry) -> str:
    """One line on a network: family, size, accuracy."""
    parts = [entry.family, _count(entry.parameters)]
    if entry.of_clips:
        parts.insert(0, "For videos")
    if entry.accuracy is not None:
        parts.append(f"{entry.accuracy:.1f} % accurate")
    if entry.source == "open_clip":
        parts.append("classes in your own words")
    return " · ".join(p for p in parts if p)


def _count(parameters: int) -> str:
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} M parameters"
    return f"{parameters / 1e3:.0f} k parameters"


def _state(entry: Entry) -> str:
    if entry.source == "starter":
        return "Built in"
    if entry.source == "taught":
        return "Taught here"
    if not entry.weights:
        return "Bring weights"
    return "Downloaded" if entry.cached else megabytes(entry.size_bytes)


def _everything() -> tuple[Entry, ...]:
    return (*catalog.available(), *catalog.zero_shot())


class _Entries(QAbstractListModel):
    def __init__(self, parent: QWidget, suits: Callable[[Entry], bool]) -> None:
        super().__init__(parent)
        self._suits = suits
        self._entries: tuple[Entry, ...] = ()
        self._states: dict[str, str] = {}

    def refresh(self) -> None:
        """Look again which weights are on this machine."""
        self._states = {e.name: _state(e) for e in _everything()}

    def search(self, text: str) -> None:
        self.beginResetModel()
        self._entries = tuple(filter(self._suits, catalog.search(text, _everything())))
        self.endResetModel()

    def row_of(self, name: str) -> int:
        # a CLIP network in use is named with its weights
        names = (name, name.rpartition(":")[0])
        return next((i for i, e in enumerate(self._entries) if e.name in names), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._entries):
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return f"{entry.title}: {details(entry)}. {self._states.get(entry.name, '')}"
        if role == _ENTRY_ROLE:
            return entry
        return self._states.get(entry.name, "") if role == _STATE_ROLE else None


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        del index
        return QSize(200, option.fontMetrics.height() * 2 + 18)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry: Entry = index.data(_ENTRY_ROLE)
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        role = QPalette.ColorRole
        painter.save()
        if selected:
            painter.fillRect(rect, option.palette.color(role.Highlight))
        elif hovered:
            painter.fillRect(rect, option.palette.color(role.Midlight))
        strong = option.palette.color(role.HighlightedText if selected else role.Text)
        weak = option.palette.color(role.HighlightedText if selected else role.PlaceholderText)
        inner = rect.adjusted(SPACE + 4, 8, -SPACE - 4, -8)
        half = inner.height() // 2
        above = QRect(inner.left(), inner.top(), inner.width(), half)
        below = QRect(inner.left(), inner.top() + half, inner.width(), half)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(weak)
        painter.drawText(above, middle | Qt.AlignmentFlag.AlignRight, str(index.data(_STATE_ROLE)))
        elide = Qt.TextElideMode.ElideRight
        metrics = painter.fontMetrics()
        painter.drawText(below, middle, metrics.elidedText(details(entry), elide, below.width()))
        font = option.font
        font.setBold(True)
        painter.setFont(font)
        painter.setPen(strong)
        room = above.width() - metrics.horizontalAdvance(str(index.data(_STATE_ROLE))) - SPACE
        painter.drawText(above, middle, painter.fontMetrics().elidedText(entry.title, elide, room))
        painter.restore()


class _Texts:
    hint = "Search a network, such as resnet or mobile"
    search = "Search a network"
    search_tip = "Type a part of a name or family"
    items = "Networks"
    items_tip = "Click a network to use it; others than downloaded ones are fetched"
    nothing = "No network matches. You can load your own weights below."


class ModelPopup(SearchPopup):
    """Search, list, and the way to one's own weights."""

    chosen = Signal(str)
    own_requested = Signal()

    def __init__(self, parent: QWidget, suits: Callable[[Entry], bool] = lambda _: True) -> None:
        """Make the list.

        Args:
            parent: Qt's.
            suits: whether a network of the catalogue is in the list.
        """
        self._model = _Entries(parent, suits)
        super().__init__(parent, _Texts, self._model, _EntryDelegate)
        self._current = ""
        self.view.setUniformItemSizes(True)
        self.own = QPushButton("Use your own weights…")
        self.own.setAutoDefault(False)
        self.own.setAccessibleName("Use your own weights")
        self.own.setToolTip("Load a network from a file of yours")
        self.own.clicked.connect(self._take_own)
        self.column.addWidget(self.own)
        self.resize(_SIZE)

    def open_for(self, below: QWidget, current: str) -> None:
        """Show the list under a widget, the current network marked."""
        self._model.refresh()
        self._current = current
        self.open_at(below)

    def fill(self, text: str) -> int:
        self._model.search(text)
        return 0 if self._model.rowCount() else -1

    def row_in_use(self) -> int:
        return max(self._model.row_of(self._current), 0)

    def take(self, index: QModelIndex) -> None:
        entry = index.data(_ENTRY_ROLE)
        if isinstance(entry, Entry):
            self.hide()
            self.chosen.emit(entry.name)

    def _take_own(self) -> None:
        self.hide()
        self.own_requested.emit()
