"""The pictures of a class as small squares, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from PySide6.QtCore import (
    QItemSelectionModel,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    QStringListModel,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QIcon,
    QKeyEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPalette,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from camviewer.gui.teach.thumbnails import Thumbnails
from camviewer.gui.theme import SPACE
from camviewer.teach.data.dataset import printable

SIDE = 72  # logical pixels of a thumbnail; it is shown somewhat larger or smaller
MIME = "application/x-camviewer-pictures"
_GAP = 4
_CELL = 66  # logical pixels; the least that a thumbnail takes with what parts it from the next
_ROUND = 5.0
_MOST_PARTS = 200  # rows removed one run after the other; more are told as a new list
_Index = QModelIndex | QPersistentModelIndex
_Key = Qt.Key
_COUNT = Qt.ItemDataRole.UserRole + 1  # of the classes that a picture shows, where it shows several
_BADGE = QSize(18, 16)


def carried(mime: QMimeData) -> list[Path]:
    """The pictures that are being dragged from a card; none if it is something else."""
    if not mime.hasFormat(MIME):
        return []
    return [Path(text) for text in json.loads(bytes(mime.data(MIME).data()))]


class PictureModel(QStringListModel):
    """The pictures, with their thumbnails and what is wrong with some.

    Qt's list of texts, whose texts are not used: it counts rows without asking Python, which views
    do for each of thousands of pictures.
    """

    def __init__(self, thumbnails: Thumbnails, parent: QWidget) -> None:
        super().__init__(parent)
        self._thumbnails = thumbnails
        self._paths: tuple[Path, ...] = ()
        self._rows: dict[Path, int] = {}
        self._broken: Mapping[Path, str] = {}
        self._labels: Mapping[Path, tuple[str, ...]] = {}
        thumbnails.arrived.connect(self._arrived)

    @property
    def paths(self) -> tuple[Path, ...]:
        """In the order of the rows."""
        return self._paths

    def __contains__(self, path: Path) -> bool:
        return path in self._row_of()

    def show(self, paths: tuple[Path, ...]) -> None:
        """Hold these; what is selected stays so where only some came or went."""
        old = self._paths
        more = len(paths) - len(old)
        if more > 0 and paths[more:] == old:
            self._set(paths)
            self.insertRows(0, more)
        elif paths != old:
            self._remove(paths)

    def _remove(self, paths: tuple[Path, ...]) -> None:
        old, left = self._paths, set(paths)
        gone = [row for row, path in enumerate(old) if path not in left]
        runs = [[row for _, row in run] for _, run in groupby(enumerate(gone), _place)]
        if len(runs) > _MOST_PARTS or paths != tuple(p for p in old if p in left):
            self._set(paths)
            self.setStringList([""] * len(paths))
            return
        for run in reversed(runs):
            self._set(self._paths[: run[0]] + self._paths[run[-1] + 1 :])
            self.removeRows(run[0], len(run))

    def show_broken(self, broken: Mapping[Path, str]) -> None:
        """Mark those that cannot be read, and say why."""
        changed = broken.keys() ^ self._broken.keys()
        self._broken = broken
        for path in changed:
            self._arrived(path)

    def show_labels(self, labels: Mapping[Path, tuple[str, ...]]) -> None:
        """Mark those that are of several classes.

        Args:
            labels: their classes, by the file.
        """
        changed = dict(labels.items() ^ self._labels.items())
        self._labels = labels
        for path in changed:
            self._arrived(path)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._paths):
            return None
        path = self._paths[index.row()]
        item = Qt.ItemDataRole
        if role == item.DecorationRole:
            return None if path in self._broken else self._thumbnails.get(path)
        if role == item.AccessibleTextRole:
            return self._told(path, path.name)
        if role == item.ToolTipRole:
            return self._told(path, str(path))
        if role == item.UserRole:
            return path in self._broken
        if role == _COUNT:
            return len(self._labels.get(path, ()))
        return None

    def _told(self, path: Path, name: str) -> str:
        told = printable(self._broken.get(path, name))
        labels = self._labels.get(path)
        return f"{told}\nShows {' and '.join(labels)}" if labels else told

    def flags(self, index: _Index) -> Qt.ItemFlag:
        return super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Iterable[_Index]) -> QMimeData:
        mime = QMimeData()
        paths = [str(self._paths[index.row()]) for index in indexes]
        mime.setData(MIME, json.dumps(paths).encode())
        return mime

    def _set(self, paths: tuple[Path, ...]) -> None:
        self._paths = paths
        self._rows = {}

    def _row_of(self) -> dict[Path, int]:
        if not self._rows:
            self._rows = {path: row for row, path in enumerate(self._paths)}
        return self._rows

    def _arrived(self, path: Path) -> None:
        row = self._row_of().get(path)
        if row is not None:
            index = self.index(row)
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


def _place(item: tuple[int, int]) -> int:
    """The same for numbers that follow each other."""
    return item[1] - item[0]


class _Squares(QStyledItemDelegate):
    """Draws a thumbnail with round corners, and whether it is selected.

    Attributes:
        sign: drawn where there is no thumbnail; drawing an icon anew takes long.
        cell: width and height of all.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.sign = QIcon()
        self.cell = QSize(_CELL, _CELL)

    def sizeHint(self, _option: QStyleOptionViewItem, _index: _Index) -> QSize:
        return self.cell

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        palette: QPalette = option.palette
        square = rect.adjusted(_GAP // 2, _GAP // 2, -_GAP // 2, -_GAP // 2)
        outline = QPainterPath()
        outline.addRoundedRect(square, _ROUND, _ROUND)
        painter.save()
        hint = QPainter.RenderHint
        painter.setRenderHints(hint.Antialiasing | hint.SmoothPixmapTransform)
        painter.setClipPath(outline)
        pixmap = index.data(Qt.ItemDataRole.DecorationRole)
        if isinstance(pixmap, QPixmap) and not pixmap.isNull():
            painter.drawPixmap(square, pixmap)
        else:
            painter.fillRect(square, QColor(128, 128, 128, 45))
            if index.data(Qt.ItemDataRole.UserRole) or isinstance(pixmap, QPixmap):
                sign = QRect(0, 0, 24, 24)
                sign.moveCenter(square.center())
                self.sign.paint(painter, sign)
        accent = palette.color(QPalette.ColorRole.Highlight)
        if count := index.data(_COUNT):
            _draw_badge(painter, square, str(count))
        if state & QStyle.StateFlag.State_Selected:
            tint = QColor(accent)
            tint.setAlpha(70)
            painter.fillRect(square, tint)
            painter.setClipping(False)
            painter.setPen(QPen(accent, 3))
            painter.drawRoundedRect(square, _ROUND, _ROUND)
        elif state & QStyle.StateFlag.State_HasFocus:
            painter.setClipping(False)
            painter.setPen(QPen(accent, 1, Qt.PenStyle.DotLine))
            painter.drawRoundedRect(square, _ROUND, _ROUND)
        painter.restore()


def _draw_badge(painter: QPainter, square: QRect, text: str) -> None:
    """A number in the lower right corner, legible on any picture."""
    place = QRect(square.topLeft(), _BADGE)
    place.moveBottomRight(square.bottomRight() - QPoint(3, 3))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 190))
    painter.drawRoundedRect(place, 4, 4)
    painter.setPen(QColor(255, 255, 255))
    painter.drawText(place, Qt.AlignmentFlag.AlignCenter, text)


