"""The canvas by keyboard: everything the mouse can do."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent

from camviewer.gui.box_editor import BoxEditor
from camviewer.gui.pointer import PAN_STEP
from camviewer.gui.viewport import Viewport

_Key = Qt.Key
_PANS = {
    _Key.Key_Left: (PAN_STEP, 0.0),
    _Key.Key_Right: (-PAN_STEP, 0.0),
    _Key.Key_Up: (0.0, PAN_STEP),
    _Key.Key_Down: (0.0, -PAN_STEP),
}


class Keys:
    """Which key does what: boxes first, then the view."""

    def __init__(
        self, viewport: Viewport, editor: BoxEditor, views: dict[_Key, Callable[[], None]]
    ) -> None:
        """Connect keys.

        Args:
            viewport: panned by the arrows.
            editor: for the boxes.
            views: what the other keys do to the view.
        """
        self._viewport = viewport
        self._editor = editor
        self._views = views

    def press(self, event: QKeyEvent) -> bool:
        """Handle a key; whether it meant anything."""
        key, modifiers = _Key(event.key()), event.modifiers()
        shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
        control = bool(modifiers & Qt.KeyboardModifier.ControlModifier)
        return self._box(key, shift=shift, control=control) or self._view(key)

    def _box(self, key: _Key, *, shift: bool, control: bool) -> bool:
        editor = self._editor
        if not editor.enabled:
            return False
        if editor.nudge(key, resize=control, far=shift):
            return True
        if key == _Key.Key_B:
            editor.set_drawing(drawing=not editor.drawing)
        elif key == _Key.Key_N:
            editor.step_selection(-1 if shift else 1)
        elif key in (_Key.Key_Delete, _Key.Key_Backspace):
            return editor.delete_selected()
        elif key in (_Key.Key_Return, _Key.Key_Enter) and editor.drawing:
            editor.add_in_sight()
        elif key == _Key.Key_Escape:
            return editor.escape()
        else:
            return False
        return True

    def _view(self, key: _Key) -> bool:
        if self._viewport.empty:
            return False
        if key in _PANS:
            self._viewport.pan(*_PANS[key])
        if key in self._views:
            self._views[key]()
        return key in self._views
