"""The table of counts: what is shown against what became of it; cells are chosen."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPalette, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from camviewer.gui.teach.run import words
from camviewer.gui.theme import SPACE
from camviewer.teach.results import Results

_Index = QModelIndex | QPersistentModelIndex
_RIGHT = QColor("#2f9e6e")
_WRONG = QColor("#d9603b")
_FAINTEST, _STRONGEST = 0.10, 0.75  # opacity of a cell with pictures
_CELL = QSize(64, 34)
_WIDEST_NAME = 130
_FRAME = 4
_MOST_SHOWN = 12  # rows before it scrolls


class _Counts(QAbstractTableModel):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._results: Results | None = None
        self.classes: tuple[str, ...] = ()
        self.columns: tuple[str, ...] = ()
        self.counts: tuple[tuple[int, ...], ...] = ()

    def show(self, results: Results | None) -> None:
        self.beginResetModel()
        self._results = results
        self.classes = () if results is None else results.classes
        self.columns = () if results is None else results.columns
        self.counts = () if results is None else results.counts()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.classes)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.columns)

    def share(self, index: _Index) -> float:
        """Of the row's pictures."""
        row = self.counts[index.row()]
        return row[index.column()] / max(sum(row), 1)

    def is_right(self, index: _Index) -> bool:
        """Whether that is as it should be."""
        return self._results is not None and self._results.is_right(*self.names(index))

    def names(self, index: _Index) -> tuple[str, str]:
        """The class, and what became of it."""
        return self.classes[index.row()], self.columns[index.column()]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or self._results is None:
            return None
        count = self.counts[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(count) if count else ""
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return words.of_cell(self._results, *self.names(index))[0]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        is_row = orientation is Qt.Orientation.Vertical
        names = self.classes if is_row else self.columns
        if section >= len(names) or self._results is None:
            return None
        name = names[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.ToolTipRole:
            if is_row:
                return f"Pictures of “{name}”"
            return words.of_column(self._results, name)
        return None


class _CellDelegate(QStyledItemDelegate):
    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Counts)  # noqa: S101  the only model it is put on
        rect: QRect = option.rect
        palette: QPalette = option.palette
        share = model.share(index)
        painter.save()
        if share:
            ground = QColor(_RIGHT if model.is_right(index) else _WRONG)
            ground.setAlphaF(_FAINTEST + (_STRONGEST - _FAINTEST) * share)
            painter.fillRect(rect, ground)
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, index.data() or "·")
        if option.state & QStyle.StateFlag.State_Selected:
            pen = painter.pen()
            pen.setColor(palette.color(QPalette.ColorRole.Highlight))
            pen.setWidth(2)
            painter.setPen(pen)
            painter.drawRect(rect.adjusted(1, 1, -2, -2))
        painter.restore()


class Matrix(QTableView):
    """Rows are classes, columns what they were taken for: the confusion matrix.

    Where a picture may show several of them, columns are `results.OUTCOMES`.

    Signals:
        chosen(str, str): the cell of a class and what became of it.
    """

    chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("matrix")
        self._counts = _Counts(self)
        self.setModel(self._counts)
        self.setItemDelegate(_CellDelegate(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Confusion matrix")
        self.setToolTip("Click a number to see the pictures")
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
            header.setTextElideMode(Qt.TextElideMode.ElideRight)
            header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setDefaultSectionSize(_CELL.width())
        self.verticalHeader().setDefaultSectionSize(_CELL.height())
        self.selectionModel().currentChanged.connect(self._choose)
        self.clicked.connect(self._choose)
        self.activated.connect(self._choose)

    def show_results(self, results: Results | None) -> None:
        """Count the pictures anew; no cell is chosen."""
        self._counts.show(results)
        metrics = self.fontMetrics()
        names = [metrics.horizontalAdvance(name) for name in self._counts.classes]
        widest = min(max(names, default=0) + 3 * SPACE, _WIDEST_NAME)
        self.verticalHeader().setFixedWidth(widest)
        heads = [metrics.horizontalAdvance(name) for name in self._counts.columns]
        # of few columns the names are written out
        room = min(max(heads, default=0) + 3 * SPACE, _WIDEST_NAME) if len(heads) <= 4 else 0
        across = max(_CELL.width(), room)
        self.horizontalHeader().setDefaultSectionSize(across)
        self.setMaximumWidth(widest + len(heads) * across + _FRAME)
        self._fit_height()

    def focusInEvent(self, event: QFocusEvent) -> None:
        # Qt makes the first cell the current one, which nobody has chosen yet
        with QSignalBlocker(self.selectionModel()):
            super().focusInEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_height()

    def _fit_height(self) -> None:
        """As high as its rows, and as a bar to scroll by where not all columns are in sight."""
        rows = min(len(self._counts.classes), _MOST_SHOWN)
        height = self.horizontalHeader().sizeHint().height() + rows * _CELL.height() + _FRAME
        if self.width() < self.maximumWidth():
            height += self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(height)

    def choose(self, shown: str, column: str) -> None:
        """Choose a cell, as a click does."""
        place = self._counts.classes.index(shown), self._counts.columns.index(column)
        self.setCurrentIndex(self._counts.index(*place))

    def forget_choice(self) -> None:
        """No cell is chosen any more."""
        self.selectionModel().clear()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(*self._counts.names(index))
