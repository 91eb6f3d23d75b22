"""The bar under the canvas while something is watched: freeze, seek, record, the source."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.actions import Actions
from camviewer.gui.live.seek_bar import SeekBar, clock
from camviewer.gui.panels.popup_button import PopupButton
from camviewer.gui.theme import SPACE
from camviewer.live.condition import Condition, Status

if TYPE_CHECKING:
    from camviewer.gui.live.player import Player

_SECOND_MS = 1000
_OTHER = "Click to watch something else (W)"
_NARROW = 480  # pixels of width below which the source stands below the buttons
_LEFT = ("freeze", "step_back", "step_on", "record", "snapshot")
_RIGHT = ("loop", "mirror", "smooth", "steady")
_FILES_ONLY = ("step_back", "step_on", "loop")
_CAMERAS_ONLY = ("mirror",)
_WORDS = {
    Condition.OPENING: "connecting…",
    Condition.STALLED: "no answer",
    Condition.LOST: "lost",
    Condition.REFUSED: "refused",
    Condition.PAUSED: "paused",
    Condition.ENDED: "at the end",
}
_FAULTS = (Condition.STALLED, Condition.LOST, Condition.REFUSED)


class TransportBar(QFrame):
    """Shown while there is a source; its buttons are the actions of the Live menu.

    Signals:
        source_clicked(): another source is wanted; the popup belongs above `source`.
    """

    source_clicked = Signal()

    def __init__(self, player: Player, actions: Actions) -> None:
        super().__init__()
        self.setObjectName("transport")
        self.setAccessibleName("Playback")
        self._player = player
        self._began = 0.0
        self.seek = SeekBar()
        self.source = PopupButton("Source")
        self.source.setToolTip(_OTHER)
        self.source.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.source.clicked.connect(self.source_clicked)
        self.recorded = QLabel()
        self.recorded.setObjectName("recorded")
        self.recorded.setAccessibleName("Recorded time")
        self.recorded.hide()
        self.buttons = {name: _button(actions, name) for name in (*_LEFT, *_RIGHT, "stop_live")}
        self._lay_out()
        self._tick = QTimer(self)
        self._tick.setInterval(_SECOND_MS)
        self._tick.timeout.connect(self._count)
        self._connect()
        self.hide()

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """What Tab visits, one after the other."""
        first = [self.buttons[name] for name in (*_LEFT, *_RIGHT)]
        return self.seek.slider, *first, self.source, self.buttons["stop_live"]

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(2)
        for name in _LEFT:
            row.addWidget(self.buttons[name])
            if name == "record":
                row.addWidget(self.recorded)
        row.addSpacing(SPACE)
        for name in _RIGHT:
            row.addWidget(self.buttons[name])
        row.addSpacing(SPACE)
        row.addStretch(0)
        self._row, self._below = row, QHBoxLayout()
        self._below.setSpacing(2)
        self._narrow = False
        for widget, stretch in ((self.source, 1), (self.buttons["stop_live"], 0)):
            row.addWidget(widget, stretch)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE // 2, SPACE, SPACE // 2)
        column.setSpacing(2)
        column.addWidget(self.seek)
        column.addLayout(row)
        column.addLayout(self._below)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room the source gets a row of its own, and is still readable."""
        super().resizeEvent(event)
        narrow = event.size().width() < _NARROW
        if narrow == self._narrow:
            return
        self._narrow = narrow
        before, after = (self._row, self._below) if narrow else (self._below, self._row)
        for widget, stretch in ((self.source, 1), (self.buttons["stop_live"], 0)):
            before.removeWidget(widget)
            after.addWidget(widget, stretch)

    def _connect(self) -> None:
        player = self._player
        self.seek.wanted.connect(player.seek)
        player.started.connect(self._start)
        player.stopped.connect(self._stop)
        player.status_changed.connect(lambda _status: self._name())
        player.frozen_changed.connect(lambda _frozen: self._name())
        player.settings_changed.connect(self._suit)
        player.position_changed.connect(self.seek.show_position)
        player.recording_changed.connect(lambda on, _path: self._show_recording(on=on))

    def _start(self) -> None:
        self._suit()
        self._name()
        self.seek.show_position(0, 0.0)
        self.show()

    def _stop(self) -> None:
        self._show_recording(on=False)
        self.hide()

    def _suit(self) -> None:
        """Show what the source can do."""
        player = self._player
        seekable = player.seekable
        self.seek.setVisible(seekable)
        if seekable:
            self.seek.show_length(player.length, player.duration, player.rate)
        camera = player.camera is not None
        for names, shown in ((_FILES_ONLY, seekable), (_CAMERAS_ONLY, camera)):
            for name in names:
                self.buttons[name].setVisible(shown)

    def _name(self) -> None:
        status = self._player.status
        said = condition_words(status, frozen=self._player.frozen and not self._player.seekable)
        name = self._player.source_name
        self.source.show_text(f"{name} · {said}" if said else name)
        self.source.setToolTip(f"{status.message or name}\n{_OTHER}")
        fault = status.condition in _FAULTS
        if self.source.property("fault") != fault:
            self.source.setProperty("fault", fault)
            self.source.style().unpolish(self.source)
            self.source.style().polish(self.source)

    def _show_recording(self, *, on: bool) -> None:
        self.recorded.setVisible(on)
        if on:
            self._began = time.monotonic()
            self._count()
            self._tick.start()
        else:
            self._tick.stop()

    def _count(self) -> None:
        text = clock(time.monotonic() - self._began)[:-2]
        self.recorded.setText(text)
        self.recorded.setToolTip(f"Recording for {text}")


def condition_words(status: Status, *, frozen: bool) -> str:
    """What is not as usual about a source, in a word or two; empty while all is.

    Args:
        status: of the source.
        frozen: whether a camera is, which goes on meanwhile; a file is paused.
    """
    rests = frozen and status.condition in (Condition.RUNNING, Condition.PAUSED)
    return "frozen" if rests else _WORDS.get(status.condition, "")


def _button(actions: Actions, name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setDefaultAction(actions[name])
    button.setAccessibleName(actions[name].text().replace("&", "").rstrip("…"))
    button.setIconSize(QSize(20, 20))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
    button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return button
