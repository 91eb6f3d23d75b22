"""How calm the live view is: colours held, maps smoothed, boxes numbered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QFrame, QLabel, QVBoxLayout, QWidget

from camviewer.gui.panels.controls import Form, Note, Slider, caption
from camviewer.gui.theme import SPACE

if TYPE_CHECKING:
    from camviewer.gui.live.player import Player

_WIDTH = 320
_TENTHS = 10
_LONGEST_HOLD = 100  # tenths of a second
_LONGEST_SMOOTHING = 20


class Steadiness(QFrame):
    """A popup with what may be changed while pictures come."""

    def __init__(self, player: Player, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("popup")
        self.setAccessibleName("Steadiness")
        self.setFixedWidth(_WIDTH)
        self._player = player
        heading = QLabel("Steadiness")
        heading.setProperty("look", "heading")
        self.hold = Slider(
            "Hold the range of colours",
            "How slowly the colours follow when the map gets weaker; at 0 every picture has a "
            "range of its own, and colours flicker",
            (0, _LONGEST_HOLD),
            "s",
            _TENTHS,
        )
        self.smoothing = Slider(
            "Smooth maps over time",
            "Maps are averaged over about this time; at 0 each picture's own map is shown",
            (0, _LONGEST_SMOOTHING),
            "s",
            _TENTHS,
        )
        self.numbers = QCheckBox("Number the boxes")
        self.numbers.setAccessibleName("Number the boxes")
        self.numbers.setToolTip("The same thing keeps its number from picture to picture")
        form = Form()
        form.add_row(caption("Hold"), self.hold)
        form.add_row(caption("Smooth"), self.smoothing)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[SPACE + 4] * 4)
        column.setSpacing(SPACE)
        column.addWidget(heading)
        column.addLayout(form)
        column.addWidget(self.numbers)
        column.addWidget(Note("Boxes are found in the smoothed maps."))
        self.hold.moved.connect(lambda tenths: player.set_hold(tenths / _TENTHS))
        self.smoothing.moved.connect(lambda tenths: player.set_smoothing(tenths / _TENTHS))
        self.numbers.toggled.connect(player.set_tracking)

    def open_at(self, button: QWidget) -> None:
        """Show the present settings above a button."""
        self.hold.set_value(round(self._player.hold * _TENTHS))
        self.smoothing.set_value(round(self._player.smoothing * _TENTHS))
        with QSignalBlocker(self.numbers):
            self.numbers.setChecked(self._player.tracking)
        self.adjustSize()
        corner = button.mapToGlobal(QPoint(0, -4 - self.height()))
        screen = button.screen().availableGeometry()
        x = max(screen.left(), min(corner.x(), screen.right() - self.width()))
        self.move(x, max(screen.top(), corner.y()))
        self.show()
        self.hold.setFocus()

    def event(self, event: QEvent) -> bool:
        # else the window behind would take the keys
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)
