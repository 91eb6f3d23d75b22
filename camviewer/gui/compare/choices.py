"""Lists that open under a pane's buttons: layers, classes, networks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from camviewer.gui.panels.search_popup import SearchPopup, Texts
from camviewer.gui.theme import SPACE

_Index = QModelIndex | QPersistentModelIndex
_CHOICE_ROLE = Qt.ItemDataRole.UserRole + 1
_SIZE = QSize(340, 420)


@dataclass(frozen=True)
class Choice:
    """One line.

    Attributes:
        key: what is handed over when it is taken.
        title: as shown.
        note: a word on the right.
        tip: more on it.
    """

    key: object
    title: str
    note: str = ""
    tip: str = ""


class _Choices(QAbstractListModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._all: tuple[Choice, ...] = ()
        self._rows: list[Choice] = []

    def set(self, choices: Iterable[Choice]) -> None:
        self._all = tuple(choices)
        self.search("")

    def search(self, text: str) -> None:
        words = text.casefold().split()
        self.beginResetModel()
        self._rows = [c for c in self._all if all(word in c.title.casefold() for word in words)]
        self.endResetModel()

    def row_of(self, key: object) -> int:
        return next((i for i, choice in enumerate(self._rows) if choice.key == key), -1)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        choice = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return choice.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return choice.tip or f"{choice.title} {choice.note}".strip()
        return choice if role == _CHOICE_ROLE else None


class _ChoiceDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        del index
        return QSize(160, option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        choice: Choice = index.data(_CHOICE_ROLE)
        role, palette = QPalette.ColorRole, option.palette
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, palette.color(role.Highlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, palette.color(role.Midlight))
        inner = option.rect.adjusted(SPACE + 4, 0, -SPACE - 4, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.setPen(palette.color(role.HighlightedText if selected else role.PlaceholderText))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, choice.note)
        metrics = painter.fontMetrics()
        room = inner.width() - metrics.horizontalAdvance(choice.note) - SPACE
        painter.setPen(palette.color(role.HighlightedText if selected else role.Text))
        title = metrics.elidedText(choice.title, Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(inner, middle, title)
        painter.restore()


class ChoicePopup(SearchPopup):
    """Search and list of whatever it is given.

    Signals:
        chosen(object): the key of the line that was taken.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget, texts: type[Texts]) -> None:
        self._choices = _Choices(parent)
        super().__init__(parent, texts, self._choices, _ChoiceDelegate)
        self._current: object = None
        self.view.setUniformItemSizes(True)
        self.resize(_SIZE)

    def offer(self, choices: Iterable[Choice], current: object, below: QWidget) -> None:
        """Show lines under a widget, the present one marked."""
        self._choices.set(choices)
        self._current = current
        row = self.view.sizeHintForRow(0)
        wanted = (
            self._choices.rowCount() * row
            + self.sizeHint().height()
            - self.view.sizeHint().height()
        )
        self.resize(_SIZE.width(), min(_SIZE.height(), wanted + 2 * SPACE))
        self.open_at(below)

    def fill(self, text: str) -> int:
        self._choices.search(text)
        return 0 if self._choices.rowCount() else -1

    def row_in_use(self) -> int:
        return self._choices.row_of(self._current)

    def take(self, index: QModelIndex) -> None:
        choice = index.data(_CHOICE_ROLE)
        if isinstance(choice, Choice):
            self.hide()
            self.chosen.emit(choice.key)
