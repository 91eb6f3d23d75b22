"""Icons are kept, but never in the colours of another theme."""

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from camviewer.gui.icons import icon


@pytest.fixture
def palette(qapp: QApplication) -> Iterator[QPalette]:
    """The application's palette, which is put back."""
    before = qapp.palette()
    yield QPalette(before)
    qapp.setPalette(before)


def ink(colour: str, palette: QPalette) -> set[str]:
    """The colours of what is opaque in an icon, where text on buttons has this colour."""
    palette.setColor(QPalette.ColorRole.ButtonText, QColor(colour))
    QApplication.setPalette(palette)
    drawn = icon("close").pixmap(20, 20).toImage()
    places = ((x, y) for x in range(drawn.width()) for y in range(drawn.height()))
    pixels = (drawn.pixelColor(x, y) for x, y in places)
    return {pixel.name() for pixel in pixels if pixel.alpha() > 250}


def test_an_icon_has_the_colours_of_the_present_theme(palette: QPalette) -> None:
    assert ink("#ff0000", palette) == {"#ff0000"}
    assert ink("#0000ff", palette) == {"#0000ff"}
    assert ink("#ff0000", palette) == {"#ff0000"}
