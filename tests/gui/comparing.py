"""A window that compares, for tests."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from camviewer.gui.compare.pane import Pane
from camviewer.gui.compare.view import CompareView
from tests.gui.windows import Opened, picture, ui

__all__ = ["keys", "panes", "settled", "shown_docks", "ui"]


@pytest.fixture
def panes(ui: Opened, tmp_path: Path) -> CompareView:
    """The view that compares, over a picture, every pane with its result."""
    ui.open(picture(tmp_path / "a.png"))
    ui.press("compare")
    settled(ui)
    return ui.window.comparison.view


def settled(ui: Opened) -> None:
    """Wait until no pane waits for anything."""
    view = ui.window.comparison.view
    ui.bot.waitUntil(lambda: not any(p.pending or p.loading for p in view.panes), timeout=10_000)


def shown_docks(ui: Opened) -> set[str]:
    return {dock.windowTitle() for dock in ui.window.side_docks if not dock.isHidden()}


def keys(pane: Pane, key: Qt.Key, modifier: Any = Qt.KeyboardModifier.NoModifier) -> None:
    pane.canvas.setFocus()
    QTest.keyClick(pane.canvas, key, modifier)
