"""Pictures that carry a number in their pixels, which survives compression, scaling and mirroring.

The upper corners hold the same squares, one the mirror of the other: four rows of four bits, and a
row that checks them. Under them is a square that is red on the left and green on the right.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from camviewer.types import Pixels

DARK, BRIGHT = 32, 224
RED, GREEN = (208, 48, 48), (48, 208, 48)
_COLUMNS, _ROWS = 4, 5
NUMBERS = 2**16
SMALLEST = (12, 16)  # height and width of the smallest picture that can hold a number


def numbered(number: int, size: tuple[int, int]) -> Pixels:
    """A picture with a number in it, modulo `NUMBERS`.

    Args:
        number: from 0.
        size: ``(height, width)``, at least `SMALLEST`.

    Returns:
        RGB uint8 ``(height, width, 3)``, C-contiguous.
    """
    picture = _ground(size).copy()
    side = _side(size)
    levels = np.where(_bits(number), BRIGHT, DARK).astype(np.uint8)
    squares = np.kron(levels, np.ones((side, side), np.uint8))[:, :, None]
    picture[: _ROWS * side, : _COLUMNS * side] = squares
    picture[: _ROWS * side, -_COLUMNS * side :] = squares[:, ::-1]
    return picture


def number_of(pixels: Pixels) -> int:
    """The number in a picture.

    Raises:
        ValueError: if there is none, or two pictures are mixed.
    """
    side = _side((pixels.shape[0], pixels.shape[1]))
    rows = np.arange(_ROWS) * side + side // 2
    columns = np.arange(_COLUMNS) * side + side // 2
    bits = [_read(pixels, rows, places) for places in (columns, -1 - columns)]
    number = int(np.packbits(bits[0][:4].ravel()).view(">u2")[0])
    if not np.array_equal(bits[0], bits[1]) or not np.array_equal(bits[0], _bits(number)):
        raise ValueError("there is no number in this picture")
    return number


def is_mirrored(pixels: Pixels) -> bool:
    """Whether left and right of a numbered picture are exchanged.

    Raises:
        ValueError: if its colours are not those of a numbered picture, such as with red and blue
            exchanged.
    """
    side = _side((pixels.shape[0], pixels.shape[1]))
    row, column = _ROWS * side + side // 2, side // 2
    left, right = (pixels[row, place].astype(int) for place in (column, -1 - column))
    for mirrored, (first, second) in ((False, (RED, GREEN)), (True, (GREEN, RED))):
        if abs(left - first).max() < 60 and abs(right - second).max() < 60:
            return mirrored
    raise ValueError(f"neither red and green nor green and red: {left}, {right}")


def _read(pixels: Pixels, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    return pixels[np.ix_(rows, columns)].mean(axis=2) > (DARK + BRIGHT) / 2


def _bits(number: int) -> np.ndarray:
    """Boolean ``(5, 4)``: the sixteen bits, then what makes each column's sum odd."""
    word = np.array([number % NUMBERS], ">u2")
    bits = np.unpackbits(word.view(np.uint8)).reshape(4, _COLUMNS).astype(bool)
    return np.vstack([bits, ~np.logical_xor.reduce(bits)])


def _side(size: tuple[int, int]) -> int:
    return max(1, min(size[0] // 6, size[1] // 10))


@lru_cache(maxsize=8)
def _ground(size: tuple[int, int]) -> Pixels:
    height, width = size
    if height < SMALLEST[0] or width < SMALLEST[1]:
        raise ValueError(f"{size} is too small for a number")
    down, across = np.mgrid[0:height, 0:width]
    ground = np.stack(
        [120 + 80 * down // height, 90 + 80 * across // width, np.full(size, 140)], axis=2
    ).astype(np.uint8)
    side = _side(size)
    ground[_ROWS * side : 6 * side, :side] = RED
    ground[_ROWS * side : 6 * side, -side:] = GREEN
    ground.flags.writeable = False
    return ground
