"""Words, fonts and blocks of text."""

import functools
import os
import string
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from camviewer.teach.starter.colours import contrasting, paint
from camviewer.teach.starter.raster import Colour, Mask, Patch, Rng, blend

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FONT_FILE_LIMIT = 80
_UNSUITABLE = ("symbol", "dingbat", "d050000l", "emoji", "webdings", "wingdings", "icons",
               "standardsymbols", "math", "mono-oblique", "bliss", "notosanssymbols")  # fmt: skip
_VOCABULARY = (
    "the of and to in is for that on with as are this be at from by or an it not was has more one "
    "open closed exit entry push pull stop caution danger fire water gate office school park "
    "station platform street road north south left right hotel museum market bakery coffee "
    "fragile handle care parcel invoice total price date number order page chapter figure table "
    "model serial made batch lot net weight contents warning keep away private parking no smoking "
    "wet floor high voltage push button emergency first aid free sale new menu today special "
    "winter summer spring garden river mountain letter reader quickly silver window bottle paper"
)
_WORDS = tuple(_VOCABULARY.split())


def font_folders() -> list[Path]:
    """Where this system keeps its fonts."""
    if sys.platform == "win32":
        return [Path(os.environ.get("WINDIR", "C:/Windows")) / "Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts")]
    return [Path("/usr/share/fonts"), Path.home() / ".local/share/fonts"]


@functools.cache
def font_files() -> tuple[str, ...]:
    """Text fonts of this system, sorted by name, at most eighty; may be empty."""
    found = {}
    for folder in font_folders():
        for file in sorted(folder.rglob("*")) if folder.is_dir() else []:
            name = file.name.lower()
            suitable = not any(part in name.replace(" ", "") for part in _UNSUITABLE)
            if suitable and file.suffix.lower() in {".ttf", ".otf", ".ttc"} and _has_letters(file):
                found[file.stem] = str(file)
    files = [found[stem] for stem in sorted(found)]
    step = max(1, len(files) // _FONT_FILE_LIMIT)
    return tuple(files[::step])


def _has_letters(file: Path) -> bool:
    try:
        loaded = ImageFont.truetype(str(file), 20)
    except OSError:
        return False
    return bool(loaded.getmask("A").getbbox() != loaded.getmask("g").getbbox())


@functools.lru_cache(maxsize=400)
def _load(file: str, height: int) -> Font:
    return ImageFont.truetype(file, height)


def font(rng: Rng, height: int) -> Font:
    """A font of about that height in pixels; Pillow's own where the system has none."""
    files = font_files()
    pick = int(rng.integers(len(files) + 1))
    if pick == len(files):
        return ImageFont.load_default(height)
    return _load(files[pick], height)


def words(rng: Rng, characters: int) -> str:
    """A line of about that many characters: words, numbers, codes or prices."""
    line = ""
    while len(line) < characters:
        line += (" " if line else "") + _word(rng)
    line = line[: max(characters, 2)].strip()
    case = rng.random()
    if case < 0.3:
        return line.upper()
    return line.title() if case < 0.5 else line


def _word(rng: Rng) -> str:
    kind = rng.random()
    if kind < 0.72:
        return str(_WORDS[rng.integers(len(_WORDS))])
    if kind < 0.82:
        return str(rng.integers(0, 10 ** int(rng.integers(2, 8))))
    if kind < 0.9:
        letters = string.ascii_uppercase + string.digits
        return "".join(letters[i] for i in rng.integers(0, len(letters), rng.integers(3, 9)))
    if kind < 0.95:
        return f"{rng.integers(1, 300)}.{rng.integers(10, 100)}"
    return f"{rng.integers(1, 29)}.{rng.integers(1, 13)}.20{rng.integers(10, 40)}"


def line_mask(rng: Rng, line: str, height: int) -> Mask:
    """Antialiased ink of one line, cropped to the ink."""
    return _ink(line, font(rng, height))


def caption(rng: Rng, line: str, width: int, height: int) -> Mask:
    """One line centred in a strip of that width, a little taller than the line."""
    ink = line_mask(rng, line, height)
    strip = np.zeros((max(height, ink.shape[0]) + 3, width), np.uint8)
    shown = ink[:, :width]
    left = (width - shown.shape[1]) // 2
    strip[2 : 2 + shown.shape[0], left : left + shown.shape[1]] = shown
    return strip


def text_block(rng: Rng, side: int, ground: Colour, least_height: int) -> Patch:
    """Lines of text whose longest side is about side pixels.

    Args:
        least_height: smallest height of a capital in pixels.
    """
    tallest = max(least_height + 1, round(side * 0.42))
    height = round(float(np.exp(rng.uniform(np.log(least_height), np.log(tallest)))))
    characters = max(2, round(side / (0.55 * height)))
    lines = 1
    if rng.random() < 0.6:
        lines = int(rng.integers(1, max(2, min(16, side // round(1.5 * height)) + 1)))
    face = font(rng, round(height * 1.35))
    ragged = rng.random() < 0.7
    masks = []
    for _ in range(lines):
        count = round(characters * rng.uniform(0.45, 1.0)) if ragged else characters
        masks.append(_ink(words(rng, max(2, count)), face))
    ink, lines_mask = _stacked(rng, masks, round(height * rng.uniform(0.25, 0.9)))
    return _on_label(rng, ink, lines_mask, ground)


def _ink(line: str, face: Font) -> Mask:
    left, top, right, bottom = (round(v) for v in face.getbbox(line))
    image = Image.new("L", (max(right - left, 1) + 2, max(bottom - top, 1) + 2))
    ImageDraw.Draw(image).text((1 - left, 1 - top), line, fill=255, font=face)
    return np.asarray(image, np.uint8)


def _stacked(rng: Rng, masks: list[Mask], gap: int) -> tuple[Mask, Mask]:
    """Lines under each other: (ink, the rectangles that the lines fill)."""
    width = max(mask.shape[1] for mask in masks)
    align = rng.choice([0.0, 0.0, 0.5, 1.0])
    ink = np.zeros((sum(m.shape[0] + gap for m in masks) - gap, width), np.uint8)
    filled = np.zeros_like(ink)
    top = 0
    for mask in masks:
        left = round((width - mask.shape[1]) * align)
        place = (slice(top, top + mask.shape[0]), slice(left, left + mask.shape[1]))
        ink[place] = mask
        filled[place] = 255
        top += mask.shape[0] + gap
    return ink, filled


def _on_label(rng: Rng, ink: Mask, filled: Mask, ground: Colour) -> Patch:
    """The ink alone, or on a plate of its own."""
    if rng.random() < 0.5:
        rgb = paint(rng, ink.shape[0], ink.shape[1], contrasting(rng, ground, 110.0))
        return Patch(rgb, ink, [("text", filled)])
    margin = max(2, round(min(ink.shape) * rng.uniform(0.1, 0.5)))
    ink, filled = np.pad(ink, margin), np.pad(filled, margin)
    plate = contrasting(rng, ground, 40.0)
    below = paint(rng, ink.shape[0], ink.shape[1], plate)
    rgb = blend(below, paint(rng, ink.shape[0], ink.shape[1], contrasting(rng, plate, 130.0)), ink)
    return Patch(rgb, np.full_like(ink, 255), [("text", filled)])
