"""Masks: for each picture another one of its size, bright where the thing is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import numpy as np

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.sample import Annotations, Mask, Sample
from camviewer.media.images import find_pictures, load
from camviewer.teach.data.dataset import Broken
from camviewer.teach.data.masks import MASK_FOLDERS

_ENDINGS = ("_mask", "-mask", ".mask", "_gt", "_label", "_seg", "_segmentation")
_OBJECT_FOLDERS = frozenset({"segmentationobject"})  # Pascal VOC's masks again, in other colours
_TRIMAP_FOLDERS = frozenset({"trimap", "trimaps"})
_THING = 1  # in a trimap; 2 is what is behind it, 3 the seam
_PICTURE_FOLDERS = frozenset(
    {
        *("image", "images", "img", "imgs", "jpegimages", "picture", "pictures", "photos", "data"),
        *("train", "test", "val", "valid", "validation"),
    }
)
_LOSSLESS = frozenset((".png", ".bmp", ".tif", ".tiff", ".gif"))
_BRIGHT = 128


def masks(folder: Path) -> Annotations:
    """Read pictures with masks; a picture's class is the name of its folder.

    The mask of ``X.jpg`` is ``X.png`` beside it, ``X_mask.png`` beside it, or either of them in a
    folder ``masks`` (``ground_truth`` ...) beside or in its folder, or in such a folder anywhere
    above with the same folders below it, such as ``ground_truth/CLASS/X_mask.png`` for
    ``test/CLASS/X.png``. The class is the nearest folder whose name says more than ``images`` or
    ``test``. A picture without a mask, or whose mask is dark, has nothing marked. One with several
    masks, or with that of another picture, is listed and left out.

    Args:
        folder: searched with all folders below.

    Raises:
        CamviewerError: if there is no picture with a mask, or none whose mask is its own.
    """
    pictures, drawn = _sorted(find_pictures([folder]), folder)
    index: defaultdict[tuple[str, ...], list[Path]] = defaultdict(list)
    for mask in drawn:
        index[_place(mask, folder)].append(mask)
    found = {}
    for picture in pictures:
        around = set(_folders(picture, folder))
        # train/crack/1.jpg and test/crack/1.jpg share a place, but not what is in masks/test
        near = index.get(_place(picture, folder), [])
        found[picture] = [mask for mask in near if _telling(mask, folder) <= around]
    owners: defaultdict[Path, list[Path]] = defaultdict(list)
    for picture, own in found.items():
        for mask in own:
            owners[mask].append(picture)
    if not owners:
        raise CamviewerError(
            f"No masks in {folder}. A mask is a picture as large as the other, bright where the "
            "thing is: X.png or X_mask.png beside X.jpg, or the same in a folder named masks."
        )
    samples, broken = list[Sample](), list[Broken]()
    for picture, own in found.items():
        shared = next((mask for mask in own if len(owners[mask]) > 1), None)
        if len(own) > 1:
            broken.append(Broken(picture, f"It has several masks: {own[0]}, {own[1]}. Keep one."))
        elif shared is not None:
            other = next(owner for owner in owners[shared] if owner != picture)
            broken.append(Broken(picture, f"Its mask {shared} may be that of {other}."))
        else:
            reader = partial(_read, own[0]) if own else None
            samples.append(Sample(picture, _class_of(picture, folder), mask=reader))
    return Annotations(tuple(samples), tuple(broken))


def _sorted(found: Iterable[Path], folder: Path) -> tuple[list[Path], list[Path]]:
    """Pictures, and masks."""
    files = [f for f in found if _OBJECT_FOLDERS.isdisjoint(map(str.casefold, f.parts))]
    taken: defaultdict[tuple[Path, str], set[str]] = defaultdict(set)
    for file in files:
        taken[file.parent, file.stem.casefold()].add(file.suffix.casefold())
    pictures: list[Path] = []
    drawn: list[Path] = []
    for file in files:
        beside = taken[file.parent, file.stem.casefold()]
        stem = _stem(file)
        # of two files of one name, that which loses nothing is the mask
        is_mask = (
            (stem != file.stem.casefold() and (file.parent, stem) in taken)
            or any(part.casefold() in MASK_FOLDERS for part in _folders(file, folder))
            or (file.suffix.casefold() in _LOSSLESS and bool(beside - _LOSSLESS))
        )
        (drawn if is_mask else pictures).append(file)
    return pictures, drawn


def _place(file: Path, root: Path) -> tuple[str, ...]:
    """What a picture and its mask have in common: folders but for those of the kind, and stem."""
    folders = (part.casefold() for part in _folders(file, root))
    kept = (part for part in folders if part not in MASK_FOLDERS | _PICTURE_FOLDERS)
    return (*kept, _stem(file))


def _telling(mask: Path, root: Path) -> set[str]:
    return {part for part in _folders(mask, root) if part.casefold() not in MASK_FOLDERS}


def _stem(file: Path) -> str:
    stem = file.stem.casefold()
    ending = next((e for e in _ENDINGS if stem.endswith(e) and stem != e), "")
    return stem.removesuffix(ending)


def _folders(file: Path, root: Path) -> tuple[str, ...]:
    return file.parent.relative_to(root).parts


def _class_of(picture: Path, root: Path) -> str:
    folders = (root.resolve().name, *_folders(picture, root))
    telling = (part for part in reversed(folders) if part.casefold() not in _PICTURE_FOLDERS)
    return next(telling, folders[-1])


def _read(file: Path) -> Mask:
    """Where a mask is bright; where its values number the things, wherever it is not 0.

    In a folder of trimaps: where it is 1.
    """
    values = load(file).pixels.max(axis=2)
    if file.parent.name.casefold() in _TRIMAP_FOLDERS:
        return np.asarray(values == _THING, np.bool_)
    mask: Mask = values >= _BRIGHT if values.max() >= _BRIGHT else values > 0
    return mask
