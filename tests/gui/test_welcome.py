"""The invitation: samples to click, a button to open, all of it by keyboard too."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from camviewer import paths
from camviewer.gui.welcome import Welcome


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """Two pictures, one that is none, and one other file."""
    for name, colour in (("red_fox.png", (200, 10, 10)), ("owl.jpg", (10, 200, 10))):
        Image.fromarray(np.full((90, 60, 3), colour, np.uint8)).save(tmp_path / name)
    (tmp_path / "torn.png").write_bytes(b"\x89PNG")
    (tmp_path / "README.md").write_text("not a picture")
    return tmp_path


def shown(folder: Path | None, qtbot: QtBot) -> Welcome:
    welcome = Welcome(folder)
    qtbot.addWidget(welcome)
    welcome.resize(800, 600)
    with qtbot.waitExposed(welcome):
        welcome.show()
    return welcome


def test_samples_are_named_buttons_with_thumbnails(samples: Path, qtbot: QtBot) -> None:
    welcome = shown(samples, qtbot)
    names = [b.accessibleName() for b in welcome.sample_buttons]
    assert names == ["Sample picture: owl", "Sample picture: red fox", "Sample picture: torn"]
    assert all(b.toolTip() for b in welcome.sample_buttons)
    qtbot.waitUntil(lambda: all(not b.icon().isNull() for b in welcome.sample_buttons))
    owl, fox, torn = (
        b.icon().pixmap(b.iconSize()).toImage().pixelColor(68, 51) for b in welcome.sample_buttons
    )
    assert fox.getRgb() == (200, 10, 10, 255)
    assert owl.green() > 190 > 30 > owl.red()
    assert torn.getRgb() == (128, 128, 128, 255)


def test_clicked_sample_is_told(samples: Path, qtbot: QtBot) -> None:
    welcome = shown(samples, qtbot)
    with qtbot.waitSignal(welcome.sample_chosen) as chosen:
        welcome.sample_buttons[1].click()
    assert chosen.args == [samples / "red_fox.png"]


def test_keyboard_reaches_the_button_and_every_sample(samples: Path, qtbot: QtBot) -> None:
    welcome = shown(samples, qtbot)
    welcome.open_button.setFocus()
    with qtbot.waitSignal(welcome.open_requested):
        QTest.keyClick(welcome.open_button, Qt.Key.Key_Space)
    QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Tab)
    with qtbot.waitSignal(welcome.webcam_requested):
        QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Space)
    QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Tab)
    with qtbot.waitSignal(welcome.teach_requested):
        QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Space)
    reached = []
    for _ in welcome.sample_buttons:
        QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Tab)
        reached.append(welcome.focusWidget())
    assert reached == list(welcome.sample_buttons)
    with qtbot.waitSignal(welcome.sample_chosen) as chosen:
        QTest.keyClick(welcome.focusWidget(), Qt.Key.Key_Space)
    assert chosen.args == [samples / "torn.png"]


def test_narrow_window_breaks_the_row_and_shows_all(samples: Path, qtbot: QtBot) -> None:
    welcome = shown(samples, qtbot)
    tops = {b.geometry().top() for b in welcome.sample_buttons}
    assert len(tops) == 1
    welcome.resize(360, 600)
    qtbot.waitUntil(lambda: len({b.geometry().top() for b in welcome.sample_buttons}) == 2)


def test_no_samples_no_row(tmp_path: Path, qtbot: QtBot) -> None:
    welcome = shown(tmp_path / "missing", qtbot)
    assert welcome.sample_buttons == ()
    assert welcome.open_button.isVisible()


def test_bundled_samples_are_found(qtbot: QtBot) -> None:
    welcome = shown(None, qtbot)
    bundled = [f for f in (paths.resources() / "samples").iterdir() if f.suffix == ".jpg"]
    assert len(welcome.sample_buttons) == len(bundled) > 0
