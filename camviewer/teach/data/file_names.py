"""Classes that are told by the names of files, such as ``crazing_1.jpg``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import LEAST, class_name

_NUMBERED = re.compile(r"(.*[^\W\d_].*?)[\s_.(-]*\d+\)?")
_LEAST_EACH = 5  # pictures of a class on the average: below, names rather tell pictures apart
# what cameras and programs call all pictures
_ANY = frozenset(
    (
        *("img", "image", "images", "picture", "pic", "photo", "file", "untitled", "frame", "scan"),
        *("dsc", "dscn", "dscf", "dcim", "imgp", "mvi", "pxl", "gopr", "screenshot", "page", "p"),
    )
)


def told_by_names(pictures: Iterable[Path]) -> dict[str, list[Path]]:
    """The classes, in natural order, and their pictures.

    Returns:
        Empty where a name tells no class, there are fewer than two, or too few pictures of them.
    """
    found: dict[str, list[Path]] = {}
    for picture in pictures:
        match = _NUMBERED.fullmatch(picture.stem)
        if match is None or match[1].casefold() in _ANY:
            return {}
        found.setdefault(class_name(match[1]), []).append(picture)
    counts = [len(own) for own in found.values()]
    if len(counts) < 2 or min(counts) < LEAST or sum(counts) < _LEAST_EACH * len(counts):
        return {}
    return {name: found[name] for name in sorted(found, key=natural_key)}
