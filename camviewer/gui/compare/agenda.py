"""What is still to be inspected, in the order that runs no trunk twice."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from camviewer.gui.compare.setting import Setting
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request
from camviewer.types import Frame, Inspection

Trunk = tuple[ModelInfo, str]


@dataclass(frozen=True, eq=False)
class Task:
    """One pane's inspection, to be made.

    Attributes:
        frame: of the picture.
        setting: the pane's own.
        request: all that is asked.
        known: the same with other boxes; then boxes are all that is to be found.
    """

    frame: Frame
    setting: Setting
    request: Request
    known: Inspection | None = None


def in_order(tasks: Iterable[Task], last: Trunk | None = None) -> list[Task]:
    """Tasks such that those with the same network and layer follow each other.

    What the network ran for last comes first, for that run is kept. Networks stay together as far
    as the next rule allows: a network and layer with a slow method comes after those without, and
    within it the slow method comes last.
    """
    tasks = list(tasks)
    trunks = list(dict.fromkeys(task.setting.trunk for task in tasks))
    networks = list(dict.fromkeys(model for model, _ in trunks))
    slow = {task.setting.trunk for task in tasks if task.setting.slow}

    def place(task: Task) -> tuple[bool, bool, int, int, bool]:
        trunk = task.setting.trunk
        return (
            trunk != last,
            trunk in slow,
            networks.index(trunk[0]),
            trunks.index(trunk),
            task.setting.slow,
        )

    return sorted(tasks, key=place)


class Agenda:
    """Tasks that one thread sets and another works off."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Task] = []
        self._current: Task | None = None
        self._last: Trunk | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing waits; something may still be in work."""
        with self._lock:
            return not self._waiting

    def set(self, tasks: Sequence[Task]) -> None:
        """These and no others; what is in work goes on if it is one of them."""
        with self._lock:
            if self._current not in tasks:
                self._current = None
            self._waiting = [task for task in tasks if task is not self._current]

    def take(self) -> Task | None:
        """The next one, now in work; None when nothing waits."""
        with self._lock:
            self._current = None
            ordered = in_order(self._waiting, self._last)
            if ordered:
                self._current = ordered[0]
                self._last = self._current.setting.trunk
                self._waiting.remove(self._current)
            return self._current

    def wants(self, task: Task) -> bool:
        """Whether a task that was taken is still wanted."""
        with self._lock:
            return self._current is task

    def forget(self) -> None:
        """Nothing is to be done, and no network is kept for what was done last."""
        with self._lock:
            self._waiting = []
            self._current = self._last = None
