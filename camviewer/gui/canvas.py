"""The canvas: the picture with what the network looked at, zoomed, read out, its boxes edited."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from camviewer.types import Frame, Inspection


@dataclass(frozen=True)
class HoverInfo:
    """What lies under the cursor.

    Attributes:
        x, y: the picture pixel.
        rgb: its colour.
        values: for each explanation the raw map value at the pixel's centre; NaN outside what the
            network saw.
    """

    x: int
    y: int
    rgb: tuple[int, int, int]
    values: tuple[float, ...]


class Canvas(QWidget):
    """The picture, its maps and its boxes.

    Signals:
        hovered(HoverInfo | None): what lies under the cursor; None when it leaves the picture.
        boxes_edited(tuple[Box, ...]): all boxes after an edit, an undo or a redo.
        zoom_changed(float): screen pixels per picture pixel.
        drawing_changed(bool): whether the next drag draws a box.
        selection_changed(int): index of the selected box among all boxes, -1 for none.
    """

    hovered = Signal(object)
    boxes_edited = Signal(object)
    zoom_changed = Signal(float)
    drawing_changed = Signal(bool)
    selection_changed = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._undo = QUndoStack(self)
        self._inspection: Inspection | None = None
        self._zoom = 1.0

    @property
    def undo_stack(self) -> QUndoStack:
        """Edits of boxes; make the Edit menu's actions from it."""
        return self._undo

    @property
    def inspection(self) -> Inspection | None:
        """What is shown, with the boxes as edited: export this one."""
        return self._inspection

    @property
    def zoom(self) -> float:
        """Screen pixels per picture pixel."""
        return self._zoom

    def set_frame(self, frame: Frame | None) -> None:
        """Show a picture without an inspection, or nothing."""

    def set_inspection(self, inspection: Inspection | None) -> None:
        """Show an inspection on its own frame; None leaves the bare picture."""
        self._inspection = inspection

    def set_view(self, view: object) -> None:
        """Change opacity, colours and what is drawn; never infers."""

    def set_draw_target(self, target: int | None) -> None:
        """The class that a newly drawn box belongs to; None for the strongest explained."""

    def set_drawing(self, drawing: bool) -> None:
        """Whether the next drag draws a box."""

    def select_box(self, index: int) -> None:
        """Select a box by its index among all boxes; -1 for none."""

    def delete_selected(self) -> None:
        """Remove the selected box, undoably."""

    def zoom_in(self) -> None:
        """Zoom in about the cursor, or the middle when it is elsewhere."""

    def zoom_out(self) -> None:
        """Zoom out about the cursor, or the middle when it is elsewhere."""

    def zoom_fit(self) -> None:
        """Show the whole picture."""

    def zoom_actual(self) -> None:
        """One screen pixel per picture pixel."""

    def sizeHint(self) -> QSize:
        return QSize(960, 640)
