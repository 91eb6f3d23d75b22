"""Pictures and raw maps as files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from camviewer.errors import ExportError
from camviewer.export.files import written_whole
from camviewer.render import ColorMap, View, heatmap_only, overlay
from camviewer.types import Explanation, Inspection, Pixels

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
_LONGEST_JPEG_SIDE = 65_500
_JPEG_QUALITY = 95


def save_overlay(inspection: Inspection, view: View, path: Path) -> None:
    """Save the picture with heatmaps and boxes, at the picture's own size.

    Args:
        inspection: what is shown.
        view: how it is shown.
        path: ends in ``.png`` (exactly ``render.overlay``), ``.jpg`` or ``.jpeg``.

    Raises:
        ExportError: if it cannot be written.
    """
    save_pixels(overlay(inspection, view), path)


def save_heatmap(explanation: Explanation, colormap: ColorMap, path: Path) -> None:
    """Save one class's heatmap alone, at the picture's own size.

    Args:
        explanation: whose map.
        colormap: its colours.
        path: ends in ``.png``, ``.jpg`` or ``.jpeg``.

    Raises:
        ExportError: if it cannot be written.
    """
    save_pixels(heatmap_only(explanation, colormap), path)


def save_map(explanation: Explanation, path: Path) -> None:
    """Save a raw map, before ReLU and scaling: float32 ``(rows, columns)`` as ``.npy``.

    Raises:
        ExportError: if it cannot be written.
    """
    with written_whole(path) as file:
        np.save(file, explanation.heatmap.values, allow_pickle=False)


def save_pixels(pixels: Pixels, path: Path) -> None:
    """Save RGB uint8 ``(height, width, 3)``.

    Args:
        pixels: what is written.
        path: ends in ``.png``, ``.jpg`` or ``.jpeg``.

    Raises:
        ExportError: if it cannot be written.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ExportError(
            f"Pictures are saved as PNG or JPEG, not as '{path.suffix}'. End the name in .png or "
            ".jpg."
        )
    if kind == "JPEG" and max(pixels.shape) > _LONGEST_JPEG_SIDE:
        raise ExportError(
            f"A JPEG has at most {_LONGEST_JPEG_SIDE} pixels on a side; this picture has "
            f"{max(pixels.shape)}. Save it as PNG."
        )
    with written_whole(path) as file:
        # no chroma subsampling: it would smear thin coloured lines; PNG ignores both options
        Image.fromarray(pixels).save(file, kind, quality=_JPEG_QUALITY, subsampling=0)
