"""The frames that were there lately, small, for networks that look at several at once."""

from __future__ import annotations

import threading
from bisect import bisect_left
from dataclasses import replace

import cv2
import numpy as np

from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Clip, Frame

_SPARE = 0.5  # of a clip's length that is kept beyond it: who looks may lag behind
_CLOSEST = 0.4  # of the time between two frames of a clip: what is nearer than that is not kept
_ENOUGH = 1.5  # times what frames are resized to for the network: what is kept is not larger


class ClipWindow:
    """Keeps the latest frames of one source, and makes clips of them. Thread-safe.

    A clip's frames are those nearest to the times at which the network expects them; before the
    first frame there is, the first one is repeated. Frames are kept no larger than half again as
    large as what the network resizes them to.
    """

    def __init__(self, expected: ClipPreprocessing) -> None:
        """Keep nothing yet.

        Args:
            expected: by the network.
        """
        self.expected = expected
        self._lock = threading.Lock()
        self._frames: list[Frame] = []

    def add(self, frame: Frame) -> None:
        """Keep a frame. What another source showed, or this one at a later time, is forgotten."""
        with self._lock:
            self._forget(frame)
            step = _CLOSEST / self.expected.rate
            if self._frames and frame.time - self._frames[-1].time < step:
                return
            self._frames.append(self._small(frame))

    def ending_at(self, frame: Frame) -> Clip:
        """The clip that ends with a frame."""
        count, rate = self.expected.frames, self.expected.rate
        frames = self._picked(frame.time - (count - 1) / rate, frame)
        return clip_of(frame, (*frames[:-1], frame), count - 1)

    def starting_at(self, time: float, last: Frame) -> tuple[Frame, ...]:
        """What the network is shown from a time on, in seconds; after `last`, that is repeated."""
        return self._picked(time, last)

    def _picked(self, start: float, last: Frame) -> tuple[Frame, ...]:
        with self._lock:
            known = [f for f in self._frames if f.time < last.time and f.source == last.source]
        known.append(last)
        times = [f.time for f in known]
        wanted = (start + i / self.expected.rate for i in range(self.expected.frames))
        return tuple(known[_nearest(times, time)] for time in wanted)

    def _forget(self, frame: Frame) -> None:
        oldest = frame.time - (1 + _SPARE) * self.expected.seconds
        self._frames = [
            f for f in self._frames if oldest <= f.time < frame.time and f.source == frame.source
        ]

    def _small(self, frame: Frame) -> Frame:
        height, width = frame.size
        scale = _ENOUGH * self.expected.resize_size / min(height, width)
        if scale >= 1:
            return frame
        size = max(1, round(width * scale)), max(1, round(height * scale))
        pixels = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA)
        return replace(frame, pixels=np.asarray(pixels, np.uint8))


def _nearest(times: list[float], time: float) -> int:
    after = bisect_left(times, time)
    if after == 0 or after == len(times):
        return min(after, len(times) - 1)
    return after if times[after] - time < time - times[after - 1] else after - 1


def clip_of(frame: Frame, frames: tuple[Frame, ...], place: float) -> Clip:
    """A frame together with others, at a place among them."""
    return Clip(frame.pixels, frame.source, frame.number, frame.time, frames=frames, place=place)
