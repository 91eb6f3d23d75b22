"""Marks on photographs that a camera kept lying on their side.

Such a picture is shown upright, as its EXIF data say; a tool that passes them over has people draw
on the picture as it lies. Width and height in its annotation tell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
from PIL import ExifTags, Image

from camviewer.boxes import Corners
from camviewer.evaluate.datasets.sample import Mask

UPRIGHT = 1
"""What EXIF calls a picture that is as it was taken."""

_BOXES: Mapping[int, Callable[[float, float, float, float], Corners]] = MappingProxyType(
    {
        5: lambda left, top, right, bottom: (top, left, bottom, right),
        6: lambda left, top, right, bottom: (1 - bottom, left, 1 - top, right),
        7: lambda left, top, right, bottom: (1 - bottom, 1 - right, 1 - top, 1 - left),
        8: lambda left, top, right, bottom: (top, 1 - right, bottom, 1 - left),
    }
)
_TURNS: Mapping[int, int] = MappingProxyType({6: -1, 7: 2, 8: 1})  # by 90 degrees to the left


def turned(picture: Path, size: tuple[float, float]) -> int:
    """How a picture lies that was annotated lying; by EXIF's numbers, `UPRIGHT` if it was not.

    Args:
        picture: the file; one that cannot be read is upright.
        size: width and height as the annotation has them.
    """
    if size[0] == size[1]:
        return UPRIGHT
    try:
        with Image.open(picture) as opened:
            lying = opened.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
            return lying if lying in _BOXES and opened.size == size else UPRIGHT
    except Exception:
        return UPRIGHT


def upright_box(box: Corners, lying: int) -> Corners:
    """A box on the picture as it is shown.

    Args:
        box: shares of the picture as it lies, see `Truth.boxes`.
        lying: from `turned`.
    """
    return box if lying == UPRIGHT else _BOXES[lying](*box)


def upright_mask(mask: Mask, lying: int) -> Mask:
    """A mask of the picture as it is shown; see `upright_box`."""
    if lying == UPRIGHT:
        return mask
    return np.rot90(mask.T if lying in (5, 7) else mask, _TURNS.get(lying, 0))
