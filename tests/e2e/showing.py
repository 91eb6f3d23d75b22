"""Somebody who shows two things to a camera, has them learnt, and watches what is made of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from camviewer.gui.main_window import MainWindow
from camviewer.gui.teach.run.panel import RunPanel
from camviewer.live.synthetic import SyntheticCamera
from camviewer.types import Frame
from tests.teach.things import CLASSES, thing

SIDE = 240  # pixels of the camera's pictures
_DIFFERENT = 24  # pictures of each thing

Wait = Callable[[Callable[[], bool]], object]
"""Lets the window live until something is so."""


class ShowingCamera(SyntheticCamera):
    """A camera in front of which one of two things is held, here and there.

    Attributes:
        kind: which one.
    """

    def __init__(self, rate: float = 30.0) -> None:
        super().__init__((8, 8), rate)
        self.name = "Somebody's camera"
        self.kind = CLASSES[0]
        self._shown = {k: [thing(k, n, SIDE)[0] for n in range(_DIFFERENT)] for k in CLASSES}

    def frame(self, number: int) -> Frame:
        """A picture without waiting for it."""
        # a hand does not jump: each place stays for a while
        pixels = self._shown[self.kind][number // 3 % _DIFFERENT]
        return Frame(np.ascontiguousarray(pixels), self.name, number, number / self.rate)


@dataclass(frozen=True)
class Times:
    """Seconds that it took.

    Attributes:
        recording: the pictures.
        teaching: from the button to the results.
        live: from there to the first picture with the taught network's answer.
        computing: of all processors, for all of that; other programs do not count.
    """

    recording: float
    teaching: float
    live: float
    computing: float

    @property
    def all(self) -> float:
        """From the first picture recorded to the first one answered."""
        return self.recording + self.teaching + self.live


def begin(window: MainWindow, wait: Wait, camera: ShowingCamera) -> None:
    """Two cards, and a camera that is watched."""
    window.teaching.switch(on=True)
    fields = window.teaching.view.beginning.names
    for field, name in zip(fields, CLASSES, strict=True):
        QTest.keyClicks(field, name)
        QTest.keyClick(field, Qt.Key.Key_Return)
    view = window.teaching.view
    wait(lambda: [card.class_name for card in view.board.cards] == list(CLASSES))
    window.player.start(camera)


def rehearse(window: MainWindow, wait: Wait, camera: ShowingCamera, each: int) -> Times:
    """Record both things twice, teach them, and go to the canvas.

    Args:
        window: as `begin` leaves it.
        wait: see there.
        camera: likewise.
        each: pictures to record each time.
    """
    started, computed = time.perf_counter(), time.process_time()
    for _ in range(2):
        for place, name in enumerate(CLASSES):
            _record(window, wait, camera, place, name, each)
    recorded = time.perf_counter()
    run = panel(window)
    run.teach.click()
    wait(lambda: run.results is not None or bool(run.trouble.text()))
    assert run.results is not None, run.trouble.text()
    taught = time.perf_counter()
    stem = run.results.file.stem
    run.summary.live.click()
    wait(lambda: answered_by(window, stem))
    return Times(
        recorded - started,
        taught - recorded,
        time.perf_counter() - taught,
        time.process_time() - computed,
    )


def panel(window: MainWindow) -> RunPanel:
    """What teaches."""
    run = window.teaching.view.run
    assert isinstance(run, RunPanel)
    return run


def answered_by(window: MainWindow, network: str) -> bool:
    """Whether what is on the canvas was explained by this network."""
    shown = window.canvas.inspection
    return shown is not None and shown.origin.model == network


def label(window: MainWindow) -> str:
    """What the network says of the picture on the canvas; empty if it says nothing."""
    shown = window.canvas.inspection
    return "" if shown is None else shown.top(1)[0].label


def _record(
    window: MainWindow, wait: Wait, camera: ShowingCamera, place: int, name: str, each: int
) -> None:
    view = window.teaching.view
    camera.kind = name
    wait(lambda: view.recorder._newest is not None)
    before = _held(window, place)
    key = (Qt.Key.Key_1, Qt.Key.Key_2)[place]
    view.setFocus()
    QTest.keyPress(view, key)
    wait(lambda: _held(window, place) >= before + each)
    QTest.keyRelease(view, key)


def _held(window: MainWindow, place: int) -> int:
    return len(window.teaching.view.keeper.classes[place].pictures)
