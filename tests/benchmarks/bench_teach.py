"""How long it takes from showing two things to a camera to seeing them told apart.

    python -m tests.benchmarks.bench_teach [--each 15] [--rounds 3]

A window offscreen watches a camera that needs no hardware. Both things are recorded twice, as a
person does by holding a key, and taught upon the starter; then the canvas shows the taught
network's answer, live. Prints the seconds of each part, and whether the answers were right; asserts
no time.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import torch
from PySide6.QtCore import QEventLoop, QSettings, QTimer

from camviewer import paths
from camviewer.__main__ import share_memory
from camviewer.gui.app import application
from camviewer.gui.engine import Engine
from camviewer.gui.main_window import MainWindow
from camviewer.gui.settings import Settings
from tests.e2e.showing import ShowingCamera, Times, begin, label, panel, rehearse
from tests.teach.things import CLASSES

_PATIENCE = 600.0  # seconds
_LOOK_MS = 10


def until(condition: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    deadline = time.monotonic() + _PATIENCE
    loop = QEventLoop()
    timer = QTimer()

    def look() -> None:
        if condition() or time.monotonic() > deadline:
            loop.quit()

    timer.timeout.connect(look)
    timer.start(_LOOK_MS)
    loop.exec()
    timer.stop()
    if not condition():
        raise TimeoutError("it took too long")


def once(folder: Path, each: int) -> tuple[Times, list[str], float]:
    """One window with nothing in its caches; what it took, the answers, the longest stall."""
    paths.data = lambda: folder / "data"
    paths.cache = lambda: folder / "cache"
    store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    _app, theme = application(settings)
    engine = Engine(device="cpu")
    window = MainWindow(engine, settings, theme)
    window.show()
    window.start([])
    until(lambda: engine.model is not None)
    camera = ShowingCamera()
    begin(window, until, camera)
    beats: list[float] = []
    heart = QTimer()
    heart.timeout.connect(lambda: beats.append(time.perf_counter()))
    heart.start(5)
    times = rehearse(window, until, camera, each)
    heart.stop()
    stall = max(after - before for before, after in pairwise(beats))
    answers = []
    for kind in CLASSES:
        camera.kind = kind
        until(lambda: label(window) == camera.kind)
        answers.append(label(window))
    made = panel(window).results
    assert made is not None
    answers.append(f"{made.hits} of {len(made.answers)} held out right")
    window.close()
    return times, answers, stall


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--each", type=int, default=15, help="pictures in each of four recordings")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    share_memory()  # as the program does
    sys.stdout.write(f"{torch.get_num_threads()} threads, {4 * given.each} pictures\n")
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as folder:
            times, answers, stall = once(Path(folder), given.each)
        sys.stdout.write(
            f"recording {times.recording:5.1f} s, teaching {times.teaching:5.1f} s, live after "
            f"{times.live:4.1f} s: {times.all:5.1f} s, {times.computing:.1f} s of processor time; "
            f"the window stalled for at most {1000 * stall:.0f} ms; {', '.join(answers)}\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
