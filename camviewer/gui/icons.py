"""Line icons, drawn in the palette's own colours."""

from __future__ import annotations

from functools import cache

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPalette, QPixmap, QPixmapCache
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from camviewer.paths import resources

_SIZES = (16, 20, 24)
_RATIOS = (1, 2, 3)


@cache
def _drawing(name: str) -> str:
    return (resources() / "icons" / "toolbar" / f"{name}.svg").read_text(encoding="utf-8")


def _pixmap(name: str, colour: str, size: int, ratio: int) -> QPixmap:
    key = f"camviewer {name} {colour} {size} {ratio}"
    # buttons share drawings, and a theme may come back
    kept = QPixmap()
    if QPixmapCache.find(key, kept):
        return kept
    renderer = QSvgRenderer(QByteArray(_drawing(name).replace("currentColor", colour).encode()))
    pixmap = QPixmap(size * ratio, size * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size * ratio, size * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    QPixmapCache.insert(key, pixmap)
    return pixmap


def icon(name: str, name_on: str = "") -> QIcon:
    """The icon in the application's present colours; ask again when the theme changed.

    Args:
        name: the drawing.
        name_on: another one for what is switched on.
    """
    palette = QApplication.palette()
    made = QIcon()
    groups = (
        (QIcon.Mode.Normal, QPalette.ColorGroup.Active),
        (QIcon.Mode.Disabled, QPalette.ColorGroup.Disabled),
    )
    for mode, group in groups:
        colour = palette.color(group, QPalette.ColorRole.ButtonText).name()
        for size in _SIZES:
            for ratio in _RATIOS:
                made.addPixmap(_pixmap(name, colour, size, ratio), mode)
                if name_on:
                    pixmap = _pixmap(name_on, colour, size, ratio)
                    made.addPixmap(pixmap, mode, QIcon.State.On)
    return made
