"""Takes pictures out of what is watched, as long as a button or key is held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PySide6.QtCore import QObject, Qt, Signal

from camviewer.gui.live.mailbox import Mailbox
from camviewer.gui.live.player import Player
from camviewer.live.condition import Condition
from camviewer.live.slot import Arrival
from camviewer.teach.data.frames import new_sequence
from camviewer.types import Pixels

RATE = 9.0
"""Pictures a second that are recorded: more would be too much alike."""

_PREVIEW_RATE = 30.0
_PREVIEW_WIDTH = 480  # pixels; a finer preview is not seen
_SHOWS = (Condition.RUNNING, Condition.PAUSED, Condition.ENDED)


@dataclass(frozen=True, eq=False)
class Take:
    """What is recorded from pressing to letting go.

    Attributes:
        name: of the class.
        sequence: of the recording, see `frames.new_sequence`.
    """

    name: str
    sequence: str


@dataclass(frozen=True, eq=False)
class _Seen:
    arrival: Arrival
    mirrored: bool


class Recorder(QObject):
    """Sees every picture of what is watched, shows them small, and hands some on.

    Signals:
        caught(Take, Frame): a picture for a class, as the source gave it: not mirrored.
        taking_changed(): a take began or ended.
    """

    caught = Signal(object, object)
    taking_changed = Signal()
    _came = Signal(object, object)  # Take, _Seen; from any thread

    def __init__(self, player: Player, parent: QObject, rate: float = RATE) -> None:
        """Sees nothing before `wake`.

        Args:
            player: watches the source.
            parent: Qt's.
            rate: how many pictures a second are recorded at most.
        """
        super().__init__(parent)
        self._player = player
        self._interval = 0.85 / rate  # less, or a source of about that rate would lose half
        self._take: Take | None = None
        self._last = float("-inf")
        self._previewed = float("-inf")
        self._newest: _Seen | None = None
        self._kept: tuple[Arrival, str] | None = None
        self._previews = Mailbox[Pixels](self)
        self._came.connect(self._hand_on, Qt.ConnectionType.QueuedConnection)
        player.started.connect(self._forget)
        player.stopped.connect(self._forget)

    @property
    def take(self) -> Take | None:
        """What is being recorded."""
        return self._take

    def on_preview(self, slot: Callable[[], None]) -> None:
        """Call a bound method of a QObject whenever `preview` has something new."""
        self._previews.on_arrival(slot)

    def preview(self) -> Pixels | None:
        """The newest picture, small, as it is to be seen; once."""
        return self._previews.take()

    def wake(self) -> None:
        """See what is watched; it is not explained meanwhile."""
        self._player.hand_over(self._see)

    def sleep(self) -> None:
        """See nothing."""
        self.end()
        self._player.hand_over(None)
        self._forget()

    def begin(self, name: str) -> None:
        """Record for a class until `end`; the picture that is shown is the first one."""
        if self._take is not None and self._take.name == name:
            return
        if self._player.frozen and not self._player.seekable:
            self._player.set_frozen(False)
        take = Take(name, new_sequence())
        self._last = float("-inf")
        self._take = take
        self.taking_changed.emit()
        newest = self._newest
        if newest is not None and self._player.status.condition in _SHOWS:
            self._last = newest.arrival.time
            self._hand_on(take, newest)

    def end(self) -> None:
        """Record no more; pictures that came before still arrive."""
        if self._take is not None:
            self._take = None
            self.taking_changed.emit()

    def _see(self, arrival: Arrival, mirrored: bool) -> None:
        seen = self._newest = _Seen(arrival, mirrored)
        take = self._take
        if take is not None and arrival.time - self._last >= self._interval:
            self._last = arrival.time
            self._came.emit(take, seen)
        if arrival.time - self._previewed >= 0.9 / _PREVIEW_RATE:
            self._previewed = arrival.time
            self._previews.put(_small(arrival.frame.pixels))

    def _hand_on(self, take: Take, seen: _Seen) -> None:
        if self._kept == (seen.arrival, take.name):
            return  # the same picture, such as of a video that rests
        self._kept = seen.arrival, take.name
        frame = seen.arrival.frame
        if seen.mirrored:
            frame = replace(frame, pixels=np.asarray(cv2.flip(frame.pixels, 1), np.uint8))
        self.caught.emit(take, frame)

    def _forget(self) -> None:
        self._newest = self._kept = None


def _small(pixels: Pixels) -> Pixels:
    """A picture for the preview; quick, as it is made on the thread that reads the source."""
    height, width = pixels.shape[:2]
    step = max(1, width // (2 * _PREVIEW_WIDTH))
    part = np.ascontiguousarray(pixels[::step, ::step])
    if part.shape[1] <= _PREVIEW_WIDTH:
        return part
    size = _PREVIEW_WIDTH, max(1, round(height * _PREVIEW_WIDTH / width))
    return np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.uint8)
