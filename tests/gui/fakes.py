"""Networks that answer when a test lets them, and inspections made by hand."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from camviewer.boxes import explain
from camviewer.errors import CancelledError
from camviewer.gui.engine import Engine
from camviewer.gui.services import Services
from camviewer.inspector import Request, Sharper, Watch
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import (
    BoxRule,
    Fit,
    Frame,
    Geometry,
    Heatmap,
    Inspection,
    Map,
    Origin,
    Prediction,
)

LABELS = ("fox", "owl", "toad")
PATIENCE = 20.0  # seconds; a test that hangs ends with an error instead


def frame(height: int = 60, width: int = 80, source: str = "picture.png") -> Frame:
    """A picture in which no two neighbouring pixels are alike."""
    y, x = np.mgrid[:height, :width]
    channels = (x * 3 % 251, y * 5 % 241, (x + y) * 7 % 239)
    return Frame(np.dstack(channels).astype(np.uint8), source)


def peak(row: int, column: int, rows: int = 6, columns: int = 8) -> Map:
    """A map that is highest in one cell and falls off around it."""
    y, x = np.mgrid[:rows, :columns]
    falls = 1.0 - 0.25 * np.maximum(abs(y - row), abs(x - column))
    return falls.astype(np.float32)


def geometry(picture: tuple[int, int]) -> Geometry:
    """All of the picture in an input of 48 x 64 pixels."""
    return Geometry(picture, (48, 64), (48 / picture[0], 64 / picture[1]))


def inspection(
    shown: Frame,
    *maps: Map,
    rule: BoxRule | None = None,
    lies: Geometry | None = None,
    model: str = "fake",
) -> Inspection:
    """An inspection of a frame with one class for each map."""
    lies = lies or geometry(shown.size)
    maps = maps or (peak(2, 5),)
    scores = (0.9, 0.6, 0.3)
    heatmaps = [Heatmap(values, lies, i, LABELS[i], scores[i]) for i, values in enumerate(maps)]
    return Inspection(
        frame=shown,
        geometry=lies,
        predictions=tuple(
            Prediction(i, label, scores[i], 2.0 - i) for i, label in enumerate(LABELS)
        ),
        explanations=tuple(explain(heatmap, rule or BoxRule(), shown) for heatmap in heatmaps),
        origin=Origin(model, "by hand", "", "features", "cam", Fit.WHOLE, "cpu"),
        seconds=0.01,
    )


def classifier(name: str = "fake", labels: tuple[str, ...] = LABELS) -> Classifier:
    """A classifier that is never run."""
    return Classifier(name, nn.Identity(), labels, Preprocessing())


class FakeInspector:
    """Answers with a hand-made inspection, once its gate is open.

    With `steps` it is slow: so many partial answers come first, each time followed by a wait for
    `go_on` in which layers run.
    """

    device = "cpu"
    device_note = ""
    runtime = "eager"
    runtime_note = ""
    layers = ()
    input_sizes = (32, 64, 32)

    def __init__(self, made: Classifier) -> None:
        self.classifier = made
        self.asked: list[tuple[Frame, Request]] = []
        self.finished = 0
        self.gate = threading.Event()
        self.gate.set()
        self.errors: list[Exception] = []
        self.threads: set[int] = set()
        self.steps = 0
        self.go_on = threading.Semaphore(0)
        self.stopped = threading.Event()
        self.obstacles: dict[str, str] = {}
        self.layers_asked: list[str | None] = []
        self.method_threads: set[int] = set()
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def usual_threshold(self, _sharper: Sharper) -> float:
        return self.classifier.box_threshold

    def sharpest(self, layer: str | None = None) -> Sharper:
        return Sharper(scales=3, flip=True, fuse=layer is None)

    def methods(self, layer: str | None = None) -> dict[str, str]:
        self.layers_asked.append(layer)
        self.method_threads.add(threading.get_ident())
        return self.obstacles if layer is None else {"cam": f"not at {layer}"}

    def inspect(self, shown: Frame, request: Request, watch: Watch | None = None) -> Inspection:
        self.asked.append((shown, request))
        self.threads.add(threading.get_ident())
        if not self.gate.wait(PATIENCE):
            raise TimeoutError("the test never opened the gate")
        # a layer: here a forward pass that nobody waits for any more stops
        nn.Identity()(torch.zeros(1))
        for step in range(self.steps):
            self._refine(shown, step, watch)
        self.finished += 1
        if self.errors:
            raise self.errors.pop(0)
        maps = [peak(2, 5) for _ in request.targets or (0,)]
        return inspection(shown, *maps, rule=request.rule, model=self.classifier.name)

    def _refine(self, shown: Frame, step: int, watch: Watch | None) -> None:
        if watch is not None:
            cells = 2 * (step + 1)
            watch(inspection(shown, peak(0, 0, cells, cells)), (step + 1) / (self.steps + 1))
        try:
            while not self.go_on.acquire(timeout=0.005):
                nn.Identity()(torch.zeros(1))
        except CancelledError:
            self.stopped.set()
            raise


@dataclass
class World:
    """An engine over fakes, with all that is needed to steer it."""

    labels: dict[str, tuple[str, ...]] = field(default_factory=dict)
    inspectors: dict[str, FakeInspector] = field(default_factory=dict)
    errors: dict[str, Exception] = field(default_factory=dict)
    loading: Callable[..., None] = lambda **_: None

    def __post_init__(self) -> None:
        self.gates: list[threading.Event] = []
        self.runtimes: list[str] = []
        self.engine = Engine(
            Services(
                load_classifier=self._load,
                make_inspector=self._inspector,
                load_picture=self._picture,
            ),
            device="cpu",
        )

    def gate(self) -> threading.Event:
        """A closed gate that is opened when the test ends."""
        self.gates.append(threading.Event())
        return self.gates[-1]

    def model(self, name: str) -> FakeInspector:
        """The inspector that a model of this name will have."""
        made = classifier(name, self.labels.get(name, LABELS))
        return self.inspectors.setdefault(name, FakeInspector(made))

    def _load(self, name: str, **options: Any) -> Classifier:
        self.loading(name=name, **options)
        if name in self.errors:
            raise self.errors[name]
        return self.model(name).classifier

    def _inspector(self, made: Classifier, device: str, runtime: str) -> Any:
        assert device == "cpu"
        self.runtimes.append(runtime)
        return self.model(made.name)

    def _picture(self, path: Path) -> Frame:
        if path.name in self.errors:
            raise self.errors[path.name]
        return frame(source=str(path))


def download(started: threading.Event) -> Callable[..., None]:
    """Something that goes on until it is cancelled, reporting progress beyond 32 bits."""

    def load(cancelled: Callable[[], bool], progress: Callable[[int, int], None], **_: Any) -> None:
        progress(3_000_000_000, 5_000_000_000)
        started.set()
        pause = threading.Event()
        while not cancelled():
            pause.wait(0.005)
        raise CancelledError("The download was cancelled.")

    return load
