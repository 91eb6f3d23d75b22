"""The pictures that are open, and which of them is shown."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal


class Album(QObject):
    """A list of pictures with a current one."""

    changed = Signal()  # other pictures
    moved = Signal(int)  # another current picture; -1 when there is none

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._paths: tuple[Path, ...] = ()
        self._index = -1

    @property
    def paths(self) -> tuple[Path, ...]:
        return self._paths

    @property
    def index(self) -> int:
        """The place of the current picture; -1 when there is none."""
        return self._index

    @property
    def current(self) -> Path | None:
        return self._paths[self._index] if self._index >= 0 else None

    @property
    def has_next(self) -> bool:
        return 0 <= self._index < len(self._paths) - 1

    @property
    def has_previous(self) -> bool:
        return self._index > 0

    def replace(self, paths: tuple[Path, ...]) -> None:
        """Hold these pictures instead and go to the first."""
        self._paths = paths
        self._index = 0 if paths else -1
        self.changed.emit()
        self.moved.emit(self._index)

    def go(self, index: int) -> None:
        """Make another picture current; out of range stays where it is."""
        if 0 <= index < len(self._paths) and index != self._index:
            self._index = index
            self.moved.emit(index)

    def next(self) -> None:
        self.go(self._index + 1)

    def previous(self) -> None:
        self.go(self._index - 1)
