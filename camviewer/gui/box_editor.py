"""Turning drags and keys into edits of boxes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Qt, Signal

from camviewer.gui import box_layer
from camviewer.gui.box_layer import Edge
from camviewer.gui.edits import Boxes, BoxModel
from camviewer.gui.viewport import Viewport
from camviewer.types import Box, Explanation, Size

_SMALLEST = 3.0  # screen pixels; a smaller drag is a click, a smaller box is none
_NEW_SHARE = 0.5  # of what is in sight is covered by a box made without a mouse
_ARROWS = {
    Qt.Key.Key_Left: (-1.0, 0.0),
    Qt.Key.Key_Right: (1.0, 0.0),
    Qt.Key.Key_Up: (0.0, -1.0),
    Qt.Key.Key_Down: (0.0, 1.0),
}


def dragged(box: Box, edges: Edge, dx: float, dy: float, picture: Size) -> Box:
    """The box with some edges moved by a distance in picture pixels.

    What moves comes to lie on whole pixels and inside the picture; an edge drawn across the
    opposite one changes places with it; the box stays at least one pixel large.
    """
    height, width = picture
    if edges is Edge.ALL:
        x = _moved(box.x, dx, width - box.width)
        return replace(box, x=x, y=_moved(box.y, dy, height - box.height))
    left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    if Edge.LEFT in edges:
        left = _moved(left, dx, width)
    if Edge.RIGHT in edges:
        right = _moved(right, dx, width)
    if Edge.TOP in edges:
        top = _moved(top, dy, height)
    if Edge.BOTTOM in edges:
        bottom = _moved(bottom, dy, height)
    left, right = _span(left, right, width)
    top, bottom = _span(top, bottom, height)
    return replace(box, x=left, y=top, width=right - left, height=bottom - top)


def _moved(edge: float, distance: float, most: float) -> float:
    return min(max(float(round(edge + distance)), 0.0), max(most, 0.0)) if distance else edge


def _span(first: float, second: float, most: int) -> tuple[float, float]:
    low, high = min(first, second), max(first, second)
    if high - low >= 1:
        return low, high
    return (low, low + 1) if low + 1 <= most else (high - 1, high)


@dataclass(frozen=True)
class _Drag:
    index: int
    edges: Edge
    x: float
    y: float
    box: Box
    is_new: bool = False
    was_selected: bool = False


class BoxEditor(QObject):
    """Moves, resizes, draws and removes boxes; a drag becomes one edit when it ends.

    Signals:
        changed(): what is to be drawn is something else than before.
        drawing_changed(bool): whether the next drag draws a box.
    """

    changed = Signal()
    drawing_changed = Signal(bool)

    def __init__(
        self,
        model: BoxModel,
        viewport: Viewport,
        parent: QObject | None = None,
        *,
        editable: bool = True,
    ) -> None:
        super().__init__(parent)
        self._editable = editable
        self._model = model
        self._viewport = viewport
        self._explanations: tuple[Explanation, ...] = ()
        self._drag: _Drag | None = None
        self._shown: Boxes | None = None
        self._drawing = False
        self._visible = True
        self.target: int | None = None

    @property
    def boxes(self) -> Boxes:
        """The boxes to be drawn, one of them as it is being dragged."""
        return self._model.boxes if self._shown is None else self._shown

    @property
    def enabled(self) -> bool:
        """Whether boxes may be edited, are shown, and there is a class they can belong to."""
        return self._editable and self._visible and bool(self._explanations)

    @property
    def drawing(self) -> bool:
        """Whether the next drag draws a box."""
        return self._drawing

    @property
    def dragging(self) -> bool:
        """Whether a box is being dragged."""
        return self._drag is not None

    def set_explanations(self, explanations: tuple[Explanation, ...]) -> None:
        """Take the classes that a new box can belong to."""
        self._explanations = explanations
        self.abandon()
        self.set_drawing(drawing=self._drawing)

    def set_visible(self, *, visible: bool) -> None:
        """Boxes that are not shown cannot be edited."""
        self._visible = visible
        self.set_drawing(drawing=self._drawing)

    def set_drawing(self, *, drawing: bool) -> None:
        """Let the next drag draw a box, if that is possible."""
        drawing = drawing and self.enabled
        if drawing != self._drawing:
            self._drawing = drawing
            self.drawing_changed.emit(drawing)

    def grip(self, x: float, y: float) -> tuple[int, Edge]:
        """What a press at a screen point would take."""
        if not self.enabled:
            return -1, Edge.NONE
        return box_layer.grip(self._model.boxes, self._model.selected, self._viewport, x, y)

    def press(self, x: float, y: float) -> bool:
        """Begin a drag at a screen point; whether there was anything to drag."""
        at = self._viewport.to_picture(x, y)
        if self._drawing:
            box = self._new(*self._inside(*at), 0.0, 0.0)
            edges = Edge.RIGHT | Edge.BOTTOM
            self._drag = _Drag(len(self._model.boxes), edges, *at, box, is_new=True)
            return True
        index, edges = self.grip(x, y)
        if edges is Edge.NONE:
            return False
        was_selected = index == self._model.selected
        self._model.select(index)
        box = self._model.boxes[index]
        self._drag = _Drag(index, edges, *at, box, was_selected=was_selected)
        return True

    def move(self, x: float, y: float) -> None:
        """Go on with the drag."""
        drag = self._drag
        if drag is None:
            return
        at = self._viewport.to_picture(x, y)
        dx, dy = at[0] - drag.x, at[1] - drag.y
        if self._shown is None and math.hypot(dx, dy) * self._viewport.scale < _SMALLEST:
            return
        box = dragged(drag.box, drag.edges, dx, dy, self._viewport.picture)
        boxes = self._model.boxes
        self._shown = (*boxes[: drag.index], box, *boxes[drag.index + 1 :])
        self.changed.emit()

    def release(self, x: float, y: float) -> None:
        """End the drag: what it did is one edit; a mere click selects what is under it."""
        drag, shown = self._drag, self._shown
        self._drag = self._shown = None
        if drag is not None and shown is not None:
            box = shown[drag.index]
            if not drag.is_new:
                text = "Move box" if drag.edges is Edge.ALL else "Resize box"
                self._model.change(shown, text, drag.index)
            elif min(box.width, box.height) * self._viewport.scale >= _SMALLEST:
                self._model.change(shown, "Draw box", drag.index)
                self.set_drawing(drawing=False)
        elif drag is not None and drag.was_selected:
            # a click, not a drag: it may mean a smaller box inside the selected one
            around = self._around(x, y)
            self._model.select(drag.index if around < 0 else around)
        self.changed.emit()

    def abandon(self) -> None:
        """End the drag as if it had not been."""
        self._drag = self._shown = None
        self.changed.emit()

    def select_at(self, x: float, y: float) -> None:
        """Select the smallest box around a screen point, or none."""
        if self.enabled:
            self._model.select(self._around(x, y))

    def step_selection(self, step: int) -> None:
        """Select the next box, or the one before."""
        count = len(self._model.boxes)
        if count:
            now = self._model.selected
            self._model.select((now + step) % count if now >= 0 else (0 if step > 0 else count - 1))

    def delete_selected(self) -> bool:
        """Remove the selected box; whether there was one."""
        index, boxes = self._model.selected, self._model.boxes
        if index < 0:
            return False
        self._model.change((*boxes[:index], *boxes[index + 1 :]), "Delete box", -1)
        return True

    def escape(self) -> bool:
        """Give up the drag, else drawing, else the selection; whether there was one."""
        if self.dragging:
            self.abandon()
        elif self._drawing:
            self.set_drawing(drawing=False)
        elif self._model.selected >= 0:
            self._model.select(-1)
        else:
            return False
        return True

    def add_in_sight(self) -> None:
        """Put a new box into the middle of what is in sight, as one does without a mouse."""
        left, top, right, bottom = self._viewport.visible()
        width = max(1.0, round((right - left) * _NEW_SHARE))
        height = max(1.0, round((bottom - top) * _NEW_SHARE))
        box = self._new((left + right - width) / 2, (top + bottom - height) / 2, width, height)
        self._model.change((*self._model.boxes, box), "Draw box", len(self._model.boxes))
        self.set_drawing(drawing=False)

    def nudge(self, key: Qt.Key, *, resize: bool, far: bool) -> bool:
        """Move or resize the selected box by an arrow key, one or ten pixels."""
        index, boxes = self._model.selected, self._model.boxes
        if index < 0 or key not in _ARROWS:
            return False
        dx, dy = (step * (10 if far else 1) for step in _ARROWS[key])
        edges = (Edge.RIGHT if dx else Edge.BOTTOM) if resize else Edge.ALL
        box = dragged(boxes[index], edges, dx, dy, self._viewport.picture)
        text = "Resize box" if resize else "Move box"
        changed = (*boxes[:index], box, *boxes[index + 1 :])
        self._model.change(changed, text, index, merge=(text, index))
        return True

    def _around(self, x: float, y: float) -> int:
        at = self._viewport.to_picture(x, y)
        return box_layer.smallest_around(self._model.boxes, *at)

    def _new(self, x: float, y: float, width: float, height: float) -> Box:
        heatmap = next(
            (e.heatmap for e in self._explanations if e.heatmap.target == self.target),
            self._explanations[0].heatmap,
        )
        whole = float(math.floor(x)), float(math.floor(y))
        # a threshold of zero: no map was cut to get it
        return Box(*whole, width, height, heatmap.target, heatmap.label, heatmap.score, 0.0)

    def _inside(self, x: float, y: float) -> tuple[float, float]:
        height, width = self._viewport.picture
        return min(max(x, 0.0), float(width)), min(max(y, 0.0), float(height))
