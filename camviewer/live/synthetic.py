"""A camera that needs no hardware: moving shapes at a steady rate."""

from __future__ import annotations

import time

import cv2
import numpy as np

from camviewer.types import Frame, Pixels, Size

_DIFFERENT = 30


class SyntheticCamera:
    """A `Source` for benchmarks. Like a real camera it waits for nobody: what is late is lost."""

    live = True

    def __init__(self, size: Size = (720, 1280), rate: float = 60.0) -> None:
        """Draw the pictures; they repeat.

        Args:
            size: ``(height, width)`` in pixels.
            rate: frames per second.
        """
        self.name = f"Synthetic camera {size[1]} × {size[0]}"
        self.rate = rate
        self._pictures = [_picture(size, turn / _DIFFERENT) for turn in range(_DIFFERENT)]
        self._started = 0.0
        self._number = -1

    def open(self) -> None:
        """Start counting frames from now on."""
        self._started = time.monotonic()
        self._number = -1

    def read(self) -> Frame:
        """Wait for the next frame; those whose time has passed are skipped."""
        elapsed = time.monotonic() - self._started
        self._number = max(self._number + 1, int(elapsed * self.rate))
        due = self._number / self.rate
        if due > elapsed:
            time.sleep(due - elapsed)
        return self.frame(self._number)

    def frame(self, number: int) -> Frame:
        """A frame without waiting for it."""
        pixels = self._pictures[number % _DIFFERENT]
        return Frame(pixels, self.name, number, number / self.rate)

    def close(self) -> None:
        """Nothing is held."""


def _picture(size: Size, turn: float) -> Pixels:
    height, width = size
    down, across = np.mgrid[0:height, 0:width].astype(np.float32)
    shades = (across / width, down / height, (across + down) / (width + height))
    waves = [127 + 80 * np.sin(2 * np.pi * (3 * shade + turn)) for shade in shades]
    pixels = np.stack(waves, axis=-1).astype(np.uint8)
    centre = int(width * (0.2 + 0.6 * turn)), int(height * (0.5 + 0.3 * np.sin(2 * np.pi * turn)))
    drawn = cv2.circle(pixels, centre, height // 6, (250, 240, 230), -1, cv2.LINE_AA)
    return np.ascontiguousarray(drawn, np.uint8)
