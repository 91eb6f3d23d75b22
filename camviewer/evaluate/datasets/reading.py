"""Every format by its name on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.coco import coco
from camviewer.evaluate.datasets.masks import masks
from camviewer.evaluate.datasets.sample import Sample
from camviewer.evaluate.datasets.voc import pascal_voc
from camviewer.media.images import find_pictures

FORMATS: Mapping[str, Callable[[Path], list[Sample]]] = MappingProxyType(
    {"voc": pascal_voc, "coco": coco, "masks": masks}
)


def read(path: Path, kind: str, nothing: str | None = None) -> list[Sample]:
    """Read a data set.

    Args:
        path: its folder; a file where the format allows that.
        kind: one of `FORMATS`.
        nothing: the class of the pictures in the folder on which nothing is marked; they are left
            out when None, unless the format knows their class (masks).

    Raises:
        CamviewerError: if it cannot be read, or nothing is marked on any picture.
    """
    if not path.exists():
        raise CamviewerError(f"There is no {path}.")
    samples = FORMATS[kind](path)
    if not any(sample.marked for sample in samples):
        raise CamviewerError(f"Nothing is marked on any picture of {path}.")
    if nothing is None or kind == "masks":
        return samples
    marked = {sample.picture.resolve() for sample in samples}
    folder = path if path.is_dir() else path.parent
    rest = (picture for picture in find_pictures([folder]) if picture.resolve() not in marked)
    return [*samples, *(Sample(picture, nothing) for picture in rest)]
