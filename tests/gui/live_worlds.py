"""The real window watching fake cameras; a network that tells which picture it saw."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from camviewer.gui.live.player import Player
from camviewer.inspector import Inspector, Request
from camviewer.live.loop import Result
from camviewer.models.classifier import Classifier
from camviewer.types import Frame, Inspection, Pixels
from tests.gui.fakes import inspection
from tests.gui.windows import Opened
from tests.media.numbered import number_of

SIZE = 120, 160  # of the pictures
CELLS = 4, 8  # of the maps: a bit each, the upper half for itself and the lower half against it


def coded(number: int) -> np.ndarray:
    """A map that holds a number, 16 bits."""
    bits = [(number >> place) & 1 for place in range(16)]
    upper = np.array(bits, np.float32).reshape(2, 8)
    return np.vstack([upper, 1 - upper])


def decoded(values: np.ndarray) -> int:
    """The number in a map."""
    upper, lower = values[:2] > 0.5, values[2:] > 0.5
    assert (upper != lower).all(), f"no number in {values}"
    return sum(int(bit) << place for place, bit in enumerate(upper.ravel()))


class CodingInspector(Inspector):
    """Answers with a map that holds the number in the picture, when it is allowed to.

    Attributes:
        before: called before every answer, on the thread that looks.
        seen: numbers of the pictures, in order.
    """

    before: Callable[[], None] = staticmethod(lambda: None)
    seen: list[int]

    def inspect(self, frame: Frame, request: Request | None = None, *_more: Any) -> Inspection:
        request = request or Request()
        number = number_of(frame.pixels)
        self.before()
        self.seen.append(number)
        maps = [coded(number)] * len(request.targets or (0,))
        return inspection(frame, *maps, rule=request.rule, model=self.classifier.name)


class LiveWindow(Opened):
    """A window whose network answers by `CodingInspector`."""

    def __init__(self, folder: Path, qtbot: QtBot) -> None:
        self.before: Callable[[], None] = lambda: None
        self.seen: list[int] = []
        super().__init__(folder, qtbot)
        self.results: list[Result] = []
        self.player.shown.connect(self.results.append)

    @property
    def player(self) -> Player:
        return self.window.player

    def _inspector(self, made: Classifier, device: str, runtime: str) -> Inspector:
        inspector = CodingInspector(made, device, runtime)
        inspector.before = lambda: self.before()
        inspector.seen = self.seen
        return inspector

    def wait(self, condition: Callable[[], object], seconds: float = 10.0) -> None:
        """Wait until something is so."""
        self.bot.waitUntil(lambda: bool(condition()), timeout=round(seconds * 1000))

    def wait_results(self, count: int, seconds: float = 15.0) -> list[Result]:
        """Wait for so many more results."""
        first = len(self.results)
        self.wait(lambda: len(self.results) >= first + count, seconds)
        return self.results[first:]

    def seen_on_screen(self) -> Pixels:
        """The picture as the canvas shows it, RGB."""
        canvas = self.window.canvas
        image = canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8)
        rows = rows.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 3]
        pixels = rows.reshape(image.height(), image.width(), 3)
        left, top = canvas.viewport.to_screen(0, 0)
        assert canvas.frame is not None
        height, width = canvas.frame.size
        right, bottom = canvas.viewport.to_screen(width, height)
        return pixels[round(top) : round(bottom), round(left) : round(right)].copy()


def locked(result: Inspection) -> int:
    """The number of an inspection's picture, which must be that of all its maps."""
    number = number_of(result.frame.pixels)
    for explanation in result.explanations:
        assert decoded(explanation.heatmap.values) == number
    return number


@contextmanager
def watching(folder: Path, qtbot: QtBot) -> Iterator[LiveWindow]:
    """A started window that is closed afterwards, with all its threads."""
    made = LiveWindow(folder, qtbot)
    qtbot.addWidget(made.window)
    try:
        made.start()
        made.seen.clear()
        yield made
    finally:
        made.before = lambda: None
        made.window.close()
        made.theme.deleteLater()


class StallWatch(QObject):
    """Measures for how long the GUI thread does not come to its events.

    Attributes:
        longest: seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        self._last, self.longest = time.perf_counter(), 0.0
        self._timer.start()

    def stop(self) -> float:
        """The longest time, in seconds."""
        self._timer.stop()
        return self.longest

    def _tick(self) -> None:
        now = time.perf_counter()
        self.longest = max(self.longest, now - self._last)
        self._last = now
