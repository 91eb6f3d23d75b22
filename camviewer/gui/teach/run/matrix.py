"""The confusion matrix: what is shown against what it was taken for; cells are chosen."""

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
        self.classes: tuple[str, ...] = ()
        self.counts: tuple[tuple[int, ...], ...] = ()

    def show(self, results: Results | None) -> None:
        self.beginResetModel()
        self.classes = () if results is None else results.classes
        self.counts = () if results is None else results.confusion()
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self.classes)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return self.rowCount(parent)

    def share(self, index: _Index) -> float:
        """Of the row's pictures."""
        row = self.counts[index.row()]
        return row[index.column()] / max(sum(row), 1)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        truth, said = self.classes[index.row()], self.classes[index.column()]
        count = self.counts[index.row()][index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return str(count) if count else ""
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            pictures = "1 picture" if count == 1 else f"{count} pictures"
            if truth == said:
                return f"{pictures} of “{truth}” recognised"
            return f"{pictures} of “{truth}” taken for “{said}”"
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        if section >= len(self.classes):
            return None
        name = self.classes[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"Pictures of “{name}”" if _is_row(orientation) else f"Taken for “{name}”"
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
            ground = QColor(_RIGHT if index.row() == index.column() else _WRONG)
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
    """Rows are what the pictures show, columns what they were taken for.

    Signals:
        chosen(str, str): the cell of a class and what it was taken for.
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
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName("Confusion matrix")
        self.setToolTip(
            "Each row: the pictures of a class, and what they were taken for.\n"
            "Click a number to see the pictures."
        )
        for header in (self.horizontalHeader(), self.verticalHeader()):
            header.setSectionsClickable(False)
            header.setHighlightSections(False)
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
        # of few classes the names are written out
        across = max(_CELL.width(), widest if len(names) <= 4 else _CELL.width())
        self.horizontalHeader().setDefaultSectionSize(across)
        self.setMaximumWidth(widest + len(names) * across + _FRAME)
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

    def choose(self, truth: str, predicted: str) -> None:
        """Choose a cell, as a click does."""
        classes = self._counts.classes
        place = classes.index(truth), classes.index(predicted)
        self.setCurrentIndex(self._counts.index(*place))

    def forget_choice(self) -> None:
        """No cell is chosen any more."""
        self.selectionModel().clear()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            classes = self._counts.classes
            self.chosen.emit(classes[index.row()], classes[index.column()])


def _is_row(orientation: Qt.Orientation) -> bool:
    return orientation is Qt.Orientation.Vertical
