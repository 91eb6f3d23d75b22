"""The class that others are compared with: a button that opens a searchable list."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPalette
from PySide6.QtWidgets import (
    QHBoxLayout,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from camviewer.gui.panels.class_model import SCORE_ROLE, TARGET_ROLE, ClassModel, percent
from camviewer.gui.panels.popup_button import PopupButton
from camviewer.gui.panels.search_popup import SearchPopup
from camviewer.gui.theme import SPACE
from camviewer.types import Inspection

_Index = QModelIndex | QPersistentModelIndex
_SIZE = QSize(340, 420)


class _Delegate(QStyledItemDelegate):
    """Name and score."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        del index
        return QSize(160, option.fontMetrics.height() + 14)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        palette, role = option.palette, QPalette.ColorRole
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if selected:
            painter.fillRect(option.rect, palette.color(role.Highlight))
        elif option.state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(option.rect, palette.color(role.Midlight))
        inner = option.rect.adjusted(SPACE + 4, 0, -SPACE - 4, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        score = index.data(SCORE_ROLE)
        shown = "" if score is None else percent(score)
        painter.setPen(palette.color(role.HighlightedText if selected else role.PlaceholderText))
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, shown)
        metrics = painter.fontMetrics()
        room = inner.width() - metrics.horizontalAdvance(shown) - SPACE
        label = metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room)
        painter.setPen(palette.color(role.HighlightedText if selected else role.Text))
        painter.drawText(inner, middle, label)
        painter.restore()


class _Texts:
    hint = "Search a class"
    search = "Search the class to compare with"
    search_tip = "Type a part of a name, or a class number"
    items = "Classes to compare with"
    items_tip = "Click the class to compare with"
    nothing = "No class matches."


class _Popup(SearchPopup):
    chosen = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        self.model = ClassModel(parent)
        super().__init__(parent, _Texts, self.model, _Delegate)
        self.current = -1
        self.view.setUniformItemSizes(True)
        self.resize(_SIZE)

    def fill(self, text: str) -> int:
        self.model.set_search(text)
        return 0 if self.model.rowCount() else -1

    def row_in_use(self) -> int:
        return self.model.row_of(self.current)

    def take(self, index: QModelIndex) -> None:
        target = index.data(TARGET_ROLE)
        if isinstance(target, int):
            self.hide()
            self.chosen.emit(target)


class OtherClass(QWidget):
    """The class compared with; a click opens the list.

    Signals:
        chosen(int): the person picked a class, by index.
    """

    chosen = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ""
        self.popup = _Popup(self)
        self.button = PopupButton("Class to compare with")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.button)
        self.setFocusProxy(self.button)
        self._inspection: Inspection | None = None
        self.button.clicked.connect(self._open)
        self.popup.chosen.connect(self.chosen)
        self._write()

    @property
    def model(self) -> ClassModel:
        """The classes to choose from."""
        return self.popup.model

    def set_labels(self, labels: tuple[str, ...]) -> None:
        """Another network: its classes, without scores yet."""
        self._inspection = None
        self.model.set_labels(labels, None)

    def show_scores(self, inspection: Inspection | None) -> None:
        """The scores of the picture in sight; a closed list is filled when it opens."""
        self._inspection = inspection
        if self.popup.isVisible():
            self.model.set_inspection(inspection, {})

    def show_class(self, index: int, label: str) -> None:
        """The class that is compared with."""
        self.popup.current, self._label = index, label
        self._write()

    def _open(self) -> None:
        self.model.set_inspection(self._inspection, {})
        self.popup.open_at(self.button)

    def _write(self) -> None:
        self.button.show_text(self._label)
        choose = "Choose the class to compare with"
        self.button.setToolTip(f"{choose}, now {self._label}" if self._label else choose)
