"""Networks for other programs: ONNX, and weights that plain torchvision loads."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from camviewer import __version__
from camviewer.cam.runtimes.export import export_whole
from camviewer.errors import ExportError, ModelError
from camviewer.models import plain, taught, zoo
from camviewer.models.backbone import TaughtNetwork
from camviewer.models.classifier import Classifier, as_logits
from camviewer.models.preprocess import Preprocessing
from camviewer.models.video_preprocess import ClipPreprocessing

PICTURES, LOGITS = "pictures", "logits"
"""Names of the ONNX model's input and output."""

_DIMENSIONS = ("batch", "", "height", "width")
_TOLERANCE = 1e-3  # of the largest logit
_FURTHER = 64  # pixels, to try another size than that of the export
_STATE_DICTS = (".safetensors", ".pth", ".pt")
_AUXILIARY = ("googlenet", "inception_v3")  # have heads that only training needs


@dataclass(frozen=True)
class Exported:
    """What was written.

    Attributes:
        path: the file.
        deviation: the largest difference between its logits and the network's, of noise, as a share
            of the largest logit.
        notes: what one must know to use it, a sentence each.
    """

    path: Path
    deviation: float
    notes: tuple[str, ...]


def to_onnx(classifier: Classifier, path: Path, stop: threading.Event | None = None) -> Exported:
    """Write a classifier as an ONNX model; takes 5 to 40 seconds.

    From ``pictures``, float32 ``(batch, 3, height, width)`` in RGB, normalised as its metadata say,
    to ``logits``, float32 ``(batch, classes)``. The batch is open, and so are height and width
    where the network allows that. It is compared with the network at several sizes in ONNX Runtime
    before it is written. Metadata: ``labels``, ``preprocessing``, ``activation``, ``thresholds``,
    ``nothing`` as JSON; ``name``, ``weights``, ``weights_sha256``, ``camviewer`` as text.

    Args:
        classifier: any, of pictures.
        path: of the file, replaced if it is there.
        stop: when set, it is given up within a tenth of a second.

    Raises:
        ModelError: if it cannot be exported, or ONNX Runtime disagrees with it.
        ExportError: if the file cannot be written.
        CancelledError: if it was given up.
    """
    if path.suffix.lower() != ".onnx":
        raise ExportError(f"Let the name of {path} end in .onnx.")
    if isinstance(classifier.preprocessing, ClipPreprocessing):
        raise ModelError(f"{classifier.name} looks at clips. Choose a network of pictures.")
    network = _Whole(classifier.network).eval()
    size = classifier.preprocessing.input_size
    stop = stop or threading.Event()
    fault, deviation, model = "", 0.0, b""
    for free in (True, False) if not classifier.preprocessing.fixed_size else (False,):
        model = _named(export_whole(network, (size, size), stop, free=free), classifier)
        try:
            deviation, fault = _compared(model, network, size, free=free), ""
        except ModelError as error:
            fault = str(error)
            continue
        break
    if fault:
        raise ModelError(fault)
    _written(path, lambda place: place.write_bytes(model))
    sizes = (
        "It takes any number of pictures of any size."
        if _is_free(model)
        else f"It takes any number of pictures, of {size} x {size} pixels."
    )
    return Exported(path, deviation, (sizes, _normalised(classifier.preprocessing)))


def to_state_dict(file: Path, path: Path) -> Exported:
    """Write a taught network as weights that plain torchvision loads.

    ``torchvision.models.get_model(NAME, num_classes=N).load_state_dict(weights)`` takes them. As
    torchvision has no layer for the division that taught networks begin their head with, all
    pictures are divided by the same length, see `plain.Plain`; what that costs was measured when it
    was taught, and is among the notes.

    Args:
        file: of the taught network.
        path: ``.pth``, ``.pt`` (weights alone) or ``.safetensors`` (with labels and preprocessing
            in its metadata); replaced if it is there.

    Raises:
        ModelError: if `file` is no taught network, or torchvision cannot express it.
        ExportError: if the file cannot be written.
    """
    if path.suffix.lower() not in _STATE_DICTS:
        raise ExportError(f"Let the name of {path} end in {', '.join(_STATE_DICTS[:-1])} or .pt.")
    classifier = taught.load(file)
    descent = taught.descent(file)
    known = plain.from_about(taught.about(file))
    if known is None and len(descent.taps) == 1 and not descent.strongest:
        raise ModelError(
            f"{file.name} does not tell by which length to divide its maps, for it was taught by "
            "an earlier camviewer. Teach it again, or export it as ONNX."
        )
    network: Any = classifier.network  # of a taught file, a TaughtNetwork
    length = 1.0 if known is None else known.length
    made = plain.network(network, descent, length, classifier.preprocessing.input_size)
    state = {key: tensor.contiguous() for key, tensor in made.state_dict().items()}
    metadata = {**_described(classifier), "architecture": descent.backbone}
    if path.suffix.lower() == ".safetensors":
        _written(path, lambda place: save_file(state, place, metadata))
    else:
        _written(path, lambda place: torch.save(state, place))
    deviation = _reloaded(descent.backbone, state, network, length, classifier)
    return Exported(path, deviation, _notes(descent.backbone, classifier, known))


