"""What a frozen backbone makes of pictures, kept on disk: teaching again costs seconds."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camviewer.errors import CancelledError, PictureError
from camviewer.media import images
from camviewer.models.backbone import TaughtNetwork
from camviewer.models.preprocess import Preprocessing
from camviewer.teach.data.dataset import Broken, Example
from camviewer.teach.store import FeatureStore
from camviewer.types import Fit, Frame

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

_SCALES = (0.7, 1.0, 1.4)
_CELL = 32  # pixels


@dataclass(frozen=True)
class Look:
    """One way to look at a picture.

    Attributes:
        size: of the short side, in pixels.
        mirrored: left and right changed places.
    """

    size: int
    mirrored: bool = False


@dataclass(frozen=True, eq=False)
class Features:
    """What was seen of the pictures that could be read.

    Attributes:
        values: float32 ``(pictures, looks, channels)``, in the order of the examples.
        lengths: float32 ``(pictures, looks, layers)``, by which each layer's were divided.
        broken: the pictures that could not be read.
    """

    values: NDArray[np.float32]
    lengths: NDArray[np.float32]
    broken: tuple[Broken, ...] = ()


def looks(preprocessing: Preprocessing) -> tuple[Look, ...]:
    """How pictures are looked at while teaching; the first is how they are looked at afterwards.

    Smaller and larger ones beside it, so that the size of a thing does not matter, and each of them
    mirrored. Networks that take one size only are shown that.

    Args:
        preprocessing: of the network.
    """
    own = preprocessing.input_size
    sizes = [own]
    if not preprocessing.fixed_size:
        step = math.gcd(own, _CELL)
        near = (max(preprocessing.min_size, round(own * s / step) * step) for s in _SCALES)
        sizes = list(dict.fromkeys([own, *near]))
    return tuple(Look(size, mirrored) for mirrored in (False, True) for size in sizes)


class Extractor:
    """Looks at pictures through a backbone."""

    def __init__(
        self,
        network: TaughtNetwork,
        preprocessing: Preprocessing,
        identity: str,
        store: FeatureStore,
        device: torch.device,
    ) -> None:
        """Look through a network.

        Args:
            network: its linear layer is not used; on the device.
            preprocessing: what it expects.
            identity: tells its weights from all others.
            store: where features are kept.
            device: where it runs.
        """
        self._network = network
        self._preprocessing = preprocessing
        self._store = store
        self._device = device
        # what changes the features must change this
        self._identity = repr(
            ("and lengths", identity, network.taps, preprocessing.mean, preprocessing.std)
        )

    def extract(
        self,
        examples: Sequence[Example],
        wanted: Sequence[Look],
        progress: Progress | None = None,
        cancelled: Cancelled | None = None,
    ) -> Features:
        """The features of every picture in every look.

        Args:
            examples: the pictures.
            wanted: how to look at them.
            progress: called with how many pictures are done, and of how many.
            cancelled: asked before each run of the network, which takes some 10 ms.

        Raises:
            CancelledError: if `cancelled` became true; what is done by then is kept.
        """
        rows: list[NDArray[np.float32]] = []
        broken: list[Broken] = []
        for number, example in enumerate(examples):
            try:
                rows.append(self._of(example.path, wanted, cancelled))
            except PictureError as error:
                broken.append(Broken(example.path, str(error)))
            if progress is not None:
                progress(number + 1, len(examples))
        self._store.tidy()
        channels, layers = self._network.channels, len(self._network.taps)
        empty = np.zeros((0, len(wanted), channels + layers), np.float32)
        values, lengths = np.split(np.stack(rows) if rows else empty, [channels], axis=2)
        return Features(values, lengths, tuple(broken))

    def _of(
        self, path: Path, wanted: Sequence[Look], cancelled: Cancelled | None
    ) -> NDArray[np.float32]:
        content = content_hash(path)
        keys = [self._key(content, look) for look in wanted]
        found = self._store.get(keys)
        missing = [(k, look) for k, look in zip(keys, wanted, strict=True) if k not in found]
        if missing:
            frame = images.load(path, least=max(look.size for look in wanted))
            made = {}
            for key, look in missing:
                check(cancelled)
                made[key] = self._seen(frame, look)
            self._store.put(made)
            found |= made
        check(cancelled)
        return np.stack([found[key] for key in keys])

    def _seen(self, frame: Frame, look: Look) -> NDArray[np.float32]:
        height, width = frame.pixels.shape[:2]
        geometry = self._preprocessing.geometry((height, width), Fit.WHOLE, look.size)
        tensor: Tensor = self._preprocessing.tensor(frame, geometry)
        if look.mirrored:
            tensor = tensor.flip(-1)
        with torch.inference_mode():
            seen, lengths = self._network.looked_at(tensor.to(self._device))
        return torch.cat([seen[0], lengths[0]]).float().cpu().numpy()

    def _key(self, content: str, look: Look) -> str:
        return hashlib.sha256(f"{self._identity} {content} {look}".encode()).hexdigest()


def check(cancelled: Cancelled | None) -> None:
    """Stop if the user wants that.

    Raises:
        CancelledError: if `cancelled` is true.
    """
    if cancelled is not None and cancelled():
        raise CancelledError("Teaching was cancelled.")


def content_hash(path: Path) -> str:
    """SHA-256 of a picture's file, hexadecimal.

    Raises:
        PictureError: if it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise PictureError(f"{path.name} cannot be read: {error.strerror or error}.") from error
