"""Mouse, wheel and pinch on the canvas."""

from __future__ import annotations

from PySide6.QtCore import QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from camviewer.gui import box_layer
from camviewer.gui.box_editor import BoxEditor
from camviewer.gui.viewport import Viewport

PAN_STEP = 48.0  # logical pixels for one click of the wheel, one press of an arrow key
_NOTCH = 120.0  # QWheelEvent's units for one click of the wheel
_CLICK = 4.0  # a press that moves no farther is a click


class Pointer(QObject):
    """Zooms and drags the picture, and hands the editor what is meant for boxes.

    Signals:
        view_moved(): the picture lies elsewhere than before.
        shape_changed(): another cursor is to be shown, see `shape`.
    """

    view_moved = Signal()
    shape_changed = Signal()

    def __init__(self, viewport: Viewport, editor: BoxEditor, parent: QObject) -> None:
        super().__init__(parent)
        self._viewport = viewport
        self._editor = editor
        self._pressed: QPointF | None = None
        self._panning = False
        self._space = False
        self._shape = Qt.CursorShape.ArrowCursor
        self.position: QPointF | None = None

    @property
    def shape(self) -> Qt.CursorShape:
        """The cursor that says what a press would do."""
        return self._shape

    @property
    def focus(self) -> tuple[float, float]:
        """The screen point that zooming is about: the cursor, or the middle."""
        at, view = self.position, self._viewport
        return (view.width / 2, view.height / 2) if at is None else (at.x(), at.y())

    def hold_space(self, *, held: bool) -> None:
        """While held, the left button drags the picture, whatever lies under it."""
        self._space = held
        self.refresh()

    def press(self, event: QMouseEvent) -> bool:
        """Begin a drag; whether the button means anything here."""
        at = event.position()
        left = event.button() is Qt.MouseButton.LeftButton
        middle = event.button() is Qt.MouseButton.MiddleButton
        if self._viewport.empty or not (left or middle):
            return False
        self.position = at
        if left and not self._space and self._editor.press(at.x(), at.y()):
            return True
        self._pressed = at
        self._panning = middle or self._space
        self.refresh()
        return True

    def move(self, event: QMouseEvent) -> None:
        """Go on with the drag, or just hover."""
        at, before = event.position(), self.position
        self.position = at
        if self._editor.dragging:
            self._editor.move(at.x(), at.y())
        elif self._pressed is not None and before is not None:
            if not self._panning and (at - self._pressed).manhattanLength() > _CLICK:
                self._panning = True
                before = self._pressed
            if self._panning:
                self._viewport.pan(at.x() - before.x(), at.y() - before.y())
                self.view_moved.emit()
        self.refresh()

    def release(self, event: QMouseEvent) -> None:
        """End the drag; a mere click selects the box under it."""
        at = event.position()
        if self._editor.dragging:
            self._editor.release(at.x(), at.y())
        elif self._pressed is not None and not self._panning:
            self._editor.select_at(at.x(), at.y())
        self._pressed, self._panning = None, False
        self.refresh()

    def double_click(self, event: QMouseEvent) -> None:
        """Between the whole picture and its actual size."""
        at = event.position()
        if event.button() is not Qt.MouseButton.LeftButton or self._editor.drawing:
            return
        if self._viewport.fitting:
            self._viewport.actual(at.x(), at.y())
        else:
            self._viewport.fit()
        self.view_moved.emit()

    def wheel(self, event: QWheelEvent) -> None:
        """The wheel zooms; two fingers on a touchpad drag, and zoom with Ctrl."""
        at, turned = event.position(), event.angleDelta()
        self.position = at
        touchpad = event.phase() is not Qt.ScrollPhase.NoScrollPhase
        fingers = event.pixelDelta()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._viewport.pan((turned.y() or turned.x()) / _NOTCH * PAN_STEP, 0)
        elif (
            touchpad
            and not fingers.isNull()
            and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        ):
            self._viewport.pan(fingers.x(), fingers.y())
        else:
            self._viewport.step_at(at.x(), at.y(), turned.y() / _NOTCH)
        self.view_moved.emit()

    def native_gesture(self, event: QNativeGestureEvent) -> bool:
        """Two fingers on a touchpad; whether that means anything here."""
        if event.gestureType() is not Qt.NativeGestureType.ZoomNativeGesture:
            return False
        self.pinch(event.position(), 1 + event.value())
        return True

    def gesture(self, event: QGestureEvent, widget: QWidget) -> bool:
        """Two fingers on a screen, over a widget; whether that means anything here."""
        pinch = event.gesture(Qt.GestureType.PinchGesture)
        if not isinstance(pinch, QPinchGesture):
            return False
        at = widget.mapFromGlobal(pinch.hotSpot().toPoint())
        self.pinch(QPointF(at), pinch.scaleFactor())
        return True

    def step(self, steps: float) -> None:
        """Zoom by steps of a quarter, in when positive."""
        self._viewport.step_at(*self.focus, steps)
        self.view_moved.emit()

    def pinch(self, at: QPointF, factor: float) -> None:
        """Two fingers on a touchpad or a screen."""
        self._viewport.zoom_at(at.x(), at.y(), factor)
        self.view_moved.emit()

    def leave(self) -> None:
        """The cursor is elsewhere."""
        self.position = None

    def refresh(self) -> None:
        """Find out which cursor is right now."""
        shape = self._fitting_shape()
        if shape is not self._shape:
            self._shape = shape
            self.shape_changed.emit()

    def _fitting_shape(self) -> Qt.CursorShape:
        if self._panning:
            return Qt.CursorShape.ClosedHandCursor
        if self._space:
            return Qt.CursorShape.OpenHandCursor
        if self._editor.drawing:
            return Qt.CursorShape.CrossCursor
        if self._editor.dragging:
            return self._shape
        if self.position is None:
            return Qt.CursorShape.ArrowCursor
        _, edges = self._editor.grip(self.position.x(), self.position.y())
        return box_layer.CURSORS.get(edges, Qt.CursorShape.ArrowCursor)
