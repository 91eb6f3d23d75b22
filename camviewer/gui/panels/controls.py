"""Small controls that several panels share."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QLayout, QSlider, QWidget

from camviewer.gui.theme import SPACE


class Slider(QWidget):
    """A slider with its value beside it.

    Signals:
        moved(int): the person changed it; never sent for `set_value`.
    """

    moved = Signal(int)

    def __init__(
        self,
        name: str,
        tip: str,
        span: tuple[int, int],
        unit: str = "%",
        divisor: int = 1,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._unit = unit
        self._divisor = divisor
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(*span)
        self.slider.setAccessibleName(name)
        self.slider.setToolTip(tip)
        self._value = QLabel()
        self._value.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._value.setBuddy(self.slider)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(self.slider, 1)
        layout.addWidget(self._value)
        self.setFocusProxy(self.slider)
        self.slider.valueChanged.connect(self._changed)
        self._write()

    @property
    def value(self) -> int:
        return self.slider.value()

    def set_value(self, value: int) -> None:
        """Show a value without telling anybody."""
        with QSignalBlocker(self.slider):
            self.slider.setValue(value)
        self._write()

    def set_range(self, low: int, high: int, step: int) -> None:
        with QSignalBlocker(self.slider):
            self.slider.setRange(low, high)
            self.slider.setSingleStep(step)
            self.slider.setPageStep(step * 2)
        self._write()

    def _changed(self, value: int) -> None:
        self._write()
        self.moved.emit(value)

    def _write(self) -> None:
        widest = f"{self._text(self.slider.maximum())} "
        self._value.setMinimumWidth(self._value.fontMetrics().horizontalAdvance(widest))
        self._value.setText(self._text(self.slider.value()))

    def _text(self, value: int) -> str:
        if self._divisor == 1:
            return f"{value} {self._unit}"
        return f"{value / self._divisor:.1f} {self._unit}"


class Form(QGridLayout):
    """Labels left, in the middle of their row; controls as wide as there is room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = 0
        if parent is not None:
            self.setContentsMargins(SPACE + 4, SPACE, SPACE + 4, SPACE)
        self.setHorizontalSpacing(SPACE + 4)
        self.setVerticalSpacing(SPACE)
        self.setColumnStretch(1, 1)

    def add_row(
        self, label: QLabel, field: QWidget | QLayout, first_line: QWidget | None = None
    ) -> None:
        """Put a label and its control below the other rows.

        Args:
            label: stands before the control.
            field: the control.
            first_line: where it has several lines, the tallest of its first one: the label stands
                before that line.
        """
        row = self._next_row()
        side = Qt.AlignmentFlag.AlignVCenter
        if first_line is not None:
            side = Qt.AlignmentFlag.AlignTop
            label.setMinimumHeight(first_line.sizeHint().height())
        self.addWidget(label, row, 0, side)
        if isinstance(field, QWidget):
            label.setBuddy(field)
            self.addWidget(field, row, 1)
        else:
            self.addLayout(field, row, 1)

    def add_note(self, label: QLabel) -> None:
        """Put wrapped text below the other rows, over the whole width."""
        self.addWidget(label, self._next_row(), 0, 1, 2)

    def _next_row(self) -> int:
        # What is below the last row takes the room that is left.
        self._rows += 1
        self.setRowStretch(self._rows - 1, 0)
        self.setRowStretch(self._rows, 1)
        return self._rows - 1


class Note(QLabel):
    """Wrapped text that keeps the height it needs: Qt lets a crowded panel cut such labels."""

    def __init__(self, text: str = "", *, muted: bool = True) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        if muted:
            self.setProperty("look", "muted")

    def setText(self, text: str) -> None:
        super().setText(text)
        self._keep_height()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._keep_height()

    def _keep_height(self) -> None:
        self.setMinimumHeight(0)  # a label never says that it needs less than its minimum
        self.setMinimumHeight(self.heightForWidth(self.width()) if self.text() else 0)


def caption(text: str) -> QLabel:
    """A form's label; all of them are as wide as the widest, so that the panels align."""
    label = QLabel(text)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("Input size  "))
    return label
