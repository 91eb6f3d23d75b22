"""Cameras that do what a test says, with the number of each frame in its pixels.

    with FakeCamera(pace=FakeCamera.FED) as camera:    # leaving lets every hanging call go
        camera.reading.shut()                          # from now on the driver hangs in read
        ...
        camera.reading.open()                          # and goes on
        camera.feed(3)                                 # three pictures are ready to be read
        number_of(camera.read().pixels)                # of tests.media.numbered

The number in the pixels is the driver's own: with `CLOCK` it jumps where the reader was late, while
`Frame.number` counts the pictures that were read. A `FakeCamera` is the real `Camera` over a
scripted driver, so all that the program does with the pictures of a camera is under test. With
`FakeBackend` it is found and opened like any other:

    with FakeCamera() as camera, FakeBackend(camera):
        source = open_camera(cameras()[-1])

No call waits longer than `PATIENCE` seconds: a test that forgets to let go fails, it never hangs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Self

import numpy as np

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.camera import Camera, CameraInfo, CameraMode, Raw
from camviewer.media.cameras import register, unregister
from tests.media.numbered import numbered

PATIENCE = 30.0


class Gate:
    """A place in the driver where a call can be made to hang."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()
        self._change = threading.Condition()
        self._waiting = 0
        self._passed = 0

    def shut(self) -> None:
        """Let every call from now on hang here."""
        self._open.clear()

    def open(self) -> None:
        """Let those that hang go on, and all that follow."""
        self._open.set()

    @property
    def waiting(self) -> int:
        """How many calls hang here now."""
        return self._waiting

    @property
    def passed(self) -> int:
        """How many calls went through."""
        return self._passed

    def wait_for_caller(self, timeout: float = PATIENCE) -> bool:
        """Until a call hangs here; False if none came in time."""
        with self._change:
            return self._change.wait_for(lambda: self._waiting > 0, timeout)

    def go_through(self) -> None:
        """What the driver does."""
        with self._change:
            self._waiting += 1
            self._change.notify_all()
        released = self._open.wait(PATIENCE)
        with self._change:
            self._waiting -= 1
            self._passed += 1
            self._change.notify_all()
        if not released:
            raise SourceError("the test never opened this gate")


