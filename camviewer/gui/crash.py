"""Errors nobody caught: into the log with their traceback, to the person as a message."""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import sys
import threading
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import IO

from PySide6.QtCore import QObject, Signal

from camviewer import paths
from camviewer.errors import CamviewerError

_log = logging.getLogger("camviewer")
_LOG_NAME = "camviewer.log"
_NATIVE_NAME = "crash.log"
_LOG_BYTES = 1_000_000
_LOGS_KEPT = 3


def log_file() -> Path:
    """Where the log is."""
    return paths.logs() / _LOG_NAME


def message_for(error: BaseException) -> str:
    """What to tell a person about an error; the traceback goes into the log."""
    _log.error("%s: %s", type(error).__name__, error, exc_info=error)
    if isinstance(error, CamviewerError):
        return str(error)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"Something went wrong: {what}. The details are in {log_file()}."


class CrashReporter(QObject):
    """Catches what nobody caught, on every thread, while it is installed.

    Signals:
        crashed(str): a message for the person; emitted on the thread of the error, so connections
            reach the GUI thread through its event loop.
    """

    crashed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._handler: logging.Handler | None = None
        self._native: IO[str] | None = None
        self._sys_hook = sys.excepthook
        self._thread_hook = threading.excepthook

    def install(self) -> None:
        """Open the log and take over the hooks; a log that cannot be written is done without."""
        folder = paths.logs()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._handler = RotatingFileHandler(
                log_file(), maxBytes=_LOG_BYTES, backupCount=_LOGS_KEPT, encoding="utf-8"
            )
            self._native = (folder / _NATIVE_NAME).open("a", encoding="utf-8")
        except OSError as error:
            _log.warning("No log is kept: %s", error)
        else:
            form = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
            self._handler.setFormatter(logging.Formatter(form))
            _log.addHandler(self._handler)
            faulthandler.enable(self._native)
        sys.excepthook = self._report
        threading.excepthook = self._report_from_thread

    def uninstall(self) -> None:
        """Give the hooks back and close the log."""
        sys.excepthook = self._sys_hook
        threading.excepthook = self._thread_hook
        if self._handler is not None:
            _log.removeHandler(self._handler)
            self._handler.close()
        if self._native is not None:
            faulthandler.disable()
            self._native.close()
        self._handler = self._native = None

    def _report(
        self,
        kind: type[BaseException],
        error: BaseException,
        traceback: TracebackType | None,
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            self._sys_hook(kind, error, traceback)
            return
        message = message_for(error.with_traceback(traceback))
        # when the window is already gone there is nobody left to tell
        with contextlib.suppress(RuntimeError):
            self.crashed.emit(message)

    def _report_from_thread(self, args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            self._report(args.exc_type, args.exc_value, args.exc_traceback)
