"""A network that is ready, for all threads that ask it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from camviewer.cam.split import Layer
from camviewer.errors import CancelledError
from camviewer.gui.interrupt import interruptible
from camviewer.inspector import Inspector, Request, Watch
from camviewer.models.classifier import Classifier
from camviewer.types import Frame, Inspection

_TURN_POLL = 0.02  # seconds


@dataclass(frozen=True, eq=False)
class ModelInfo:
    """A network that is ready to inspect, and what the panels show of it.

    Attributes:
        inspector: opened on the network.
        obstacles: why a method cannot serve at the automatic layer, by its name; empty when it can.
    """

    inspector: Inspector
    obstacles: Mapping[str, str] = field(default_factory=dict)
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

    def methods(self, layer: str, cancelled: Callable[[], bool]) -> Mapping[str, str]:
        """Why a method cannot serve at a layer, by its name, on the caller's thread.

        Raises:
            CancelledError: if cancelled while waiting or between two layers.
            MethodError: if there is no such layer.
        """
        with self.turn(cancelled) as inspector, interruptible(cancelled):
            return inspector.methods(layer)

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
    def runtime(self) -> str:
        """What computes now, such as ``eager`` or ``onnx``."""
        return self.inspector.runtime

    @property
    def runtime_note(self) -> str:
        return self.inspector.runtime_note

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.inspector.layers

    @property
    def input_sizes(self) -> tuple[int, int, int] | None:
        return self.inspector.input_sizes
