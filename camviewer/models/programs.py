"""Networks that come as programs: opened only after the user agreed to run them."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from camviewer.errors import ModelError
from camviewer.models.classifier import as_logits
from camviewer.models.preprocess import Preprocessing
from camviewer.models.weightfile import Format, consent_required, quiet

_WRAPPERS = ("module", "_orig_mod")  # of DataParallel and torch.compile


@dataclass(frozen=True, eq=False)
class Program:
    """A network that brings its own code.

    Attributes:
        network: on the CPU.
        input_size: side of the only square input it takes; None when it takes several.
    """

    network: nn.Module
    input_size: int | None = None


def load(path: Path, form: Format, *, consent: bool) -> Program:
    """Open a TorchScript program or an exported one (.pt2).

    Args:
        path: the file.
        form: what `weightfile.detect` said.
        consent: the user agreed to run it.

    Raises:
        ConsentRequiredError: without consent; nothing of the file was run.
        ModelError: if it cannot be opened by the installed PyTorch.
    """
    if not consent:
        raise consent_required(path, form.value)
    opener: Callable[[Path], Program] = _scripted if form is Format.TORCHSCRIPT else _exported
    try:
        with _no_complaints():
            return opener(path)
    except ModelError:
        raise
    # Loaders of programs raise whatever the program or its damage leads to.
    except Exception as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelError(
            f"{path.name} cannot be opened with PyTorch {torch.__version__}: {reason}. Save it "
            "again with this version, or save the bare weights."
        ) from error


def unwrapped(network: nn.Module) -> nn.Module:
    """The network inside DataParallel and compiled wrappers."""
    for name in _WRAPPERS:
        inner = getattr(network, name, None)
        if isinstance(inner, nn.Module) and len(list(network.children())) == 1:
            return unwrapped(inner)
    return network


def count_classes(network: nn.Module, preprocessing: Preprocessing, file: str) -> int:
    """Run a network once on an empty picture or clip and count its logits.

    The network is put into evaluation mode and single precision.

    Raises:
        ModelError: if it fails or returns no class scores.
    """
    side = preprocessing.input_size
    network.eval()
    network.float()
    try:
        with torch.no_grad():
            output: Tensor = network(torch.zeros(1, *preprocessing.shape))
    # It is someone's program and may fail in any way.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[-1][:200]
        raise ModelError(
            f"The network in {file} fails on a picture of {side} x {side}: {reason}. It must take "
            f"one normalised RGB picture {preprocessing.axes}; perhaps it needs another input size."
        ) from error
    return as_logits(output).shape[1]


def _scripted(path: Path) -> Program:
    # Given a path, torch's own file reader fails on letters outside the code page of Windows.
    data = io.BytesIO(path.read_bytes())
    network: nn.Module = torch.jit.load(data, map_location="cpu")  # type: ignore[no-untyped-call]
    return Program(network)


def _exported(path: Path) -> Program:
    # Given a path, torch.export refuses a file that is not called .pt2.
    exported = torch.export.load(io.BytesIO(path.read_bytes()))
    inputs = set(exported.graph_signature.user_inputs)
    shapes = [
        node.meta["val"].shape
        for node in exported.graph.nodes
        if node.op == "placeholder" and node.name in inputs
    ]
    if len(shapes) != 1 or len(shapes[0]) != 4:
        given = ", ".join(str(tuple(shape)) for shape in shapes)
        raise ModelError(
            f"{path.name} was exported for inputs {given}; an image classifier takes one batch of "
            "pictures (batch, 3, height, width)."
        )
    batch, _, height, width = shapes[0]
    if isinstance(batch, int) and batch != 1:
        raise ModelError(
            f"{path.name} was exported for batches of {batch} pictures. Export it again for one "
            "picture, or with a dynamic batch."
        )
    # Its modules keep their names and take hooks, which those of `exported.module()` do not.
    network = torch.export.unflatten(exported)
    if not (isinstance(height, int) and isinstance(width, int)):
        return Program(network)
    if height != width:
        raise ModelError(
            f"{path.name} was exported for pictures of {width} x {height}. Export it again for "
            "square pictures, or with dynamic height and width."
        )
    return Program(network, height)


@contextmanager
def _no_complaints() -> Iterator[None]:
    """Their failure is reported as an error, not by torch's own log and warnings."""
    logger = logging.getLogger("torch.export")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with quiet():
            yield
    finally:
        logger.setLevel(level)
