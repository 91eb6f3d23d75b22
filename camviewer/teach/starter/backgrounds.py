"""What scenes stand on: rendered surfaces, or crops of photographs."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from camviewer.errors import PictureError
from camviewer.teach.starter.colours import colour, ink_and_paper, paint
from camviewer.teach.starter.known_photos import SHOWS
from camviewer.teach.starter.raster import (
    Rgb,
    Rng,
    as_bytes,
    blank,
    blurred,
    cloud,
    polyline,
    resized,
)

_PHOTO_SIDE = 360
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp"}


@dataclass(frozen=True)
class Photo:
    """A photograph to stand in as a background.

    Attributes:
        pixels: RGB uint8 (height, width, 3), at least 32 pixels a side.
        shows: classes that it shows of its own, so that nobody can call them absent.
    """

    pixels: Rgb
    shows: tuple[str, ...] = ()


def surface(rng: Rng, side: int) -> Rgb:
    """A rendered background (side, side, 3)."""
    makers: tuple[Callable[[Rng, int], Rgb], ...] = (
        _plain, _plain, _clouds, _wall, _wall, _bricks, _wood, _cloth, _sheet, _clutter, _scene,
    )  # fmt: skip
    return makers[rng.integers(len(makers))](rng, side)


def wall(rng: Rng, side: int) -> Rgb:
    """Concrete, plaster or asphalt: where cracks are at home."""
    return _wall(rng, side)


def photo_crop(rng: Rng, photo: Rgb, side: int) -> Rgb:
    """A random square of a photograph, mirrored half of the time."""
    height, width = photo.shape[:2]
    size = int(min(height, width) * rng.uniform(0.45, 1.0))
    top, left = int(rng.integers(height - size + 1)), int(rng.integers(width - size + 1))
    crop = photo[top : top + size, left : left + size]
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return resized(np.ascontiguousarray(crop), side, side)


def photo_files(folder: Path, split: str) -> list[Path]:
    """Photographs of a folder that belong to one split, sorted by name.

    The SHA-256 of the file's name alone decides: of 20 parts 13 are for "train", 3 for
    "calibrate" and 4 for "test", so a photograph never changes sides.

    Raises:
        PictureError: the folder holds no photograph of that split.
    """
    spans = {"train": range(13), "calibrate": range(13, 16), "test": range(16, 20)}
    found = [
        file
        for file in sorted(folder.iterdir() if folder.is_dir() else [])
        if file.suffix.lower() in _SUFFIXES
        and hashlib.sha256(file.name.encode()).digest()[0] % 20 in spans[split]
    ]
    if not found:
        raise PictureError(
            f"{folder} holds no photograph for '{split}'. Name a folder of at least some dozen "
            "JPEG or PNG pictures, or leave out --photos."
        )
    return found


def load_photos(files: Sequence[Path]) -> list[Photo]:
    """Read photographs as RGB, shrunk to at most 360 pixels; unreadable ones are left out."""
    photos = []
    for file in files:
        data = np.frombuffer(file.read_bytes(), np.uint8)
        bgr = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if bgr is None:
            continue
        scale = min(1.0, _PHOTO_SIDE / max(bgr.shape[:2]))
        height, width = (max(32, round(n * scale)) for n in bgr.shape[:2])
        rgb = np.ascontiguousarray(np.asarray(bgr, np.uint8)[..., ::-1])
        photos.append(Photo(resized(rgb, height, width), SHOWS.get(file.stem, ())))
    return photos


def _plain(rng: Rng, side: int) -> Rgb:
    return paint(rng, side, side, colour(rng))


def _clouds(rng: Rng, side: int) -> Rgb:
    layers = [cloud(rng, side, side, int(rng.integers(2, 6)), 4) for _ in range(2)]
    base, one, two = (np.array(colour(rng), np.float32) for _ in range(3))
    rgb = base + layers[0][..., None] * (one - 128) * 0.4 + layers[1][..., None] * (two - 128) * 0.3
    return as_bytes(rgb)


def _wall(rng: Rng, side: int) -> Rgb:
    grey = rng.uniform(60, 225)
    tint = rng.normal(0, 9, 3) + (rng.uniform(-10, 25) * np.array([1, 0.4, -0.5]))
    relief = cloud(rng, side, side, int(rng.integers(2, 8)), 5) * rng.uniform(4, 20)
    grain = rng.standard_normal((side, side)).astype(np.float32) * np.float32(rng.uniform(2, 22))
    if rng.random() < 0.5:
        grain = np.asarray(cv2.GaussianBlur(grain, (0, 0), rng.uniform(0.5, 1.2)), np.float32) * 2
    rgb = grey + tint + (relief + grain)[..., None]
    return as_bytes(rgb)


def _bricks(rng: Rng, side: int) -> Rgb:
    rows = int(rng.integers(3, 12))
    height = side / rows
    width = height * rng.uniform(1.0, 3.0)
    joint = max(1.0, height * rng.uniform(0.04, 0.16))
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32)
    row = np.floor(ys / height)
    shifted = xs + (row % 2) * width / 2 * int(rng.random() < 0.75)
    column = np.floor(shifted / width)
    tone = np.sin(row * 12.9898 + column * 78.233) * 43758.5453
    tone = (tone - np.floor(tone) - 0.5) * rng.uniform(5, 50)
    base = np.array(colour(rng), np.float32)
    rgb = base + (tone + cloud(rng, side, side, 12, 3) * rng.uniform(2, 10))[..., None]
    seam = (ys - row * height < joint) | (shifted - column * width < joint)
    rgb[seam] = np.array(colour(rng), np.float32)
    return as_bytes(rgb)


def _wood(rng: Rng, side: int) -> Rgb:
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32) / side
    wave = ys * rng.uniform(6, 30) + cloud(rng, side, side, 2, 3) * rng.uniform(0.3, 1.2)
    grain = np.sin(wave * 2 * np.pi + xs) * rng.uniform(4, 16)
    base = np.array([rng.uniform(90, 215), rng.uniform(60, 165), rng.uniform(30, 115)])
    rgb = base + grain[..., None] + rng.standard_normal((side, side, 1)) * 4
    planks = int(rng.integers(0, 5))
    for at in np.linspace(0, side, planks + 2)[1:-1].astype(int):
        rgb[at : at + max(1, side // 90)] *= 0.5
    out = as_bytes(rgb)
    return np.ascontiguousarray(out.transpose(1, 0, 2)) if rng.random() < 0.5 else out


def _cloth(rng: Rng, side: int) -> Rgb:
    """Even stripes or weave."""
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32) / side
    tilt = rng.uniform(0, np.pi)
    wave = np.sin((xs * np.cos(tilt) + ys * np.sin(tilt)) * rng.uniform(8, 160))
    if rng.random() < 0.5:
        wave = wave * np.sin((ys * np.cos(tilt) - xs * np.sin(tilt)) * rng.uniform(8, 160))
    rgb = np.array(colour(rng), np.float32) + wave[..., None] * rng.uniform(4, 35)
    return as_bytes(rgb)


def _sheet(rng: Rng, side: int) -> Rgb:
    """A page, blank or ruled, on a table."""
    ink, paper = ink_and_paper(rng, inverted_share=0.0)
    rgb = _plain(rng, side)
    top, left = rng.integers(0, side // 4, 2)
    rgb[top:, left:] = paper
    if rng.random() < 0.5:
        period = max(5, side // int(rng.integers(6, 20)))
        rgb[top::period, left:] = (np.array(paper) * 0.7 + np.array(ink) * 0.3).astype(np.uint8)
    return rgb


def _clutter(rng: Rng, side: int) -> Rgb:
    """Line art: strokes of every kind that spell nothing."""
    rgb = _plain(rng, side)
    for _ in range(int(rng.integers(4, 24))):
        mask = np.zeros((side, side), np.uint8)
        steps = rng.normal(0, side * rng.uniform(0.02, 0.2), (int(rng.integers(2, 9)), 2))
        polyline(mask, rng.uniform(0, side, 2) + np.cumsum(steps, axis=0), int(rng.integers(1, 4)))
        rgb[mask > 100] = colour(rng)
    return blurred(rgb, rng.uniform(0.4, 1.0))


def _scene(rng: Rng, side: int) -> Rgb:
    """Blocks at odd angles, out of focus, as a room behind the thing."""
    rgb = blank(side, side, colour(rng))
    for _ in range(int(rng.integers(3, 12))):
        centre = rng.uniform(0, side, 2)
        tilt = rng.normal(0, 0.2)
        axes = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
        half = rng.uniform(0.05, 0.5, 2) * side
        corners = centre + (np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * half) @ axes
        cv2.fillPoly(rgb, [np.round(corners).astype(np.int32)], colour(rng))
    return blurred(rgb, side * rng.uniform(0.004, 0.05))
