"""Where a video is, and the way to anywhere else in it."""

from __future__ import annotations

import time

from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSlider,
    QStyle,
    QStyleOptionSlider,
    QToolTip,
    QWidget,
)

from camviewer.gui.theme import SPACE

_SEEKS_MS = 66  # between two jumps while the handle is dragged
_PAGE = 5.0  # seconds
_JUMPING = 0.5  # seconds in which places from before a jump may still be told


def clock(seconds: float) -> str:
    """A time for people, such as ``0:07.4`` or ``1:02:33.0``."""
    tenths = max(0, round(seconds * 10))
    minutes, tenths = divmod(tenths, 600)
    hours, minutes = divmod(minutes, 60)
    head = f"{hours}:{minutes:02d}" if hours else f"{minutes}"
    return f"{head}:{tenths // 10:02d}.{tenths % 10}"


class SeekBar(QWidget):
    """A slider over the frames of a video, with time and duration beside it.

    Signals:
        wanted(int): the number of the frame to show; while the handle is dragged at most fifteen a
            second, and always the last one.
    """

    wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rate = 0.0
        self._duration = 0.0
        self.slider = _Slider(self)
        self.slider.setAccessibleName("Position in the video")
        self.slider.setToolTip("Where the video is; drag or click to go elsewhere")
        self._now = _time_label("Time")
        self._end = _time_label("Duration")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self._now, self.slider, self._end):
            layout.addWidget(widget)
        self.setFocusProxy(self.slider)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SEEKS_MS)
        self._soon.timeout.connect(self._ask)
        self._asked = -1, 0.0  # the frame jumped to, and until when others are from before
        self.slider.valueChanged.connect(self._moved)
        self.slider.sliderReleased.connect(self._ask)
        self.slider.pointed_at.connect(self._tell)

    @property
    def text(self) -> str:
        """The time that is shown."""
        return self._now.text()

    def show_length(self, length: int, duration: float, rate: float) -> None:
        """Show how long the video is.

        Args:
            length: frames; 0 while unknown, and nothing can be jumped to.
            duration: seconds; 0 while unknown.
            rate: frames per second; 0 while unknown.
        """
        self._rate = rate
        self._duration = duration
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, max(length - 1, 0))
            self.slider.setSingleStep(1)
            self.slider.setPageStep(max(1, round(_PAGE * rate)))
        self.slider.setEnabled(length > 1)
        self._end.setText(clock(duration) if duration > 0 else "")
        widest = self._now.fontMetrics().horizontalAdvance(clock(max(duration, 59.9)))
        self._now.setMinimumWidth(widest + 2)

    def show_position(self, number: int, seconds: float) -> None:
        """Show where the video is, unless the handle is held elsewhere."""
        asked, until = self._asked
        if number != asked and time.monotonic() < until:
            return
        self._asked = -1, 0.0
        if self.slider.isSliderDown() or self._soon.isActive():
            return
        with QSignalBlocker(self.slider):
            self.slider.setValue(number)
        self._write(seconds)

    def _moved(self, number: int) -> None:
        self._write(self._seconds(number))
        if not self._soon.isActive():
            self._soon.start()

    def _ask(self) -> None:
        self._soon.stop()
        self._asked = self.slider.value(), time.monotonic() + _JUMPING
        self.wanted.emit(self.slider.value())

    def _tell(self, number: int) -> None:
        at = self.slider.mapToGlobal(self.slider.rect().topLeft())
        at.setX(self.cursor().pos().x())
        QToolTip.showText(at, f"{clock(self._seconds(number))} · frame {number}", self.slider)

    def _write(self, seconds: float) -> None:
        self._now.setText(clock(seconds))
        self._now.setAccessibleDescription(self._now.text())

    def _seconds(self, number: int) -> float:
        """When a frame is shown: by the duration, which holds for varying rates at its ends."""
        last = self.slider.maximum()
        if self._duration > 0 and last > 0:
            return self._duration * number / (last + 1)
        return number / self._rate if self._rate > 0 else 0.0


class _Slider(QSlider):
    """Jumps to where it is pressed.

    Signals:
        pointed_at(int): the value under the cursor.
    """

    pointed_at = Signal(int)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setMouseTracking(True)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderPosition(self._value_at(event.position().x()))
        super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        if self.isEnabled():
            self.pointed_at.emit(self._value_at(event.position().x()))

    def _value_at(self, x: float) -> int:
        option = QStyleOptionSlider()
        self.initStyleOption(option)
        parts, control = QStyle.SubControl, QStyle.ComplexControl.CC_Slider
        style = self.style()
        handle = style.subControlRect(control, option, parts.SC_SliderHandle, self).width()
        groove = style.subControlRect(control, option, parts.SC_SliderGroove, self)
        room = max(groove.width() - handle, 1)
        at = round(x) - groove.left() - handle // 2
        return QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at, room)


def _time_label(name: str) -> QLabel:
    label = QLabel()
    label.setProperty("look", "muted")
    label.setAccessibleName(name)
    label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return label
