"""What lies under the cursor, and what the canvas shows, in words."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

from camviewer import render
from camviewer.types import Box, Frame, Inspection


@dataclass(frozen=True)
class HoverInfo:
    """What lies under the cursor.

    Attributes:
        x, y: the picture pixel.
        rgb: its colour in the picture.
        values: for each explanation the raw map value at the pixel's centre; NaN outside what the
            network saw.
        labels: of these explanations.
    """

    x: int
    y: int
    rgb: tuple[int, int, int]
    values: tuple[float, ...]
    labels: tuple[str, ...]


def read_out(frame: Frame, inspection: Inspection | None, x: float, y: float) -> HoverInfo | None:
    """What lies at a picture point; None beside the picture."""
    height, width = frame.size
    if not (0 <= x < width and 0 <= y < height):
        return None
    column, row = int(x), int(y)
    red, green, blue = frame.pixels[row, column].tolist()
    explanations = () if inspection is None else inspection.explanations
    values = tuple(e.heatmap.at(column + 0.5, row + 0.5) for e in explanations)
    labels = tuple(e.heatmap.label for e in explanations)
    return HoverInfo(column, row, (red, green, blue), values, labels)


def describe(frame: Frame | None, boxes: tuple[Box, ...], selected: int) -> str:
    """What a seeing person sees, for assistive technology."""
    if frame is None:
        return "No picture is open."
    height, width = frame.size
    parts = [f"{PurePath(frame.source).name}, {width} by {height} pixels"]
    parts += [render.box_caption(box) for box in boxes]
    if selected >= 0:
        parts.append(f"box {selected + 1} is selected")
    return "; ".join(parts)
