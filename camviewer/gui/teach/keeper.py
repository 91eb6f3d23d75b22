"""The lesson at hand, changed off the GUI thread, one change after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, Signal

from camviewer.errors import CamviewerError
from camviewer.gui.jobs import Jobs
from camviewer.gui.throttle import Throttle
from camviewer.teach.data.history import History
from camviewer.teach.data.lesson import Lesson, free_folder, is_lesson
from camviewer.teach.data.lesson_file import Contents, LessonClass

_Result = TypeVar("_Result")
_TELLS_MS = 120
_MOST_FRAMES = 8  # that wait to be written


def _nothing(_: object) -> None:
    pass


class Keeper(QObject):
    """Opens lessons and changes them; every change can be undone until the lesson is left.

    Nothing here waits for the disk. Changes are made in the order in which they were asked for.

    Signals:
        opened(): there is another lesson, or none.
        changed(): the lesson has other classes or pictures, or there is something else to undo.
        failed(str): a change could not be made, or not wholly; for people.
    """

    opened = Signal()
    changed = Signal()
    failed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self, threads=1)
        self._history: History | None = None  # as the GUI thread knows it
        self._current: History | None = None  # as the thread knows it that makes the changes
        self._frames = 0
        self._telling = Throttle(_TELLS_MS, self)
        self._telling.due.connect(self.changed)

    @property
    def lesson(self) -> Lesson | None:
        """The lesson at hand; its ``classes`` may be read at any time."""
        return None if self._history is None else self._history.lesson

    @property
    def classes(self) -> tuple[LessonClass, ...]:
        """Its classes; none without a lesson."""
        return self.contents.classes

    @property
    def contents(self) -> Contents:
        """All that it holds; nothing without a lesson."""
        return Contents() if self._history is None else self._history.lesson.contents

    @property
    def next_undo(self) -> str:
        """What `undo` takes back; empty if there is nothing."""
        return "" if self._history is None else self._history.next_undo

    @property
    def next_redo(self) -> str:
        """What `redo` does again; empty if there is nothing."""
        return "" if self._history is None else self._history.next_redo

    @property
    def busy(self) -> bool:
        """Whether changes are under way."""
        return self._jobs.busy

    def open(self, folder: Path, lost: Callable[[str], None] | None = None) -> None:
        """Open a lesson that is there.

        Args:
            folder: where it is kept.
            lost: is told on failure instead of `failed`.
        """

        def work() -> None:
            if not is_lesson(folder):
                raise CamviewerError(f"There is no lesson in {folder}. Was it moved or deleted?")
            self._take(Lesson(folder))

        self._jobs.submit(work, self._arrive, lost or self.failed.emit)

    def leave(self) -> None:
        """Have no lesson; a new one begins with the first class."""
        self._jobs.submit(lambda: self._take(None), self._arrive, self.failed.emit)

    def change(
        self,
        what: str,
        how: Callable[[Lesson], _Result],
        done: Callable[[_Result], None] = _nothing,
        *,
        begin: str = "",
    ) -> None:
        """Change the lesson.

        Args:
            what: it stands after "Undo", such as ``Remove 3 Pictures``.
            how: does it, on another thread.
            done: is given its result, when `classes` is up to date.
            begin: if there is no lesson, one is begun in the user's folder; its folder is called
                so, if no other one is. Empty where there must be one.
        """

        def work() -> _Result:
            current = self._current
            if current is None and begin:
                current = self._take(Lesson(free_folder(begin)))
            if current is None:
                raise CamviewerError("There is no lesson to change. Begin one.")
            return current.do(what, how)

        def succeeded(result: _Result) -> None:
            self._note()
            done(result)

        self._jobs.submit(work, succeeded, self._fail)

    def add_frame(self, what: str, how: Callable[[Lesson], object], part_of: str) -> bool:
        """The same for a recorded frame, which is undone together with others of its recording.

        Args:
            what, how: as for `change`.
            part_of: the recording.

        Returns:
            False where too many wait to be written, and it is left out.
        """
        if self._frames >= _MOST_FRAMES:
            return False
        self._frames += 1

        def work() -> None:
            if self._current is not None:
                self._current.do(what, how, part_of=part_of)

        self._jobs.submit(work, lambda _: self._end_frame(""), self._end_frame)
        return True

    def undo(self) -> None:
        """Take back the last change."""
        self._again(lambda history: history.undo())

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._again(lambda history: history.redo())

    def shutdown(self) -> None:
        """Make the changes that were asked for, as far as there is time; tell nothing any more."""
        self._telling.forget()
        self._jobs.submit(lambda: self._take(None), _nothing, _nothing)
        self._jobs.shutdown(finish=True)

    def _again(self, how: Callable[[History], str]) -> None:
        def work() -> None:
            if self._current is not None:
                how(self._current)

        self._jobs.submit(work, lambda _: self._telling.note(), self._fail)

    def _take(self, lesson: Lesson | None) -> History | None:
        """Leave the one lesson for another; what was taken away from either is deleted then."""
        for left in (None if self._current is None else self._current.lesson, lesson):
            if left is not None:
                left.tidy()
        self._current = None if lesson is None else History(lesson)
        return self._current

    def _arrive(self, _: object) -> None:
        if self._history is self._current:
            return
        self._history = self._current
        self._telling.forget()
        self.opened.emit()

    def _end_frame(self, message: str) -> None:
        self._frames -= 1
        if message:
            self.failed.emit(message)
        self._telling.note()

    def _fail(self, message: str) -> None:
        self._note()  # some of it may have been done
        self.failed.emit(message)

    def _note(self) -> None:
        """Tell of a change, or of a lesson that was begun for it."""
        if self._history is not self._current:
            self._arrive(None)
        else:
            self._telling.note()
