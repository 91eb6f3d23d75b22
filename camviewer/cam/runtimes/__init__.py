"""What computes the trunk: whatever is fastest and agrees with eager torch.

The trunk (everything below the target layer) is never differentiated, so it may run outside of
autograd, and outside of torch.
"""

from __future__ import annotations

from enum import StrEnum

from camviewer.errors import CamviewerError


class Choice(StrEnum):
    """What is asked for, as given to ``--runtime``."""

    AUTO = "auto"
    EAGER = "eager"
    ONNX = "onnx"
    CUDA_GRAPH = "cuda-graph"


def choose(wanted: str) -> Choice:
    """The choice of this name.

    Raises:
        CamviewerError: if there is none.
    """
    try:
        return Choice(wanted)
    except ValueError as error:
        raise CamviewerError(
            f"No runtime {wanted!r}. Choose {', '.join(list(Choice)[:-1])} or {Choice.CUDA_GRAPH}."
        ) from error
