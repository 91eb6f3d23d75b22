"""What stands on the picture when its source gives none: what happened and what to do."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.theme import SPACE
from camviewer.live.condition import Condition, Status

_WIDTH = 380
_BAR = 6
_PATIENCE_MS = 500  # a camera that opens sooner shows nothing of it
_HEADINGS = {
    Condition.OPENING: "Connecting…",
    Condition.STALLED: "No picture comes",
    Condition.LOST: "The connection was lost",
    Condition.REFUSED: "This cannot be watched",
}


class FaultCard(QFrame):
    """Stands in the middle of the canvas; the last picture stays visible around it.

    Signals:
        retry_wanted(), other_wanted(), stop_wanted(): its buttons.
    """

    retry_wanted = Signal()
    other_wanted = Signal()
    stop_wanted = Signal()

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("faultCard")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._heading = QLabel()
        self._heading.setProperty("look", "heading")
        self._heading.setTextFormat(Qt.TextFormat.PlainText)
        self._text = QLabel()
        self._text.setProperty("look", "muted")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setWordWrap(True)
        self._progress = QProgressBar()
        self._progress.setRange(0, 0)
        self._progress.setTextVisible(False)
        self._progress.setFixedHeight(_BAR)
        self._progress.setAccessibleName("Connecting")
        self._progress.setToolTip("Waiting for the first picture")
        self.retry = _button("Try Again", "Open it once more, now (F5)")
        self.other = _button("Choose Another…", "Watch something else (W)")
        self.stop = _button("Stop", "Let go of it (Ctrl+Shift+W)")
        self.retry.clicked.connect(self.retry_wanted)
        self.other.clicked.connect(self.other_wanted)
        self.stop.clicked.connect(self.stop_wanted)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        for button in (self.retry, self.other, self.stop):
            row.addWidget(button)
        row.addStretch(1)
        column = self._column = QVBoxLayout(self)
        column.setContentsMargins(*[2 * SPACE] * 4)
        column.setSpacing(SPACE)
        for widget in (self._heading, self._text, self._progress):
            column.addWidget(widget)
        column.addLayout(row)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._appear)
        canvas.installEventFilter(self)
        self.hide()

    @property
    def words(self) -> str:
        """What is said; empty while nothing is."""
        return f"{self._heading.text()} {self._text.text()}" if self.isVisible() else ""

    def show_status(self, status: Status, name: str) -> None:
        """Say what is wrong with the source; nothing while it runs.

        Args:
            status: of the source.
            name: of the source, for where the status says nothing.
        """
        heading = _HEADINGS.get(status.condition)
        if heading is None:
            self.dismiss()
            return
        opening = status.condition is Condition.OPENING
        self._heading.setText(heading)
        self._text.setText(status.message or name)
        self._progress.setVisible(opening)
        self.retry.setVisible(not opening)
        self.setAccessibleName(f"{heading} {self._text.text()}")
        if self.isVisible() or not opening:
            self._appear()
        elif not self._patience.isActive():
            self._patience.start()

    def dismiss(self) -> None:
        """Show nothing."""
        self._patience.stop()
        self.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._canvas and event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def _appear(self) -> None:
        self._patience.stop()
        if not self.isVisible():
            self.show()
            self.raise_()
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        self._place()

    def _place(self) -> None:
        room = self._canvas.rect().adjusted(SPACE, SPACE, -SPACE, -SPACE)
        width = min(_WIDTH, room.width())
        inside = width - 4 * SPACE - 2
        self._text.ensurePolished()
        self._text.setFixedSize(inside, self._text.heightForWidth(inside))
        self.setFixedWidth(width)
        self._column.activate()
        self.resize(width, min(self._column.sizeHint().height(), room.height()))
        middle = self.rect()
        middle.moveCenter(room.center())
        self.move(middle.topLeft())


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("look", "small")
    button.setAutoDefault(False)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    return button
