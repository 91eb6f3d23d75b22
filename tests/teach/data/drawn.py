"""Small pictures that the tests of data sets draw."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from camviewer.types import Frame, Pixels


def scene(number: int, size: int = 96) -> Pixels:
    """A picture of coloured blots, unlike that of any other number."""
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 256, (8, 8, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def save(path: Path, pixels: Pixels | None = None) -> Path:
    """Write a picture, with its folders; a grey one if no pixels are given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), 90, np.uint8) if pixels is None else pixels).save(path)
    return path


def frame(number: int = 0) -> Frame:
    """A frame with that scene."""
    return Frame(scene(number), "test", number)
