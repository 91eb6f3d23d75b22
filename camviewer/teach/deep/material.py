"""The pictures to learn from and those held out, read once and ready to be shown."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import Tensor

from camviewer.errors import CamviewerError, PictureError
from camviewer.models.classifier import Classifier
from camviewer.teach.data.dataset import Broken, Dataset
from camviewer.teach.data.split import Split
from camviewer.teach.deep.interruption import Cancelled, check
from camviewer.teach.deep.options import Options
from camviewer.teach.deep.pictures import ROOM, SCALES, Batch, Shelf, common_shape
from camviewer.teach.deep.told import Step

_PIXELS_AT_ONCE = 1 << 18  # learnt from on a CPU: more is not faster, and takes memory
_CELL = 32  # pixels: the stride of most networks' last layer


class Material:
    """The pictures that can be read, on either side.

    Attributes:
        broken: those that cannot.
        held_out: has read the held-out pictures.
        taught_paths: of the pictures to learn from.
        held_out_paths: of the others.
        taught_targets: float ``(pictures, classes)`` of 0 and 1.
        held_out_targets: likewise.
    """

    def __init__(self, classifier: Classifier, dataset: Dataset, options: Options) -> None:
        """Know what there is.

        Args:
            classifier: its preprocessing is used.
            dataset: the pictures.
            options: says at which size they are shown.
        """
        self._preprocessing = classifier.preprocessing
        self._dataset = dataset
        fixed = self._preprocessing.fixed_size or options.input_size is None
        self._size = self._preprocessing.input_size if fixed else int(options.input_size or 0)
        largest = _scaled(self._size, max(SCALES))
        self._taught = Shelf(self._preprocessing, largest, ROOM // 2)
        self.held_out = Shelf(self._preprocessing, self._size, ROOM // 2)
        self.taught_paths: list[Path] = []
        self.held_out_paths: list[Path] = []
        self.taught_targets = self.held_out_targets = torch.empty(0)
        self.broken: tuple[Broken, ...] = ()

    def read(self, split: Split, on_step: Callable[[Step], None], cancelled: Cancelled) -> None:
        """Read all of them once.

        Raises:
            CancelledError: if it was cancelled.
            CamviewerError: if none is left on one of the sides.
        """
        targets = torch.from_numpy(self._dataset.targets())
        sides = ((split.teaching, self._taught), (split.held_out, self.held_out))
        broken, read = [], []
        done, of = 0, len(split.teaching) + len(split.held_out)
        for indices, shelf in sides:
            sound = []
            for index in indices:
                check(cancelled)
                path = self._dataset.examples[index].path
                try:
                    shelf.picture(path)
                    sound.append(index)
                except PictureError as error:
                    broken.append(Broken(path, str(error)))
                done += 1
                on_step(Step(0, done, of))
            read.append(sound)
        if not all(read):
            raise CamviewerError(
                "There are no pictures left to learn from, or none to hold out. Add some: a class "
                "needs at least two, better 20."
            )
        taught, held_out = read
        self.taught_paths = [self._dataset.examples[i].path for i in taught]
        self.held_out_paths = [self._dataset.examples[i].path for i in held_out]
        self.taught_targets, self.held_out_targets = targets[taught], targets[held_out]
        self.broken = tuple(broken)

    def parts(
        self, batch: Batch, device: torch.device, *, at_once: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """The pictures of a batch, changed and normalised, with their targets."""
        paths = [self.taught_paths[place] for place in batch.pictures]
        shapes = [self._taught.shape(path) for path in paths]
        size = common_shape(shapes, self._preprocessing, _scaled(self._size, batch.scale))
        few = max(1, _PIXELS_AT_ONCE // math.prod(size))
        count = few if device.type == "cpu" and not at_once else len(paths)
        for start in range(0, len(paths), count):
            part = batch.part(start, start + count)
            prepared = [self._taught.picture(path) for path in paths[start : start + count]]
            shown = self._taught.normalised(part.shown(prepared, size, device))
            yield shown, self.taught_targets[part.pictures].to(device)


def _scaled(size: int, scale: float) -> int:
    step = math.gcd(size, _CELL)
    return max(step, round(size * scale / step) * step)
