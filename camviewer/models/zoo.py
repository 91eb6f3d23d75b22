"""The classification networks of the installed torchvision: of pictures, and of clips."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import torch
import torchvision.models
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torchvision.models import Weights

from camviewer.models.preprocess import Preprocessing
from camviewer.models.video_preprocess import ClipPreprocessing

Shape = tuple[int, ...]

_FILLING = (Tensor.normal_, Tensor.uniform_, Tensor.fill_, Tensor.zero_)

# Their auxiliary heads only serve training. torchvision's own weights expect pictures normalised
# to [-1, 1] and convert ImageNet's mean and deviation inside the network.
_INCEPTIONS = ("googlenet", "inception_v3")
_OF_ONE_SIZE = ("maxvit", "mvit", "vit")
# How many frames a clip has, and how many of them are a second, by how names begin: what the
# weights were trained with, which torchvision says in prose only.
_CLIPS = {
    "mvit": (16, 7.5),
    "swin3d": (32, 15.0),
    "s3d": (64, 15.0),
    "": (16, 15.0),
}
# Computed when the network is built, or of no use after training.
COMPUTED = (".num_batches_tracked", ".relative_position_index", ".relative_coords_table")


@cache
def names() -> tuple[str, ...]:
    """Every network of the installed torchvision that classifies pictures, alphabetically."""
    return tuple(torchvision.models.list_models(module=torchvision.models))


@cache
def clip_names() -> tuple[str, ...]:
    """Every network of the installed torchvision that classifies clips, alphabetically."""
    return tuple(torchvision.models.list_models(module=torchvision.models.video))


def canonical(name: str) -> str | None:
    """The network meant by a name written in another way, such as ``ResNet-18``; None if none."""
    plain = name.strip().casefold().replace("-", "_").replace(" ", "_")
    everything = (*names(), *clip_names())
    if plain in everything:
        return plain
    matches = [known for known in everything if known.replace("_", "") == plain.replace("_", "")]
    return matches[0] if len(matches) == 1 else None


@cache
def weights_of(name: str) -> Weights | None:
    """The network's default weights, described but not loaded; None when it has none."""
    return getattr(torchvision.models.get_model_weights(name), "DEFAULT", None)


@cache
def preprocessing(name: str) -> Preprocessing:
    """What the network's default weights were evaluated with."""
    weights = weights_of(name)
    if weights is None:
        kind = ClipPreprocessing if name in clip_names() else Preprocessing
        return kind(fixed_size=_one_size(name))
    if name in clip_names():
        return _of_clips(name, weights)
    transforms = weights.transforms()
    return Preprocessing(
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        input_size=transforms.crop_size[0],
        resize_size=transforms.resize_size[0],
        interpolation=transforms.interpolation.value,
        fixed_size=_one_size(name),
        min_size=_least_size(name, weights),
    )


def labels(name: str) -> tuple[str, ...]:
    """The class names of the network's default weights; empty when it has none."""
    weights = weights_of(name)
    return () if weights is None else tuple(weights.meta["categories"])


def build(
    name: str, num_classes: int = 1000, image_size: int | None = None, *, rescale: bool = True
) -> nn.Module:
    """The network with random weights.

    Args:
        name: one of `names` or `clip_names`.
        num_classes: number of logits.
        image_size: side of the square input of a vision transformer; its weights' own when None.
        rescale: the Inception networks expect ImageNet's mean and deviation, as with torchvision's
            weights, and convert them to their own.
    """
    extra: dict[str, Any] = {}
    if name in _INCEPTIONS:
        extra = {"aux_logits": False, "init_weights": False, "transform_input": rescale}
    elif takes_image_size(name):
        extra = {"image_size": image_size or preprocessing(name).input_size}
    network: nn.Module = torchvision.models.get_model(
        name, weights=None, num_classes=num_classes, **extra
    )
    return network


def skeleton(
    name: str, num_classes: int = 1000, image_size: int | None = None, *, rescale: bool = True
) -> nn.Module:
    """As `build`, but without memory or random numbers for what weights will replace.

    Large parameters lie on the meta device: load weights with ``assign=True``.
    """
    with _Unallocated():
        return build(name, num_classes, image_size, rescale=rescale)


@cache
def shapes(name: str) -> Mapping[str, Shape]:
    """The shapes in the state_dict of the network with 1000 classes, without `COMPUTED` entries.

    The head's weight is the last entry whose name ends in ``weight``.
    """
    state = skeleton(name).state_dict()
    return {k: tuple(v.shape) for k, v in state.items() if not k.endswith(COMPUTED)}


def head_of(name: str) -> str:
    """The name of the head's weight, whose first dimension is the classes."""
    return [key for key in shapes(name) if key.endswith("weight")][-1]


def takes_image_size(name: str) -> bool:
    """Whether the network is built for one input size (position embeddings)."""
    return name.startswith("vit_")


def _of_clips(name: str, weights: Weights) -> ClipPreprocessing:
    transforms = weights.transforms()
    frames, rate = next(clip for start, clip in _CLIPS.items() if name.startswith(start))
    resized = tuple(transforms.resize_size)
    return ClipPreprocessing(
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        input_size=transforms.crop_size[0],
        resize_size=min(resized),
        interpolation=transforms.interpolation.value,
        fixed_size=_one_size(name),
        min_size=_least_size(name, weights),
        antialias=False,
        frames=frames,
        rate=rate,
        resized=(resized[0], resized[1]) if len(resized) == 2 else None,
    )


def _one_size(name: str) -> bool:
    return name.startswith(_OF_ONE_SIZE)


def _least_size(name: str, weights: Weights) -> int:
    # Swin names its training size as its least, yet pads its windows and takes any.
    return 1 if name.startswith("swin") else int(max(weights.meta["min_size"]))


class _Unallocated(TorchFunctionMode):
    """Uninitialised tensors get no memory; computed ones (tables, buffers) stay real.

    ``torch.device("meta")`` as a context would make the numbers abstract as well with which RegNet
    computes its widths.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        kwargs = dict(kwargs or {})
        if func is torch.empty:
            kwargs["device"] = "meta"
        target = args[0] if args else kwargs.get("tensor")
        if isinstance(target, Tensor) and target.is_meta and _fills(func):
            return target
        return func(*args, **kwargs)


def _fills(func: Callable[..., Any]) -> bool:
    """Whether a function only fills a tensor with numbers, which is slow even without memory."""
    return getattr(func, "__module__", "") == nn.init.__name__ or func in _FILLING
