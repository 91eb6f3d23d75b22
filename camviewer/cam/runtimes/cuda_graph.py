"""Half precision on CUDA, replayed as captured graphs."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor, fx
from torch.backends import cudnn
from torch.fx.experimental.optimization import fuse

from camviewer.types import Size

_TOLERANCE = 1e-2
_GRAPHS = 4  # each holds the memory of one forward pass
_WARM_UP = 3  # passes, in which libraries choose their kernels and take their memory


@dataclass(frozen=True, eq=False)
class _Captured:
    """One recorded pass: reads `picture`, writes `tensors`, always the same memory."""

    graph: torch.cuda.CUDAGraph
    picture: Tensor
    tensors: list[Tensor]


class CudaGraphRunner:
    """A trunk in half precision and channels last; one captured graph for each input size."""

    name = "cuda graph"
    tolerance = _TOLERANCE

    def __init__(self, trunk: fx.GraphModule) -> None:
        """Copy the trunk.

        Args:
            trunk: in evaluation mode, on a CUDA device; stays as it is.

        Raises:
            RuntimeError: if the device's memory does not suffice.
        """
        # normalisation is folded into the convolutions in full precision: faster and nearer
        folded = fuse(trunk, no_trace=True)
        self._trunk = folded.half().to(memory_format=torch.channels_last)
        self._captured: OrderedDict[Size, _Captured] = OrderedDict()

    def __call__(self, picture: Tensor) -> list[Tensor]:
        """From float32 ``(1, 3, height, width)`` on the trunk's device to its tensors, float32.

        Raises:
            RuntimeError: if the trunk cannot be captured, or memory does not suffice.
        """
        size = (picture.shape[2], picture.shape[3])
        with torch.cuda.device(picture.device), torch.no_grad():
            if size not in self._captured:
                while len(self._captured) >= _GRAPHS:
                    self._captured.popitem(last=False)
                self._captured[size] = self._capture(picture)
            self._captured.move_to_end(size)
            captured = self._captured[size]
            captured.picture.copy_(picture)
            captured.graph.replay()
            # copies: the next replay writes over what this one wrote
            return [_own(tensor) for tensor in captured.tensors]

    def _capture(self, picture: Tensor) -> _Captured:
        static = picture.to(torch.half, memory_format=torch.channels_last, copy=True)
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        here = torch.cuda.current_stream()
        aside.wait_stream(here)
        graph = torch.cuda.CUDAGraph()
        with cudnn.flags(enabled=True, benchmark=True, deterministic=False, allow_tf32=True):
            with torch.cuda.stream(aside):
                for _ in range(_WARM_UP):
                    self._trunk(static)
            here.wait_stream(aside)
            # other threads may use the device meanwhile
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                activation, carried = self._trunk(static)
        tensors = [value for value in (activation, *carried) if isinstance(value, Tensor)]
        return _Captured(graph, static, tensors)


def _own(tensor: Tensor) -> Tensor:
    """A copy in full precision, in torch's usual order of memory."""
    dtype = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.to(dtype, memory_format=torch.contiguous_format, copy=True)
