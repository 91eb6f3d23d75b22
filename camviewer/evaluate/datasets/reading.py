"""Every format by its name on the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.coco import coco
from camviewer.evaluate.datasets.masks import masks
from camviewer.evaluate.datasets.sample import Annotations, Sample
from camviewer.evaluate.datasets.voc import pascal_voc
from camviewer.evaluate.datasets.yolo import yolo
from camviewer.media.images import find_pictures
from camviewer.teach.data.masks import masks_among

FORMATS: Mapping[str, Callable[[Path], Annotations]] = MappingProxyType(
    {"voc": pascal_voc, "coco": coco, "yolo": yolo, "masks": masks}
)


def read(path: Path, kind: str, nothing: str | None = None) -> Annotations:
    """Read a data set.

    Args:
        path: its folder; a file where the format allows that.
        kind: one of `FORMATS`.
        nothing: the class of the pictures in the folder on which nothing is marked; they are left
            out when None, unless the format knows their class (masks). Pictures whose annotation
            cannot be used are not among them, nor masks of others.

    Raises:
        CamviewerError: if it cannot be read, or nothing is marked on any picture.
    """
    if not path.exists():
        raise CamviewerError(f"There is no {path}.")
    found = FORMATS[kind](path)
    if not any(sample.marked for sample in found.samples):
        why = "".join(f" {item.path}: {item.reason}" for item in found.broken[:1])
        raise CamviewerError(f"Nothing is marked on any picture of {path}.{why}")
    if nothing is None or kind == "masks":
        return found
    marked = {sample.picture.resolve() for sample in found.samples}
    folder = path if path.is_dir() else path.parent
    pictures = find_pictures([folder])
    masked = masks_among(pictures, folder)
    rest = tuple(
        Sample(picture, nothing)
        for picture in pictures
        if picture.resolve() not in marked
        and picture.stem.casefold() not in found.unsure
        and picture not in masked
    )
    return replace(found, samples=found.samples + rest)
