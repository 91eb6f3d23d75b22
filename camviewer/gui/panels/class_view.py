"""The ranked classes as a list: its look, its keys and clicks."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QPolygonF,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from camviewer.gui.panels.class_model import (
    COLOUR_ROLE,
    SCORE_ROLE,
    TARGET_ROLE,
    THRESHOLD_ROLE,
    ClassModel,
    percent,
)
from camviewer.gui.theme import SPACE

_Index = QModelIndex | QPersistentModelIndex


class ClassDelegate(QStyledItemDelegate):
    """Check box, colour swatch, name, score, and the score again as a bar."""

    HEIGHT = 34
    _SCORE_WIDTH = 64

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        del index
        return QSize(160, max(self.HEIGHT, option.fontMetrics.height() + 16))

    def check_area(self, row: QRect) -> QRect:
        """Where a click means the check box."""
        return QRect(row.left(), row.top(), 3 * SPACE + 8, row.height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        painter.save()
        rect: QRect = option.rect
        palette: QPalette = option.palette
        state = option.state
        enabled = bool(state & QStyle.StateFlag.State_Enabled)
        palette.setCurrentColorGroup(
            QPalette.ColorGroup.Active if enabled else QPalette.ColorGroup.Disabled
        )
        checked = index.data(Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
        self._ground(painter, rect, palette, state, checked=checked)
        self._check(painter, rect, palette, checked=checked)
        left = self.check_area(rect).right()
        colour = index.data(COLOUR_ROLE)
        if isinstance(colour, QColor):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(colour)
            painter.drawRoundedRect(QRect(left + 2, rect.center().y() - 7, 12, 12), 3, 3)
            left += 20
        painter.setPen(palette.color(QPalette.ColorRole.Text))
        font = option.font
        font.setBold(checked)
        painter.setFont(font)
        score = index.data(SCORE_ROLE)
        room = rect.width() - (left - rect.left()) - SPACE
        room -= self._SCORE_WIDTH if score is not None else 0
        label = painter.fontMetrics().elidedText(
            str(index.data()), Qt.TextElideMode.ElideRight, room - SPACE
        )
        line = rect.adjusted(0, 0, -SPACE, -4)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(line.adjusted(left - rect.left() + 2, 0, 0, 0), middle, label)
        if score is not None:
            painter.drawText(line, middle | Qt.AlignmentFlag.AlignRight, percent(score))
            bar = QRectF(left + 2, rect.bottom() - 6, rect.right() - SPACE - left - 2, 3)
            self._bar(painter, bar, palette, score, index)
        painter.restore()

    def _ground(
        self,
        painter: QPainter,
        rect: QRect,
        palette: QPalette,
        state: QStyle.StateFlag,
        *,
        checked: bool,
    ) -> None:
        accent = QColor(palette.color(QPalette.ColorRole.Highlight))
        if checked:
            accent.setAlphaF(0.14)
            painter.fillRect(rect, accent)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, palette.color(QPalette.ColorRole.Midlight))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 1))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    def _check(self, painter: QPainter, rect: QRect, palette: QPalette, *, checked: bool) -> None:
        box = QRectF(rect.left() + SPACE + 0.5, rect.center().y() - 7.5, 15, 15)
        role = QPalette.ColorRole
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(palette.color(role.Highlight if checked else role.PlaceholderText), 1))
        painter.setBrush(palette.color(role.Highlight if checked else role.Base))
        painter.drawRoundedRect(box, 4, 4)
        if checked:
            painter.setPen(QPen(palette.color(role.HighlightedText), 2))
            left, top = box.left(), box.top()
            points = ((3.5, 8.0), (6.5, 11.0), (11.5, 4.5))
            painter.drawPolyline(QPolygonF([QPointF(left + x, top + y) for x, y in points]))

    def _bar(
        self, painter: QPainter, bar: QRectF, palette: QPalette, score: float, index: _Index
    ) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(palette.color(QPalette.ColorRole.Midlight))
        painter.drawRoundedRect(bar, 1.5, 1.5)
        colour = index.data(COLOUR_ROLE)
        accent = palette.color(QPalette.ColorRole.Highlight)
        painter.setBrush(colour if isinstance(colour, QColor) else accent)
        painter.drawRoundedRect(
            QRectF(bar.left(), bar.top(), bar.width() * min(max(score, 0.0), 1.0), 3), 1.5, 1.5
        )
        threshold = index.data(THRESHOLD_ROLE)
        if threshold is not None:
            x = bar.left() + bar.width() * float(threshold)
            painter.setBrush(palette.color(QPalette.ColorRole.Text))
            painter.drawRect(QRectF(x - 0.75, bar.top() - 2.5, 1.5, 8))


class ClassView(QListView):
    """A click takes one class, a click on its box adds or removes it; Return and Space likewise."""

    taken = Signal(int)
    toggled = Signal(int)

    def __init__(self, model: ClassModel, parent: QWidget) -> None:
        super().__init__(parent)
        self.empty_text = "The classes of the model stand here"
        self._delegate = ClassDelegate(self)
        self.setModel(model)
        self.setItemDelegate(self._delegate)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QListView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            self._clicked(event)
        return super().viewportEvent(event)

    def dataChanged(self, first: _Index, last: _Index, roles: Sequence[int] = ()) -> None:
        # not QListView's own, which lays out all rows again: their height never changes
        QAbstractItemView.dataChanged(self, first, last, list(roles))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            room = self.viewport().rect().adjusted(2 * SPACE, 2 * SPACE, -2 * SPACE, -2 * SPACE)
            how = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(room, how | Qt.TextFlag.TextWordWrap, self.empty_text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        target = self.currentIndex().data(TARGET_ROLE)
        if event.key() == Qt.Key.Key_Space and target is not None:
            self.toggled.emit(target)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and target is not None:
            self.taken.emit(target)
        else:
            super().keyPressEvent(event)

    def _clicked(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        target = index.data(TARGET_ROLE)
        if event.button() is not Qt.MouseButton.LeftButton or target is None:
            return
        area = self._delegate.check_area(self.visualRect(index))
        control = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        if control or area.contains(event.position().toPoint()):
            self.toggled.emit(target)
        else:
            self.taken.emit(target)
