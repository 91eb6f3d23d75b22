"""The embedded classifier: it works offline from the first start."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load

from camviewer.errors import ModelError
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.models.starter_net import StarterNet
from camviewer.paths import resources

NAME = "starter"
WEIGHTS = "starter.safetensors"
_KEYS = {"labels", "mean", "std", "input_size", "head", "thresholds", "sha256"}
_BOX_THRESHOLD = 0.4  # what its boxes were measured with, see the model card
_SMALLEST_INPUT = 32  # pixels; see StarterNet.forward


def card() -> dict[str, Any]:
    """What the model card of the starter says: labels, preprocessing, thresholds, figures.

    Raises:
        ModelError: if it does not lie in the resources.
    """
    path = resources() / "starter" / "starter.json"
    try:
        described: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _incomplete(str(path)) from error
    if not (isinstance(described, dict) and described.keys() >= _KEYS):
        raise _incomplete(str(path))
    return described


def weights_path() -> Path:
    """Where its weights lie."""
    return resources() / "starter" / WEIGHTS


def load_starter() -> Classifier:
    """The embedded classifier.

    Raises:
        ModelError: if its files are missing or not those that were shipped.
    """
    described = card()
    path = weights_path()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _incomplete(str(path)) from error
    digest = hashlib.sha256(data).hexdigest()
    if digest != described["sha256"]:
        raise _incomplete(str(path))
    try:
        return _assembled(described, data, digest)
    except (TypeError, ValueError, RuntimeError, SafetensorError, ModelError) as error:
        raise _incomplete(str(path)) from error


def _assembled(described: dict[str, Any], data: bytes, digest: str) -> Classifier:
    labels = tuple(described["labels"])
    network = StarterNet(len(labels))
    network.load_state_dict(load(data))
    thresholds = described["thresholds"]
    size = int(described["input_size"])
    return Classifier(
        name=NAME,
        network=network,
        labels=labels,
        preprocessing=Preprocessing(
            mean=tuple(described["mean"]),
            std=tuple(described["std"]),
            input_size=size,
            resize_size=size,
            min_size=_SMALLEST_INPUT,
        ),
        activation=Activation(described["head"]),
        weights=WEIGHTS,
        weights_sha256=digest,
        thresholds=None if thresholds is None else tuple(thresholds),
        box_threshold=_BOX_THRESHOLD,
    )


def _incomplete(path: str) -> ModelError:
    return ModelError(
        f"The embedded network is missing or damaged ({path}). Install camviewer again."
    )
