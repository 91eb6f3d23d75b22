"""The canvas: the picture with what the network looked at, zoomed, read out, its boxes edited.

Keys: ``+`` ``-`` zoom, ``F`` fit, ``1`` actual size, arrows pan (or move the selected box; Ctrl
resizes it, Shift goes ten pixels), ``N`` and ``Shift+N`` select boxes, ``B`` draw one (``Enter``
puts one into the middle), ``Delete``, ``Escape``; hold ``Space`` to drag the picture.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import (
    QEnterEvent,
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QResizeEvent,
    QUndoStack,
    QWheelEvent,
)
from PySide6.QtWidgets import QGestureEvent, QSizePolicy, QWidget

from camviewer import render
from camviewer.gui import box_layer
from camviewer.gui.box_editor import BoxEditor
from camviewer.gui.composing import Composed
from camviewer.gui.edits import BoxModel, boxes_of
from camviewer.gui.keys import Keys
from camviewer.gui.live import badge
from camviewer.gui.picture_layer import PictureLayer, ground
from camviewer.gui.pointer import Pointer
from camviewer.gui.readout import HoverInfo, describe, read_out
from camviewer.gui.viewport import Viewport
from camviewer.types import Box, Frame, Inspection


class Canvas(QWidget):
    """The picture, its maps and its boxes.

    Signals:
        hovered(HoverInfo | None): what lies under the cursor; None when it leaves the picture.
        boxes_edited(tuple[Box, ...]): all boxes after an edit, an undo or a redo.
        zoom_changed(float): screen pixels per picture pixel.
        view_moved(): another part of the picture is in sight, or at another zoom.
        drawing_changed(bool): whether the next drag draws a box.
        selection_changed(int): index of the selected box among all boxes, -1 for none.
    """

    hovered = Signal(object)
    boxes_edited = Signal(object)
    zoom_changed = Signal(float)
    view_moved = Signal()
    drawing_changed = Signal(bool)
    selection_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None, *, editable: bool = True) -> None:
        """Show nothing yet.

        Args:
            parent: Qt's.
            editable: whether boxes can be selected, changed and drawn.
        """
        super().__init__(parent)
        self._frame: Frame | None = None
        self._inspection: Inspection | None = None
        self._partial: Inspection | None = None
        self._live = False
        self._note = ""
        self._picture = PictureLayer()
        self._viewport = Viewport()
        self._zoom = self._viewport.zoom
        self._lies: tuple[float, ...] = ()
        self._model = BoxModel(self)
        self._editor = BoxEditor(self._model, self._viewport, self, editable=editable)
        self._pointer = Pointer(self._viewport, self._editor, self)
        self._keys = Keys(self._viewport, self._editor, self._view_keys())
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.setAccessibleName("Picture")
        self._connect()
        self._on_boxes()

    def _connect(self) -> None:
        self._editor.changed.connect(self.update)
        self._editor.drawing_changed.connect(self.drawing_changed)
        self._editor.drawing_changed.connect(self._pointer.refresh)
        self._pointer.view_moved.connect(self._after_move)
        self._pointer.shape_changed.connect(lambda: self.setCursor(self._pointer.shape))
        self._model.changed.connect(self._on_boxes)
        self._model.edited.connect(self.boxes_edited)
        self._model.selection_changed.connect(self.selection_changed)

    def _view_keys(self) -> dict[Qt.Key, Callable[[], None]]:
        key = Qt.Key
        return {
            key.Key_Plus: self.zoom_in,
            key.Key_Equal: self.zoom_in,
            key.Key_Minus: self.zoom_out,
            key.Key_F: self.zoom_fit,
            key.Key_1: self.zoom_actual,
            key.Key_Space: lambda: self._pointer.hold_space(held=True),
            **dict.fromkeys(
                (key.Key_Left, key.Key_Right, key.Key_Up, key.Key_Down), self._after_move
            ),
        }

    @property
    def undo_stack(self) -> QUndoStack:
        """Edits of boxes; make the Edit menu's actions from it."""
        return self._model.undo_stack

    @property
    def frame(self) -> Frame | None:
        """The picture shown."""
        return self._frame

    @property
    def inspection(self) -> Inspection | None:
        """What is shown, with the boxes as edited, on the frame it was made of: export this one."""
        if self._live:
            return self._inspection
        return self._inspection and self._model.applied_to(self._inspection)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes as edited, in the order of the classes, drawn ones last."""
        shown = self._picture.inspection
        return boxes_of(shown) if self._live and shown is not None else self._model.boxes

    @property
    def view(self) -> render.View:
        """How it is shown."""
        return self._picture.view

    @property
    def viewport(self) -> Viewport:
        """Where the picture lies in the widget."""
        return self._viewport

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel."""
        return self._viewport.zoom

    @property
    def note(self) -> str:
        """What is said of a picture of many; empty for nothing."""
        return self._note

    @property
    def drawing(self) -> bool:
        """Whether the next drag draws a box."""
        return self._editor.drawing

    @property
    def selected_box(self) -> int:
        """Index of the selected box among all boxes, -1 for none."""
        return self._model.selected

    def set_frame(self, frame: Frame | None) -> None:
        """Show a picture without an inspection, or nothing."""
        self._show(frame, None)

    def set_inspection(self, inspection: Inspection | None) -> None:
        """Show an inspection on its own frame; None leaves the bare picture.

        Edited boxes stay undoable while the same frame and classes are shown, and are forgotten
        with them.
        """
        self._show(self._frame if inspection is None else inspection.frame, inspection)

    def set_partial(self, inspection: Inspection) -> None:
        """Show maps that are getting finer; the next inspection or frame takes their place.

        Their boxes jump about, so none are shown, and those of the last inspection are kept.
        """
        self._partial = inspection
        self._picture.set(inspection.frame, inspection)
        self._editor.set_visible(visible=False)
        self.tell_hover()
        self.update()

    def show_live(
        self,
        frame: Frame,
        inspection: Inspection | None,
        composed: Composed | None,
        note: str = "",
    ) -> None:
        """Show one of many pictures; its boxes cannot be edited.

        Args:
            frame: the picture.
            inspection: what is laid over it, where its picture has the same size.
            composed: both, composed on another thread; None lets the canvas compose.
            note: said in a corner, such as how old the heatmap is.
        """
        if not self._live:
            self._live = True
            self._partial = None
            self._model.reset(())
            self._editor.set_explanations(())
        resized = self._frame is None or self._frame.size != frame.size
        self._frame, self._inspection, self._note = frame, inspection, note
        suits = inspection is not None and inspection.frame.size == frame.size
        self._picture.set(frame, inspection if suits else None, composed)
        self._viewport.set_picture(frame.size)
        if resized:
            self._after_move()
        # not later: what comes next must find that this one was drawn, or frames would queue up
        self.repaint()

    def tell_hover(self) -> None:
        """Say what lies under the cursor, if it is over the picture."""
        at = self._pointer.position
        if at is not None and self._frame is not None:
            self.hovered.emit(self.read_out(at.x(), at.y()))

    def set_view(self, view: render.View) -> None:
        """Change opacity, colours and what is drawn; never infers."""
        if view != self._picture.view:
            self._picture.set_view(view)
            self._editor.set_visible(visible=view.show_boxes and self._partial is None)
            self.update()

    def set_draw_target(self, target: int | None) -> None:
        """The class that a newly drawn box belongs to; None for the strongest explained."""
        self._editor.target = target

    def set_drawing(self, drawing: bool) -> None:
        """Let the next drag draw a box; not while no class is explained or boxes are hidden."""
        self._editor.set_drawing(drawing=drawing)

    def select_box(self, index: int) -> None:
        """Select a box by its index among all boxes; -1 for none."""
        self._model.select(index)

    def delete_selected(self) -> None:
        """Remove the selected box, undoably."""
        self._editor.delete_selected()

    def read_out(self, x: float, y: float) -> HoverInfo | None:
        """What lies under a point of the widget; None beside the picture."""
        if self._frame is None:
            return None
        shown = self._picture.inspection
        return read_out(self._frame, shown, *self._viewport.to_picture(x, y))

    def zoom_in(self) -> None:
        """Zoom in about the cursor, or the middle when it is elsewhere."""
        self._pointer.step(1.0)

    def zoom_out(self) -> None:
        """Zoom out about the cursor, or the middle when it is elsewhere."""
        self._pointer.step(-1.0)

    def zoom_fit(self) -> None:
        """Show the whole picture."""
        self._viewport.fit()
        self._after_move()

    def zoom_actual(self) -> None:
        """One screen pixel per picture pixel."""
        self._viewport.actual(*self._pointer.focus)
        self._after_move()

    def follow(self, other: Viewport) -> None:
        """Show what another view of the same picture shows, at its zoom."""
        self._viewport.follow(other)
        self._after_move()

    def sizeHint(self) -> QSize:
        return QSize(960, 640)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), ground(self.palette()))
        self._picture.paint(painter, self._viewport)
        shown = self._picture.inspection
        if shown is not None and self._partial is None:
            targets = tuple(e.heatmap.target for e in shown.explanations)
            boxes = boxes_of(shown) if self._live else self._editor.boxes
            box_layer.paint(
                painter, boxes, targets, self._model.selected, self.view, self._viewport
            )
        if self._note:
            badge.paint(painter, self._note, self.rect())
        if self.hasFocus() and self.window().testAttribute(
            Qt.WidgetAttribute.WA_KeyboardFocusChange
        ):
            painter.setPen(self.palette().color(QPalette.ColorRole.Highlight))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._fit_widget()

    def event(self, event: QEvent) -> bool:
        if event.type() is QEvent.Type.DevicePixelRatioChange:
            self._fit_widget()
        elif isinstance(event, QNativeGestureEvent):
            return self._pointer.native_gesture(event)
        elif isinstance(event, QGestureEvent):
            return self._pointer.gesture(event, self)
        return super().event(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._pointer.wheel(event)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.setAccepted(self._pointer.press(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointer.move(event)
        self.tell_hover()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._pointer.release(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._pointer.double_click(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        self._pointer.position = event.position()

    def leaveEvent(self, _event: QEvent) -> None:
        self._pointer.leave()
        self.hovered.emit(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self._keys.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._pointer.hold_space(held=False)
        else:
            super().keyReleaseEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        self._pointer.hold_space(held=False)
        super().focusOutEvent(event)

    def _show(self, frame: Frame | None, inspection: Inspection | None) -> None:
        old, self._inspection = self._inspection, inspection
        self._partial = None
        self._live, self._note = False, ""
        self._editor.set_visible(visible=self.view.show_boxes)
        same_frame = frame is self._frame
        self._frame = frame
        self._picture.set(frame, inspection)
        self._viewport.set_picture((0, 0) if frame is None else frame.size)
        explanations = () if inspection is None else inspection.explanations
        targets = tuple(e.heatmap.target for e in explanations)
        before = () if old is None else tuple(e.heatmap.target for e in old.explanations)
        self._editor.set_explanations(explanations)
        boxes = () if inspection is None else boxes_of(inspection)
        if same_frame and targets and targets == before:
            self._model.derive(boxes)
        else:
            self._model.reset(boxes)
        self._on_boxes()
        self._after_move()

    def _fit_widget(self) -> None:
        self._viewport.resize(self.width(), self.height(), self.devicePixelRatioF())
        self._after_move()

    def _after_move(self) -> None:
        if self.zoom != self._zoom:
            self._zoom = self.zoom
            self.zoom_changed.emit(self._zoom)
        view = self._viewport
        lies = (view.left, view.top, view.scale, view.fitting)
        if lies != self._lies:
            self._lies = lies
            self.view_moved.emit()
        self.tell_hover()
        self.update()

    def _on_boxes(self) -> None:
        self.setAccessibleDescription(
            describe(self._frame, self._model.boxes, self._model.selected)
        )
        self.update()
