"""Render every icon file of the program from the one drawing, resources/icons/camviewer.svg.

Run after changing the drawing: ``uv run python build_spec/icons.py``.
"""

import io
import os
import sys
from pathlib import Path

from PIL import Image

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

HERE = Path(__file__).resolve().parent
ICONS = HERE.parent / "resources" / "icons"
PNG_SIZES = (16, 24, 32, 48, 64, 128, 256, 512)
ICO_SIZES = (16, 24, 32, 48, 64, 128, 256)
ICNS_SIZES = (32, 64, 128, 256, 512, 1024)


def draw(renderer: QSvgRenderer, size: int) -> Image.Image:
    """The drawing as an RGBA picture of ``size`` x ``size`` pixels."""
    canvas = QImage(size, size, QImage.Format.Format_ARGB32_Premultiplied)
    canvas.fill(Qt.GlobalColor.transparent)
    painter = QPainter(canvas)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    canvas.save(buffer, b"PNG")
    return Image.open(io.BytesIO(buffer.data().data())).convert("RGBA")


def main() -> int:
    """Write the PNG files beside the drawing, and beside this file those only a bundle needs."""
    application = QGuiApplication(sys.argv[:1])
    renderer = QSvgRenderer(str(ICONS / "camviewer.svg"))
    if not renderer.isValid():
        print("resources/icons/camviewer.svg cannot be drawn", file=sys.stderr)
        return 1
    drawn = {size: draw(renderer, size) for size in sorted({*PNG_SIZES, *ICO_SIZES, *ICNS_SIZES})}
    for size in PNG_SIZES:
        drawn[size].save(ICONS / f"camviewer-{size}.png", optimize=True)
    for name, sizes in (("camviewer.ico", ICO_SIZES), ("camviewer.icns", ICNS_SIZES)):
        drawn[sizes[-1]].save(
            HERE / name,
            sizes=[(size, size) for size in sizes],
            append_images=[drawn[size] for size in sizes[:-1]],
        )
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
