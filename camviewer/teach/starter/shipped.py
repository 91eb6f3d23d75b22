"""The starter's files: half-precision weights, and a JSON record of what it takes to use them."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from camviewer.errors import ModelError
from camviewer.models.starter_net import StarterNet
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.network import INPUT_SIZE, MEAN, STD

WEIGHTS = "starter.safetensors"
RECORD = "starter.json"


@dataclass
class Record:
    """What starter.json holds.

    Attributes:
        thresholds: per class, the score from which on the class counts as present.
        sha256: hexadecimal hash of the weight file.
        trained: ISO date.
        training: how the weights came to be: steps, minutes, seed.
        figures: what `evaluate --record` measured.
    """

    thresholds: list[float]
    sha256: str
    trained: str
    name: str = "starter"
    labels: list[str] = field(default_factory=lambda: list(LABELS))
    mean: list[float] = field(default_factory=lambda: list(MEAN))
    std: list[float] = field(default_factory=lambda: list(STD))
    input_size: int = INPUT_SIZE
    head: str = "sigmoid"
    training: dict[str, Any] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)


def rounded_to_half(network: StarterNet) -> dict[str, torch.Tensor]:
    """The state as it is shipped: every floating-point tensor in float16, contiguous."""
    return {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous().cpu()
        for name, tensor in network.state_dict().items()
    }


def from_state(state: dict[str, torch.Tensor]) -> StarterNet:
    """A float32 network in evaluation mode with that state."""
    network = StarterNet(len(LABELS))
    network.load_state_dict(state, strict=True)
    return network.eval()


def write(folder: Path, state: dict[str, torch.Tensor], record: Record) -> None:
    """Write weights and record; the record's hash is set here."""
    folder.mkdir(parents=True, exist_ok=True)
    data = safetensors.torch.save(state)
    record.sha256 = hashlib.sha256(data).hexdigest()
    _replace(folder / WEIGHTS, data)
    write_record(folder, record)


def write_record(folder: Path, record: Record) -> None:
    """Write the record alone."""
    _replace(folder / RECORD, (json.dumps(asdict(record), indent=2) + "\n").encode())


def read(folder: Path) -> tuple[StarterNet, Record]:
    """The network and its record.

    Raises:
        ModelError: the files are missing or do not belong together.
    """
    try:
        data = (folder / WEIGHTS).read_bytes()
        record = Record(**json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError) as error:
        raise ModelError(
            f"{folder} holds no usable starter ({error}). Train one with "
            "`python -m camviewer.teach.starter`, or reinstall camviewer."
        ) from error
    if hashlib.sha256(data).hexdigest() != record.sha256:
        raise ModelError(
            f"{folder / WEIGHTS} is not the file that {RECORD} describes. Export it again with "
            "`python -m camviewer.teach.starter export`, or reinstall camviewer."
        )
    return from_state(safetensors.torch.load(data)), record


def _replace(file: Path, data: bytes) -> None:
    fresh = file.with_name(file.name + ".new")
    fresh.write_bytes(data)
    fresh.replace(file)
