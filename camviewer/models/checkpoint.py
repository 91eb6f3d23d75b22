"""Laying a state_dict into a torchvision network, or saying why it does not fit."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from camviewer.errors import ModelError, WeightsMismatchError
from camviewer.models import zoo
from camviewer.models.statedict import without_prefix

_AUXILIARY = ("aux1.", "aux2.", "AuxLogits.")
_COUNTERS = ("n_averaged",)  # of torch.optim.swa_utils.AveragedModel
_POSITIONS = "encoder.pos_embedding"
_PATCHES = "conv_proj.weight"
_NAMED_KEYS = 3
_RESEMBLANCE = 0.6  # of names and shapes, below which a guess would mislead


@dataclass(frozen=True, eq=False)
class Fitted:
    """A network with the weights of a file.

    Attributes:
        network: float32, its parameters on the CPU.
        num_classes: number of logits.
        image_size: side of its square input where the weights fix it, else None.
    """

    network: nn.Module
    num_classes: int
    image_size: int | None = None


def fit(name: str, tensors: Mapping[str, Tensor], file: str, *, rescale: bool = True) -> Fitted:
    """The named network with these weights.

    The number of classes is read from the head's weight, the input size of a vision transformer
    from its position embeddings. Prefixes of the names, auxiliary heads, BatchNorm's counters and a
    single linear layer under another name of the same head are seen to; half precision is widened.

    Args:
        name: one of `zoo.names` or `zoo.clip_names`.
        tensors: weights by name.
        file: where they came from, for messages.
        rescale: see `zoo.build`.

    Raises:
        WeightsMismatchError: if they do not fit; the message names the first keys that differ and
            the network that would fit, if there is one.
        ModelError: if a tensor is not made of finite floating-point numbers.
    """
    own = _aligned(name, tensors)
    head = own.get(zoo.head_of(name))
    num_classes = head.shape[0] if head is not None and head.ndim and head.shape[0] else 1000
    image_size = _image_size(name, own)
    network = zoo.skeleton(name, num_classes, image_size, rescale=rescale)
    expected = {
        k: tuple(v.shape) for k, v in network.state_dict().items() if not k.endswith(zoo.COMPUTED)
    }
    differences = _differences(expected, own)
    if differences:
        raise WeightsMismatchError(
            f"{file} does not fit {name}: {'; '.join(differences)}.{_hint(name, tensors)}"
        )
    state = {key: _widened(key, tensor, file) for key, tensor in own.items()}
    # What is missing by now is only what the network computed for itself. A plain call of
    # load_state_dict would hand MNASNet no version number, without which it refuses.
    state_dict = network.state_dict()
    state_dict.update(state)
    network.load_state_dict(state_dict, assign=True)
    return Fitted(network, num_classes, image_size)


def guess(tensors: Mapping[str, Tensor]) -> str | None:
    """The network whose names and shapes these are, or almost; None when there is no telling.

    The first call takes seconds: it lays out every network once, without memory.
    """
    best: list[str] = []
    highest = _RESEMBLANCE
    for name in (*zoo.names(), *zoo.clip_names()):
        score = _resemblance(name, tensors)
        if score == 1:
            return name
        if score > highest:
            best, highest = [name], score
        elif score == highest:
            best.append(name)
    return best[0] if len(best) == 1 else None


def _aligned(name: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The entries that belong to the network, under the network's own names."""
    expected = zoo.shapes(name)
    bare = without_prefix(tensors, next(iter(expected)))
    own = {
        key: tensor
        for key, tensor in bare.items()
        if not key.endswith((*zoo.COMPUTED, *_COUNTERS)) and not key.startswith(_AUXILIARY)
    }
    head = zoo.head_of(name)
    if head in own:
        return own
    # `network.fc = nn.Sequential(nn.Dropout(), nn.Linear(...))` and its like
    root = head.split(".")[0] + "."
    others = [k for k in own if k.startswith(root) and k not in expected and k.endswith(".weight")]
    if len(others) == 1 and tuple(own[others[0]].shape[1:]) == expected[head][1:]:
        old, new = others[0].removesuffix("weight"), head.removesuffix("weight")
        own = {new + k.removeprefix(old) if k.startswith(old) else k: v for k, v in own.items()}
    return own


def _image_size(name: str, own: Mapping[str, Tensor]) -> int | None:
    if not zoo.takes_image_size(name) or not {_POSITIONS, _PATCHES} <= own.keys():
        return None
    positions, patches = own[_POSITIONS].shape, own[_PATCHES].shape
    if len(positions) != 3 or len(patches) != 4:
        return None
    side = math.isqrt(max(positions[1] - 1, 0))
    return side * patches[3] if side * patches[3] > 0 else None


def _differences(expected: Mapping[str, zoo.Shape], own: Mapping[str, Tensor]) -> list[str]:
    missing = [key for key in expected if key not in own]
    surplus = [key for key in own if key not in expected]
    shapes = [
        f"{key} is {tuple(own[key].shape)} instead of {shape}"
        for key, shape in expected.items()
        if key in own and tuple(own[key].shape) != shape
    ]
    found = (("missing", missing), ("not expected", surplus), ("of another shape", shapes))
    return [f"{what}: {_some(names)}" for what, names in found if names]


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_KEYS
    listed = ", ".join(name[:120] for name in names[:_NAMED_KEYS])
    return f"{listed} and {more} more" if more > 0 else listed


def _hint(name: str, tensors: Mapping[str, Tensor]) -> str:
    other = guess(tensors)
    if other is None:
        return " They resemble no network of torchvision."
    if other == name:
        return f" Apart from that they are {name}'s: was the network changed before training?"
    return f" These look like the weights of {other}: choose that model."


def _resemblance(name: str, tensors: Mapping[str, Tensor]) -> float:
    """Shared names and shapes over all of both, in [0, 1]; what varies with the task aside."""
    head = zoo.head_of(name).removesuffix("weight")

    def fixed(key: str) -> bool:
        return not key.startswith(head) and key != _POSITIONS

    expected = {(key, shape) for key, shape in zoo.shapes(name).items() if fixed(key)}
    own = {(k, tuple(v.shape)) for k, v in _aligned(name, tensors).items() if fixed(k)}
    return len(expected & own) / len(expected | own)


def _widened(key: str, tensor: Tensor, file: str) -> Tensor:
    if tensor.layout is not torch.strided or tensor.is_meta or not tensor.is_floating_point():
        kind = str(tensor.dtype).removeprefix("torch.")
        raise ModelError(
            f"{file} holds {key} as {kind} ({tensor.layout}), not as plain floating-point numbers. "
            "Quantised and sparse weights cannot be used: save the network before converting it."
        )
    if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
        raise ModelError(f"{file} is damaged: {key} claims more numbers than the file holds.")
    values = tensor.detach().float().contiguous()
    if not bool(torch.isfinite(values).all()):
        raise ModelError(
            f"{file} holds numbers that are not finite in {key}: the training diverged or the file "
            "is damaged. Use an earlier checkpoint."
        )
    return values
