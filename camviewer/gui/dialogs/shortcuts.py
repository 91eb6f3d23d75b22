"""All shortcuts on one page."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from camviewer.gui.actions import overview
from camviewer.gui.dialogs.frame import Dialog
from camviewer.gui.theme import SPACE

_COLUMNS = 4  # as high as a laptop's screen at most
_MORE = {
    "On the picture": [
        ("Select the next box", "N"),
        ("Move the selected box", "Arrow keys"),
        ("Resize it", "Ctrl+Arrow keys"),
        ("Let go", "Esc"),
    ],
    "Side by side": [
        ("From pane to pane", "Tab"),
        ("Duplicate the pane", "Ctrl+D"),
        ("Remove the pane", "Del"),
        ("Back to one picture", "Esc"),
    ],
    "Teaching": [
        ("Record for a class, while held", "1 to 9"),
        ("Remove the selected pictures", "Del"),
        ("Explain the selected picture", "Enter"),
        ("Teach", "Ctrl+Enter"),
        ("Back to the picture", "Esc"),
    ],
    "Mouse": [
        ("Zoom about the cursor", "Wheel, pinch"),
        ("Move the picture", "Drag, middle button"),
        ("Move or resize a box", "Drag it or its handles"),
        ("Explain one class", "Click it"),
        ("Add or remove a class", "Its check box, Ctrl+Click"),
    ],
}


class ShortcutsDialog(Dialog):
    """Made from the actions' own table, so it is never out of date."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Keyboard shortcuts", parent, "Close")
        groups = {**overview(), **_MORE}
        columns = [QVBoxLayout() for _ in range(_COLUMNS)]
        heights = [0] * _COLUMNS
        for name, rows in groups.items():
            shortest = heights.index(min(heights))
            columns[shortest].addWidget(_group(name, rows))
            heights[shortest] += len(rows) + 2
        line = QHBoxLayout()
        line.setSpacing(4 * SPACE)
        for column in columns:
            column.addStretch(1)
            line.addLayout(column, 1)
        self.body.addLayout(line)


def _group(name: str, rows: list[tuple[str, str]]) -> QWidget:
    group = QWidget()
    grid = QGridLayout(group)
    grid.setContentsMargins(0, 0, 0, SPACE)
    grid.setHorizontalSpacing(2 * SPACE)
    grid.setVerticalSpacing(SPACE // 2)
    heading = QLabel(name)
    heading.setProperty("look", "heading")
    grid.addWidget(heading, 0, 0, 1, 2)
    for row, (what, keys) in enumerate(rows, start=1):
        grid.addWidget(QLabel(what), row, 0)
        shown = QLabel(keys)
        shown.setProperty("look", "muted")
        grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignRight)
    grid.setColumnStretch(0, 1)
    return group
