"""Errors nobody caught reach the log and the person."""

import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from camviewer import paths
from camviewer.errors import PictureError
from camviewer.gui.crash import CrashReporter, log_file, message_for


@pytest.fixture
def reporter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> Iterator[CrashReporter]:
    monkeypatch.setattr(paths, "logs", lambda: tmp_path / "logs")
    made = CrashReporter()
    made.install()
    yield made
    made.uninstall()


def test_uncaught_exception_is_told_and_logged(reporter: CrashReporter, qtbot: QtBot) -> None:
    try:
        raise ZeroDivisionError("by nothing")
    except ZeroDivisionError as error:
        with qtbot.waitSignal(reporter.crashed) as crashed:
            sys.excepthook(type(error), error, error.__traceback__)
    assert "ZeroDivisionError: by nothing" in crashed.args[0]
    assert str(log_file()) in crashed.args[0]
    log = log_file().read_text(encoding="utf-8")
    assert "Traceback" in log
    assert 'raise ZeroDivisionError("by nothing")' in log


def test_exception_on_a_thread_is_told(reporter: CrashReporter, qtbot: QtBot) -> None:
    def fail() -> None:
        raise PictureError("fox.png is empty.")

    with qtbot.waitSignal(reporter.crashed) as crashed:
        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
    assert crashed.args == ["fox.png is empty."]


def test_ctrl_c_is_no_crash(
    reporter: CrashReporter, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[type[BaseException]] = []
    monkeypatch.setattr(reporter, "_sys_hook", lambda kind, *_: passed.append(kind))
    with qtbot.assertNotEmitted(reporter.crashed):
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert passed == [KeyboardInterrupt]


def test_hooks_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(paths, "logs", lambda: tmp_path)
    before = sys.excepthook, threading.excepthook, list(logging.getLogger("camviewer").handlers)
    reporter = CrashReporter()
    reporter.install()
    assert sys.excepthook != before[0]
    reporter.uninstall()
    after = sys.excepthook, threading.excepthook, list(logging.getLogger("camviewer").handlers)
    assert after == before


def test_unwritable_log_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setattr(paths, "logs", lambda: in_the_way)
    reporter = CrashReporter()
    reporter.install()
    try:
        with qtbot.waitSignal(reporter.crashed):
            sys.excepthook(ValueError, ValueError("still told"), None)
    finally:
        reporter.uninstall()


def test_message_of_an_error_without_words() -> None:
    assert message_for(KeyError()).startswith("Something went wrong: KeyError.")
