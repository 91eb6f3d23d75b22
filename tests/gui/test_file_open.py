"""Documents that the system asks the program to open."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent, QObject
from PySide6.QtGui import QFileOpenEvent
from pytestqt.qtbot import QtBot

from camviewer.gui.file_open import FileOpenEvents


def test_documents_come_together_and_other_events_pass(qtbot: QtBot, tmp_path: Path) -> None:
    target, documents = QObject(), FileOpenEvents()
    target.installEventFilter(documents)
    first, second = tmp_path / "a.png", tmp_path / "b.png"
    with qtbot.waitSignal(documents.requested) as asked:
        for path in (first, second):
            QCoreApplication.sendEvent(target, QFileOpenEvent(str(path)))
        assert not documents.eventFilter(target, QEvent(QEvent.Type.User))
    assert asked.args == [[first, second]]
    with qtbot.waitSignal(documents.requested) as asked:
        QCoreApplication.sendEvent(target, QFileOpenEvent(str(second)))
    assert asked.args == [[second]]
