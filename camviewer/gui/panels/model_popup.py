"""The list of networks that opens under the model button."""

from __future__ import annotations

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

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
    if entry.accuracy is not None:
        parts.append(f"{entry.accuracy:.1f} % accurate")
    return " · ".join(p for p in parts if p)


def _count(parameters: int) -> str:
    if parameters >= 1_000_000:
        return f"{parameters / 1e6:.1f} M parameters"
    return f"{parameters / 1e3:.0f} k parameters"


def _state(entry: Entry) -> str:
    if entry.source == "starter":
        return "Built in"
    if not entry.weights:
        return "Bring weights"
    return "Downloaded" if entry.cached else megabytes(entry.size_bytes)


class _Entries(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._entries: tuple[Entry, ...] = ()
        self._states: dict[str, str] = {}

    def refresh(self) -> None:
        """Look again which weights are on this machine."""
        self._states = {e.name: _state(e) for e in catalog.entries()}

    def search(self, text: str) -> None:
        self.beginResetModel()
        self._entries = catalog.search(text)
        self.endResetModel()

    def row_of(self, name: str) -> int:
        return next((i for i, e in enumerate(self._entries) if e.name == name), -1)

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


class ModelPopup(QFrame):
    """Search, list, and the way to one's own weights; Escape closes it."""

    chosen = Signal(str)
    own_requested = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("modelPopup")
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search a network, such as resnet or mobile")
        self.search.setAccessibleName("Search a network")
        self.search.setToolTip("Type a part of a name or family")
        self.search.setClearButtonEnabled(True)
        self._model = _Entries(self)
        self.view = QListView()
        self.view.setModel(self._model)
        self.view.setItemDelegate(_EntryDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setMouseTracking(True)
        self.view.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Networks")
        self.view.setToolTip("Click a network to use it; others than downloaded ones are fetched")
        self._none = QLabel("No network matches. You can load your own weights below.")
        self._none.setProperty("look", "muted")
        self._none.setWordWrap(True)
        self.own = QPushButton("Use your own weights…")
        self.own.setAutoDefault(False)
        self.own.setAccessibleName("Use your own weights")
        self.own.setToolTip("Load a network from a file of yours")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self.search)
        layout.addWidget(self._none)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.own)
        self.resize(_SIZE)
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.view.clicked.connect(self._take)
        self.view.activated.connect(self._take)
        self.own.clicked.connect(self._take_own)

    def open_at(self, below: QWidget, current: str) -> None:
        """Show the list under a widget, the current network marked."""
        self._model.refresh()
        self.search.clear()
        self._search("")
        row = max(self._model.row_of(current), 0)
        self.view.setCurrentIndex(self._model.index(row))
        corner = below.mapToGlobal(QPoint(0, below.height() + 4))
        screen = below.screen().availableGeometry()
        x = max(screen.left(), min(corner.x(), screen.right() - self.width()))
        y = max(screen.top(), min(corner.y(), screen.bottom() - self.height()))
        self.move(x, y)
        self.show()
        self.view.scrollTo(self.view.currentIndex(), QListView.ScrollHint.PositionAtCenter)
        self.search.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The list is steered with the arrow keys while the search has the focus."""
        if watched is self.search and isinstance(event, QKeyEvent):
            steering = (
                Qt.Key.Key_Up,
                Qt.Key.Key_Down,
                Qt.Key.Key_PageUp,
                Qt.Key.Key_PageDown,
            )
            if event.type() == QEvent.Type.KeyPress and event.key() in steering:
                self.view.keyPressEvent(event)
                return True
            enter = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if event.type() == QEvent.Type.KeyPress and event.key() in enter:
                self._take(self.view.currentIndex())
                return True
        return False

    def _search(self, text: str) -> None:
        self._model.search(text)
        found = self._model.rowCount() > 0
        self.view.setVisible(found)
        self._none.setVisible(not found)
        if found:
            self.view.setCurrentIndex(self._model.index(0))

    def _take(self, index: QModelIndex) -> None:
        entry = index.data(_ENTRY_ROLE)
        if isinstance(entry, Entry):
            self.hide()
            self.chosen.emit(entry.name)

    def _take_own(self) -> None:
        self.hide()
        self.own_requested.emit()
