"""Maps of the taught pictures, for as long as teaching takes: too many for the memory."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from camviewer.errors import CamviewerError, PictureError
from camviewer.media import images
from camviewer.models.backbone import TaughtNetwork
from camviewer.models.preprocess import Preprocessing
from camviewer.teach.data.dataset import Broken, Example
from camviewer.teach.features import Cancelled, Features, Progress, check
from camviewer.types import Fit


class Cells:
    """Maps of pictures in half precision, in a file that is gone when this is closed."""

    def __init__(self, folder: Path) -> None:
        """Keep them in a folder, which is made if it is not there.

        Raises:
            CamviewerError: if nothing can be written there.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # without a name, or deleted by Windows: not even a crash leaves it behind
            self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  `close` closes it
        except OSError as error:
            raise self._no_room(error) from error
        self._places: list[tuple[int, tuple[torch.Size, ...]]] = []
        self._end = 0

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, number: int) -> list[Tensor]:
        """Those of a picture, float32 ``(channels, rows, columns)`` for each layer."""
        start, shapes = self._places[number]
        self._file.seek(start)
        maps = []
        for shape in shapes:
            raw = self._file.read(2 * shape.numel())
            values = np.frombuffer(raw, np.float16).astype(np.float32)
            maps.append(torch.from_numpy(values).view(shape))
        return maps

    def add(self, maps: Sequence[Tensor]) -> None:
        """Keep those of one more picture, in the order of the pictures.

        Args:
            maps: float ``(channels, rows, columns)`` for each layer, the finest first.

        Raises:
            CamviewerError: if there is no room.
        """
        start = self._end
        try:
            self._file.seek(start)
            for each in maps:
                self._end += self._file.write(each.half().cpu().contiguous().numpy().tobytes())
            self._file.flush()
        except OSError as error:
            raise self._no_room(error) from error
        self._places.append((start, tuple(each.shape for each in maps)))

    def close(self) -> None:
        """Forget them, and delete the file."""
        self._file.close()

    def _no_room(self, error: OSError) -> CamviewerError:
        return CamviewerError(
            f"While small things are taught {self._folder} holds a few megabytes for each picture, "
            f"but it cannot be written to: {error.strerror or error}. Make room there."
        )


def look(
    network: TaughtNetwork,
    preprocessing: Preprocessing,
    examples: Sequence[Example],
    cells: Cells,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Features:
    """Look at each picture once, as it will be looked at afterwards.

    Args:
        network: whose maps are wanted.
        preprocessing: what it expects.
        examples: the pictures.
        cells: where the maps of those that can be read are kept.
        progress: called with how many pictures are done, and of how many.
        cancelled: asked before each run of the network.

    Returns:
        The means of the maps, one look for each picture.

    Raises:
        CancelledError: if `cancelled` became true.
        CamviewerError: if there is no room for the maps.
    """
    device = network.fc.weight.device
    values, lengths, broken = list[Tensor](), list[Tensor](), list[Broken]()
    for number, example in enumerate(examples):
        check(cancelled)
        try:
            frame = images.load(example.path, least=preprocessing.input_size)
        except PictureError as error:
            broken.append(Broken(example.path, str(error)))
        else:
            lies = preprocessing.geometry(frame.size, Fit.WHOLE)
            with torch.inference_mode():
                maps, length = network.unit_maps(preprocessing.tensor(frame, lies).to(device))
            kept = [each[0].float().cpu() for each in maps]
            cells.add(kept)
            values.append(means(kept))
            lengths.append(length[0].float().cpu())
        if progress is not None:
            progress(number + 1, len(examples))
    channels, layers = network.channels, len(network.taps)
    return Features(
        _stacked(values, channels).numpy()[:, None],
        _stacked(lengths, layers).numpy()[:, None],
        tuple(broken),
    )


def _stacked(rows: Sequence[Tensor], width: int) -> Tensor:
    return torch.stack(list(rows)) if rows else torch.zeros(0, width)


def means(maps: Sequence[Tensor]) -> Tensor:
    """Of each channel over the cells of the finest grid, ``(channels,)``."""
    size = maps[0].shape[-2:]
    return weighted(maps, torch.full((1, *size), 1 / size.numel()))[0]


def weighted(maps: Sequence[Tensor], weights: Tensor) -> Tensor:
    """Sums over the cells of the finest grid, to which coarser maps are resized.

    Args:
        maps: ``(channels, rows, columns)`` for each layer.
        weights: of the cells, ``(n, rows, columns)`` of the finest grid.

    Returns:
        ``(n, channels)``, of all layers.
    """
    # resizing A is R A C^T, so that <S, R A C^T> = <R^T S C, A>: nothing large is resized
    return torch.cat(
        [_shrunk(weights, each.shape[-2:]).flatten(1) @ each.flatten(1).T for each in maps], 1
    )


def class_maps(maps: Sequence[Tensor], weight: Tensor) -> Tensor:
    """``M_c(x, y) = sum_k W_ck A_k(x, y)`` on the finest grid, ``(classes, rows, columns)``."""
    size = maps[0].shape[-2:]
    found = weight.new_zeros(len(weight), *size)
    first = 0
    for each in maps:
        part = weight[:, first : first + len(each)]
        found += _resized((part @ each.flatten(1)).view(-1, *each.shape[-2:]), size)
        first += len(each)
    return found


def _resized(maps: Tensor, size: Sequence[int]) -> Tensor:
    if maps.shape[-2:] == tuple(size):
        return maps
    rows, columns = (_basis(few, many) for few, many in zip(maps.shape[-2:], size, strict=True))
    return rows.T @ maps @ columns


def _shrunk(weights: Tensor, size: Sequence[int]) -> Tensor:
    """The transpose of `_resized`."""
    if weights.shape[-2:] == tuple(size):
        return weights
    rows, columns = (_basis(few, many) for many, few in zip(weights.shape[-2:], size, strict=True))
    return rows @ weights @ columns.T


def _basis(few: int, many: int) -> Tensor:
    """What linear resizing makes of each unit vector, ``(few, many)``."""
    eye = torch.eye(few)[None]
    return F.interpolate(eye, size=many, mode="linear")[0]
