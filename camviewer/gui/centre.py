"""The middle of the window: the invitation, the canvas, or why a picture cannot be shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QFrame, QLabel, QStackedWidget, QVBoxLayout, QWidget

from camviewer.gui.canvas import Canvas
from camviewer.gui.message_bar import MessageBar
from camviewer.gui.theme import SPACE
from camviewer.gui.welcome import Welcome

_SMALLEST = 160, 120


class Centre(QFrame):
    """One page at a time, with the messages above it."""

    def __init__(self, messages: MessageBar, welcome: Welcome, canvas: Canvas) -> None:
        super().__init__()
        self.setObjectName("centre")
        self._stage: QWidget = canvas
        self._welcome = welcome
        self._unreadable = _Unreadable()
        self._stack = QStackedWidget()
        # else as wide as the widest page ever shown, at the cost of the panels beside it
        self._stack.setMinimumSize(*_SMALLEST)
        for page in (welcome, canvas, self._unreadable):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(messages)
        layout.addWidget(self._stack, 1)
        self._column = layout
        self._page: QWidget = welcome
        self._pinned: QWidget | None = None

    @property
    def page(self) -> QWidget:
        """What is shown."""
        return self._page if self._pinned is None else self._pinned

    @property
    def reason(self) -> str:
        """Why the picture cannot be shown; empty while one is, or none was asked for."""
        return self._unreadable.reason.text() if self.page is self._unreadable else ""

    def show_welcome(self) -> None:
        self._show(self._welcome)

    def show_canvas(self) -> None:
        if self._page is not self._stage:
            self._show(self._stage)
            if self._pinned is None:
                self._stage.setFocus()

    def set_stage(self, stage: QWidget) -> None:
        """Where pictures are shown from now on: the canvas, or panes that compare."""
        shown = self._page is self._stage
        self._stage = stage
        if self._stack.indexOf(stage) < 0:
            self._stack.addWidget(stage)
        if shown:
            self.show_canvas()

    def pin(self, page: QWidget) -> None:
        """Show this, whatever else there is to be shown, until `unpin`."""
        self._pinned = page
        if self._stack.indexOf(page) < 0:
            self._stack.addWidget(page)
        self._stack.setCurrentWidget(page)

    def unpin(self) -> None:
        """Show what there is to be shown."""
        self._pinned = None
        self._stack.setCurrentWidget(self._page)
        self._page.setFocus()

    def set_foot(self, foot: QWidget) -> None:
        """What stands below every page."""
        self._column.addWidget(foot)

    def show_unreadable(self, message: str) -> None:
        self._unreadable.reason.setText(message)
        self._unreadable.setAccessibleDescription(message)
        alert = QAccessibleEvent(self._unreadable, QAccessible.Event.Alert)
        QAccessible.updateAccessibility(alert)
        self._show(self._unreadable)
        if self._pinned is None:
            self._unreadable.setFocus()

    def _show(self, page: QWidget) -> None:
        self._page = page
        if self._pinned is None:
            self._stack.setCurrentWidget(page)

    def mark_dropping(self, *, on: bool) -> None:
        """Whether something is held over the window that can be dropped."""
        self.setProperty("dropping", on)
        self.style().unpolish(self)
        self.style().polish(self)


class _Unreadable(QWidget):
    """Stands where the picture would be, so that nothing older is taken for it."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("This picture cannot be shown")
        self.setToolTip("Open another picture, or step on with the arrow keys")
        heading = QLabel("This picture cannot be shown")
        heading.setProperty("look", "title")
        self.reason = QLabel()
        self.reason.setProperty("look", "muted")
        self.reason.setTextFormat(Qt.TextFormat.PlainText)
        self.reason.setWordWrap(True)
        self.reason.setContentsMargins(3 * SPACE, 0, 3 * SPACE, 0)
        layout = QVBoxLayout(self)
        layout.setSpacing(SPACE)
        layout.addStretch(1)
        for label in (heading, self.reason):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            layout.addWidget(label)
        layout.addStretch(1)
