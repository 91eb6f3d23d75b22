"""Sources that do as they are told; every frame carries its number in its pixels."""

import threading
from collections.abc import Callable

import numpy as np

from camviewer.errors import SourceError
from camviewer.live.slot import Arrival, Slot
from camviewer.types import Frame, Size
from tests.live.fake_clock import PATIENCE


def numbered(number: int, source: str = "fake", time: float = 0.0, size: Size = (6, 8)) -> Frame:
    """A grey picture that says which one it is, also to somebody who sees it in a mirror."""
    pixels = np.zeros((*size, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = number & 255, number >> 8
    pixels[:, : size[1] // 2, 2] = 255
    return Frame(pixels, source, number, time)


def number_of(frame: Frame) -> int:
    """What the pixels say, whatever the frame says of itself."""
    red, green = frame.pixels[0, 0, :2].tolist()
    assert np.array_equal(frame.pixels[..., 0], np.full(frame.size, red)), "a torn frame"
    return red + 256 * green


def is_mirrored(frame: Frame) -> bool:
    return frame.pixels[0, 0, 2] == 0


def taken(slot: Slot) -> Arrival:
    """The next arrival of a slot, which is what it says it is."""
    arrival = slot.take(PATIENCE)
    assert arrival is not None, "nothing came"
    assert number_of(arrival.frame) == arrival.frame.number
    return arrival


class Gate:
    """Where a call hangs until the test lets it go on."""

    def __init__(self, *, opened: bool = True) -> None:
        self._opened = threading.Event()
        self.reached = threading.Event()
        if opened:
            self._opened.set()

    def shut(self) -> None:
        self.reached.clear()
        self._opened.clear()

    def open(self) -> None:
        self._opened.set()

    def wait_for_somebody(self) -> None:
        assert self.reached.wait(PATIENCE), "nobody came"

    def pass_through(self) -> None:
        if not self._opened.is_set():
            self.reached.set()
            assert self._opened.wait(PATIENCE), "the test left a call hanging"


class FakeCamera:
    """A live source; a frame is there when the test gives one, and calls hang at closed gates."""

    def __init__(self, name: str = "Fake Camera", rate: float = 30.0) -> None:
        self.name = name
        self.live = True
        self.rate = rate
        self.opening, self.reading, self.closing = Gate(), Gate(), Gate()
        self.opened = self.closed = 0
        self.wakes_at_close = False  # a call that hangs ends when it is closed from elsewhere
        self.fails: Callable[[], None] = lambda: None  # may raise, at every open
        self._change = threading.Condition()
        self._given: list[Frame | Exception | None] = []
        self._idle = False

    def give(self, *what: Frame | Exception | None) -> None:
        """Let reads return, or raise, these, one after the other."""
        with self._change:
            self._given.extend(what)
            self._change.notify_all()

    def give_and_wait(self, *frames: Frame) -> None:
        """The same; return when the next read shows that these have been dealt with."""
        with self._change:
            self._given.extend(frames)
            self._change.notify_all()
            done = self._change.wait_for(lambda: self._idle and not self._given, PATIENCE)
            assert done, "nobody reads"

    def open(self) -> None:
        self.opening.pass_through()
        self.fails()
        self.opened += 1

    def read(self) -> Frame | None:
        with self._change:
            self._idle = True
            self._change.notify_all()
            assert self._change.wait_for(lambda: bool(self._given), PATIENCE), "nothing was given"
            self._idle = False
            what = self._given.pop(0)
        self.reading.pass_through()
        if isinstance(what, Exception):
            raise what
        return what

    def close(self) -> None:
        self.closed += 1
        if self.wakes_at_close:
            self.opening.open()
            self.reading.open()
        self.closing.pass_through()


class FakeFile:
    """A file of numbered frames; nothing in it waits."""

    def __init__(self, length: int = 100, rate: float = 10.0, name: str = "fake.mp4") -> None:
        self.name = name
        self.live = False
        self.rate = rate
        self.length = length
        self.duration = length / rate
        self.reading = Gate()
        self.opened = self.closed = 0
        self.seeks: list[int] = []
        self.broken: set[int] = set()  # frames at which it is lost, once
        self._next = 0

    def open(self) -> None:
        self.opened += 1
        self._next = 0

    def read(self) -> Frame | None:
        self.reading.pass_through()
        if self._next in self.broken:
            self.broken.remove(self._next)
            raise SourceError("The disk is gone.")
        if self._next >= self.length:
            return None
        number, self._next = self._next, self._next + 1
        return numbered(number, self.name, number / self.rate)

    def seek(self, number: int) -> None:
        self.seeks.append(number)
        self._next = max(min(number, self.length - 1), 0)

    def close(self) -> None:
        self.closed += 1
