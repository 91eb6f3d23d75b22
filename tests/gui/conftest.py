"""Tests of the window fail on what they leave running."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QThread, QTimer
from PySide6.QtWidgets import QApplication
from shiboken6 import Shiboken


def _running() -> set[object]:
    return {
        thing
        for thing in Shiboken.getAllValidWrappers()
        if (isinstance(thing, QTimer) and thing.isActive())
        or (isinstance(thing, QThread) and thing.isRunning() and not thing.isCurrentThread())
    }


@pytest.fixture(autouse=True)
def no_leaked_timers_or_qt_threads() -> Iterator[None]:
    """Fail a test that leaves a timer or a Qt thread running."""
    before = _running()
    yield
    if QApplication.instance() is not None:
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
    leaked = [thing for thing in _running() - before if Shiboken.isValid(thing)]
    assert not leaked, f"still running: {leaked}"
