"""Pictures that are masks of other pictures, as far as names tell."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

MASK_FOLDERS = frozenset(
    (
        *("mask", "masks", "gt", "ground_truth", "groundtruth", "ground truth"),
        *("annotation", "annotations", "label", "labels", "trimap", "trimaps"),
        *("segmentation", "segmentations", "segmentationclass", "segmentationobject"),
    )
)
"""Names of folders that hold masks, casefolded."""

_PHOTOGRAPHS = frozenset((".jpg", ".jpeg", ".jpe", ".jfif"))
_ENDING = re.compile(r"[ _.-](masks?|gt|ground_?truth|annotation|seg(mentation)?)$", re.I)


def masks_among(pictures: Iterable[Path], root: Path) -> dict[Path, None]:
    """Those that annotate another of the pictures, in their order.

    A lossless picture beside a JPEG of the same name (``a.png`` beside ``a.jpg``), ``a_mask.png``
    beside ``a.png``, and pictures in a folder of `MASK_FOLDERS` that are named as a picture
    elsewhere.

    Args:
        pictures: all of a data set.
        root: its folder.
    """
    pictures = list(pictures)
    inside = {p for p in pictures if _in_mask_folder(p, root)}
    photographs = {(p.parent, p.stem) for p in pictures if p.suffix.casefold() in _PHOTOGRAPHS}
    beside = {(p.parent, p.stem) for p in pictures}
    outside = {p.stem for p in pictures if p not in inside}
    masks: dict[Path, None] = {}
    for picture in pictures:
        base = _ENDING.sub("", picture.stem)
        lossless = picture.suffix.casefold() not in _PHOTOGRAPHS
        if (
            (lossless and (picture.parent, picture.stem) in photographs)
            or (base != picture.stem and (picture.parent, base) in beside)
            or (picture in inside and base in outside)
        ):
            masks[picture] = None
    return masks


def _in_mask_folder(picture: Path, root: Path) -> bool:
    parents = picture.relative_to(root).parts[:-1]
    return any(part.casefold() in MASK_FOLDERS for part in parents)
