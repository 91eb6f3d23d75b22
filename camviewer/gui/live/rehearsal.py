"""The whole live path, timed: a synthetic camera, real inference, the real window offscreen."""

from __future__ import annotations

import copy
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field

import numpy as np
import torch
from PySide6.QtCore import (
    QEvent,
    QEventLoop,
    QMessageLogContext,
    QObject,
    QSettings,
    Qt,
    QTemporaryDir,
    QTimer,
    QtMsgType,
    qInstallMessageHandler,
)

from camviewer.bench.bench import module_behind
from camviewer.bench.plain_loop import PEER, plain_loop
from camviewer.cam.device import choose_device
from camviewer.cam.explainer import Explainer
from camviewer.cam.runtimes import Choice
from camviewer.errors import CamviewerError, MethodError, ModelError
from camviewer.gui.app import application, spare_the_collector
from camviewer.gui.engine import Engine
from camviewer.gui.main_window import MainWindow
from camviewer.gui.services import Services
from camviewer.gui.settings import Settings
from camviewer.inspector import Inspector, Request
from camviewer.live.loop import Result
from camviewer.live.synthetic import SyntheticCamera
from camviewer.models import catalog, zoo
from camviewer.models.classifier import Classifier

_TICK_MS = 10  # often enough to see a stall, and seldom enough not to be one
_WARM_UP_S = 1.5
_PATIENCE_MS = 60_000


@dataclass(frozen=True)
class LiveRow:
    """What the live view reached; rates in frames per second, medians over the rounds.

    Attributes:
        network: its name.
        runtime: what computed the trunk.
        device: where everything ran.
        camera_fps: what the camera gives.
        alone_fps: inference alone, frame to map and boxes, nothing else running.
        shown_fps: results that were painted.
        share: `shown_fps` of what camera and inference alone allow.
        age_p95_ms: from the capture of a frame until its result was painted, 95th percentile.
        age_bound_ms: two periods of inference alone and 33 ms.
        longest_stall_ms: the longest time for which the GUI thread did nothing else.
        most_waiting: frames that waited at once.
        dropped: frames that were never looked at.
        plain_loop_fps: the loop around pytorch-grad-cam, alone; None where it was not run.
        times_faster_than: `shown_fps` over each peer's.
    """

    network: str
    runtime: str
    device: str
    camera_fps: float
    alone_fps: float
    shown_fps: float
    share: float
    age_p95_ms: float
    age_bound_ms: float
    longest_stall_ms: float
    most_waiting: int
    dropped: int
    plain_loop_fps: float | None
    times_faster_than: dict[str, float]

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        return asdict(self)


@dataclass
class _Seen:
    """What was noted while the window ran."""

    ages: list[float] = field(default_factory=list)
    stall: float = 0.0
    waiting: int = 0


