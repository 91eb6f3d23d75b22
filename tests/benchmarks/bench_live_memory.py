"""Whether memory stays flat while somebody watches and keeps changing their mind.

    python -m tests.benchmarks.bench_live_memory [--minutes 10]

A window offscreen watches a 720p camera at 60 frames per second. Every second the class, the method
or the network changes; now and then it is frozen, stopped and started. Prints what the process
holds (RSS) on the way. Fails if it grows by more than 50 MiB after the first minute, if a thread or
a camera is left, or if closing takes more than two seconds.
"""

import argparse
import itertools
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import torch
from PySide6.QtCore import QEventLoop, QSettings, QTemporaryDir, QThread, QTimer

from camviewer.__main__ import share_memory
from camviewer.gui.app import application
from camviewer.gui.engine import Engine
from camviewer.gui.main_window import MainWindow
from camviewer.gui.services import Services
from camviewer.gui.settings import Settings
from camviewer.live.synthetic import SyntheticCamera
from camviewer.models import catalog, zoo
from camviewer.models.classifier import Classifier
from tests.benchmarks.bench_memory import resident

_SETTLED_S = 60
_MOST_MIB = 50.0
_CLOSING_S = 2.0
_NETWORKS = ("starter", "mobilenet_v3_small", "squeezenet1_1")
_METHODS = ("auto", "grad-cam", "layer-cam", "grad-cam++", "hires-cam")


class Camera(SyntheticCamera):
    """Knows how often it is open."""

    def __init__(self) -> None:
        super().__init__()
        self.openings = 0

    def open(self) -> None:
        self.openings += 1
        super().open()

    def close(self) -> None:
        self.openings = 0


def load(name: str | None, **_: object) -> Classifier:
    """A network of its own each time, as from a file."""
    if name in (None, "starter"):
        return catalog.load("starter")
    torch.manual_seed(0)
    labels = tuple(f"class {index}" for index in range(1000))
    return Classifier(str(name), zoo.build(str(name)), labels, zoo.preprocessing(str(name)))


def whims(window: MainWindow, camera: Camera) -> Iterator[Callable[[], object]]:
    """What somebody does, one thing a second."""
    session, player = window.session, window.player
    networks, methods = itertools.cycle(_NETWORKS), itertools.cycle(_METHODS)
    for turn in itertools.count():
        yield partial(session.choose, (turn % 8,))
        yield lambda: session.set_method(next(methods))
        yield lambda: window.engine.load_model(next(networks))
        yield partial(session.choose, None if turn % 2 else (turn % 8, (turn + 3) % 8))
        yield partial(player.set_smooth, bool(turn % 2))
        if turn % 5 == 0:
            yield lambda: player.set_frozen(True)
            yield lambda: player.set_frozen(False)
        if turn % 9 == 0:
            yield player.stop
            yield lambda: player.start(camera)


def run(seconds: float) -> None:
    """Let the window live for so long."""
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def watch(window: MainWindow, camera: Camera, minutes: float) -> list[tuple[float, float]]:
    """Seconds since the start and MiB, once a second."""
    samples = []
    started = time.monotonic()
    window.player.start(camera)
    for whim in whims(window, camera):
        whim()
        run(1.0)
        elapsed = time.monotonic() - started
        samples.append((elapsed, resident() / 1024))
        if len(samples) % 30 == 0:
            sys.stdout.write(f"{elapsed:6.0f} s  {samples[-1][1]:8.1f} MiB\n")
            sys.stdout.flush()
        if elapsed >= 60 * minutes:
            return samples
    return samples


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10.0)
    minutes = parser.parse_args().minutes
    share_memory()  # as the program does
    folder = QTemporaryDir()
    store = QSettings(folder.filePath("settings.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    _app, theme = application(settings)
    before = set(threading.enumerate())
    engine = Engine(Services(load_classifier=load))
    window = MainWindow(engine, settings, theme)
    window.show()
    window.start([])
    camera = Camera()
    samples = np.array(watch(window, camera, minutes))
    closing = time.perf_counter()
    window.close()
    closing = time.perf_counter() - closing
    run(0.5)
    # Python's stand-ins for Qt's threads go when Qt's do; tqdm keeps one thread for all its bars
    others = [t for t in set(threading.enumerate()) - before if "Dummy" not in t.name]
    left = [t.name for t in others if t.is_alive() and t.name != "tqdm_monitor"]
    left += [t.objectName() for t in window.findChildren(QThread) if t.isRunning()]
    settled = samples[samples[:, 0] >= min(_SETTLED_S, samples[-1, 0] / 2), 1]
    growth = float(settled.max() - settled[0])
    per_minute = float(np.polyfit(np.arange(len(settled)) / 60, settled, 1)[0])
    sys.stdout.write(
        f"{len(samples)} changes in {minutes:g} minutes: at most {growth:+.1f} MiB after the first "
        f"minute, {per_minute:+.1f} MiB per minute; closed in {closing:.2f} s; threads left: "
        f"{left or 'none'}; camera open: {bool(camera.openings)}\n"
    )
    bad = growth > _MOST_MIB or closing > _CLOSING_S or left or camera.openings
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
