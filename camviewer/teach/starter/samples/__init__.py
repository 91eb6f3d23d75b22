"""The sample pictures of the empty window, drawn by code."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from camviewer.teach.starter.raster import Rgb, Rng
from camviewer.teach.starter.samples import indoor, outdoor

SAMPLES: dict[str, Callable[[Rng], Rgb]] = {
    "board": indoor.board,
    "cracked_wall": outdoor.cracked_wall,
    "first_aid": indoor.first_aid,
    "floor_arrow": outdoor.floor_arrow,
    "page": indoor.page,
    "parcel": indoor.parcel,
    "poster": indoor.poster,
    "road_signs": outdoor.road_signs,
    "stars": indoor.stars,
}
"""File stem of each sample, and what draws it."""

_QUALITIES = (86, 80, 74, 66)
_LARGEST = 145_000


def write(folder: Path) -> list[Path]:
    """Draw every sample into the folder as a JPEG below 150 kB; returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, (stem, draw) in enumerate(SAMPLES.items()):
        image = Image.fromarray(draw(np.random.default_rng(number)))
        file = folder / f"{stem}.jpg"
        for quality in _QUALITIES:
            image.save(file, quality=quality, optimize=True)
            if file.stat().st_size <= _LARGEST:
                break
        files.append(file)
    return files
