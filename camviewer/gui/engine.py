"""The window's one way to the network, on the GUI thread; all work happens on three others.

Beyond the contract:
    * `open_bytes` decodes a pasted or dropped picture off the GUI thread.
    * `frame`, `inspection` and `model` say what is current; `retry` repeats a failed inspection.
    * `set_request` with nothing but another box rule does not infer: `inspected` follows at once,
      and again when boxes are refined, which waits until the rule rests.
    * A method that takes long is shown as it gets finer (`refined`); `cancel_inspection` leaves it.
    * `methods_known` tells which methods cannot serve the network at the layer in use, and why.
    * When a model arrives, the request's layer, input size and (unless the labels are the same)
      targets go back to automatic *before* `model_loaded`: read `request` there.
    * While live nothing is inspected here: somebody else does that and hands it in (`adopt`), and
      `inspected` follows at most eight times a second, in the end with the last one.
    * `camviewer.gui.worker.Lane` is the same latest-wins thread for anything else that must not
      run on the GUI thread, such as exporting; end it with `worker.join`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from camviewer.cam.methods import AUTO
from camviewer.errors import CancelledError
from camviewer.gui.box_finder import BoxFinder
from camviewer.gui.carrying import carried_over
from camviewer.gui.crash import message_for
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.services import Services
from camviewer.gui.throttle import Throttle
from camviewer.gui.worker import Lane, Ticket, join
from camviewer.inspector import Request, Sharper
from camviewer.models.classifier import Classifier
from camviewer.types import Frame, Inspection

_TELLING_MS = 250  # panels need not follow every frame, and nobody reads numbers faster


class Engine(QObject):
    """Loads pictures and models and inspects; the latest request wins.

    Signals:
        frame_loaded(Frame): a picture is decoded, its inspection not yet there.
        refined(Inspection, float): the newest request's result as far as it is known, and the share
            of the work that is done; `inspected` or `failed` follows.
        inspected(Inspection): the newest request's result, and never an older one's.
        failed(str): a picture or an inspection failed, and what to do about it.
        busy_changed(bool): whether a picture is being decoded or inspected.
        inspecting_changed(bool): whether a picture is being inspected.
        methods_known(dict): why a method cannot serve here, by its name; empty when it can.
        model_loading(str), model_progress(int, int), model_loaded(ModelInfo)
        model_failed(str, Exception): the old model, if any, stays.
    """

    frame_loaded = Signal(object)
    refined = Signal(object, float)
    inspected = Signal(object)
    failed = Signal(str)
    busy_changed = Signal(bool)
    inspecting_changed = Signal(bool)
    methods_known = Signal(object)
    model_loading = Signal(str)
    model_progress = Signal(object, object)  # object: bytes outgrow Qt's 32-bit int
    model_loaded = Signal(object)
    model_failed = Signal(str, object)

    def __init__(
        self,
        services: Services | None = None,
        device: str = AUTO,
        runtime: str = AUTO,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services = services or Services()
        self._device = device
        self._runtime = runtime
        self._request: Request = Request()
        self._answered: Request = Request()
        self._partial: Inspection | None = None
        self._frame: Frame | None = None
        self._inspection: Inspection | None = None
        self._model: ModelInfo | None = None
        self._pictures = Lane("pictures", self)
        self._models = Lane("models", self)
        self._inspections = Lane("inspections", self)
        self._methods = Lane("methods", self)
        self._boxes = BoxFinder(self)
        self._busy = False
        self._held = False
        self._live = False
        self._news = Throttle(_TELLING_MS, self)
        self._connect()

    def _connect(self) -> None:
        self._news.due.connect(lambda: self.inspected.emit(self._inspection))
        self._pictures.done.connect(self._set_frame)
        self._pictures.failed.connect(self._on_failed)
        self._inspections.told.connect(self._on_refined)
        self._inspections.done.connect(self._on_inspected)
        self._inspections.failed.connect(self.fail)
        self._models.done.connect(self._on_model)
        self._models.failed.connect(self._on_model_failed)
        self._boxes.refined.connect(self._on_boxes)
        self._models.progress.connect(self.model_progress)
        self._methods.done.connect(self.methods_known)
        self._methods.failed.connect(self._on_failed)
        self._pictures.busy_changed.connect(self._on_busy)
        self._inspections.busy_changed.connect(self._on_busy)
        self._inspections.busy_changed.connect(self.inspecting_changed)

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
    def partial(self) -> Inspection | None:
        """What is known of the newest request's result, while it gets finer; else None."""
        return self._partial

    @property
    def model(self) -> ModelInfo | None:
        """The network in use."""
        return self._model

    @property
    def runtime(self) -> str:
        """What was chosen to compute with: ``auto``, ``eager``, ``onnx`` or ``cuda-graph``."""
        return self._runtime

    def use_runtime(self, runtime: str) -> None:
        """Compute with something else; the network in use is opened again, with its request."""
        if runtime == self._runtime:
            return
        self._runtime = runtime
        if self._model is not None and not self._models.busy:
            classifier = self._model.classifier
            self._models.submit(lambda _: self._opened(classifier))

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
        return self._opened(classifier)

    def _opened(self, classifier: Classifier) -> ModelInfo:
        inspector = self._services.make_inspector(classifier, self._device, self._runtime)
        return ModelInfo(inspector, inspector.methods())

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
        self._news.forget()
        self._frame = None
        self._partial = self._inspection = None

    def set_request(self, request: Request) -> None:
        """Ask something else of the current picture."""
        old, self._request = self._request, request
        if old.layer != request.layer:
            self._find_methods()
        if replace(old, rule=request.rule) != request:
            self._inspect()
        elif old.rule != request.rule and self._partial is None:
            self._show_boxes()

    def cancel_inspection(self) -> None:
        """Leave what is being inspected; returns at once.

        Half of an answer is none: the picture's last whole one and its request stand again. Without
        any, the automatic method is asked; if that was cancelled, nothing is.
        """
        if not self._inspections.busy:
            return
        self._inspections.cancel()
        self._partial = None
        rule = self._request.rule
        simple = replace(self._request, method=AUTO, sharper=Sharper())
        if self._inspection is not None:
            old, self._request = self._request, replace(self._answered, rule=rule)
            if old.layer != self._request.layer:
                self._find_methods()
            self._publish(self._inspection)
        elif simple != self._request:
            self.set_request(simple)

    def retry(self) -> None:
        """Inspect the current picture again."""
        self._inspect()

    def hold(self, *, held: bool) -> None:
        """While held nothing is inspected; afterwards whatever was not answered is."""
        self._held = held
        if held:
            self._inspections.cancel()
            self._partial = None
        else:
            self._catch_up()

    def set_live(self, *, live: bool) -> None:
        """While live inspections come by `adopt`; afterwards the last one is an ordinary picture.

        What was not answered until then is, and boxes are found by the rule that holds.
        """
        if live == self._live:
            return
        self._live = live
        if live:
            self._pictures.cancel()
            self._inspections.cancel()
            self._boxes.forget()
            self._partial = None
        else:
            self._news.forget()
            self._show_boxes()
            self._catch_up()

    @property
    def live(self) -> bool:
        """Whether inspections come by `adopt`, one after the other."""
        return self._live

    def interrupt(self) -> None:
        """Leave what is being inspected: another picture is about to be adopted."""
        self._inspections.cancel()

    def adopt(self, inspection: Inspection, request: Request) -> None:
        """Take the newest of many inspections, as the answer to a request.

        Unless live it is a picture like any other, and `inspected` follows at once.
        """
        self.adopt_frame(inspection.frame)
        self._inspection, self._answered = inspection, request
        if self._live:
            self._news.note()
            return
        self._inspections.cancel()
        self._show_boxes()
        self._catch_up()

    def adopt_frame(self, frame: Frame) -> None:
        """Take the newest of many pictures that is not explained; those before are forgotten."""
        old, self._frame = self._frame, frame
        self._partial = self._inspection = None
        self._news.drop()
        if old is None or old.size != frame.size:
            self.frame_loaded.emit(frame)

    def shutdown(self, *others: Lane) -> bool:
        """End all threads, and those of other lanes, within two seconds; whether all of them did.

        See `worker.join`.
        """
        own = self._pictures, self._models, self._inspections, self._methods, self._boxes.lane
        self._boxes.forget()
        self._news.forget()
        ended = join((*own, *others))
        if self._model is not None:
            self._model.inspector.close()
        return ended

    def _set_frame(self, frame: Frame) -> None:
        self._frame = frame
        self._partial = self._inspection = None
        self.frame_loaded.emit(frame)
        self._inspect()

    def _inspect(self) -> None:
        if self._frame is None or self._model is None or self._held or self._live:
            return
        frame, request, model = self._frame, self._request, self._model
        self._partial = None

        def job(ticket: Ticket) -> Inspection:
            def watch(partial: Inspection, done: float) -> None:
                if ticket.cancelled():
                    raise CancelledError("The inspection was cancelled.")
                ticket.tell((partial, done))

            return model.inspect(frame, request, ticket.cancelled, watch)

        self._inspections.submit(job)

    def _catch_up(self) -> None:
        """Inspect what was not, unless it was answered by the very request."""
        same = replace(self._answered, rule=self._request.rule) == self._request
        if self._inspection is None or not same:
            self._inspect()

    def _show_boxes(self) -> None:
        if self._inspection is not None and not self._live:
            self._publish(self._inspection)

    def _find_methods(self) -> None:
        if self._model is None:
            return
        model, layer = self._model, self._request.layer
        if layer is None:
            self._methods.cancel()
            self.methods_known.emit(model.obstacles)
            return
        self._methods.submit(lambda ticket: model.methods(layer, ticket.cancelled))

    def _on_refined(self, told: tuple[Inspection, float]) -> None:
        self._partial, done = told
        self.refined.emit(self._partial, done)

    def _on_inspected(self, inspection: Inspection) -> None:
        self._partial = None
        self._answered = self._request
        self._publish(inspection)

    def _publish(self, inspection: Inspection) -> None:
        self._inspection = self._boxes.find(inspection, self._request.rule)
        self.inspected.emit(self._inspection)

    def _on_boxes(self, inspection: Inspection) -> None:
        shown = self._inspection
        if shown is not None and shown.frame is inspection.frame and self._partial is None:
            self._inspection = inspection
            self.inspected.emit(inspection)

    def _on_model(self, model: ModelInfo) -> None:
        old, self._model = self._model, model
        if old is None or old.classifier is not model.classifier:
            self._request = carried_over(self._request, old, model)
        self._news.drop()
        # the old network's map must not stand under the new one's name
        self._partial = self._inspection = None
        self.model_loaded.emit(model)
        self._find_methods()
        self._inspect()

    def fail(self, error: BaseException) -> None:
        """Say that the newest picture could not be explained, whoever tried."""
        # the answer to an older question must not stand for the one that has none
        self._partial = self._inspection = None
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
