"""What computes the trunk: whatever is fastest and agrees with eager torch.

The trunk (everything below the target layer) is never differentiated, so it may run outside of
autograd and outside of torch. A runner is compared with eager torch at every input size before it
is used at that size (`checked`); whoever disagrees or fails is not used.

- eager: torch itself; always there, and what the others are measured by.
- onnx (`onnx`): ONNX Runtime on the CPU, from an export that a process of its own makes once
  (`export`, `exporting`) and that is kept under the weights' hash (`store`).
- cuda-graph (`cuda_graph`): half precision, channels last, one captured CUDA graph for each size.
"""

from __future__ import annotations

import os
from enum import StrEnum

from camviewer.errors import CamviewerError

EXPORTING = "--export-trunk"
"""How the command line is told to be the exporting process, with a folder."""

WAITING = "camviewer.waiting"
"""Name of the logger that is told what is being waited for, in words for people."""

VARIABLE = "CAMVIEWER_RUNTIME"
"""Environment variable: what ``auto`` stands for."""


class Choice(StrEnum):
    """What is asked for, as given to ``--runtime``."""

    AUTO = "auto"
    EAGER = "eager"
    ONNX = "onnx"
    CUDA_GRAPH = "cuda-graph"


def choose(wanted: str) -> Choice:
    """The choice of this name; for ``auto`` the one that the environment names, if it does.

    Raises:
        CamviewerError: if there is none.
    """
    name = os.environ.get(VARIABLE) or wanted if wanted == Choice.AUTO else wanted
    try:
        return Choice(name)
    except ValueError as error:
        raise CamviewerError(
            f"No runtime {name!r}. Choose {', '.join(list(Choice)[:-1])} or {Choice.CUDA_GRAPH}."
        ) from error
