"""The one way by which frames leave a source: with their time and epoch, or not at all."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from camviewer.live.slot import Arrival, Slot
from camviewer.types import Frame


class Outlet:
    """Puts frames into a slot. Everything but `turned` is guarded by its owner's lock.

    Attributes:
        epoch: which opening, jump or turn of a loop the next frame belongs to.
        wanted_since: the epoch of the last jump that somebody asked for; results of an older one
            are out of date.
        shown: number and seconds of the frame that was put last; None before the first.
        frozen: whether frames are held back.
        mirrored: whether frames are flipped, left for right.
    """

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._shut = False
        self.epoch = 0
        self.wanted_since = 0
        self.shown: tuple[int, float] | None = None
        self.frozen = False
        self.mirrored = False

    def turned(self, frame: Frame) -> Frame:
        """The frame as it is to be seen, in a mirror or not."""
        if not self.mirrored:
            return frame
        flipped = np.asarray(cv2.flip(frame.pixels, 1), np.uint8)
        return replace(frame, pixels=flipped)

    def put(self, frame: Frame, time: float) -> None:
        """Hand a frame on, unless frames are held back or nothing is to come any more.

        Args:
            frame: as `turned` returns it.
            time: when it was captured, as `time.monotonic`.
        """
        if self._shut or self.frozen:
            return
        self.shown = frame.number, frame.time
        self._slot.put(Arrival(frame, time, self.epoch))

    def jump(self) -> None:
        """Somebody wants to be elsewhere: what waits is out of date, and so are results of it."""
        self.epoch += 1
        self.wanted_since = self.epoch
        self._slot.clear()

    def freeze(self, *, frozen: bool) -> None:
        """Hold frames back, also the one that waits, or do so no longer."""
        self.frozen = frozen
        self._slot.clear()

    def shut(self) -> None:
        """Nothing goes out any more."""
        self._shut = True
