"""How far deep teaching has come, on disk, so that it can be gone on with."""

from __future__ import annotations

import dataclasses
import pickle
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from camviewer.errors import CamviewerError
from camviewer.teach.deep.told import Epoch

_FORMAT = 1

Numbers = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class State:
    """As it was after an epoch.

    Attributes:
        key: says which network is taught what, and how; see `tuning`.
        network: what may have changed of the network since the start, on the CPU.
        best: the same as it was after the best epoch.
        optimiser: its state_dict.
        epochs: all that were told, the last one being the epoch after which this is.
    """

    key: str
    network: Numbers
    best: Numbers
    optimiser: Mapping[str, Any]
    epochs: tuple[Epoch, ...]


def save(state: State, path: Path) -> None:
    """Write it whole or not at all.

    Raises:
        CamviewerError: if it cannot be written.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    contents = {
        "format": _FORMAT,
        "key": state.key,
        "network": dict(state.network),
        "best": dict(state.best),
        "optimiser": dict(state.optimiser),
        "epochs": [dataclasses.astuple(epoch) for epoch in state.epochs],
    }
    try:
        try:
            torch.save(contents, part)
            part.replace(path)
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell
                part.unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:  # torch's own writer raises the latter
        raise CamviewerError(
            f"How far teaching has come cannot be kept in {path}: {error}. Free some space, or "
            "choose another place."
        ) from error


def load(path: Path, key: str, expected: Numbers) -> State | None:
    """What was saved there, read as numbers only.

    Args:
        path: see `save`.
        key: of the teaching that shall go on.
        expected: names and shapes of what may change of the network.

    Returns:
        None if there is no such file.

    Raises:
        CamviewerError: if it is damaged, or belongs to another teaching.
    """
    if not path.exists():
        return None
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        if found["format"] != _FORMAT or found["key"] != key:
            raise CamviewerError(
                f"{path.name} belongs to another teaching: other pictures, another network or "
                "other choices. Delete it to begin anew."
            )
        epochs = tuple(Epoch(*numbers) for numbers in found["epochs"])
        state = State(key, found["network"], found["best"], found["optimiser"], epochs)
        fits = bool(epochs) and all(_alike(own, expected) for own in (state.network, state.best))
    except (OSError, RuntimeError, EOFError, ValueError, TypeError, KeyError, AttributeError,
            pickle.UnpicklingError) as error:  # fmt: skip
        raise damaged(path) from error
    if not fits:
        raise damaged(path)
    return state


def damaged(path: Path) -> CamviewerError:
    """What to tell of a file whose contents make no sense."""
    return CamviewerError(
        f"{path.name} is damaged, so teaching cannot go on from there. Delete it to begin anew."
    )


def _alike(own: Numbers, expected: Numbers) -> bool:
    return own.keys() == expected.keys() and all(
        own[key].shape == tensor.shape and own[key].dtype == tensor.dtype
        for key, tensor in expected.items()
    )
