"""A small button that says what is chosen and opens a list."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QWidget

from camviewer.gui.icons import icon

_BESIDE_TEXT = 30  # pixels of the button that are not its text
_NARROWEST = 44


class Picker(QPushButton):
    """Its text is shortened to the room there is; the tooltip has all of it."""

    def __init__(
        self,
        name: str,
        tip: str,
        elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._tip = tip
        self._elide = elide
        self._whole = ""
        self.setProperty("look", "quiet")
        self.setAutoDefault(False)
        self.setIconSize(QSize(12, 12))
        self.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.setAccessibleName(name)
        self.setMinimumWidth(_NARROWEST)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._draw_icon()
        self.say("")

    @property
    def whole(self) -> str:
        """What it says, in full."""
        return self._whole

    def say(self, text: str) -> None:
        """Tell what is chosen."""
        self._whole = text
        self.setToolTip(f"{text}: {self._tip}" if text else self._tip)
        self.setAccessibleDescription(text)
        self._write()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._draw_icon()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._write()

    def _write(self) -> None:
        room = max(self.width() - _BESIDE_TEXT, 0)
        self.setText(self.fontMetrics().elidedText(self._whole, self._elide, room))

    def _draw_icon(self) -> None:
        self.setIcon(icon("down"))
