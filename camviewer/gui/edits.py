"""The boxes on the canvas as they are edited, with undo and redo."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from camviewer.types import Box, Inspection

Boxes = tuple[Box, ...]


def boxes_of(inspection: Inspection) -> Boxes:
    """All boxes of an inspection in one row."""
    return tuple(box for explanation in inspection.explanations for box in explanation.boxes)


class BoxModel(QObject):
    """All boxes of an inspection in one row, the selected one, and their edits.

    Signals:
        changed(): boxes or selection are others than before.
        edited(tuple[Box, ...]): by the user, or by an undo or redo.
        selection_changed(int): index of the selected box, -1 for none.
    """

    changed = Signal()
    edited = Signal(object)
    selection_changed = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.undo_stack = QUndoStack(self)
        self._boxes: Boxes = ()
        self._selected = -1

    @property
    def boxes(self) -> Boxes:
        """All of them."""
        return self._boxes

    @property
    def selected(self) -> int:
        """Index of the selected box, -1 for none."""
        return self._selected

    @property
    def is_edited(self) -> bool:
        """Whether the boxes are others than those derived from the map."""
        return self.undo_stack.index() > 0

    def reset(self, boxes: Boxes) -> None:
        """Show the boxes of another inspection; edits of the former are forgotten."""
        self.undo_stack.clear()
        self._boxes = boxes
        self._select_quietly(-1)
        self.changed.emit()

    def derive(self, boxes: Boxes) -> None:
        """Show the same inspection's boxes by another rule; undo brings edited ones back."""
        if self.is_edited:
            self.change(boxes, "Find boxes anew", -1, merge=("derive",))
        elif boxes != self._boxes:
            self.undo_stack.clear()
            self._boxes = boxes
            self._select_quietly(self._selected if self._selected < len(boxes) else -1)
            self.changed.emit()

    def change(
        self, boxes: Boxes, text: str, selected: int, merge: tuple[object, ...] | None = None
    ) -> None:
        """Edit, undoably.

        Args:
            boxes: all boxes after the edit.
            text: what the edit is called in the menu.
            selected: the box selected after it.
            merge: consecutive edits with the same key count as one.
        """
        if boxes != self._boxes:
            self.undo_stack.push(_Change(self, text, boxes, selected, merge))

    def select(self, index: int) -> None:
        """Select one box; -1 for none."""
        if self._select_quietly(index if -1 <= index < len(self._boxes) else -1):
            self.changed.emit()

    def applied_to(self, inspection: Inspection) -> Inspection:
        """The inspection with the boxes as they are now."""
        if not self.is_edited:
            return inspection
        explanations = tuple(
            type(e)(
                e.heatmap, tuple(b for b in self._boxes if b.target == e.heatmap.target), e.rule
            )
            for e in inspection.explanations
        )
        return inspection.with_explanations(explanations)

    def _show(self, boxes: Boxes, selected: int) -> None:
        self._boxes = boxes
        self._select_quietly(selected if selected < len(boxes) else -1)
        self.changed.emit()
        self.edited.emit(boxes)

    def _select_quietly(self, index: int) -> bool:
        if index == self._selected:
            return False
        self._selected = index
        self.selection_changed.emit(index)
        return True


class _Change(QUndoCommand):
    """From one row of boxes to another."""

    def __init__(
        self,
        model: BoxModel,
        text: str,
        after: Boxes,
        selected: int,
        merge: tuple[object, ...] | None,
    ) -> None:
        super().__init__(text)
        self._model = model
        self._before = model.boxes, model.selected
        self._after = after, selected
        self._merge = merge

    def id(self) -> int:
        return -1 if self._merge is None else 1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, _Change) or other._merge != self._merge:
            return False
        self._after = other._after
        return True

    def redo(self) -> None:
        self._model._show(*self._after)

    def undo(self) -> None:
        self._model._show(*self._before)
