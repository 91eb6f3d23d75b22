"""Finding the weights, and what is said about them, in whatever a training script saved."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from camviewer.errors import ModelError
from camviewer.models.weightfile import Contents

_WRAPPERS = (
    "state_dict", "model_state_dict", "model_state", "model", "module", "network", "net", "weights",
    "params", "ema", "ema_state_dict", "model_ema", "state_dict_ema",
)  # fmt: skip
_ARCHITECTURES = ("arch", "architecture", "model_name", "model", "name", "model_type")
_LABELS = ("classes", "class_names", "labels", "categories", "class_to_idx", "id2label")
_DEEPEST = 4
_OLD_DENSENET = re.compile(r"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")


@dataclass(frozen=True)
class StateDict:
    """Weights by name, and what their file says about them.

    Attributes:
        tensors: as saved; only wrappers around whole submodules are removed from the names.
        architecture: what the file calls the network; None when it does not.
        labels: a value that `labels.from_value` may understand; None when there is none.
    """

    tensors: Mapping[str, Tensor]
    architecture: str | None = None
    labels: Any = None


def find(contents: Contents, file: str) -> StateDict | nn.Module:
    """The weights in a file's contents; a whole module when that is what was saved.

    Args:
        contents: what was read.
        file: the file's name, for messages.

    Raises:
        ModelError: if there are no weights in it.
    """
    found = _search(contents.value, _DEEPEST)
    if isinstance(found, nn.Module):
        return found
    if found is None:
        raise ModelError(
            f"{file} holds {_describe(contents.value)}, in which no weights were found. Save them "
            "with torch.save(model.state_dict(), ...)."
        )
    said = [contents.metadata, *_mappings(contents.value)]
    tensors = {_renamed(key): value for key, value in found.items()}
    return StateDict(tensors, _architecture(said), _labels(said))


def without_prefix(tensors: Mapping[str, Tensor], first: str) -> Mapping[str, Tensor]:
    """The entries under the prefix that the names carry, without it.

    DataParallel puts ``module.`` before each name, Lightning often ``model.``; beside the network
    may lie a loss or a teacher, which are left out.

    Args:
        tensors: as saved.
        first: the first name in the network's own state_dict.
    """
    if first in tensors:
        return tensors
    prefixes = [key.removesuffix(first) for key in tensors if key.endswith("." + first)]
    if not prefixes:
        return tensors
    prefix = max(prefixes, key=lambda p: sum(key.startswith(p) for key in tensors))
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _search(value: Any, depth: int) -> Mapping[str, Tensor] | nn.Module | None:
    if isinstance(value, nn.Module):
        return value
    if not isinstance(value, Mapping) or depth == 0:
        return None
    named = [value[key] for key in _WRAPPERS if key in value]
    for inner in named:
        found = _search(inner, depth - 1)
        if found is not None:
            return found
    tensors = {k: v for k, v in value.items() if isinstance(k, str) and isinstance(v, Tensor)}
    return tensors or None


def _renamed(key: str) -> str:
    key = key.replace("_orig_mod.", "")
    old = _OLD_DENSENET.match(key)
    return f"{old[1]}{old[2]}" if old else key


def _mappings(value: Any) -> list[Mapping[Any, Any]]:
    if not isinstance(value, Mapping):
        return []
    inner = [v for v in value.values() if isinstance(v, Mapping)]
    options = [vars(v) for v in value.values() if type(v).__name__ == "Namespace"]
    return [value, *inner, *options]


def _architecture(said: list[Mapping[Any, Any]]) -> str | None:
    for mapping in said:
        for key in _ARCHITECTURES:
            value = mapping.get(key)
            if isinstance(value, str) and value.strip():
                return value.strip()
    return None


def _labels(said: list[Mapping[Any, Any]]) -> Any:
    for mapping in said:
        for key in _LABELS:
            value = mapping.get(key)
            if isinstance(value, str):
                value = _from_json(value)
            if isinstance(value, (list, tuple, Mapping)) and value:
                return value
    return None


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _describe(value: Any) -> str:
    if isinstance(value, Mapping):
        names = ", ".join(str(key)[:40] for key in list(value)[:5])
        return f"a mapping with {names or 'nothing in it'}"
    return f"a {type(value).__name__}"
