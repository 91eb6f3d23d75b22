"""Threads that work when nobody else wants to."""

from __future__ import annotations

import os
import sys
import threading

from PySide6.QtCore import QThread

_NICENESS = 10


def calm_down() -> None:
    """Let all other threads go before the present one, and before those that torch starts for it.

    On Linux Qt's priorities do nothing, but every thread has a niceness of its own there.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nicest = max(os.getpriority(os.PRIO_PROCESS, thread), _NICENESS)
        os.setpriority(os.PRIO_PROCESS, thread, nicest)
    else:
        QThread.currentThread().setPriority(QThread.Priority.LowPriority)
