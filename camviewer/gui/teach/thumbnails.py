"""Small pictures of large ones, read off the GUI thread, what is in sight first."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from PySide6.QtCore import QObject, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QPixmap

from camviewer.errors import PictureError
from camviewer.gui.jobs import Jobs
from camviewer.media import images

_MOST = 1200  # that are kept
_MOST_WAITING = 150  # more were scrolled past
_AT_ONCE = 2
_FORMATS = frozenset((b"jpeg", b"png", b"webp", b"tiff", b"bmp", b"gif"))


class Thumbnails(QObject):
    """Square pieces out of the middle of pictures.

    Signals:
        arrived(Path): of this picture there is one now.
    """

    arrived = Signal(object)

    def __init__(self, side: int, ratio: float, parent: QObject | None = None) -> None:
        """Nothing is read before it is asked for.

        Args:
            side: of the pieces, in logical pixels.
            ratio: device pixels per logical one.
            parent: Qt's.
        """
        super().__init__(parent)
        self._side, self._ratio = side, ratio
        self._jobs = Jobs(self, threads=_AT_ONCE)
        self._known: OrderedDict[Path, QPixmap] = OrderedDict()
        self._waiting: OrderedDict[Path, None] = OrderedDict()
        self._running: set[Path] = set()

    def get(self, path: Path) -> QPixmap | None:
        """A picture's thumbnail: null where it cannot be read; None if it is yet to `arrive`."""
        known = self._known.get(path)
        if known is not None:
            self._known.move_to_end(path)
            return known
        if path not in self._running:
            self._waiting[path] = None
            self._waiting.move_to_end(path)
            while len(self._waiting) > _MOST_WAITING:
                self._waiting.popitem(last=False)
            self._go_on()
        return None

    def shutdown(self) -> None:
        """Read nothing any more."""
        self._waiting.clear()
        self._jobs.shutdown()

    def _go_on(self) -> None:
        side = round(self._side * self._ratio)
        while self._waiting and len(self._running) < _AT_ONCE:
            path, _ = self._waiting.popitem()
            self._running.add(path)
            self._jobs.submit(
                lambda path=path: read_square(path, side),  # type: ignore[misc]
                lambda image, path=path: self._keep(path, image),  # type: ignore[misc]
                lambda _, path=path: self._keep(path, QImage()),  # type: ignore[misc]
            )

    def _keep(self, path: Path, image: QImage) -> None:
        self._running.discard(path)
        pixmap = QPixmap.fromImage(image)
        pixmap.setDevicePixelRatio(self._ratio)
        self._known[path] = pixmap
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        self._go_on()
        self.arrived.emit(path)


def read_square(path: Path, side: int) -> QImage:
    """The middle of a picture, upright, ``side`` pixels wide and high; null if it is unreadable."""
    image = _quickly(path, side)
    if image.isNull():
        image = _thoroughly(path, side)
    if image.isNull():
        return image
    expanding = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    smooth = Qt.TransformationMode.SmoothTransformation
    image = image.scaled(QSize(side, side), expanding, smooth)
    left, top = (image.width() - side) // 2, (image.height() - side) // 2
    return image.copy(QRect(left, top, side, side))


def _quickly(path: Path, side: int) -> QImage:
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    reader.setDecideFormatFromContent(True)
    # Qt reads much more than pictures of pixels; those others stay unread here
    if bytes(reader.format().data()) not in _FORMATS:
        return QImage()
    size = reader.size()
    if size.isValid():
        # the decoder itself scales: several times faster than decoding all of it
        wanted = QSize(2 * side, 2 * side)
        scaled = size.scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
        if scaled.width() < size.width():
            reader.setScaledSize(scaled)
    return reader.read()


def _thoroughly(path: Path, side: int) -> QImage:
    try:
        pixels = images.load(path, least=side).pixels
    except PictureError:  # what is wrong with it is told where broken pictures are listed
        return QImage()
    height, width = pixels.shape[:2]
    return QImage(pixels.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888).copy()
