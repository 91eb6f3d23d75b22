"""How far a method that takes long is, and the way out of it."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QToolButton, QWidget

from camviewer.cam.methods import METHODS
from camviewer.gui.message_bar import MessageBar
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.inspector import Sharper
from camviewer.types import Inspection

_PATIENCE_MS = 400  # what is done sooner shows no progress
_BAR_WIDTH = 120
_STEPS = 1000


class Waiting(QWidget):
    """A slim bar with Cancel, hidden while nothing takes long.

    What is left is told with what stands instead, and can be started again.

    Signals:
        changed(bool): whether there is something to wait for, and to cancel.
    """

    changed = Signal(bool)

    def __init__(
        self, session: Session, messages: MessageBar, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._messages = messages
        self._said_last = ""
        self._said = QLabel()
        self._said.setAccessibleName("What takes long")
        self._said.setToolTip("The heatmap gets finer until this is done")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(_BAR_WIDTH)
        self._bar.setAccessibleName("Progress of the method")
        self._bar.setToolTip("How much of the work is done")
        self.cancel = QToolButton()
        self.cancel.setText("Cancel")
        self.cancel.setProperty("look", "flat")
        self.cancel.setAccessibleName("Cancel the method")
        self.cancel.setToolTip("Stop, and show the last whole result again (Esc)")
        self.cancel.clicked.connect(self.leave)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self._said, self._bar, self.cancel):
            layout.addWidget(widget)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.setInterval(_PATIENCE_MS)
        self._patience.timeout.connect(self._begin)
        self.hide()
        session.refined.connect(self._show_share)
        session.request_changed.connect(self._start_over)
        session.frame_changed.connect(self._start_over)
        session.request_changed.connect(self._take_back)

    @property
    def waiting(self) -> bool:
        """Whether there is something to wait for."""
        return not self.isHidden()

    @property
    def text(self) -> str:
        """What is said; empty when there is nothing to wait for."""
        return self._said.text() if self.waiting else ""

    @property
    def share(self) -> float:
        """The share of the work that is done; 0 when that is not known yet."""
        return self._bar.value() / _STEPS if self._bar.maximum() else 0.0

    def watch(self, inspecting: bool) -> None:
        """An inspection began or ended."""
        if inspecting:
            self._patience.start()
        else:
            self._patience.stop()
            self._set_shown(shown=False)

    def leave(self) -> None:
        """Stop what is being done, and say what stands."""
        if not self.waiting:
            return
        self._take_back()
        left, name = self._session.request, self._name(self._session.partial)
        self._session.leave()
        shown = self._session.inspection
        text = f"{name} was stopped."
        if shown is not None:
            text += f" What you see is {METHODS[shown.origin.method].title} again, as before."
        elif self._session.request != left:
            text += " The automatic method is used instead."
        self._messages.show_message(
            text, action="Start Again", callback=lambda: self._session.resume(left)
        )
        self._said_last = text

    def _take_back(self) -> None:
        """What was said of what you see no longer holds."""
        if self._said_last and self._messages.text == self._said_last:
            self._messages.clear()
        self._said_last = ""

    def _begin(self) -> None:
        self._bar.setRange(0, 0)
        self._said.setText(f"{self._name(None)}…")
        self._set_shown(shown=True)

    def _start_over(self) -> None:
        if self.waiting:
            self._begin()

    def _show_share(self, partial: Inspection, done: float) -> None:
        self._bar.setRange(0, _STEPS)
        self._bar.setValue(round(done * _STEPS))
        self._said.setText(f"{self._name(partial)}: {done:.0%}, getting finer")
        self._set_shown(shown=True)

    def _set_shown(self, *, shown: bool) -> None:
        if shown != self.waiting:
            self.setVisible(shown)
            self.changed.emit(shown)

    def _name(self, partial: Inspection | None) -> str:
        """What is being done, in words."""
        request = self._session.request
        method = METHODS.get(partial.origin.method if partial is not None else request.method)
        title = method.title if method is not None else "Looking"
        return title if request.sharper == Sharper() else f"{title}, sharper"
