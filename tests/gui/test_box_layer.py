"""How boxes are drawn, pixel by pixel."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter

from camviewer import render
from camviewer.gui import box_layer
from camviewer.gui.viewport import Viewport
from camviewer.render import View, class_color
from camviewer.types import Box

WHITE, SIDE = (255, 255, 255), 40


def drawn(box: Box, selected: int = -1) -> np.ndarray:
    """RGB of a box on white, at one screen pixel per picture pixel."""
    viewport = Viewport()
    viewport.set_picture((SIDE, SIDE))
    viewport.resize(SIDE, SIDE, 1.0)
    viewport.actual(SIDE / 2, SIDE / 2)
    image = QImage(SIDE, SIDE, QImage.Format.Format_RGB32)
    image.fill(QColor(*WHITE))
    painter = QPainter(image)
    view = View(show_labels=False)
    box_layer.paint(painter, (box,), (box.target,), selected, view, viewport)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(SIDE, SIDE, 4)
    return pixels[..., 2::-1].copy()


@pytest.mark.usefixtures("qapp")
def test_a_box_is_a_line_with_a_dark_rim_on_either_side() -> None:
    pixels = drawn(Box(10, 12, 20, 16, 3, "thing", 0.9, 0.2))
    colour, rim = class_color(0), tuple(np.array(WHITE) * (255 - 130) // 255)
    across = [tuple(pixels[20, x].tolist()) for x in range(6, 15)]
    assert across[0] == across[1] == across[6] == across[8] == WHITE
    assert across[2] == across[5] == rim
    assert across[3] == across[4] == colour
    # the rim is as dark in the corners as elsewhere: nothing is painted twice
    dark = {tuple(p) for p in pixels.reshape(-1, 3).tolist()} - {WHITE, colour}
    assert dark == {rim}
    outer, inner = 24 * 20, 16 * 12
    assert (pixels != WHITE).any(2).sum() == outer - inner


@pytest.mark.usefixtures("qapp")
def test_a_box_of_a_pixel_is_still_seen() -> None:
    pixels = drawn(Box(20, 20, 1, 1, 3, "thing", 0.9, 0.2))
    assert (pixels == class_color(0)).all(2).sum() >= 4


@pytest.mark.usefixtures("qapp")
def test_of_a_name_that_is_too_long_the_score_is_still_told() -> None:
    metrics = QFontMetricsF(QFont())
    box = Box(0, 0, 9, 9, 3, "a very long name of a class", 0.97, 0.2, number=7)
    whole = render.box_caption(box)
    assert box_layer.caption(box, metrics, metrics.horizontalAdvance(whole) + 1) == whole
    room = metrics.horizontalAdvance("#7 a very lo… 97 %") + 3
    short = box_layer.caption(box, metrics, room)
    assert short.startswith("#7 a v")
    assert short.endswith("… 97 %")
    assert metrics.horizontalAdvance(short) <= room
