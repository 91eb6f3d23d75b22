"""A live view that watches fake cameras; a network that tells which picture it saw."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot
from torch import nn

from camviewer.gui.canvas import Canvas
from camviewer.gui.engine import Engine
from camviewer.gui.jobs import Jobs
from camviewer.gui.live.player import Player
from camviewer.gui.services import Services
from camviewer.gui.session import Session
from camviewer.inspector import Request, Watch
from camviewer.live.condition import Condition, Status
from camviewer.live.loop import Result
from camviewer.models.classifier import Classifier
from camviewer.render import View
from camviewer.types import BoxRule, Frame, Inspection, Pixels
from tests.gui.fakes import PATIENCE, FakeInspector, classifier, inspection
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


class CodingInspector(FakeInspector):
    """Answers with a map that holds the number in the picture, when it is allowed to.

    Attributes:
        before: called before every answer, on the thread that looks.
        seen: numbers of the pictures, in order.
    """

    def __init__(self, made: Classifier) -> None:
        super().__init__(made)
        self.before: Callable[[], None] = lambda: None
        self.seen: list[int] = []

    def inspect(self, shown: Frame, request: Request, watch: Watch | None = None) -> Inspection:
        self.asked.append((shown, request))
        number = number_of(shown.pixels)
        self.before()
        nn.Identity()(torch.zeros(1))  # a layer, where what nobody wants any more stops
        if self.errors:
            raise self.errors.pop(0)
        self.seen.append(number)
        maps = [coded(number)] * len(request.targets or (0,))
        return inspection(shown, *maps, rule=request.rule, model=self.classifier.name)


class Rig(QObject):
    """All of the live view but the window around it.

    Attributes:
        results: everything that was shown, in order.
        held: opened when the test ends; to make something hang until then.
    """

    def __init__(self, qtbot: QtBot, folder: Path) -> None:
        super().__init__()
        self.bot = qtbot
        self.inspectors: dict[str, CodingInspector] = {}
        services = Services(
            load_classifier=lambda name, **_: self.model(name).classifier,
            make_inspector=lambda made, *_: self.model(made.name),  # type: ignore[arg-type]
        )
        self.engine = Engine(services, device="cpu", parent=self)
        self.session = Session(self.engine, View(), BoxRule(), self)
        self.canvas = Canvas()
        self.canvas.resize(400, 300)
        qtbot.addWidget(self.canvas)
        self.canvas.show()
        self.jobs = Jobs(self)
        self.snaps: list[str] = []
        self.player = Player(
            self.engine,
            self.session,
            self.canvas,
            self.jobs,
            self,
            snap=self.snaps.append,
            folder=lambda beside: beside or folder,
        )
        self.session.view_changed.connect(self.canvas.set_view)
        self.results: list[Result] = []
        self.statuses: list[Status] = []
        self.player.shown.connect(self.results.append)
        self.player.status_changed.connect(self.statuses.append)
        self.held = threading.Event()

    def model(self, name: str = "coding") -> CodingInspector:
        """The inspector that a model of this name has."""
        return self.inspectors.setdefault(name, CodingInspector(classifier(name)))

    def load(self, name: str = "coding") -> CodingInspector:
        """Have a network ready."""
        with self.bot.waitSignal(self.engine.model_loaded):
            self.engine.load_model(name)
        return self.model(name)

    def wait(self, condition: Callable[[], object], seconds: float = PATIENCE) -> None:
        """Wait until something is so."""
        self.bot.waitUntil(lambda: bool(condition()), timeout=round(seconds * 1000))

    def more(self, count: int) -> list[Result]:
        """Wait for so many more results."""
        first = len(self.results)
        self.wait(lambda: len(self.results) >= first + count)
        return self.results[first:]

    def become(self, condition: Condition) -> None:
        """Wait until the source does this."""
        self.wait(lambda: self.player.status.condition is condition)

    def shows(self, number: int) -> bool:
        """Whether a picture is on the canvas, explained."""
        shown = self.canvas.inspection
        return shown is not None and shown.frame is self.canvas.frame and locked(shown) == number

    def painted(self) -> Pixels:
        """The picture as it is painted, RGB, without what lies around it."""
        image = self.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        rows = np.frombuffer(image.constBits(), np.uint8)
        rows = rows.reshape(image.height(), image.bytesPerLine())[:, : image.width() * 3]
        pixels = rows.reshape(image.height(), image.width(), 3)
        view = self.canvas.viewport
        left, top = (round(place) for place in view.to_screen(0, 0))
        height, width = (round(side * view.zoom) for side in view.picture)
        return pixels[top : top + height, left : left + width].copy()

    def close(self) -> bool:
        """End all threads; whether that worked."""
        self.held.set()
        self.player.shutdown()
        self.jobs.shutdown()
        return self.engine.shutdown(*self.player.lanes)


def locked(result: Inspection) -> int:
    """The number of an inspection's picture, which must be that of all its maps."""
    number = number_of(result.frame.pixels)
    for explanation in result.explanations:
        assert decoded(explanation.heatmap.values) == number
    return number


@contextmanager
def rig(qtbot: QtBot, folder: Path, model: str = "coding") -> Iterator[Rig]:
    """A live view with a network, closed afterwards."""
    made = Rig(qtbot, folder)
    try:
        if model:
            made.load(model)
        yield made
    finally:
        assert made.close()


STALL = 0.2
"""Seconds of its own that no turn of the GUI thread may take: generous, since a processor that
others share computes slower. How far it stays below 50 ms, benchmarks tell."""


class StallWatch(QObject):
    """Measures for how long the GUI thread computes from one turn of its events to the next.

    Its own time is measured, not the clock's: whether other programs leave it any is not ours to
    test. What it might wait for hangs for ever in these tests. What tests before left behind is
    not looked through meanwhile for what can be freed.

    Attributes:
        longest: seconds.
    """

    def __init__(self) -> None:
        super().__init__()
        self.longest = 0.0
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        gc.collect()
        gc.freeze()
        self._last, self.longest = time.thread_time(), 0.0
        self._timer.start()

    def stop(self) -> float:
        """The longest time, in seconds."""
        self._timer.stop()
        gc.unfreeze()
        return self.longest

    def _tick(self) -> None:
        now = time.thread_time()
        self.longest = max(self.longest, now - self._last)
        self._last = now
