"""The Pictures panel: small pictures of all that are open, in a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPointF,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QIcon, QImage, QImageReader, QPainter, QPixmap
from PySide6.QtWidgets import QListView, QVBoxLayout, QWidget

from camviewer.errors import SourceError
from camviewer.gui.album import Album
from camviewer.gui.jobs import Jobs
from camviewer.gui.theme import SPACE
from camviewer.media.videos import VideoFile, is_video

_THUMB = QSize(112, 80)
_MARK = 14.0  # logical pixels; the radius of what marks a video
_FORMATS = frozenset({"jpeg", "jpg", "png", "webp", "tiff", "tif", "bmp", "gif"})
_Index = QModelIndex | QPersistentModelIndex


def read_thumbnail(path: Path) -> QImage:
    """A small upright picture; a null one when the file cannot be read."""
    if is_video(path):
        return _first_picture(path)
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    reader.setDecideFormatFromContent(True)
    # Qt reads much more than pictures of pixels; those others stay unread here.
    if bytes(reader.format().data()).decode() not in _FORMATS:
        return QImage()
    size = reader.size()
    if size.isValid():
        reader.setScaledSize(size.scaled(_THUMB * 2, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return image if image.isNull() else _small(image)


def _small(image: QImage) -> QImage:
    smooth = Qt.TransformationMode.SmoothTransformation
    return image.scaled(_THUMB, Qt.AspectRatioMode.KeepAspectRatio, smooth)


def _first_picture(path: Path) -> QImage:
    """How a video begins, marked as one."""
    video = VideoFile(path)
    try:
        video.open()
        frame = video.read()
    except SourceError:  # what is wrong with it is told when it is opened
        return QImage()
    finally:
        video.close()
    if frame is None:
        return QImage()
    height, width = frame.size
    pixels = np.ascontiguousarray(frame.pixels)
    image = _small(QImage(pixels.data, width, height, 3 * width, QImage.Format.Format_RGB888))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(0, 0, 0, 150))
    middle = QRectF(image.rect()).center()
    painter.drawEllipse(middle, _MARK, _MARK)
    painter.setBrush(QColor("white"))
    corners = ((-0.35, -0.5), (-0.35, 0.5), (0.55, 0.0))
    painter.drawPolygon([middle + QPointF(x * _MARK, y * _MARK) for x, y in corners])
    painter.end()
    return image


class _Thumbnails(QAbstractListModel):
    """Reads thumbnails when they are first shown, off the GUI thread."""

    def __init__(self, jobs: Jobs, parent: QWidget) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._paths: tuple[Path, ...] = ()
        self._icons: dict[Path, QIcon] = {}
        self._empty = _framed(QImage())

    def set_paths(self, paths: tuple[Path, ...]) -> None:
        self.beginResetModel()
        self._paths = paths
        self._icons = {}
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 (Qt's own signature)
        return 0 if parent.isValid() else len(self._paths)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._paths):
            return None
        path = self._paths[index.row()]
        item = Qt.ItemDataRole
        if role in (item.DisplayRole, item.AccessibleTextRole):
            return path.name
        if role == item.ToolTipRole:
            return str(path)
        if role == item.DecorationRole:
            return self._icon(path)
        return None

    def _icon(self, path: Path) -> QIcon:
        if path not in self._icons:
            self._icons[path] = self._empty
            self._jobs.submit(
                lambda: read_thumbnail(path),
                lambda image: self._arrived(path, image),
                lambda _: None,
            )
        return self._icons[path]

    def _arrived(self, path: Path, image: QImage) -> None:
        if path in self._icons and not image.isNull():
            self._icons[path] = _framed(image)
            index = self.index(self._paths.index(path))
            self.dataChanged.emit(index, index, [Qt.ItemDataRole.DecorationRole])


class FilmStrip(QWidget):
    """All open pictures; the current one is selected, a click makes another current."""

    chosen = Signal(int)

    def __init__(self, album: Album, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._album = album
        self._model = _Thumbnails(jobs, self)
        self.view = QListView()
        self.view.setObjectName("filmStrip")
        self.view.setModel(self._model)
        self.view.setFlow(QListView.Flow.LeftToRight)
        self.view.setViewMode(QListView.ViewMode.IconMode)
        self.view.setWrapping(False)
        self.view.setMovement(QListView.Movement.Static)
        self.view.setIconSize(_THUMB)
        self.view.setGridSize(_THUMB + QSize(2 * SPACE, 4 * SPACE))
        self.view.setUniformItemSizes(True)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setHorizontalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.view.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Open pictures")
        self.view.setToolTip("Click a picture, or step with the arrow keys")
        self.view.setFixedHeight(_THUMB.height() + 4 * SPACE + 16)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, SPACE, SPACE)
        layout.addWidget(self.view)
        self.view.selectionModel().currentChanged.connect(
            lambda current: self.chosen.emit(current.row())
        )
        self.chosen.connect(album.go)
        album.changed.connect(lambda: self._model.set_paths(album.paths))
        album.moved.connect(self._select)

    def sizeHint(self) -> QSize:
        return QSize(600, self.view.height() + SPACE)

    def _select(self, row: int) -> None:
        if row >= 0:
            index = self._model.index(row)
            flag = QItemSelectionModel.SelectionFlag.ClearAndSelect
            self.view.selectionModel().setCurrentIndex(index, flag)
            self.view.scrollTo(index)


def _framed(image: QImage) -> QIcon:
    """The picture in the middle of a tile of one size, so that the row stays aligned."""
    tile = QPixmap(_THUMB)
    tile.fill(QColor(128, 128, 128, 28))
    if not image.isNull():
        painter = QPainter(tile)
        left = (_THUMB.width() - image.width()) // 2
        painter.drawImage(left, (_THUMB.height() - image.height()) // 2, image)
        painter.end()
    icon = QIcon(tile)
    icon.addPixmap(tile, QIcon.Mode.Selected)
    return icon
