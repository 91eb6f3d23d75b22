"""Finds pictures that cannot be read, in the background."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from camviewer.errors import PictureError
from camviewer.gui.jobs import Jobs
from camviewer.media import images

_AT_ONCE = 60


class Checker(QObject):
    """Looks at each picture once, by its header.

    Signals:
        found(): more pictures cannot be read than was known.
    """

    found = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._jobs = Jobs(self, threads=1)
        self._seen: set[Path] = set()
        self._waiting: dict[Path, None] = {}
        self._broken: dict[Path, str] = {}
        self._round = 0

    @property
    def broken(self) -> dict[Path, str]:
        """Why they cannot be read, by the file."""
        return self._broken

    def look(self, paths: Iterable[Path]) -> None:
        """Look at those that are new."""
        self._waiting.update(dict.fromkeys(path for path in paths if path not in self._seen))
        self._go_on()

    def forget(self) -> None:
        """Begin anew, such as with another lesson."""
        self._round += 1
        self._seen, self._waiting, self._broken = set(), {}, {}

    def shutdown(self) -> None:
        """Look at nothing any more."""
        self._waiting.clear()
        self._jobs.shutdown()

    def _go_on(self) -> None:
        if self._jobs.busy or not self._waiting:
            return
        some = list(islice(self._waiting, _AT_ONCE))
        for path in some:
            del self._waiting[path]
        self._seen.update(some)
        now = self._round
        self._jobs.submit(lambda: check(some), lambda broken: self._keep(now, broken), self._fail)

    def _keep(self, of: int, broken: dict[Path, str]) -> None:
        if broken and of == self._round:
            self._broken = {**self._broken, **broken}
            self.found.emit()
        self._go_on()

    def _fail(self, _: str) -> None:
        self._go_on()


def check(paths: Iterable[Path]) -> dict[Path, str]:
    """Why some of these pictures cannot be read; those that can are not in it."""
    broken = {}
    for path in paths:
        try:
            images.check(path)
        except PictureError as error:
            broken[path] = str(error)
    return broken
