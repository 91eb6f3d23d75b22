"""What the Live menu does, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from camviewer.gui.actions import Actions
from camviewer.live.condition import Condition

if TYPE_CHECKING:
    from camviewer.gui.live.player import Player

_FAULTS = (Condition.STALLED, Condition.LOST, Condition.REFUSED, Condition.OPENING)
_ALWAYS = ("smooth", "steady", "stop_live")
_PICTURES = ("freeze", "record", "snapshot")
_EXPLAINED = ("smooth", "steady", "record", "snapshot")
_FILES = ("step_back", "step_on", "loop")


class LiveActions(QObject):
    """Keeps the actions' states true to the player's, and hands it what was triggered."""

    def __init__(self, player: Player, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._player = player
        self._actions = actions
        self._on = self._held = self._pared = False
        todo = {
            "step_back": lambda: player.step(-1),
            "step_on": lambda: player.step(1),
            "snapshot": player.snapshot,
            "retry": player.retry,
            "stop_live": player.stop,
        }
        for name, do in todo.items():
            actions[name].triggered.connect(lambda _=False, do=do: do())
        actions["freeze"].triggered.connect(self._freeze)
        actions["loop"].triggered.connect(player.set_looping)
        actions["mirror"].triggered.connect(player.set_mirror)
        actions["smooth"].triggered.connect(player.set_smooth)
        actions["record"].triggered.connect(self._record)
        player.started.connect(lambda: self._switch(on=True))
        player.stopped.connect(lambda: self._switch(on=False))
        changes = (player.status_changed, player.frozen_changed, player.settings_changed)
        for signal in (*changes, player.recording_changed):
            signal.connect(self.update)
        self.update()

    def hold(self, *, held: bool) -> None:
        """While held, such as for panes that explain one picture, nothing can be done."""
        self._held = held
        self.update()

    def pare(self, *, pared: bool) -> None:
        """While pared, nothing can be done that is about explained pictures: there are none."""
        self._pared = pared
        self.update()

    def update(self) -> None:
        """Say what can be done now, and what is on."""
        player, on = self._player, self._on and not self._held
        condition = player.status.condition
        refused = condition is Condition.REFUSED
        seekable = on and player.seekable
        camera = on and player.camera is not None
        for name in _ALWAYS:
            self._actions[name].setEnabled(on)
        for name in _PICTURES:
            self._actions[name].setEnabled(on and not refused)
        for name in _FILES:
            self._actions[name].setEnabled(seekable and not refused)
        if self._pared:
            for name in _EXPLAINED:
                self._actions[name].setEnabled(False)
        self._actions["mirror"].setEnabled(camera)
        self._actions["retry"].setEnabled(on and condition in _FAULTS)
        checks = {
            "freeze": on and (player.frozen or condition is Condition.ENDED),
            "loop": seekable and player.looping,
            "mirror": camera and player.mirror,
            "smooth": player.smooth,
            "record": on and player.recording,
        }
        for name, checked in checks.items():
            self._actions[name].setChecked(checked)

    def _switch(self, *, on: bool) -> None:
        self._on = on
        self.update()

    def _freeze(self, freeze: bool) -> None:
        player = self._player
        if not freeze and player.status.condition is Condition.ENDED:
            player.seek(0)
        player.set_frozen(freeze)
        self.update()

    def _record(self, record: bool) -> None:
        self._player.record(record)
        self.update()
