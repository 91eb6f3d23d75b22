"""QR codes and barcodes, encoded for real where the standard is short enough."""

import functools
import string

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.teach.starter.colours import ink_and_paper, paint
from camviewer.teach.starter.lettering import caption
from camviewer.teach.starter.raster import Colour, Patch, Rng, blend, blurred

_EAN_ODD = ("0001101", "0011001", "0010011", "0111101", "0100011",
            "0110001", "0101111", "0111011", "0110111", "0001011")  # fmt: skip
_PARITY = ("OOOOOO", "OOEOEE", "OOEEOE", "OOEEEO", "OEOOEE",
           "OEEOOE", "OEEEOO", "OEOEOE", "OEOEEO", "OEEOEO")  # fmt: skip


@functools.lru_cache(maxsize=1024)
def qr_modules(characters: int, number: int) -> NDArray[np.uint8]:
    """Modules of one of many QR codes, 1 where dark, without its quiet zone.

    Args:
        characters: length of its random content.
        number: which of the codes of that length; the same number is always the same code.
    """
    alphabet = string.ascii_letters + string.digits + ":/.-?="
    letters = np.random.default_rng(number).integers(0, len(alphabet), characters)
    content = "".join(alphabet[i] for i in letters)
    encoded = np.asarray(cv2.QRCodeEncoder.create().encode(content), np.uint8)
    dark = encoded < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    return dark[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].astype(np.uint8)


def qr_code(rng: Rng, side: int) -> Patch:
    """A QR code on its quiet zone, sometimes with a logo in the middle or soft modules.

    The fewer pixels it will have (side), the shorter its content, so that it stays legible.
    """
    lengths = [n for n, least in ((6, 0), (12, 0), (25, 40), (50, 56), (80, 70)) if side >= least]
    characters = lengths[rng.integers(len(lengths))]
    modules = qr_modules(characters, int(rng.integers(120)))
    modules = np.kron(modules, np.ones((4, 4), np.uint8)) * np.uint8(255)
    if rng.random() < 0.12:
        modules = np.where(blurred(modules, 1.3) > 127, 255, 0).astype(np.uint8)
    size = modules.shape[0]
    ink, paper = ink_and_paper(rng, inverted_share=0.06)
    quiet = int(rng.integers(3, 18)) if rng.random() < 0.9 else 0
    rgb = blend(paint(rng, size, size, paper), paint(rng, size, size, ink), modules)
    if rng.random() < 0.1:
        half = size // int(rng.integers(8, 12))
        middle = slice(size // 2 - half, size // 2 + half)
        rgb[middle, middle] = paint(rng, 2 * half, 2 * half, paper)
    rgb = _on_paper(rng, rgb, paper, quiet, quiet)
    part = np.pad(np.full((size, size), 255, np.uint8), quiet)
    return Patch(rgb, np.full_like(part, 255), [("QR code", part)])


def bars(rng: Rng) -> NDArray[np.uint8]:
    """Module row of a one-dimensional code: EAN-13, or widths of one to four as in Code 128."""
    if rng.random() < 0.5:
        return _ean13(rng.integers(0, 10, 12).tolist())
    symbols = int(rng.integers(6, 16))
    row = [1, 1, 0, 1, 0, 0, 1, 0, 0]
    for _ in range(symbols):
        row += _symbol(rng)
    return np.array([*row, 1, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1], np.uint8)


def barcode(rng: Rng, side: int) -> Patch:
    """A barcode of that width on its quiet zone, often with its digits below."""
    row = bars(rng)
    module = max(1, round(side / len(row)))
    width = len(row) * module
    height = max(6, round(width * rng.uniform(0.22, 0.8)))
    ink, paper = ink_and_paper(rng, inverted_share=0.03)
    mask = np.repeat(np.repeat(row, module)[None] * np.uint8(255), height, axis=0)
    rgb = blend(paint(rng, height, width, paper), paint(rng, height, width, ink), mask)
    part = np.full((height, width), 255, np.uint8)
    incidental: tuple[str, ...] = ()
    if rng.random() < 0.55:
        digits = "".join(str(d) for d in rng.integers(0, 10, 13))
        line = caption(rng, digits, width, max(5, round(height * rng.uniform(0.12, 0.25))))
        below = blend(np.full((*line.shape, 3), paper, np.uint8),
                      np.full((*line.shape, 3), ink, np.uint8), line)  # fmt: skip
        rgb = np.concatenate([rgb, below])
        part = np.concatenate([part, np.zeros_like(line)])
        incidental = ("text",)
    quiet = round(width * rng.uniform(0.02, 0.1)) if rng.random() < 0.92 else 0
    above = round(quiet * rng.uniform(0.2, 1.2))
    rgb = _on_paper(rng, rgb, paper, above, quiet)
    parts = [("barcode", np.pad(part, ((above, above), (quiet, quiet))))]
    return Patch(rgb, np.full(rgb.shape[:2], 255, np.uint8), parts, incidental)


def _on_paper(
    rng: Rng, rgb: NDArray[np.uint8], paper: Colour, above: int, beside: int
) -> NDArray[np.uint8]:
    height, width = rgb.shape[:2]
    sheet = paint(rng, height + 2 * above, width + 2 * beside, paper)
    sheet[above : above + height, beside : beside + width] = rgb
    return sheet


def _symbol(rng: Rng) -> list[int]:
    """Three bars and three spaces over eleven modules."""
    widths = [1] * 6
    while sum(widths) < 11:
        place = int(rng.integers(6))
        widths[place] = min(4, widths[place] + 1)
    return [1 - i % 2 for i, width in enumerate(widths) for _ in range(width)]


def _ean13(digits: list[int]) -> NDArray[np.uint8]:
    check = -sum(d * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10
    digits = [*digits, check]
    left = ""
    for digit, parity in zip(digits[1:7], _PARITY[digits[0]], strict=True):
        odd = _EAN_ODD[digit]
        left += odd if parity == "O" else _inverse(odd)[::-1]
    right = "".join(_inverse(_EAN_ODD[digit]) for digit in digits[7:])
    return np.array([int(bit) for bit in f"101{left}01010{right}101"], np.uint8)


def _inverse(bits: str) -> str:
    return bits.translate(str.maketrans("01", "10"))
