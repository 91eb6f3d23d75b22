"""The process that exports a trunk to ONNX; `export` starts it.

A process of its own, because an export takes 10 to 40 seconds of Python that nothing can interrupt:
in a thread it would make the window stutter and keep the program from closing.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from camviewer.cam.runtimes import graph
from camviewer.cam.runtimes.export import MODEL, REASON, TRUNK, Shape
from camviewer.types import Size

_OTHER = 32  # pixels; added to the height, so that nothing is taken for square


class _Tensors(nn.Module):
    """A trunk that returns its tensors, activation first, and nothing else."""

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, picture: Tensor) -> tuple[Tensor, ...]:
        activation, carried = self.trunk(picture)
        return (activation, *(value for value in carried if isinstance(value, Tensor)))


def run(folder: Path) -> int:
    """Be the exporting process: `export_folder`, until the parent ends.

    Returns:
        The exit status: 0 when there is a model or a reason.
    """
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    warnings.simplefilter("ignore")
    export_folder(folder)
    return 0


def export_folder(folder: Path) -> None:
    """Export the trunk that `export` left in a folder, and leave the model there.

    Where there is no model, because the trunk cannot be exported, the reason is left instead.
    """
    # our parent wrote it a moment ago, into a folder that only this user can write to
    trunk, size, in_background, shape = torch.load(folder / TRUNK, weights_only=False)
    if in_background:
        _give_way()
    try:
        model = export_model(trunk, size, shape)
    except Exception as error:  # the exporter runs into all kinds of trouble, each its own
        lines = str(error).splitlines() or [""]
        (folder / REASON).write_text(f"{type(error).__name__}: {lines[0]}", "utf-8")
    else:
        (folder / MODEL).write_bytes(model)


def export_model(trunk: nn.Module, size: Size, shape: Shape | None = None) -> bytes:
    """A trunk as a serialised ONNX model, for pictures of any size where the trunk allows that.

    Args:
        trunk: from a picture to the activation and what the head needs besides.
        size: ``(height, width)`` that it takes.
        shape: what is left open; None for the size alone.

    Raises:
        Exception: whatever torch's exporter raises.
    """
    module = _Tensors(trunk).eval()
    shape = shape or Shape()
    dimension = torch.export.Dim.AUTO
    free = ({0} if shape.batches else set()) | ({2, 3} if shape.sizes else set())
    picture = _picture(module, size) if shape.sizes else torch.zeros(1, 3, *size)
    pictures = picture.repeat(2, 1, 1, 1) if shape.batches else picture
    with torch.no_grad():
        program = torch.export.export(
            module,
            (pictures,),
            dynamic_shapes=(dict.fromkeys(free, dimension),),
        )
    exported: Any = torch.onnx.export(program, (), dynamo=True, verbose=False)
    model = exported.model_proto
    graph.prepare(model)
    content: bytes = model.SerializeToString()
    return content


def _picture(module: nn.Module, size: Size) -> Tensor:
    """A picture that is not square, if the trunk takes one."""
    height, width = size
    oblong = torch.zeros(1, 3, height + _OTHER, width)
    try:
        module(oblong)
    except (RuntimeError, AssertionError):
        return torch.zeros(1, 3, height, width)
    return oblong


def _give_way() -> None:
    """Whatever else the machine does comes first."""
    torch.set_num_threads(1)
    if sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        kernel = ctypes.windll.kernel32
        kernel.SetPriorityClass(kernel.GetCurrentProcess(), below_normal)
    else:
        os.nice(10)


def _end_with_the_parent() -> None:
    """Wait for the end of standard input, which comes when the parent ends, in whatever way."""
    try:
        while os.read(0, 1):
            pass
    except OSError:
        return  # started without standard input: nobody to end with
    os._exit(1)
