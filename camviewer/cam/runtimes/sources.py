"""Where runners come from: an export that is there, one that is being made, a CUDA graph."""

from __future__ import annotations

import logging
import threading
from enum import Enum, auto
from typing import Protocol

import torch
from torch import Tensor, fx

from camviewer.cam.runtimes import WAITING, store
from camviewer.cam.runtimes.checked import Checked, first_line
from camviewer.cam.runtimes.cuda_graph import CudaGraphRunner
from camviewer.cam.runtimes.export import export
from camviewer.cam.runtimes.onnx import OnnxRunner
from camviewer.cam.runtimes.workers import Workers
from camviewer.errors import ModelError
from camviewer.types import Size

_LOG = logging.getLogger(__name__)
_WAITING = logging.getLogger(WAITING)


class Source(Protocol):
    """Where a trunk's runner comes from."""

    @property
    def found(self) -> Checked | None:
        """The runner, if there is one by now."""
        ...

    @property
    def note(self) -> str:
        """Why there is none, where the user should know; else empty."""
        ...

    def ask(self, picture: Tensor, /) -> None:
        """See to it that there is one, for pictures like this.

        Raises:
            ModelError: if there must be one and cannot.
        """
        ...


class NoRunner:
    """Eager torch and nothing else."""

    found = None
    note = ""

    def ask(self, picture: Tensor) -> None:
        """Nothing to see to."""


EXPORTING = "The network is being exported for ONNX Runtime, which then takes over."


class Effort(Enum):
    """How far to go for an export."""

    KEPT = auto()  # take one that is there
    BACKGROUND = auto()  # have one made meanwhile
    WAIT = auto()  # wait until it is made


class OnnxSource:
    """An export of a trunk, kept on disk."""

    def __init__(
        self,
        trunk: fx.GraphModule,
        weights_sha256: str,
        effort: Effort,
        workers: Workers,
        patience: int = 0,
    ) -> None:
        """Look for nothing yet.

        Args:
            trunk: on the CPU.
            weights_sha256: of the network's weights; empty to hash the trunk's.
            effort: how far to go.
            workers: where exports in the background run.
            patience: runs of the trunk before one is started in the background: what is looked at
                once is not worth it.
        """
        self.found: Checked | None = None
        self.note = ""
        self._trunk = trunk
        self._weights_sha256 = weights_sha256
        self._effort = effort
        self._workers = workers
        self._patience = patience
        self._key = ""

    def ask(self, picture: Tensor) -> None:
        """Take the export that is there; else have it made, if that is wanted.

        Raises:
            ModelError: if an export is waited for and cannot be made.
            CancelledError: if it is waited for and everything is closed.
        """
        if self.found is not None:
            return
        if not self._key:
            if self._effort is Effort.KEPT and not self._weights_sha256 and store.is_empty():
                return
            self._key = store.key_of(self._trunk, self._weights_sha256)
            self.found = self._load()
        if self.found is not None or self._effort is Effort.KEPT:
            return
        size = (picture.shape[2], picture.shape[3])
        if self._effort is Effort.WAIT:
            _WAITING.info("exporting the network to ONNX, once; that takes up to a minute")
            self._make(size, self._workers.stop, in_background=False)
        elif self._patience > 0:
            self._patience -= 1
        else:
            self._effort = Effort.KEPT  # once
            self.note = EXPORTING
            self._workers.start(lambda stop: self._make_quietly(size, stop))

    def _make(self, size: Size, stop: threading.Event, *, in_background: bool) -> None:
        export(self._trunk, size, self._key, stop, in_background=in_background)
        found = self._load()
        if found is None:
            raise ModelError("ONNX Runtime cannot load the network's export.")
        found.fault(torch.zeros(1, 3, *size))  # now, so that the next picture need not wait for it
        self.found = found

    def _make_quietly(self, size: Size, stop: threading.Event) -> None:
        try:
            self._make(size, stop, in_background=True)
        except ModelError as error:
            _LOG.warning("%s", error)
            self.note = f"{error} It runs in PyTorch."
        else:
            self.note = ""

    def _load(self) -> Checked | None:
        model = store.load(self._key)
        if model is None:
            return None
        try:
            return Checked(OnnxRunner(model, lambda: store.load(self._key)), self._trunk)
        except Exception as error:  # ONNX Runtime raises its own kinds
            _LOG.warning("ONNX Runtime cannot load an export: %s", first_line(error))
            return None


class CudaGraphSource:
    """CUDA graphs of a trunk."""

    def __init__(self, trunk: fx.GraphModule) -> None:
        self.found: Checked | None = None
        self.note = ""
        self._trunk: fx.GraphModule | None = trunk

    def ask(self, _picture: Tensor, /) -> None:
        """Make the half-precision copy, once."""
        if self._trunk is None:
            return
        trunk, self._trunk = self._trunk, None
        try:
            self.found = Checked(CudaGraphRunner(trunk), trunk)
        except Exception as error:  # memory, or a network that cannot be copied
            _LOG.warning("no CUDA graphs: %s", error)
            self.note = f"CUDA graphs are not used: {first_line(error)}."
