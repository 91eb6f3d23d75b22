"""What was done to a lesson, so that it can be taken back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.lesson_file import Contents

_Result = TypeVar("_Result")
_MOST = 100


@dataclass(frozen=True, eq=False)
class Step:
    """A change.

    Attributes:
        what: as it stands after "Undo", such as ``Remove 3 Pictures``.
        before, after: what the lesson held.
        part_of: steps that follow each other and are parts of the same are one; empty for none.
    """

    what: str
    before: Contents
    after: Contents
    part_of: str = ""


class History:
    """Changes a lesson, and takes changes back. Calls may come from several threads.

    Attributes:
        lesson: whose changes these are; whoever changes it otherwise has that taken back, too.
    """

    def __init__(self, lesson: Lesson) -> None:
        self.lesson = lesson
        self._lock = threading.RLock()
        self._done: tuple[Step, ...] = ()
        self._undone: tuple[Step, ...] = ()

    @property
    def next_undo(self) -> str:
        """What `undo` takes back; empty if there is nothing. Never waits."""
        done = self._done
        return done[-1].what if done else ""

    @property
    def next_redo(self) -> str:
        """What `redo` does again; empty if there is nothing. Never waits."""
        undone = self._undone
        return undone[-1].what if undone else ""

    def do(self, what: str, change: Callable[[Lesson], _Result], *, part_of: str = "") -> _Result:
        """Change the lesson, and remember how it was.

        Args:
            what: see `Step`.
            change: does it. What it has done when it fails can be taken back, too.
            part_of: see `Step`.

        Raises:
            CamviewerError: as of `change`.
        """
        with self._lock:
            before = self.lesson.contents
            try:
                return change(self.lesson)
            finally:
                after = self.lesson.contents
                if after != before:
                    self._remember(Step(what, before, after, part_of))

    def undo(self) -> str:
        """Take back the last change that was not taken back yet.

        Returns:
            What it was; empty if there is none.

        Raises:
            CamviewerError: if the lesson cannot be kept; the change is still there to be undone.
        """
        with self._lock:
            if not self._done:
                return ""
            step = self._done[-1]
            self.lesson.restore(step.before)
            self._done = self._done[:-1]
            self._undone = (*self._undone, step)
            return step.what

    def redo(self) -> str:
        """Do again what was taken back last.

        Returns:
            What it was; empty if there is nothing.

        Raises:
            CamviewerError: if the lesson cannot be kept.
        """
        with self._lock:
            if not self._undone:
                return ""
            step = self._undone[-1]
            self.lesson.restore(step.after)
            self._undone = self._undone[:-1]
            self._done = (*self._done, step)
            return step.what

    def _remember(self, step: Step) -> None:
        done = self._done
        if step.part_of and done and done[-1].part_of == step.part_of:
            step = replace(step, before=done[-1].before)
            done = done[:-1]
        self._done = (*done, step)[-_MOST:]
        self._undone = ()
