"""Panes of one size in rows and columns, as many as show the picture largest."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from camviewer.gui.compare.pane import CHROME
from camviewer.gui.theme import SPACE
from camviewer.types import Size

_MOST_COLUMNS = 3
_NARROWEST = 320  # logical pixels; a narrower pane has no room for its header
_NEARLY = 0.97  # what is nearly as large counts as large


def best_columns(count: int, width: float, height: float, picture: Size) -> int:
    """In how many columns panes show a picture largest.

    Args:
        count: of panes.
        width, height: of the room for all panes.
        picture: ``(height, width)``; (0, 0) for none.
    """
    down, across = picture if min(picture) > 0 else (3, 4)
    scales: dict[int, float] = {}
    for columns in range(1, min(_MOST_COLUMNS, count) + 1):
        room = (width - SPACE * (columns - 1)) / columns
        if columns == 1 or room >= _NARROWEST:
            rows = -(-count // columns)
            tall = (height - SPACE * (rows - 1)) / rows - CHROME
            scales[columns] = max(min(room / across, tall / down), 0.0)
    largest = max(scales.values())
    good = [columns for columns, scale in scales.items() if scale >= largest * _NEARLY]
    # no cell left empty, then as few rows as can be
    return min(good, key=lambda columns: (-count % columns, -columns))


class Grid(QWidget):
    """Lays panes out, and anew when its size asks for other columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panes: tuple[QWidget, ...] = ()
        self._picture: Size = (0, 0)
        self._columns = 0
        self._cells: tuple[int, int] = (0, 0)
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(SPACE, 0, SPACE, SPACE)
        self._layout.setSpacing(SPACE)

    @property
    def columns(self) -> int:
        """How many panes stand in a row."""
        return self._columns

    def show_panes(self, panes: Sequence[QWidget], picture: Size) -> None:
        """Lay out these panes for a picture of ``(height, width)``."""
        self._panes, self._picture = tuple(panes), picture
        self._columns = 0
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        if not self._panes:
            return
        width, height = self.width() - 2 * SPACE, self.height() - SPACE
        columns = best_columns(len(self._panes), width, height, self._picture)
        if columns == self._columns:
            return
        self._columns = columns
        layout = self._layout
        for pane in self._panes:
            layout.removeWidget(pane)
        for index, pane in enumerate(self._panes):
            layout.addWidget(pane, index // columns, index % columns)
        rows = -(-len(self._panes) // columns)
        for row in range(max(rows, self._cells[0])):
            layout.setRowStretch(row, int(row < rows))
        for column in range(max(columns, self._cells[1])):
            layout.setColumnStretch(column, int(column < columns))
        self._cells = rows, columns
