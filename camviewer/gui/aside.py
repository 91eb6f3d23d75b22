"""Panels that make room for a while."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDockWidget, QMainWindow


class Aside:
    """Puts panels away, and back as high as they were; Qt would make them as high as their hint."""

    def __init__(self, window: QMainWindow) -> None:
        self._window = window
        self._heights: dict[QDockWidget, int] = {}

    def put_away(self, docks: Iterable[QDockWidget]) -> None:
        """Hide those that are shown."""
        self._heights = {dock: dock.height() for dock in docks if not dock.isHidden()}
        for dock in self._heights:
            dock.hide()

    def bring_back(self) -> None:
        """Show them again."""
        for dock in self._heights:
            dock.show()
        self._window.resizeDocks(
            list(self._heights), list(self._heights.values()), Qt.Orientation.Vertical
        )
