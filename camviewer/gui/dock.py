"""A panel's frame: title, close button, a place in the window."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QScrollArea,
    QToolButton,
    QWidget,
)

from camviewer.gui.icons import icon
from camviewer.gui.theme import SPACE


class Dock(QDockWidget):
    """A dock with a quiet title line."""

    def __init__(
        self, title: str, content: QWidget, window: QMainWindow, *, scrolls: bool = False
    ) -> None:
        """Frame a panel.

        Args:
            title: as shown.
            content: the panel.
            window: where it is docked.
            scrolls: whether the panel may be given less height than it needs.
        """
        super().__init__(title, window)
        self.setObjectName(f"dock{title}")
        self.setAccessibleName(title)
        self.setWidget(_scrolling(content) if scrolls else content)
        bar = QWidget()
        heading = QLabel(title)
        heading.setProperty("look", "heading")
        self._close = QToolButton()
        self._close.setProperty("look", "flat")
        self._close.setIconSize(QSize(14, 14))
        self._close.setAccessibleName(f"Hide {title}")
        self._close.setToolTip(f"Hide {title}; the View menu brings it back")
        self._close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._close.clicked.connect(self.close)
        layout = QHBoxLayout(bar)
        layout.setContentsMargins(SPACE + 4, SPACE // 2, SPACE // 2, 0)
        layout.addWidget(heading, 1)
        layout.addWidget(self._close)
        self.setTitleBarWidget(bar)
        self._draw_icon()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_close"):
            self._draw_icon()

    def _draw_icon(self) -> None:
        self._close.setIcon(icon("close"))


def _scrolling(content: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(content.minimumWidth())
    area.setWidget(content)
    return area