class FakeCamera(Camera):
    """A camera that does what a test says; see the top of this file.

    Args:
        name: for people.
        size: ``(height, width)`` of its pictures.
        rate: pictures a second that it claims, and keeps if paced by `CLOCK`.
        pace: `CLOCK`: at its rate, in real time; a reader that is late misses pictures, as with a
            driver. `FREE`: as fast as they are read. `FED`: as many as `feed` was told.
        obeys: whether it takes the mode it is asked for.
        clock: seconds, for the times of the frames.

    Attributes:
        opening, reading, closing: where it can be made to hang.
        dress: makes of the RGB picture with a number what the driver sends: see `bgr`, `grey`,
            `bgra`, `empty`, `nothing`, `odd`.
        asked: the mode of the last opening.
        opened, closed: how often a device was opened and let go.
    """

    CLOCK, FREE, FED = "clock", "free", "fed"

    def __init__(
        self,
        name: str = "Fake camera",
        *,
        size: tuple[int, int] = (48, 64),
        rate: float = 30.0,
        pace: str = CLOCK,
        obeys: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        info = CameraInfo(name, f"fake:{name}", FakeBackend.name)
        super().__init__(info, self._plug_in, clock=clock)
        self.opening, self.reading, self.closing = Gate(), Gate(), Gate()
        self.dress: Callable[[Raw], Raw | None] = bgr
        self.size, self.pace, self.obeys = size, pace, obeys
        self.asked: CameraMode | None = None
        self.opened = self.closed = 0
        self.change = threading.Condition()
        self.food = 0
        self.there = True
        self.refusal = ""
        self._claimed = rate
        self._scripted_name = name

    @property
    def devices(self) -> int:
        """How many devices are open now: more than one, or one after the end, is a leak."""
        return self.opened - self.closed

    @property
    def claimed(self) -> float:
        """The rate it claims and keeps."""
        return self._claimed

    def feed(self, pictures: int = 1) -> None:
        """Have some more pictures ready."""
        with self.change:
            self.food += pictures
            self.change.notify_all()

    def unplug(self) -> None:
        """It is gone: reading and opening fail, the list lacks it."""
        with self.change:
            self.there = False
            self.change.notify_all()

    def plug(self) -> None:
        """It is there again."""
        with self.change:
            self.there = True

    def refuse(self, why: str) -> None:
        """The system does not let it be used; an empty text lets it."""
        self.refusal = why

    def release(self) -> None:
        """Let go whatever hangs in it, for the end of a test."""
        self.unplug()
        for gate in (self.opening, self.reading, self.closing):
            gate.open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def _plug_in(self, info: CameraInfo, mode: CameraMode | None) -> _Device:
        self.asked = mode
        self.opening.go_through()
        if self.refusal:
            raise SourceRefusedError(self.refusal)
        if not self.there:
            raise SourceError(f"{info.name} is not connected. Plug it in.")
        if mode is not None and self.obeys:
            self.size, self._claimed = (mode.height, mode.width), mode.rate
        return _Device(self)


class _Device:
    """One opening of a camera."""

    def __init__(self, camera: FakeCamera) -> None:
        self._camera = camera
        self._count = 0
        self._since = time.monotonic()
        self._open = True
        with camera.change:
            camera.opened += 1

    @property
    def actual(self) -> CameraMode:
        height, width = self._camera.size
        return CameraMode(width, height, self._camera.claimed)

    def read(self) -> Raw | None:
        if not self._open:
            raise AssertionError("read from a camera that was let go: real drivers crash here")
        self._camera.reading.go_through()
        self._wait_for_picture()
        number, self._count = self._count, self._count + 1
        return self._camera.dress(numbered(number, self._camera.size))

    def close(self) -> None:
        self._camera.closing.go_through()
        with self._camera.change:
            if not self._open:
                raise AssertionError("let go of twice: real drivers crash here")
            self._open = False
            self._camera.closed += 1
            self._camera.change.notify_all()

    def _wait_for_picture(self) -> None:
        camera = self._camera
        with camera.change:
            if camera.pace == FakeCamera.CLOCK:
                camera.change.wait_for(lambda: not camera.there, self._seconds_to_next())
            elif camera.pace == FakeCamera.FED:
                camera.change.wait_for(lambda: camera.food > 0 or not camera.there, PATIENCE)
                camera.food -= 1
            if not camera.there:
                raise SourceError(f"{camera.name} was unplugged.")

    def _seconds_to_next(self) -> float:
        passed = (time.monotonic() - self._since) * self._camera.claimed
        self._count = max(self._count, int(passed))
        return (self._count + 1 - passed) / self._camera.claimed


class FakeBackend:
    """The backend of fake cameras; registered within its ``with``."""

    name = "fake"

    def __init__(self, *cameras: FakeCamera) -> None:
        self.cameras = cameras
        self.listing = Gate()
        self.trouble: SourceError | None = None

    def list(self) -> Sequence[CameraInfo]:
        self.listing.go_through()
        if self.trouble is not None:
            raise self.trouble
        return [camera.info for camera in self.cameras if camera.there]

    def open(self, info: CameraInfo, mode: CameraMode | None) -> Camera:
        """The fake camera itself: the test and the program hold the same one."""
        found = {camera.info.identifier: camera for camera in self.cameras}
        camera = found[info.identifier]
        camera.mode = mode
        return camera

    def __enter__(self) -> Self:
        register(self)
        return self

    def __exit__(self, *_: object) -> None:
        unregister(self.name)
        self.listing.open()


def bgr(picture: Raw) -> Raw:
    """As nearly all drivers send it."""
    return np.ascontiguousarray(picture[:, :, ::-1])


def grey(picture: Raw) -> Raw:
    """``(height, width)``, of the green channel."""
    return np.ascontiguousarray(picture[:, :, 1])


def bgra(picture: Raw) -> Raw:
    """With an alpha channel full of rubbish."""
    return np.dstack([picture[:, :, ::-1], picture[:, :, 0]])


def empty(picture: Raw) -> Raw:
    """A picture without pixels."""
    return picture[:0]


def nothing(picture: Raw) -> None:
    """No picture came."""


def odd(picture: Raw) -> Raw:
    """Two values a pixel, as of a driver that does not decode."""
    return np.ascontiguousarray(picture[:, :, :2])