class _Whole(nn.Module):
    """A network that returns its logits as the exporting process expects a trunk's."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor) -> tuple[Tensor, tuple[()]]:
        return as_logits(self.network(pictures)), ()


def _named(model: bytes, classifier: Classifier) -> bytes:
    """The model with names that tell what is what, and metadata."""
    import onnx  # takes long to import, and so does ONNX Runtime

    made = onnx.load_from_string(model)
    graph = made.graph
    renamed = {graph.input[0].name: PICTURES, graph.output[0].name: LOGITS}
    shape = graph.input[0].type.tensor_type.shape.dim
    open_ones = {d.dim_param: n for d, n in zip(shape, _DIMENSIONS, strict=True) if d.dim_param}
    for node in graph.node:
        node.input[:] = [renamed.get(name, name) for name in node.input]
        node.output[:] = [renamed.get(name, name) for name in node.output]
    for value in (*graph.input, *graph.output, *graph.value_info):
        value.name = renamed.get(value.name, value.name)
        for dimension in value.type.tensor_type.shape.dim:
            if dimension.dim_param in open_ones:
                dimension.dim_param = open_ones[dimension.dim_param]
    used = {name for node in graph.node for name in node.input} | {LOGITS}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    onnx.helper.set_model_props(made, _described(classifier))
    serialised: bytes = made.SerializeToString()
    return serialised


def _is_free(model: bytes) -> bool:
    *_, height, width = _session(model).get_inputs()[0].shape
    return not isinstance(height, int) and not isinstance(width, int)


def _session(model: bytes) -> Any:
    import onnxruntime

    return onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])


def _described(classifier: Classifier) -> dict[str, str]:
    return {
        "labels": json.dumps(classifier.labels, ensure_ascii=False),
        "preprocessing": json.dumps(asdict(classifier.preprocessing)),
        "activation": json.dumps(classifier.activation.value),
        "thresholds": json.dumps(classifier.thresholds),
        "nothing": json.dumps(classifier.nothing),
        "name": classifier.name,
        "weights": classifier.weights,
        "weights_sha256": classifier.weights_sha256,
        "camviewer": __version__,
    }


def _compared(model: bytes, network: nn.Module, size: int, *, free: bool) -> float:
    """The largest deviation over several numbers and sizes of pictures.

    Raises:
        ModelError: if it is too large, or ONNX Runtime cannot run it.
    """
    shapes = [(1, size, size), (3, size, size)]
    if free and _is_free(model):
        shapes += [(1, size + _FURTHER, size), (2, size, size + 2 * _FURTHER)]
    noise = torch.Generator().manual_seed(0)
    worst = 0.0
    try:
        session = _session(model)
        for count, height, width in shapes:
            pictures = torch.randn(count, 3, height, width, generator=noise)
            with torch.no_grad():
                expected = network(pictures)[0].numpy()
            (found,) = session.run([LOGITS], {PICTURES: pictures.numpy()})
            worst = max(worst, _deviation(found, expected))
    except Exception as error:  # ONNX Runtime raises kinds of its own
        line = (str(error).splitlines() or [""])[0][:300]
        raise ModelError(f"ONNX Runtime cannot run the exported network ({line}).") from error
    if not worst <= _TOLERANCE:
        raise ModelError(
            f"The exported network is off by {worst:.1%}, so it was not kept. Export a network of "
            "another architecture."
        )
    return worst


def _deviation(found: np.typing.NDArray[Any], expected: np.typing.NDArray[Any]) -> float:
    if found.shape != expected.shape:
        return float("inf")
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-6))


def _reloaded(
    name: str, state: dict[str, Tensor], network: TaughtNetwork, length: float, known: Classifier
) -> float:
    """How far torchvision's own network is off with these weights."""
    size = known.preprocessing.input_size
    more: dict[str, Any] = {"aux_logits": False} if name in _AUXILIARY else {}
    if zoo.takes_image_size(name):
        more["image_size"] = size
    fresh = torchvision.models.get_model(name, weights=None, num_classes=len(known.labels), **more)
    fresh.load_state_dict(state, strict=True)
    pictures = torch.randn(2, 3, size, size, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        found = fresh.eval()(pictures)
        expected = plain.logits(network, pictures, length)
    return _deviation(found.numpy(), expected.numpy())


def _notes(name: str, classifier: Classifier, known: plain.Plain | None) -> tuple[str, ...]:
    more = ", aux_logits=False" if name in _AUXILIARY else ""
    count = len(classifier.labels)
    notes = [
        f"torchvision.models.{name}(num_classes={count}{more}) loads it with strict=True.",
        "Its classes are "
        + ", ".join(f"{i} {label}" for i, label in enumerate(classifier.labels[:20]))
        + (f" and {count - 20} more." if count > 20 else "."),
        _normalised(classifier.preprocessing),
    ]
    if known is not None and known.accuracy is not None and known.agreement is not None:
        notes.append(
            "It divides all pictures' maps by one length, as torchvision has no layer for their "
            f"own. Of the held-out pictures it says the same as the taught network of "
            f"{known.agreement:.1%}; {known.accuracy:.1%} of its answers are right."
        )
    return tuple(notes)


def _normalised(expected: Preprocessing) -> str:
    mean, std = (
        ", ".join(f"{value:g}" for value in side) for side in (expected.mean, expected.std)
    )
    return (
        f"Give it the whole picture, its short side {expected.input_size} pixels, RGB from 0 to 1, "
        f"minus ({mean}), divided by ({std})."
    )


def _written(path: Path, write: Callable[[Path], object]) -> None:
    """The file, whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(unfinished)
        unfinished.replace(path)
    except Exception as error:  # the libraries have kinds of their own for a full disk
        with suppress(OSError):
            unfinished.unlink()
        raise ExportError(
            f"{path} cannot be written ({error}). Choose another place, or make room."
        ) from error
