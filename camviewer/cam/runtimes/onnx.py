"""ONNX Runtime on the CPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from camviewer.types import Size

_TOLERANCE = 1e-3


class OnnxRunner:
    """A trunk in ONNX Runtime; reads torch's memory and writes to it, nothing is copied."""

    name = "onnx"
    tolerance = _TOLERANCE

    def __init__(self, model: bytes) -> None:
        """Load a model.

        Args:
            model: a serialised ONNX model with one input ``(1, 3, height, width)``.

        Raises:
            Exception: whatever ONNX Runtime raises at a model that it cannot load.
        """
        import onnxruntime  # takes long to import, and few processes need it

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3  # errors; warnings tell how graphs are rewritten
        options.intra_op_num_threads = torch.get_num_threads()
        # ONNX Runtime's threads wait busily for one another, which pays within a run and starves
        # torch's threads after it
        options.add_session_config_entry("session.force_spinning_stop", "1")
        self._session: Any = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )
        self._input = self._session.get_inputs()[0].name
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._shapes: dict[Size, list[tuple[int, ...]]] = {}

    def __call__(self, picture: Tensor) -> list[Tensor]:
        """From float32 ``(1, 3, height, width)`` on the CPU to the trunk's tensors."""
        picture = picture.contiguous()
        size = (picture.shape[2], picture.shape[3])
        shapes = self._shapes.get(size)
        if shapes is None:
            arrays = self._session.run(self._outputs, {self._input: picture.numpy()})
            if all(array.dtype == np.float32 for array in arrays):
                self._shapes[size] = [array.shape for array in arrays]
            return [torch.from_numpy(array) for array in arrays]
        binding = self._session.io_binding()
        bound = (np.float32, tuple(picture.shape), picture.data_ptr())
        binding.bind_input(self._input, "cpu", 0, *bound)
        results = [torch.empty(shape) for shape in shapes]
        for name, result in zip(self._outputs, results, strict=True):
            binding.bind_output(name, "cpu", 0, np.float32, tuple(result.shape), result.data_ptr())
        self._session.run_with_iobinding(binding)
        return results