class _Watch(QObject):
    """Notes when results are on the screen, and for how long the GUI thread is kept."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self.seen = _Seen()
        self._window = window
        self._shown: Result | None = None
        self._last = time.perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._tick)
        window.player.shown.connect(self._note)
        window.canvas.installEventFilter(self)

    def start(self) -> None:
        """Note everything from now on, and nothing from before."""
        self.seen = _Seen()
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> _Seen:
        """What was noted since `start`."""
        self._timer.stop()
        return self.seen

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint and self._shown is not None:
            result, self._shown = self._shown, None
            QTimer.singleShot(0, self, lambda: self._painted(result))  # after the painting
        return super().eventFilter(watched, event)

    def _note(self, result: Result) -> None:
        self._shown = result

    def _painted(self, result: Result) -> None:
        self.seen.ages.append(1000 * (time.monotonic() - result.arrived))

    def _tick(self) -> None:
        now = time.perf_counter()
        self.seen.stall = max(self.seen.stall, 1000 * (now - self._last) - _TICK_MS)
        self._last = now
        self.seen.waiting = max(self.seen.waiting, self._window.player.waiting)


class Rehearsal:
    """One network in a window that nobody sees."""

    def __init__(self, network: str, device: str, runtime: str) -> None:
        """Open it; waits until the runtime is ready.

        Args:
            network: ``starter``, or one of torchvision's, with random weights.
            device: as for an inspector.
            runtime: ``auto`` is the fastest one that serves.

        Raises:
            CamviewerError: if the network, the device or the runtime cannot be used.
        """
        self._classifier = _classifier(network)
        self._camera = SyntheticCamera()
        self._inspector = self._opened(device, runtime)

    def measure(
        self, rounds: int, seconds: float, *, against: bool, watch: Callable[[], None]
    ) -> LiveRow:
        """Time inference alone, the window, and the plain loop, in turn.

        Args:
            rounds: how often.
            seconds: for each of them.
            against: whether the plain loop runs, too.
            watch: called after each of them.

        Raises:
            CamviewerError: if the live view shows nothing, or the peer is not installed.
        """
        alone: list[float] = []
        shown: list[float] = []
        plain: list[float] = []
        seen: list[_Seen] = []
        turn = self._plain_loop() if against else None
        dropped = 0
        with _window(self._classifier, self._inspector) as window:
            for _ in range(rounds):
                alone.append(self._alone(seconds))
                watch()
                noted, count, lost = _live(window, self._camera, seconds)
                seen.append(noted)
                shown.append(count)
                dropped += lost
                watch()
                if turn is not None:
                    plain.append(self._per_second(turn, seconds))
                    watch()
        allowed = [min(rate, self._camera.rate) for rate in alone]
        pace = statistics.median(shown)
        loop = statistics.median(plain) if plain else None
        return LiveRow(
            network=self._classifier.name,
            runtime=self._inspector.runtime,
            device=self._inspector.device,
            camera_fps=self._camera.rate,
            alone_fps=statistics.median(alone),
            shown_fps=pace,
            share=statistics.median(s / a for s, a in zip(shown, allowed, strict=True)),
            age_p95_ms=float(np.percentile([age for one in seen for age in one.ages], 95)),
            age_bound_ms=2000 / statistics.median(alone) + 33,
            longest_stall_ms=max(one.stall for one in seen),
            most_waiting=max(one.waiting for one in seen),
            dropped=dropped,
            plain_loop_fps=loop,
            times_faster_than={} if loop is None else {PEER: pace / loop},
        )

    def _alone(self, seconds: float) -> float:
        request = Request()
        return self._per_second(lambda frame: self._inspector.inspect(frame, request), seconds)

    def _per_second(self, look: Callable[..., object], seconds: float) -> float:
        for number in range(3):
            look(self._camera.frame(number))
        count, started = 0, time.perf_counter()
        while (elapsed := time.perf_counter() - started) < seconds:
            look(self._camera.frame(count))
            count += 1
        return count / elapsed

    def _plain_loop(self) -> Callable[..., object]:
        network = copy.deepcopy(self._classifier.network).requires_grad_()
        device = choose_device(self._inspector.device).device
        preprocessing = self._classifier.preprocessing
        eager = Explainer(
            self._classifier.network,
            preprocessing.input_size,
            device,
            self._classifier.target_layer,
            runtime=Choice.EAGER,
        )
        layer = module_behind(eager, network, eager.automatic)
        if layer is None:
            raise CamviewerError(f"{PEER} cannot be pointed at a layer of {self._classifier.name}.")
        return plain_loop(network.to(device), layer, preprocessing, device)

    def _opened(self, device: str, runtime: str) -> Inspector:
        if runtime == Choice.AUTO and choose_device(device).device.type == "cpu":
            # asked for by name it is waited for; `auto` would be eager until it is ready
            inspector = Inspector(self._classifier, device, Choice.ONNX)
            try:
                inspector.inspect(self._camera.frame(0))
            except (MethodError, ModelError):
                return Inspector(self._classifier, device, Choice.EAGER)
            return inspector
        return Inspector(self._classifier, device, runtime)


def _classifier(network: str) -> Classifier:
    if network == "starter":
        return catalog.load(network)
    name = zoo.canonical(network)
    if name is None:
        raise ModelError(f"No network {network!r}. See `camviewer models`.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        built = zoo.build(name)
    labels = tuple(f"class {index}" for index in range(1000))
    return Classifier(name, built, labels, zoo.preprocessing(name))


@contextmanager
def _window(classifier: Classifier, inspector: Inspector) -> Iterator[MainWindow]:
    """A window with everything in it, in which the network is loaded."""
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    before = qInstallMessageHandler(_without_offscreen_chatter)
    folder = QTemporaryDir()
    store = QSettings(folder.filePath("settings.ini"), QSettings.Format.IniFormat)
    settings = Settings(store)
    _app, theme = application(settings)
    services = Services(
        load_classifier=lambda *_, **__: classifier, make_inspector=lambda *_: inspector
    )
    engine = Engine(services)
    window = MainWindow(engine, settings, theme)
    try:
        window.show()
        spare_the_collector()  # as the program does
        with _until(engine.model_loaded):
            engine.load_model(classifier.name)
        yield window
    finally:
        window.close()
        gc.unfreeze()
        qInstallMessageHandler(before)


@contextmanager
def _until(signal: object) -> Iterator[None]:
    """Run the event loop after the block until a signal comes, or patience ends."""
    loop = QEventLoop()
    signal.connect(loop.quit)  # type: ignore[attr-defined]  # PySide6's stubs know no signal type
    yield
    QTimer.singleShot(_PATIENCE_MS, loop.quit)
    loop.exec()


def _run(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()


def _live(window: MainWindow, camera: SyntheticCamera, seconds: float) -> tuple[_Seen, float, int]:
    """What was seen, results per second, and frames that were dropped."""
    player = window.player
    watch = _Watch(window)
    with _until(player.shown):
        player.start(camera)
    _run(_WARM_UP_S)
    watch.start()
    before = player.figures.dropped
    started = time.perf_counter()
    _run(seconds)
    elapsed = time.perf_counter() - started
    seen = watch.stop()
    dropped = player.figures.dropped - before
    player.stop()
    window.canvas.removeEventFilter(watch)
    if not seen.ages:
        raise CamviewerError("The live view showed nothing.")
    return seen, len(seen.ages) / elapsed, dropped


def _without_offscreen_chatter(_kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    """Everything Qt says but what the offscreen platform always says."""
    if "propagateSizeHints" not in message:
        sys.stderr.write(f"{context.category}: {message}\n")
