"""What is being looked at, and how: the one place the panels talk to."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal, Slot

from camviewer.errors import MethodError
from camviewer.gui.carrying import within_reach
from camviewer.gui.engine import Engine
from camviewer.gui.model_info import ModelInfo
from camviewer.inspector import Request, Sharper
from camviewer.render import View
from camviewer.types import Ask, BoxRule, Fit, Frame, Inspection, Question


class Session(QObject):
    """The engine's picture and inspection, the view on them and the question asked of the network.

    Changing the view or the box rule never infers; changing the question does.
    """

    frame_changed = Signal(object)  # Frame | None: what the canvas shows, before it is explained
    inspection_changed = Signal(object)  # Inspection | None
    refined = Signal(object, float)  # Inspection as far as it is known, share of the work done
    methods_changed = Signal(object)  # Mapping[str, str]: why a method cannot serve, by name
    view_changed = Signal(object)  # View
    rule_changed = Signal(object)  # BoxRule
    request_changed = Signal(object)  # Request
    model_changed = Signal(object)  # ModelInfo
    fell_back = Signal(str)  # the network had to move to another device, and why

    def __init__(
        self,
        engine: Engine,
        view: View,
        rule: BoxRule,
        parent: QObject | None = None,
        *,
        own_threshold: bool = False,
    ) -> None:
        """Look at what the engine does.

        Args:
            engine: does the work.
            view: how it is shown.
            rule: how boxes are derived.
            parent: the window.
            own_threshold: the rule's threshold is a person's choice, which no network changes.
        """
        super().__init__(parent)
        self.own_threshold = own_threshold
        self._engine = engine
        self._view = view
        self._device = ""
        engine.set_request(replace(engine.request, rule=rule))
        engine.frame_loaded.connect(self._show_frame)
        engine.inspected.connect(self._show_inspection)
        engine.refined.connect(self.refined)
        engine.methods_known.connect(self.methods_changed)
        engine.failed.connect(self._tell_loss)
        engine.model_loaded.connect(self._use_model)

    @property
    def frame(self) -> Frame | None:
        """The picture on the canvas."""
        return self._engine.frame

    @property
    def inspection(self) -> Inspection | None:
        """The frame on the canvas, explained; None while that is not done."""
        return self._engine.inspection

    @property
    def partial(self) -> Inspection | None:
        """What is known of an answer that takes long; None when nothing is getting finer."""
        return self._engine.partial

    @property
    def runtime(self) -> str:
        """What was chosen to compute with."""
        return self._engine.runtime

    @property
    def model(self) -> ModelInfo | None:
        return self._engine.model

    @property
    def view(self) -> View:
        return self._view

    @view.setter
    def view(self, view: View) -> None:
        if view != self._view:
            self._view = view
            self.view_changed.emit(view)

    @property
    def rule(self) -> BoxRule:
        return self._engine.request.rule

    @rule.setter
    def rule(self, rule: BoxRule) -> None:
        if rule.threshold != self.rule.threshold:
            # who goes back to the network's own follows the next network's, too
            self.own_threshold = rule.threshold != self.usual_threshold
        self._use_rule(rule)

    @property
    def usual_threshold(self) -> float:
        """Where boxes are cut, by network and kind of map, unless the person says otherwise."""
        if self.model is None:
            return BoxRule.threshold
        return self.model.inspector.usual_threshold(self.request.sharper)

    def _use_rule(self, rule: BoxRule) -> None:
        if rule != self.rule:
            self._engine.set_request(replace(self._engine.request, rule=rule))
            self.rule_changed.emit(rule)

    @property
    def request(self) -> Request:
        """The question asked of the network."""
        return self._engine.request

    @property
    def targets(self) -> tuple[int, ...] | None:
        """The chosen classes; None follows what the network finds."""
        return self._engine.request.targets

    def choose(self, targets: tuple[int, ...] | None) -> None:
        """Explain these classes; None or none follows what the network finds.

        Likeness asks about no class, so that choosing one asks what speaks for it.
        """
        request = replace(self._engine.request, targets=targets or None)
        if request.question.ask is Ask.LIKE:
            request = replace(request, question=Question())
        self._ask(request)

    def ask(self, question: Question) -> None:
        """Ask something else about the chosen classes."""
        self._ask(replace(self._engine.request, question=question))

    def set_sharper(self, sharper: Sharper) -> None:
        self._ask(replace(self._engine.request, sharper=sharper))

    def leave(self) -> None:
        """Give up what is being inspected; see `Engine.cancel_inspection`."""
        before = self._engine.request
        self._engine.cancel_inspection()
        if self._engine.request != before:
            self.request_changed.emit(self._engine.request)
        if self.inspection is None:
            self.inspection_changed.emit(None)

    def resume(self, request: Request) -> None:
        """Ask a request that was given up once more."""
        if request == self._engine.request:
            self._engine.retry()
        else:
            self._ask(replace(request, rule=self.rule))

    @property
    def asks_specially(self) -> bool:
        """Whether the question differs from what the network is asked by itself."""
        return self._engine.request != self._simple

    def ask_simply(self) -> None:
        """Go back to the automatic method, layer and input size; then to what speaks for a class.

        One after the other: a question may be answered once the method is the automatic one.
        """
        request, simple = self._engine.request, self._simple
        asked = replace(simple, question=request.question)
        self._ask(asked if asked != request else simple)

    def set_method(self, name: str) -> None:
        self._ask(replace(self._engine.request, method=name))

    @property
    def sharpest(self) -> Sharper:
        """The ways to a sharper map that localised best, as far as the network can."""
        return self._sharpest_at(self.request.layer)

    def set_layer(self, name: str | None) -> None:
        request = self._engine.request
        sharper = within_reach(request.sharper, self._sharpest_at(name))
        self._ask(replace(request, layer=name, sharper=sharper))

    def set_fit(self, fit: Fit) -> None:
        self._ask(replace(self._engine.request, fit=fit))

    def set_input_size(self, size: int | None) -> None:
        self._ask(replace(self._engine.request, input_size=size))

    def clear(self) -> None:
        """Show no picture."""
        self._engine.close_picture()
        self.frame_changed.emit(None)
        self.inspection_changed.emit(None)

    def _sharpest_at(self, layer: str | None) -> Sharper:
        if self.model is None:
            return Sharper()
        try:
            return self.model.inspector.sharpest(layer)
        except MethodError:  # the answer to the request tells that there is no such layer
            return Sharper()

    @property
    def _simple(self) -> Request:
        request = self._engine.request
        return Request(targets=request.targets, top=request.top, fit=request.fit, rule=request.rule)

    def _ask(self, request: Request) -> None:
        before = self._engine.request
        if request == before:
            return
        if self.model is not None and not self.own_threshold:
            usual = self.model.inspector.usual_threshold(request.sharper)
            request = replace(request, rule=replace(request.rule, threshold=usual))
        self._engine.set_request(request)
        self.request_changed.emit(self._engine.request)
        if request.rule != before.rule:
            self.rule_changed.emit(request.rule)

    @Slot(object)
    def _show_frame(self, frame: Frame) -> None:
        self.frame_changed.emit(frame)
        self.inspection_changed.emit(None)

    @Slot(object)
    def _show_inspection(self, inspection: Inspection) -> None:
        if inspection.origin.device != self._device:
            self._device = inspection.origin.device
            self.fell_back.emit(inspection.origin.note)
        self.inspection_changed.emit(inspection)

    @Slot(str)
    def _tell_loss(self) -> None:
        if self.inspection is None:
            self.inspection_changed.emit(None)

    @Slot(object)
    def _use_model(self, info: ModelInfo) -> None:
        self._device = info.device
        self._tell_loss()
        if not self.own_threshold:
            self._use_rule(replace(self.rule, threshold=self.usual_threshold))
        self.request_changed.emit(self._engine.request)
        self.model_changed.emit(info)
