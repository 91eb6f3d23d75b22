"""A film that was opened before there are classes to record for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from camviewer.gui.live.player import Player


class WaitingFilm(QObject):
    """Stops a film that nobody sees yet, or it is over before two names are typed."""

    def __init__(self, player: Player, too_early: Callable[[], bool], parent: QObject) -> None:
        """Nothing is stopped yet.

        Args:
            player: watches the film.
            too_early: whether there is nothing to record for.
            parent: Qt's.
        """
        super().__init__(parent)
        self._player = player
        self._too_early = too_early
        self._held = False  # once: whoever lets it play then wants it to
        self._waits = False
        player.frozen_changed.connect(self._let_go)
        player.started.connect(self._forget)
        player.position_changed.connect(self._hold)

    def go_on(self) -> None:
        """Let it play, if it waits: there are classes now, or the canvas shows it."""
        self._held = False
        if self._waits:
            self._player.set_frozen(False)

    def _forget(self) -> None:
        self._held = self._waits = False

    def _let_go(self, frozen: bool) -> None:
        self._waits = self._waits and frozen

    def _hold(self) -> None:
        if not self._held and self._player.seekable and self._too_early():
            self._held = self._waits = True
            self._player.set_frozen(True)
