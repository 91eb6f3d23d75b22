"""A starter of three classes with random weights."""

import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors.torch
import torch

from camviewer.models.starter_net import StarterNet

CARD: dict[str, Any] = {
    "name": "starter",
    "labels": ["disc", "ring", "cross"],
    "mean": [0.5, 0.4, 0.3],
    "std": [0.2, 0.3, 0.25],
    "input_size": 128,
    "head": "sigmoid",
    "thresholds": [0.3, 0.5, 0.7],
}


def starter_network() -> StarterNet:
    """Its network, in evaluation mode; the same at each call."""
    torch.manual_seed(0)
    return StarterNet(3).eval()


def write_starter(folder: Path, **changes: Any) -> Path:
    """Write both files, the card with changes; None removes an entry."""
    folder.mkdir(parents=True, exist_ok=True)
    data = safetensors.torch.save(starter_network().state_dict())
    (folder / "starter.safetensors").write_bytes(data)
    card = CARD | {"sha256": hashlib.sha256(data).hexdigest()} | changes
    text = json.dumps({key: value for key, value in card.items() if value is not None})
    (folder / "starter.json").write_text(text, encoding="utf-8")
    return folder
