"""ONNX Runtime on the CPU."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from camviewer.types import Size

_LOG = logging.getLogger(__name__)

HEIGHT, WIDTH = "height", "width"
"""Names of the dimensions that an export leaves open."""

_TOLERANCE = 1e-3
_OFTEN = 8  # runs of one size in a row, after which it gets a session of its own
_LARGEST = 1 << 27  # bytes of a model that is held twice for that


def _no_model() -> None:
    return None


class OnnxRunner:
    """A trunk in ONNX Runtime; reads torch's memory and writes to it, nothing is copied."""

    name = "onnx"
    tolerance = _TOLERANCE

    def __init__(self, model: bytes, again: Callable[[], bytes | None] = _no_model) -> None:
        """Load a model.

        Args:
            model: a serialised ONNX model with one input ``(1, 3, height, width)``.
            again: reads the model once more; None where it is gone.

        Raises:
            Exception: whatever ONNX Runtime raises at a model that it cannot load.
        """
        self._session = _session(model)
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._shapes: dict[Size, list[tuple[int, ...]]] = {}
        self._again = again if len(model) <= _LARGEST else _no_model
        self._last: Size = (0, 0)
        self._repeats = 0
        self._fixed: Any = None

    def __call__(self, picture: Tensor) -> list[Tensor]:
        """From float32 ``(1, 3, height, width)`` on the CPU to the trunk's tensors."""
        picture = picture.contiguous()
        size = (picture.shape[2], picture.shape[3])
        if size != self._last:
            self._last, self._repeats, self._fixed = size, 0, None
        self._repeats += 1
        if self._repeats == _OFTEN:
            self._fixed = self._session_for(picture)
        return self._run(self._fixed or self._session, picture)

    def _run(self, session: Any, picture: Tensor) -> list[Tensor]:
        size = (picture.shape[2], picture.shape[3])
        shapes = self._shapes.get(size)
        if shapes is None:
            arrays = session.run(self._outputs, {self._input: picture.numpy()})
            if all(array.dtype == np.float32 for array in arrays):
                self._shapes[size] = [array.shape for array in arrays]
            return [torch.from_numpy(array) for array in arrays]
        binding = session.io_binding()
        bound = (np.float32, tuple(picture.shape), picture.data_ptr())
        binding.bind_input(self._input, "cpu", 0, *bound)
        results = [torch.empty(shape) for shape in shapes]
        for name, result in zip(self._outputs, results, strict=True):
            binding.bind_output(name, "cpu", 0, np.float32, tuple(result.shape), result.data_ptr())
        session.run_with_iobinding(binding)
        return results

    def _session_for(self, picture: Tensor) -> Any:
        """A session that knows the size; None unless its numbers are the same to the last bit.

        It adds what a block skipped in place instead of copying it first: a twentieth of
        ResNet-50's time. The same bits, for a result must not depend on what was asked before.
        """
        model = self._again()
        if model is None:
            return None
        size = (picture.shape[2], picture.shape[3])
        try:
            session = _session(model, size)
            found, expected = self._run(session, picture), self._run(self._session, picture)
        except Exception as error:  # ONNX Runtime raises its own kinds
            _LOG.info("no session for %s x %s: %s", *size, error)
            return None
        same = all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
        return session if same else None


def _session(model: bytes, size: Size | None = None) -> Any:
    import onnxruntime  # takes long to import, and few processes need it

    options = onnxruntime.SessionOptions()
    # an arena of its own for each session would keep what the largest picture took
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3  # errors; warnings tell how graphs are rewritten
    options.intra_op_num_threads = torch.get_num_threads()
    # ONNX Runtime's threads wait busily for one another, which pays within a run and starves
    # torch's threads after it
    options.add_session_config_entry("session.force_spinning_stop", "1")
    for name, pixels in zip((HEIGHT, WIDTH), size or (), strict=False):
        options.add_free_dimension_override_by_name(name, pixels)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
