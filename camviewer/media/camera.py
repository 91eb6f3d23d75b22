"""A camera as a source, whatever delivers its pictures: OpenCV, a vendor's library, a test."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.errors import SourceError
from camviewer.media.held import Holder
from camviewer.media.pixels import to_8_bit
from camviewer.types import Frame, Pixels

Raw = NDArray[Any]
"""A picture as a driver gives it: BGR, BGRA or grey, whole numbers or floating point."""

_PATIENCE = 10  # empty pictures in a row: many cameras send a few while they wake up
_PATIENT_FOR = 2.0  # seconds of empty pictures


@dataclass(frozen=True)
class CameraInfo:
    """A camera that is there.

    Attributes:
        name: for people; no two cameras of one list have the same.
        identifier: stays the same when the camera is unplugged and plugged in again, as far as the
            system can tell.
        backend_name: which `CameraBackend` listed it and opens it.
        index: its number with that backend at the time of listing.
    """

    name: str
    identifier: str
    backend_name: str
    index: int = 0


@dataclass(frozen=True)
class CameraMode:
    """A size and a rate to ask a camera for.

    Attributes:
        width: pixels.
        height: pixels.
        rate: frames per second; 0 where unknown.
    """

    width: int
    height: int
    rate: float = 30.0

    def __str__(self) -> str:
        size = f"{self.width} × {self.height}"
        return f"{size}, {self.rate:.3g} fps" if self.rate else size


class Device(Protocol):
    """A camera that is open. It is used by one thread at a time."""

    @property
    def actual(self) -> CameraMode:
        """What the driver says that it delivers, which need not be what was asked for."""
        ...

    def read(self) -> Raw | None:
        """The next picture, as long as that takes; None or an empty one where none came.

        Raises:
            SourceError: if the camera was lost.
        """
        ...

    def close(self) -> None:
        """Let go of the camera; called once, and never while `read` runs."""
        ...


Connect = Callable[[CameraInfo, CameraMode | None], Device]
"""Opens a camera, as long as that takes; raises SourceError or SourceRefusedError."""


class Camera:
    """A source (see `camviewer.media.source`) that gives the pictures of a camera.

    `close` releases at once only what no thread is busy with (see `camviewer.media.held`).

    A frame's ``number`` counts the pictures since `open`, its ``time`` is when it arrived.

    Args:
        info: which one.
        connect: opens it.
        mode: what to ask it for; None leaves that to `connect`.
        clock: seconds.
    """

    live: ClassVar[bool] = True

    modes: ClassVar[tuple[CameraMode, ...]] = (
        CameraMode(320, 240),
        CameraMode(640, 480),
        CameraMode(800, 600),
        CameraMode(1280, 720),
        CameraMode(1280, 720, 60),
        CameraMode(1920, 1080),
        CameraMode(1920, 1080, 60),
        CameraMode(2560, 1440),
        CameraMode(3840, 2160),
    )
    """What can be asked for. No driver tells OpenCV what it can: `actual` says what came of it."""

    def __init__(
        self,
        info: CameraInfo,
        connect: Connect,
        mode: CameraMode | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.info = info
        self.mode = mode
        self._connect = connect
        self._clock = clock
        self._holder = Holder[Device](info.name, lambda device: device.close())
        self._actual: CameraMode | None = None
        self._since = 0.0
        self._count = 0

    @property
    def name(self) -> str:
        """For people."""
        return self.info.name

    @property
    def actual(self) -> CameraMode | None:
        """What the camera delivers, once it was open; the size is that of the last picture."""
        return self._actual

    @property
    def rate(self) -> float:
        """Frames per second, as the driver says; 0 while unknown."""
        return self._actual.rate if self._actual else 0.0

    def open(self) -> None:
        """Open the camera; a device that is still open is let go of first.

        Raises:
            SourceRefusedError: if the camera may not be used.
            SourceError: if it is not there or used by another program; or `close` came meanwhile.
        """
        device = self._holder.open(lambda: self._connect(self.info, self.mode))
        self._actual = device.actual
        self._since, self._count = self._clock(), 0

    def read(self) -> Frame:
        """The next picture.

        Raises:
            SourceError: if the camera is not open or was lost, or what it sends is no picture.
        """
        began = self._clock()
        for _ in range(_PATIENCE):
            with self._holder.in_use() as device:
                raw = device.read()
            if raw is not None and raw.size:
                return self._frame(raw)
            if self._clock() - began > _PATIENT_FOR:
                break
        raise SourceError(f"{self.name} sends no pictures. Is it still plugged in?")

    def close(self) -> None:
        """Let go of the camera, at once or when the thread that is in the driver comes back."""
        self._holder.close()

    def _frame(self, raw: Raw) -> Frame:
        pixels = to_rgb(raw, self.name)
        height, width = pixels.shape[:2]
        self._actual = CameraMode(width, height, self.rate)
        number, self._count = self._count, self._count + 1
        return Frame(pixels, self.name, number, self._clock() - self._since)


def to_rgb(raw: Raw, name: str) -> Pixels:
    """The picture of a driver as RGB uint8 ``(height, width, 3)``, C-contiguous.

    Args:
        raw: BGR ``(height, width, 3)``, BGRA ``(height, width, 4)`` whose alpha is ignored, or grey
            ``(height, width)`` or ``(height, width, 1)``; more than 8 bits are scaled as
            `camviewer.media.pixels` says.
        name: of the camera, for the message.

    Raises:
        SourceError: if it is of another shape.
    """
    channels = {2: 1, 3: raw.shape[-1]}.get(raw.ndim, 0)
    codes = {1: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGB}
    if channels not in codes or raw.dtype.kind not in "uif":
        shape = " × ".join(map(str, raw.shape))
        raise SourceError(
            f"{name} sends data of the shape {shape} ({raw.dtype}), which is no picture that "
            "camviewer knows. Choose another resolution."
        )
    levels = np.ascontiguousarray(to_8_bit(raw))
    return np.asarray(cv2.cvtColor(levels, codes[channels]), np.uint8)
