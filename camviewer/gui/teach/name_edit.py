"""The name of a class on its card."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QPaintEvent, QPalette
from PySide6.QtWidgets import QLineEdit, QStyle, QStyleOptionFrame, QStylePainter

_MARGIN = 2  # within a line edit, as Qt has it


class NameEdit(QLineEdit):
    """A name that is edited where it stands.

    Signals:
        renamed(str): another one is wanted.
        left(): the person is done with it.
    """

    renamed = Signal(str)
    left = Signal()

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._name = name
        self.setProperty("look", "name")
        self.setMaxLength(100)
        self.setAccessibleName("Name of the class")
        self.setToolTip("Click to rename")
        self.editingFinished.connect(self._finish)

    def show_name(self, name: str) -> None:
        """Show what the class is called, unless it is being edited."""
        if name != self._name or not self.hasFocus():
            self._name = name
            self.setText(name)
            self.setCursorPosition(0)

    def edit(self) -> None:
        """Let the person type another name."""
        self.setFocus(Qt.FocusReason.OtherFocusReason)
        self.selectAll()

    def paintEvent(self, event: QPaintEvent) -> None:
        room = self.contentsRect().adjusted(_MARGIN, 0, -_MARGIN, 0)
        short = self.fontMetrics().elidedText(
            self.text(), Qt.TextElideMode.ElideRight, room.width()
        )
        if self.hasFocus() or short == self.text():
            super().paintEvent(event)
            return
        painter, option = QStylePainter(self), QStyleOptionFrame()
        self.initStyleOption(option)
        painter.drawPrimitive(QStyle.PrimitiveElement.PE_PanelLineEdit, option)
        painter.setPen(self.palette().color(QPalette.ColorRole.Text))
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, short)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self.setText(self._name)
            self.left.emit()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.left.emit()  # with the focus, which ends the editing
        else:
            super().keyPressEvent(event)

    def _finish(self) -> None:
        text = self.text()
        if text != self._name:
            self.setText(self._name)  # until that is done
            self.renamed.emit(text)
