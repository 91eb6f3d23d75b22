"""Work that must not hold up the window: reading folders, thumbnails, writing files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, Signal, Slot

from camviewer.gui.crash import message_for

_Result = TypeVar("_Result")
_CLOSING_MS = 1500


class _Job(QRunnable):
    def __init__(self, number: int, work: Callable[[], object], jobs: Jobs) -> None:
        super().__init__()
        self._number = number
        self._work = work
        self._jobs = jobs

    def run(self) -> None:
        result: object = None
        error = ""
        try:
            result = self._work()
        except Exception as caught:  # a thread's edge: everything is told and logged here
            error = message_for(caught)
        self._jobs.ended.emit(self._number, result, error)


class Jobs(QObject):
    """Runs functions on a few threads and hands their results back on the GUI thread."""

    ended = Signal(int, object, str)

    def __init__(self, parent: QObject | None = None, threads: int = 2) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        self._pending: dict[int, tuple[Callable[[object], None], Callable[[str], None]]] = {}
        self._number = 0
        self.ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def busy(self) -> bool:
        return bool(self._pending)

    def submit(
        self,
        work: Callable[[], _Result],
        done: Callable[[_Result], None],
        failed: Callable[[str], None],
    ) -> None:
        """Run ``work`` on a thread; on the GUI thread ``done(result)`` or ``failed(message)``."""
        self._number += 1
        self._pending[self._number] = (done, failed)  # type: ignore[assignment]
        self._pool.start(_Job(self._number, work, self))

    def shutdown(self, *, finish: bool = False) -> None:
        """Forget what waits, let what runs end; nothing is delivered any more.

        Args:
            finish: whether what waits is still to be done, as far as there is time.
        """
        self._pending.clear()
        if not finish:
            self._pool.clear()
        self._pool.waitForDone(_CLOSING_MS)

    @Slot(int, object, str)
    def _deliver(self, number: int, result: object, error: str) -> None:
        done, failed = self._pending.pop(number, (None, None))
        if error and failed is not None:
            failed(error)
        elif done is not None:
            done(result)
