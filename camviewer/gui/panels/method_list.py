"""The methods as a list: by family, searchable, those that cannot serve with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from camviewer.cam.methods import AUTO, METHODS, Family, Method
from camviewer.gui.theme import SPACE

_Index = QModelIndex | QPersistentModelIndex
ROW_ROLE = Qt.ItemDataRole.UserRole + 1
_AUTOMATIC = "CAM where it is exact, Grad-CAM for all other networks"


@dataclass(frozen=True)
class Row:
    """One line of the list: a family's heading, or a method.

    Attributes:
        title: as shown.
        name: of the method; empty for a heading.
        summary: what the method does.
        paper: where it was published.
        state: a word on the right.
        obstacle: why it cannot serve here; empty when it can.
    """

    title: str
    name: str = ""
    summary: str = ""
    paper: str = ""
    state: str = ""
    obstacle: str = ""

    @property
    def takeable(self) -> bool:
        """Whether it can be chosen."""
        return bool(self.name) and not self.obstacle

    @property
    def described(self) -> str:
        """All that is known of it, in words."""
        if not self.name:
            return self.title
        parts = [f"{self.title}: {self.summary}", self.state and f"({self.state})"]
        if self.paper:
            parts.append(f"({self.paper})")
        if self.obstacle:
            parts.append(f"Cannot be used here. {self.obstacle}")
        return " ".join(part for part in parts if part)


def automatic_title(used: str) -> str:
    """What the automatic choice is called, with the method that it chose, where that is known."""
    return f"Automatic ({METHODS[used].title})" if used in METHODS else "Automatic"


class MethodList(QAbstractListModel):
    """Automatic, then all methods under their families, the linear one first."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._obstacles: Mapping[str, str] = {}
        self._used = ""
        self._words: list[str] = []
        self._rows: list[Row] = []
        self._fill()

    def set_obstacles(self, obstacles: Mapping[str, str]) -> None:
        """Why methods cannot serve, by name; empty when they can."""
        self._obstacles = obstacles
        self._fill()

    def set_used(self, name: str) -> None:
        """The method that the automatic choice came to."""
        if name != self._used:
            self._used = name
            self._fill()

    def search(self, text: str) -> None:
        """Keep the methods in whose name, family, summary or paper every word is found."""
        self._words = text.casefold().split()
        self._fill()

    def row_of(self, name: str) -> int:
        """Where a method stands; -1 when the search leaves it out."""
        return next((i for i, row in enumerate(self._rows) if row.name == name), -1)

    def best_row(self) -> int:
        """The row that is most likely meant: called what is searched, and able to serve.

        Returns:
            -1 when there is no method.
        """
        named = [i for i, row in enumerate(self._rows) if row.name]
        return max(named, key=lambda i: (self._meant(self._rows[i]), -i), default=-1)

    def _meant(self, row: Row) -> tuple[bool, bool]:
        called = f"{row.title} {row.name}".casefold()
        return row.takeable, all(word in called for word in self._words)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self._rows)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        # what cannot be used can still be reached: its reason is read there
        row = self._rows[index.row()] if index.isValid() else Row("")
        flag = Qt.ItemFlag
        return flag.ItemIsEnabled | flag.ItemIsSelectable if row.name else flag.NoItemFlags

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return row.described
        return row if role == ROW_ROLE else None

    def _fill(self) -> None:
        self.beginResetModel()
        self._rows = []
        automatic = Row(automatic_title(self._used), AUTO, _AUTOMATIC)
        if self._matches(automatic, ""):
            self._rows.append(automatic)
        for family in Family:
            found = [
                row
                for method in METHODS.values()
                if method.family is family and self._matches(row := self._row(method), family)
            ]
            if found:
                self._rows += [Row(str(family)), *found]
        self.endResetModel()

    def _row(self, method: Method) -> Row:
        obstacle = self._obstacles.get(method.name, "")
        state = "Not here" if obstacle else "Slow" if method.slow else ""
        return Row(method.title, method.name, method.summary, method.paper, state, obstacle)

    def _matches(self, row: Row, family: str) -> bool:
        text = f"{row.title} {row.name} {row.summary} {row.paper} {family}".casefold()
        return all(word in text for word in self._words)


class MethodDelegate(QStyledItemDelegate):
    """Headings quiet, methods in two lines: the name, and what it does or why it cannot."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        row: Row = index.data(ROW_ROLE)
        height = option.fontMetrics.height()
        return QSize(200, height * 2 + 16 if row.name else height + 16)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        row: Row = index.data(ROW_ROLE)
        painter.save()
        if row.name:
            self._method(painter, option, row)
        else:
            self._heading(painter, option, row)
        painter.restore()

    def _heading(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        font = option.font
        font.setPointSizeF(font.pointSizeF() * 0.9)
        painter.setFont(font)
        painter.setPen(option.palette.color(QPalette.ColorRole.PlaceholderText))
        room = option.rect.adjusted(SPACE + 4, SPACE, -SPACE, -2)
        painter.drawText(room, Qt.AlignmentFlag.AlignBottom, row.title.upper())

    def _method(self, painter: QPainter, option: QStyleOptionViewItem, row: Row) -> None:
        rect: QRect = option.rect
        role, palette = QPalette.ColorRole, option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if selected:
            painter.fillRect(rect, palette.color(role.Highlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.color(role.Midlight))
        weak = palette.color(role.HighlightedText if selected else role.PlaceholderText)
        strong = (
            weak
            if row.obstacle and not selected
            else palette.color(role.HighlightedText if selected else role.Text)
        )
        inner = rect.adjusted(SPACE + 4, 7, -SPACE - 4, -7)
        half = inner.height() // 2
        above = QRect(inner.left(), inner.top(), inner.width(), half)
        below = above.translated(0, half)
        middle, elide = Qt.AlignmentFlag.AlignVCenter, Qt.TextElideMode.ElideRight
        metrics = painter.fontMetrics()
        painter.setPen(weak)
        painter.drawText(above, middle | Qt.AlignmentFlag.AlignRight, row.state)
        line = metrics.elidedText(row.obstacle or row.summary, elide, below.width())
        painter.drawText(below, middle, line)
        font = option.font
        font.setBold(not row.obstacle)
        painter.setFont(font)
        painter.setPen(strong)
        room = above.width() - metrics.horizontalAdvance(row.state) - SPACE
        painter.drawText(above, middle, painter.fontMetrics().elidedText(row.title, elide, room))
