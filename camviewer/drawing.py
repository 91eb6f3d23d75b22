"""Boxes and captions drawn into pixels, in proportion to the picture."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from camviewer.types import Pixels

Color = tuple[int, int, int]
Rectangle = tuple[int, int, int, int]  # left, top, right, bottom; the last two are outside
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_LINES_PER_SIDE = 270  # the picture's short side in line widths
_LETTERS_PER_SIDE = 36  # the picture's short side in letter heights
_SMALLEST_LETTERS = 10
_LEGIBLE_LETTERS = 7  # below this a caption is cut short instead of written smaller
_BLACK: Color = (0, 0, 0)
_WHITE: Color = (255, 255, 255)
_UNASSIGNED = "\u0378"  # no font has it, so it shows what a missing character looks like

# Pillow's own font is Latin. For other scripts: what Linux, Windows and macOS usually have.
_SYSTEM_FONTS = (
    "DejaVuSans.ttf",
    "NotoSans-Regular.ttf",
    "NotoSansCJK-Regular.ttc",
    "arial.ttf",
    "msyh.ttc",
    "malgun.ttf",
    "Nirmala.ttc",
    "LeelawUI.ttf",
    "Arial Unicode.ttf",
    "PingFang.ttc",
    "AppleSDGothicNeo.ttc",
)


@dataclass(frozen=True)
class Mark:
    """One box to draw.

    Attributes:
        left, top, right, bottom: its edges in pixels of the array that is drawn into.
        color: RGB.
        caption: what is written on it; nothing when empty.
        plain: what is written instead when no font has the caption's characters.
    """

    left: float
    top: float
    right: float
    bottom: float
    color: Color
    caption: str = ""
    plain: str = ""


def draw(pixels: Pixels, marks: Sequence[Mark]) -> Pixels:
    """Boxes with captions, the first on top.

    Args:
        pixels: RGB uint8 ``(height, width, 3)``.
        marks: what to draw; lines and captions stay inside the picture, a caption that has no room
            even cut short is left out.

    Returns:
        A new array of the same shape.
    """
    image = Image.fromarray(pixels)
    canvas = ImageDraw.Draw(image)
    line = max(1, round(min(image.size) / _LINES_PER_SIDE))
    edge = max(1, line // 3)
    rectangles = [_rounded(mark, image.size) for mark in marks]
    for mark, (left, top, right, bottom) in zip(reversed(marks), reversed(rectangles), strict=True):
        # a dark rim on both sides keeps the line visible on a ground of its own colour
        outer = (left, top, right - 1, bottom - 1)
        canvas.rectangle(outer, outline=_BLACK, width=line + 2 * edge)
        if min(right - left, bottom - top) > 2 * edge:
            inner = (left + edge, top + edge, right - 1 - edge, bottom - 1 - edge)
            canvas.rectangle(inner, outline=mark.color, width=line)
    taken: list[Rectangle] = []
    for mark, rectangle in zip(marks, rectangles, strict=True):
        if mark.caption:
            taken.extend(_caption(canvas, image.size, mark, rectangle, taken))
    return np.array(image)


def _rounded(mark: Mark, size: tuple[int, int]) -> Rectangle:
    """The mark's edges on whole pixels of the picture, at least one pixel apart."""
    left = min(max(round(mark.left), 0), size[0] - 1)
    top = min(max(round(mark.top), 0), size[1] - 1)
    right = min(max(round(mark.right), left + 1), size[0])
    bottom = min(max(round(mark.bottom), top + 1), size[1])
    return left, top, right, bottom


def _caption(
    canvas: ImageDraw.ImageDraw,
    size: tuple[int, int],
    mark: Mark,
    box: Rectangle,
    taken: Iterable[Rectangle],
) -> list[Rectangle]:
    """Write a caption on its own ground where it covers no other.

    Returns:
        Where it was written; nothing if it had no room.
    """
    letters = max(_SMALLEST_LETTERS, round(min(size) / _LETTERS_PER_SIDE))
    padding = max(1, letters // 5)
    text, font = _fitted(mark, letters, size[0] - 2 * padding)
    ascent, descent = heights(font)
    width = round(font.getlength(text)) + 2 * padding
    height = ascent + descent + padding
    if not text or width > size[0] or height > size[1]:
        return []
    left = min(box[0], size[0] - width)
    places = [
        (left, top, left + width, top + height)
        for top in (box[1] - height, box[1], box[3], box[3] - height)
        if 0 <= top <= size[1] - height
    ] or [(left, 0, left + width, height)]
    place = next((p for p in places if not any(_overlap(p, t) for t in taken)), places[0])
    canvas.rectangle((place[0], place[1], place[2] - 1, place[3] - 1), fill=mark.color)
    ink = _BLACK if _brightness(mark.color) > 110 else _WHITE
    canvas.text((place[0] + padding, place[1] + padding // 2), text, fill=ink, font=font)
    return [place]


def _fitted(mark: Mark, letters: int, room: int) -> tuple[str, Font]:
    """The caption and its font: smaller if it must be, then cut short to what has room."""
    text, font = legible(mark.caption, mark.plain, letters)
    width = font.getlength(text)
    if width > room:
        smaller = max(_LEGIBLE_LETTERS, int(letters * room / width))
        text, font = legible(mark.caption, mark.plain, min(smaller, letters))
    return cut_short(text, font, room), font


def cut_short(text: str, font: Font, room: float) -> str:
    """As much of a text as is no wider than ``room`` pixels, with an ellipsis where it ends."""
    while text and font.getlength(text) > room:
        text = text[:-2].rstrip() + "…" if len(text) > 2 else ""
    return text


def legible(text: str, plain: str, letters: int) -> tuple[str, Font]:
    """A text in one line and a font that has its characters.

    Args:
        text: any; it may come from the user's files.
        plain: taken instead where no font has the characters of `text`, accents left out.
        letters: the font's size in pixels.
    """
    # labels may hold line ends and half characters
    text = " ".join(text.encode(errors="replace").decode().split())
    for name in (None, *_SYSTEM_FONTS):
        font = _font(name, letters) if _has_characters(name, text) else None
        if font is not None:
            return text, font
    decomposed = unicodedata.normalize("NFKD", text)
    unaccented = "".join(c for c in decomposed if not unicodedata.combining(c))
    plain = unaccented if _has_characters(None, unaccented) else plain
    return plain, ImageFont.load_default(letters)


@lru_cache(maxsize=64)
def _font(name: str | None, letters: int) -> Font | None:
    """A font by file name (None: Pillow's own), or None where the system lacks it."""
    if name is None:
        return ImageFont.load_default(letters)
    try:
        return ImageFont.truetype(name, letters)
    except OSError:
        return None


@lru_cache(maxsize=1024)
def _has_characters(name: str | None, text: str) -> bool:
    font = _font(name, 16)
    if font is None:
        return False
    missing = bytes(font.getmask(_UNASSIGNED))
    return all(c.isspace() or bytes(font.getmask(c)) != missing for c in set(text))


def heights(font: Font) -> tuple[int, int]:
    """Ascent and descent in pixels."""
    if isinstance(font, ImageFont.FreeTypeFont):
        return font.getmetrics()
    return int(font.getbbox("Ag")[3]), 0


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _brightness(color: Color) -> float:
    return 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]
