"""One line above the canvas that tells what happened; it never interrupts."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from camviewer.gui.icons import icon
from camviewer.gui.theme import SPACE

_STAYS_MS = 8000
_OFFER_STAYS_MS = 20_000  # reading what can be done, and deciding, takes longer
_UNNAMED = "What can be done about the message"


class Kind(StrEnum):
    """What a message is about."""

    ERROR = "error"
    GOOD = "good"
    INFO = "info"


class MessageBar(QFrame):
    """Shows the newest message with at most one thing to do about it.

    Errors stay until dismissed or replaced; the rest goes by itself.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("messageBar")
        self.setAccessibleName("Message")
        self._icon = QLabel()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        self._text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._action = QPushButton()
        self._name_action(_UNNAMED)
        self._action.setAutoDefault(False)
        self._action.clicked.connect(self._act)
        self._dismiss = QToolButton()
        self._dismiss.setProperty("look", "flat")
        self._dismiss.setIconSize(QSize(16, 16))
        self._dismiss.setAccessibleName("Dismiss the message")
        self._dismiss.setToolTip("Dismiss")
        self._dismiss.clicked.connect(self.clear)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._action)
        layout.addWidget(self._dismiss)
        self._callback: Callable[[], object] | None = None
        self._kind = Kind.INFO
        self._lasting = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.clear)
        self.hide()

    @property
    def text(self) -> str:
        """What is shown; empty when nothing is."""
        return self._text.text()

    @property
    def kind(self) -> Kind:
        return self._kind

    def show_message(
        self,
        text: str,
        kind: Kind = Kind.INFO,
        action: str = "",
        callback: Callable[[], object] | None = None,
        *,
        lasting: bool = False,
    ) -> None:
        """Replace what is shown.

        Args:
            text: what is said.
            kind: how it looks.
            action: labels a button.
            callback: what the button calls.
            lasting: it holds for other pictures too, see `clear_for_picture`.
        """
        self._kind = kind
        self._lasting = lasting
        self._callback = callback
        self._text.setText(text)
        self._action.setText(action)
        self._name_action(action or _UNNAMED)
        self._action.setVisible(bool(action))
        self._draw_icons()
        self.setProperty("kind", kind.value)
        self._restyle()
        self.setAccessibleDescription(text)
        self.show()
        QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.Alert))
        if kind is Kind.ERROR:
            self._timer.stop()
        else:
            self._timer.start(_OFFER_STAYS_MS if action else _STAYS_MS)

    def clear(self) -> None:
        """Show nothing."""
        self._timer.stop()
        self._callback = None
        self._lasting = False
        self._text.clear()
        self.hide()

    def clear_for_picture(self) -> None:
        """Show nothing that was said of the picture before."""
        if not self._lasting:
            self.clear()

    def trigger(self) -> None:
        """Do what the button does."""
        self._action.click()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_timer"):
            self._draw_icons()

    def _act(self) -> None:
        callback = self._callback
        self.clear()
        if callback is not None:
            callback()

    def _name_action(self, name: str) -> None:
        self._action.setAccessibleName(name)
        self._action.setToolTip(name)

    def _draw_icons(self) -> None:
        name = {Kind.ERROR: "warning", Kind.GOOD: "good", Kind.INFO: "info"}[self._kind]
        self._icon.setPixmap(icon(name).pixmap(20, 20))
        self._dismiss.setIcon(icon("close"))

    def _restyle(self) -> None:
        for widget in (self, self._text):
            widget.style().unpolish(widget)
            widget.style().polish(widget)