class PictureGrid(QListView):
    """Squares that can be selected, dragged to another card, and removed.

    Signals:
        remove_wanted(list[Path]): those are to be removed.
        menu_wanted(list[Path], QPoint): what can be done with those is to be shown there.
        open_wanted(Path): this one is to be looked at.
        selected(): something was selected by a person.
    """

    remove_wanted = Signal(object)
    menu_wanted = Signal(object, object)
    open_wanted = Signal(object)
    selected = Signal()

    def __init__(self, thumbnails: Thumbnails, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pictureGrid")
        self.pictures = PictureModel(thumbnails, self)
        self._hint = ""
        self.setModel(self.pictures)
        self._squares = _Squares(self)
        self.setItemDelegate(self._squares)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(_CELL)
        # what is dropped is the card's
        self.setAcceptDrops(False)
        self.viewport().setAcceptDrops(False)
        self.doubleClicked.connect(self._open)
        self.selectionModel().selectionChanged.connect(self._tell)

    @property
    def chosen(self) -> list[Path]:
        """The selected pictures, in order."""
        selection = self.selectionModel().selection()
        ranges = (selection.at(place) for place in range(selection.size()))
        runs = sorted((run.top(), run.bottom()) for run in ranges)
        return [path for top, low in runs for path in self.pictures.paths[top : low + 1]]

    def choose(self, paths: Iterable[Path]) -> None:
        """Select these, and show the first."""
        wanted = set(paths)
        rows = [row for row, path in enumerate(self.pictures.paths) if path in wanted]
        self.clearSelection()
        for row in rows:
            index = self.pictures.index(row)
            self.selectionModel().select(index, QItemSelectionModel.SelectionFlag.Select)
        if rows:
            self.scrollTo(self.pictures.index(rows[0]))
            self.setFocus()

    def set_sign(self, sign: QIcon) -> None:
        """What stands where a picture cannot be shown."""
        self._squares.sign = sign
        self.viewport().update()

    def set_hint(self, text: str) -> None:
        """What is said while there are no pictures."""
        self._hint = text
        self.viewport().update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # rows without a gap at their end, whether or not there is a scroll bar, for which Qt leaves
        # so much; a row that fills all the rest it breaks
        bar, extent = self.verticalScrollBar(), QStyle.PixelMetric.PM_ScrollBarExtent
        room = self.maximumViewportSize().width() - self.style().pixelMetric(extent, None, bar) - 1
        cell = room // max(1, room // _CELL)
        if self.gridSize().width() != cell:
            self._squares.cell = QSize(cell, cell)
            self.setGridSize(self._squares.cell)
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (_Key.Key_Delete, _Key.Key_Backspace) and self.chosen:
            self.remove_wanted.emit(self.chosen)
        elif key in (_Key.Key_Return, _Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        elif key == _Key.Key_Escape and self.chosen:
            self.clearSelection()
        elif event.text() and not event.text().isspace() and event.text().isprintable():
            event.ignore()  # letters and digits are the view's: Qt would look for a name
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        chosen = self.chosen
        if not chosen:
            return
        at = event.globalPos()
        if event.reason() == QContextMenuEvent.Reason.Keyboard:
            last = self.visualRect(self.currentIndex()).center()
            at = self.viewport().mapToGlobal(last)
        self.menu_wanted.emit(chosen, at)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.pictures.paths:
            flag = QItemSelectionModel.SelectionFlag.NoUpdate
            self.selectionModel().setCurrentIndex(self.pictures.index(0), flag)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.pictures.paths or not self._hint:
            return
        painter = QPainter(self.viewport())
        painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
        room = self.viewport().rect().adjusted(SPACE, SPACE, -SPACE, -SPACE)
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        painter.drawText(room, flags, self._hint)
        painter.end()

    def _open(self, index: QModelIndex) -> None:
        self.open_wanted.emit(self.pictures.paths[index.row()])

    def _tell(self) -> None:
        if self.selectionModel().hasSelection():
            self.selected.emit()
