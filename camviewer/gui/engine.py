"""The window's one way to the network, on the GUI thread; all work happens on three others.

Beyond the contract:
    * `open_bytes` decodes a pasted or dropped picture off the GUI thread.
    * `frame`, `inspection` and `model` say what is current; `retry` repeats a failed inspection.
    * `set_request` with nothing but another box rule does not infer: `inspected` follows at once.
    * When a model arrives, the request's layer, input size and (unless the labels are the same)
      targets go back to automatic *before* `model_loaded`: read `request` there.
    * `camviewer.gui.worker.Lane` is the same latest-wins thread for anything else that must not
      run on the GUI thread, such as exporting; end it with `worker.join`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from camviewer.boxes import rebox
from camviewer.cam.split import Layer
from camviewer.errors import CancelledError
from camviewer.gui.crash import message_for
from camviewer.gui.interrupt import interruptible
from camviewer.gui.worker import Lane, Ticket, join
from camviewer.inspector import Inspector, Request, Watch
from camviewer.media import images
from camviewer.models import catalog
from camviewer.models.classifier import Classifier
from camviewer.types import Frame, Inspection

_TURN_POLL = 0.02  # seconds


@dataclass(frozen=True)
class Services:
    """The blocking calls the engine makes off the GUI thread; tests put fakes here."""

    load_picture: Callable[[Path], Frame] = images.load
    decode_picture: Callable[[bytes, str], Frame] = images.from_bytes
    load_classifier: Callable[..., Classifier] = catalog.load
    make_inspector: Callable[[Classifier, str], Inspector] = Inspector


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """A network that is ready to inspect, and what the panels show of it."""

    inspector: Inspector
    _in_use: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @contextmanager
    def turn(self, cancelled: Callable[[], bool]) -> Iterator[Inspector]:
        """The inspector, for one thread at a time.

        Raises:
            CancelledError: if cancelled while another thread has it.
        """
        while not self._in_use.acquire(timeout=_TURN_POLL):
            if cancelled():
                raise CancelledError("The inspection was cancelled.")
        try:
            yield self.inspector
        finally:
            self._in_use.release()

    def inspect(
        self,
        frame: Frame,
        request: Request,
        cancelled: Callable[[], bool],
        watch: Watch | None = None,
    ) -> Inspection:
        """Inspect on the caller's thread, as soon as no other thread does with this network.

        Raises:
            CancelledError: if cancelled while waiting or between two layers.
            CamviewerError: see `Inspector.inspect`.
        """
        with self.turn(cancelled) as inspector, interruptible(cancelled):
            return inspector.inspect(frame, request, watch)

    @property
    def classifier(self) -> Classifier:
        return self.inspector.classifier

    @property
    def device(self) -> str:
        return self.inspector.device

    @property
    def device_note(self) -> str:
        return self.inspector.device_note

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.inspector.layers

    @property
    def input_sizes(self) -> tuple[int, int, int] | None:
        return self.inspector.input_sizes


class Engine(QObject):
    """Loads pictures and models and inspects; the latest request wins.

    Signals:
        frame_loaded(Frame): a picture is decoded, its inspection not yet there.
        inspected(Inspection): the newest request's result, and never an older one's.
        failed(str): a picture or an inspection failed, and what to do about it.
        busy_changed(bool): whether a picture is being decoded or inspected.
        model_loading(str), model_progress(int, int), model_loaded(ModelInfo)
        model_failed(str, Exception): the old model, if any, stays.
    """

    frame_loaded = Signal(object)
    inspected = Signal(object)
    failed = Signal(str)
    busy_changed = Signal(bool)
    model_loading = Signal(str)
    model_progress = Signal(object, object)  # object: bytes outgrow Qt's 32-bit int
    model_loaded = Signal(object)
    model_failed = Signal(str, object)

    def __init__(
        self,
        services: Services | None = None,
        device: str = "auto",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services = services or Services()
        self._device = device
        self._request: Request = Request()
        self._frame: Frame | None = None
        self._inspection: Inspection | None = None
        self._model: ModelInfo | None = None
        self._pictures = Lane("pictures", self)
        self._models = Lane("models", self)
        self._inspections = Lane("inspections", self)
        self._busy = False
        self._connect()

    def _connect(self) -> None:
        self._pictures.done.connect(self._set_frame)
        self._pictures.failed.connect(self._on_failed)
        self._inspections.done.connect(self._on_inspected)
        self._inspections.failed.connect(self._on_inspection_failed)
        self._models.done.connect(self._on_model)
        self._models.failed.connect(self._on_model_failed)
        self._models.progress.connect(self.model_progress)
        self._pictures.busy_changed.connect(self._on_busy)
        self._inspections.busy_changed.connect(self._on_busy)

    @property
    def request(self) -> Request:
        """What is asked of the network now."""
        return self._request

    @property
    def frame(self) -> Frame | None:
        """The current picture."""
        return self._frame

    @property
    def inspection(self) -> Inspection | None:
        """The current picture, explained; None until it is, and when it cannot be."""
        return self._inspection

    @property
    def model(self) -> ModelInfo | None:
        """The network in use."""
        return self._model

    @property
    def busy(self) -> bool:
        """Whether a picture is being decoded or inspected."""
        return self._busy

    def load_model(self, name: str | None, **options: Any) -> None:
        """Load a network with `catalog.load`'s options; the present one serves until then."""

        self._models.submit(lambda ticket: self.fetch_model(ticket, name, **options))
        self.model_loading.emit(name or str(options.get("weights", "")))

    def fetch_model(self, ticket: Ticket, name: str | None, **options: Any) -> ModelInfo:
        """Load a network on the caller's thread, for whoever wants one beside the present one."""
        classifier = self._services.load_classifier(
            name, progress=ticket.progress, cancelled=ticket.cancelled, **options
        )
        return ModelInfo(self._services.make_inspector(classifier, self._device))

    def cancel_load(self) -> None:
        """Give up loading a network; returns at once."""
        self._models.cancel()

    def open_picture(self, path: Path) -> None:
        """Decode a file, show it, inspect it."""
        self._pictures.submit(lambda _: self._services.load_picture(path))

    def open_bytes(self, data: bytes, name: str) -> None:
        """Decode an encoded picture from memory, show it, inspect it."""
        self._pictures.submit(lambda _: self._services.decode_picture(data, name))

    def show_frame(self, frame: Frame) -> None:
        """Show a decoded picture and inspect it."""
        self._pictures.cancel()
        self._set_frame(frame)

    def close_picture(self) -> None:
        """Forget the picture and whatever is still being done for it."""
        self._pictures.cancel()
        self._inspections.cancel()
        self._frame = None
        self._inspection = None

    def set_request(self, request: Request) -> None:
        """Ask something else of the current picture."""
        old, self._request = self._request, request
        if replace(old, rule=request.rule) != request:
            self._inspect()
        elif old.rule != request.rule and self._inspection is not None:
            self._publish(self._inspection)

    def retry(self) -> None:
        """Inspect the current picture again."""
        self._inspect()

    def shutdown(self, *others: Lane) -> bool:
        """End all threads, and those of other lanes, within two seconds; whether all of them did.

        See `worker.join`.
        """
        return join((self._pictures, self._models, self._inspections, *others))

    def _set_frame(self, frame: Frame) -> None:
        self._frame = frame
        self._inspection = None
        self.frame_loaded.emit(frame)
        self._inspect()

    def _inspect(self) -> None:
        if self._frame is None or self._model is None:
            return
        frame, request, model = self._frame, self._request, self._model
        self._inspections.submit(lambda ticket: model.inspect(frame, request, ticket.cancelled))

    def _on_inspected(self, inspection: Inspection) -> None:
        self._publish(inspection)

    def _publish(self, inspection: Inspection) -> None:
        if any(e.rule != self._request.rule for e in inspection.explanations):
            inspection = rebox(inspection, self._request.rule)
        self._inspection = inspection
        self.inspected.emit(inspection)

    def _on_model(self, model: ModelInfo) -> None:
        old, self._model = self._model, model
        same = old is not None and old.classifier.labels == model.classifier.labels
        self._request = replace(
            self._request,
            layer=None,
            input_size=None,
            targets=self._request.targets if same else None,
        )
        # the old network's map must not stand under the new one's name
        self._inspection = None
        self.model_loaded.emit(model)
        self._inspect()

    def _on_inspection_failed(self, error: BaseException) -> None:
        # the answer to an older question must not stand for the one that has none
        self._inspection = None
        self._on_failed(error)

    def _on_failed(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.failed.emit(message_for(error))

    def _on_model_failed(self, error: BaseException) -> None:
        if not isinstance(error, CancelledError):
            self.model_failed.emit(message_for(error), error)

    def _on_busy(self) -> None:
        busy = self._pictures.busy or self._inspections.busy
        if busy != self._busy:
            self._busy = busy
            self.busy_changed.emit(busy)
