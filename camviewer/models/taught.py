"""Taught networks: the file they are kept in."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from camviewer.errors import ExportError, ModelError
from camviewer.models import backbone, starter, weightfile, zoo
from camviewer.models import labels as label_files
from camviewer.models.backbone import TARGET_LAYER, Order, Tap, TaughtNetwork
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Overrides, Preprocessing
from camviewer.models.registration import NONE
from camviewer.models.weightfile import Contents
from camviewer.types import BoxRule

_KEY = "camviewer.taught"
_MOVED, _SEVERAL_SHARES, _ONE_SHARE, _ALL_CELLS = 4, 3, 2, 1
_MOST_CLASSES = 10_000
_MOST_TAPS = 8
_MOST_CELLS = 1024
_MOST_SHIFT = 2.0  # cells
_LEAST_SHARE = 0.001
_MOST_SHARES = 16


@dataclass(frozen=True)
class Descent:
    """Where a taught network comes from.

    Attributes:
        backbone: the network it builds upon, by its name in the catalogue.
        weights: what the backbone's weights are called.
        weights_sha256: their hash, hexadecimal.
        taps: the backbone's layers that are looked at, the finest first.
        rescale: see `zoo.build`.
        strongest: see `TaughtNetwork`.
    """

    backbone: str
    weights: str
    weights_sha256: str
    taps: tuple[Tap, ...]
    rescale: bool = True
    strongest: tuple[float, ...] = ()


def is_taught(contents: Contents) -> bool:
    """Whether a safetensors file holds a taught network."""
    return _KEY in contents.metadata


def recognised(path: Path) -> bool:
    """Whether a file says that it holds a taught network; only its beginning is read.

    False where it cannot be read, which opening it explains.
    """
    try:
        return _KEY in weightfile.metadata(path)
    except ModelError:
        return False


def save(path: Path, classifier: Classifier, descent: Descent, about: Mapping[str, Any]) -> None:
    """Write a taught network to one file, which needs no other.

    Args:
        path: written whole or not at all.
        classifier: its network is a `TaughtNetwork`.
        descent: where it comes from.
        about: what else is worth keeping: figures, date, version; anything that JSON can hold.

    Raises:
        ExportError: if it cannot be written.
    """
    described = {
        "format": _format(descent),
        **asdict(descent),
        "strongest": descent.strongest or 1,
        "labels": classifier.labels,
        "nothing": classifier.nothing,
        "activation": classifier.activation.value,
        "thresholds": classifier.thresholds,
        "box_threshold": classifier.box_threshold,
        "preprocessing": asdict(classifier.preprocessing),
        "about": dict(about),
    }
    state = {k: v.detach().contiguous().clone() for k, v in classifier.network.state_dict().items()}
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file(state, unfinished, {_KEY: json.dumps(described, allow_nan=False)})
        unfinished.replace(path)
    except Exception as error:  # the library has kinds of its own for a full disk
        with suppress(OSError):
            unfinished.unlink()
        raise ExportError(
            f"{path} cannot be written ({error}). Choose another place, or make room."
        ) from error


def _format(descent: Descent) -> int:
    """The oldest whose readers are right about it; they open no newer one."""
    if any(any(tap.shift) for tap in descent.taps):
        return _MOVED
    return _SEVERAL_SHARES if descent.strongest else _ALL_CELLS


def load(path: Path) -> Classifier:
    """Read a taught network.

    Raises:
        ModelError: if the file cannot be read or is not what it claims to be.
    """
    return from_contents(weightfile.read(path, weightfile.detect(path)), path)


def about(path: Path) -> Mapping[str, Any]:
    """What was kept with a taught network, see `save`; it may come from anybody.

    Raises:
        ModelError: if the file cannot be read or holds no taught network.
    """
    found = _described(weightfile.read(path, weightfile.detect(path)), path).get("about")
    return found if isinstance(found, dict) else {}


def descent(path: Path) -> Descent:
    """Where a taught network comes from.

    Raises:
        ModelError: if the file cannot be read or holds no taught network.
    """
    described = _described(weightfile.read(path, weightfile.detect(path)), path)
    try:
        return Descent(
            _text(described["backbone"]),
            str(described.get("weights", "")),
            str(described.get("weights_sha256", "")),
            _taps(described["taps"]),
            described["rescale"] is not False,
            _strongest(described),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path.name} does not say what it was taught upon.") from error


def from_contents(
    contents: Contents,
    path: Path,
    *,
    labels_file: Path | None = None,
    overrides: Overrides | None = None,
) -> Classifier:
    """The taught network in a file's contents; see `userfile.load` for the arguments.

    Raises:
        ModelError: if it is not what it claims to be.
    """
    described = _described(contents, path)
    try:
        classifier = _assembled(described, contents.value)
    except (KeyError, TypeError, ValueError, RuntimeError, ModelError) as error:
        raise ModelError(
            f"{path.name} says that camviewer taught it, but it cannot be used: "
            f"{' '.join(str(error).split())[:300]} Teach it again, or get another copy."
        ) from error
    named = replace(
        classifier,
        name=path.stem,
        weights=path.name,
        weights_sha256=weightfile.sha256(path),
        preprocessing=classifier.preprocessing.overridden(overrides or Overrides()),
    )
    if labels_file is None:
        return named
    return replace(named, labels=label_files.read(labels_file, len(named.labels)))


def _described(contents: Contents, path: Path) -> dict[str, Any]:
    try:
        described = json.loads(contents.metadata.get(_KEY, "null"))
    except (ValueError, RecursionError):
        described = None
    if not isinstance(described, dict):
        raise ModelError(f"{path.name} holds no network that camviewer taught.")
    if described.get("format") not in (_ALL_CELLS, _ONE_SHARE, _SEVERAL_SHARES, _MOVED):
        raise ModelError(
            f"{path.name} was taught by another version of camviewer, which this one does not "
            "understand. Install the newest one, or teach it again."
        )
    return described


def _assembled(described: dict[str, Any], state: Mapping[str, Tensor]) -> Classifier:
    """The classifier; of the many ways in which numbers and names may not fit torch names some."""
    labels = _labels(described["labels"])
    taps = _taps(described["taps"])
    preprocessing = _preprocessing(described["preprocessing"])
    weight = state["fc.weight"]
    for name, tensor in state.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{name} holds numbers that are not finite.")
    strongest = _strongest(described)
    if weight.ndim != (4 if strongest else 2) or len(weight) != len(labels):
        raise ValueError(f"It has {len(labels)} labels for weights of {tuple(weight.shape)}.")
    name = _text(described["backbone"])
    size = preprocessing.input_size if name != starter.NAME and zoo.takes_image_size(name) else None
    bare = backbone.skeleton(name, size, rescale=described["rescale"] is not False)
    trunk = backbone.cut(bare, [tap.name for tap in taps])
    with torch.device("meta"):
        network = TaughtNetwork(trunk, taps, weight.shape[1], len(labels), strongest)
    network.load_state_dict(dict(state), assign=True)
    nothing = described["nothing"]
    if nothing is not None and (type(nothing) is not int or not 0 <= nothing < len(labels)):
        raise ValueError("It names a class that it does not have.")
    classifier = Classifier(
        name=name,
        network=network,
        labels=labels,
        preprocessing=preprocessing,
        activation=Activation(described["activation"]),
        thresholds=_thresholds(described["thresholds"]),
        target_layer=TARGET_LAYER,
        nothing=nothing,
        box_threshold=_share(described.get("box_threshold", BoxRule.threshold)),
    )
    with torch.no_grad():
        network(torch.zeros(1, *preprocessing.shape))
    return classifier


def _text(value: object) -> str:
    if not isinstance(value, str) or not value or len(value) > 300:
        raise ValueError("A name is missing.")
    return value


def _labels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_CLASSES:
        raise ValueError("Its labels are missing.")
    return tuple(_text(label) for label in value)


def _taps(value: object) -> tuple[Tap, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MOST_TAPS:
        raise ValueError("Its layers are missing.")
    return tuple(_tap(tap) for tap in value)


def _tap(value: Mapping[str, Any]) -> Tap:
    rows, columns = value["cells"]
    numbers = (value["prefix"], rows, columns)
    if not all(type(n) is int and 0 <= n <= _MOST_CELLS for n in numbers):
        raise ValueError("The numbers of its cells make no sense.")
    down, right = map(float, value.get("shift", NONE))
    if not all(abs(cells) <= _MOST_SHIFT for cells in (down, right)):
        raise ValueError("The shift of its cells makes no sense.")
    name, order = _text(value["name"]), Order(value["order"])
    return Tap(name, order, value["prefix"], (rows, columns), (down, right))


def _strongest(described: Mapping[str, Any]) -> tuple[float, ...]:
    given = described.get("strongest", ())
    if isinstance(given, (int, float)):  # the only one, or 1 for all cells alike
        given = () if given == 1 else (given,)
    shares = tuple(map(float, given))
    inside = all(_LEAST_SHARE <= share <= 1 for share in shares)
    if not inside or len(shares) > _MOST_SHARES or list(shares) != sorted(shares):
        raise ValueError("The shares of its cells that count are not from 0.001 to 1, ascending.")
    return shares


def _thresholds(value: object) -> tuple[float, ...] | None:
    if value is None:
        return None
    if not isinstance(value, list) or not all(type(t) is float and 0 <= t <= 1 for t in value):
        raise ValueError("Its thresholds are not from 0 to 1.")
    return tuple(value)


def _share(value: object) -> float:
    if type(value) is not float or not 0 <= value <= 1:
        raise ValueError("Its threshold for boxes is not from 0 to 1.")
    return value


def _preprocessing(value: Mapping[str, Any]) -> Preprocessing:
    kinds = {name: type(own) for name, own in asdict(Preprocessing()).items()}
    if value.keys() != kinds.keys():
        raise ValueError("What it expects of pictures is missing.")
    given: dict[str, Any] = {
        k: tuple(map(float, v)) if kinds[k] is tuple else v for k, v in value.items()
    }
    if any(type(given[name]) is not kind for name, kind in kinds.items()):
        raise ValueError("What it expects of pictures makes no sense.")
    if given["interpolation"] not in ("nearest", "bilinear", "bicubic"):
        raise ValueError("It expects pictures to be resized in an unknown way.")
    return Preprocessing(**given)
