"""Colours, the picture under them, boxes and captions, with OpenCV on the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import cv2
import numpy as np

from camviewer.drawing import Color, Mark, draw
from camviewer.types import Box, Explanation, Frame, Geometry, Heatmap, Inspection, Pixels, Size

# Okabe & Ito, "Color Universal Design" (2008): told apart with any common colour blindness.
# Their black is left out: it would vanish on photographs.
CLASS_COLORS: tuple[Color, ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
)

UNSEEN_BRIGHTNESS = 0.35
_DOMINANCE = 4  # power; at two, classes that lie on the same thing mix to grey


class ColorMap(StrEnum):
    """What value becomes what colour; all but turbo, jet and gray are perceptually uniform."""

    VIRIDIS = "viridis"
    CIVIDIS = "cividis"
    INFERNO = "inferno"
    MAGMA = "magma"
    TURBO = "turbo"
    JET = "jet"
    GRAY = "gray"


@dataclass(frozen=True)
class View:
    """How an inspection is shown; nothing in here ever causes inference.

    Attributes:
        opacity: of the heatmap, in [0, 1]; 0 shows the picture alone.
        colormap: of the heatmap when one class is shown.
        show_heatmap: whether there is a heatmap.
        show_boxes: whether boxes are drawn.
        show_labels: whether boxes carry label and score.
    """

    opacity: float = 0.5
    colormap: ColorMap = ColorMap.VIRIDIS
    show_heatmap: bool = True
    show_boxes: bool = True
    show_labels: bool = True


@cache
def lookup_table(colormap: ColorMap) -> Pixels:
    """The colours of a colour map, RGB uint8 ``(256, 3)``, lowest value first; read-only."""
    values = np.arange(256, dtype=np.uint8)
    if colormap is ColorMap.GRAY:
        table = np.repeat(values[:, None], 3, axis=1)
    else:
        bgr = cv2.applyColorMap(values, getattr(cv2, f"COLORMAP_{colormap.name}"))
        table = np.ascontiguousarray(bgr.reshape(256, 3)[:, ::-1])
    table.setflags(write=False)
    return table


def class_color(index: int) -> Color:
    """The RGB colour of the ``index``-th explanation: of its boxes, and of its heatmap when
    several classes are shown."""
    return CLASS_COLORS[index % len(CLASS_COLORS)]


def box_caption(box: Box) -> str:
    """What is written on a box, such as ``goldfish 98 %``, or ``#3 goldfish 98 %`` in a video."""
    number = "" if box.number is None else f"#{box.number} "
    return f"{number}{box.label} {percent(box.score)}"


def scaled(frame: Frame, size: Size) -> Pixels:
    """The frame's picture at another size, for a canvas that shows a large picture smaller.

    Args:
        frame: the picture.
        size: ``(height, width)``.

    Returns:
        RGB uint8 ``(*size, 3)``; the frame's own pixels when it has that size already.
    """
    if size == frame.size:
        return frame.pixels
    smaller = size[0] * size[1] < frame.size[0] * frame.size[1]
    how = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame.pixels, (size[1], size[0]), interpolation=how), np.uint8)


def blend(inspection: Inspection, view: View, picture: Pixels | None = None) -> Pixels:
    """The picture with its heatmaps, without boxes.

    Args:
        inspection: what is shown.
        view: how.
        picture: the inspection's picture at another size (see ``scaled``); its own when None.

    Returns:
        A new RGB uint8 array of the picture's size. Opacity 0 gives exactly the picture; opacity 1
        exactly the colour map (where the network saw the picture).
    """
    base = inspection.frame.pixels if picture is None else picture
    opacity = min(max(view.opacity, 0.0), 1.0)
    if not view.show_heatmap or opacity == 0 or not inspection.explanations:
        return base.copy()
    if len(inspection.explanations) == 1:
        colors = _colored(inspection.explanations[0], view.colormap, _size(base))
        result = np.asarray(cv2.addWeighted(colors, opacity, base, 1 - opacity, 0), np.uint8)
    else:
        result = _mixed(inspection.explanations, opacity, base)
    for beside in unseen(inspection.geometry, _size(base)):
        result[beside] = _dimmed(base[beside], min(2 * opacity, 1.0))
    return result


def overlay(inspection: Inspection, view: View) -> Pixels:
    """What is exported: the picture with its heatmaps and boxes, at its own size.

    Returns:
        A new RGB uint8 array of the picture's size.
    """
    pixels = blend(inspection, view)
    if not view.show_boxes:
        return pixels
    marks = [
        Mark(
            left=box.x,
            top=box.y,
            right=box.x + box.width,
            bottom=box.y + box.height,
            color=class_color(index),
            caption=box_caption(box) if view.show_labels else "",
            plain=f"{_numbered(box)} {percent(box.score)}",
        )
        for index, explanation in enumerate(inspection.explanations)
        for box in explanation.boxes
    ]
    return draw(pixels, marks) if marks else pixels


def heatmap_only(
    explanation: Explanation, colormap: ColorMap = ColorMap.VIRIDIS, size: Size | None = None
) -> Pixels:
    """The colour map alone.

    Args:
        explanation: whose map.
        colormap: which colours.
        size: ``(height, width)`` over the whole picture; the picture's own when None.

    Returns:
        RGB uint8 ``(*size, 3)``; black where the network did not look.
    """
    geometry = explanation.heatmap.geometry
    size = size or geometry.picture
    colors = _colored(explanation, colormap, size)
    for beside in unseen(geometry, size):
        colors[beside] = 0
    return colors


def _numbered(box: Box) -> str:
    return f"class {box.target}" if box.target >= 0 else "likeness"


def percent(share: float) -> str:
    """A probability as it is written on pictures: ``98 %``; never 0 or 100 unless it is."""
    hundredths = share * 100
    if 0 < hundredths < 0.5:
        return "<1 %"
    if 99.5 <= hundredths < 100:
        return ">99 %"
    return f"{hundredths:.0f} %"


def _size(pixels: Pixels) -> Size:
    return pixels.shape[0], pixels.shape[1]


def levels(heatmap: Heatmap) -> Pixels:
    """Which colour of a colour map each cell has: uint8 ``(rows, columns)``."""
    return np.asarray(np.rint(heatmap.shown * 255), np.uint8)


def _colored(explanation: Explanation, colormap: ColorMap, size: Size) -> Pixels:
    heatmap = explanation.heatmap
    # a table of one's own is applied as it stands, so RGB stays RGB
    table = lookup_table(colormap).reshape(256, 1, 3)
    return np.asarray(cv2.applyColorMap(heatmap.resample(levels(heatmap), size), table), np.uint8)


def _mixed(explanations: tuple[Explanation, ...], opacity: float, base: Pixels) -> Pixels:
    """Several classes over the picture."""
    mixture = mixed(explanations, opacity)
    through = mixture.lies.resample(mixture.through, _size(base))
    shown = cv2.multiply(base, cv2.cvtColor(through, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    paint = mixture.lies.resample(mixture.paint, _size(base))
    return np.asarray(cv2.add(shown, paint), np.uint8)


@dataclass(frozen=True, eq=False)
class Mixture:
    """Several classes, mixed at their maps' own resolution, to be laid over the picture.

    Attributes:
        lies: says how it lies over the picture.
        paint: RGB uint8 ``(rows, columns, 3)``, already weaker where the picture shines through.
        through: how much of the picture does, uint8 ``(rows, columns)``.
    """

    lies: Heatmap
    paint: Pixels
    through: Pixels


def mixed(explanations: tuple[Explanation, ...], opacity: float) -> Mixture:
    """Mix the colours of several classes; opacity in [0, 1]."""
    largest = max((e.heatmap for e in explanations), key=lambda h: h.values.size)
    rows, columns = largest.cells
    maps = [
        cv2.resize(e.heatmap.shown, (columns, rows), interpolation=cv2.INTER_LINEAR)
        for e in explanations
    ]
    values = np.stack(maps)
    colors = np.array([class_color(i) for i in range(len(explanations))], np.float32)
    covered = values.max(axis=0) * np.float32(opacity)
    probable = np.array([max(e.heatmap.score, 1e-6) for e in explanations], np.float32)
    shares = values**_DOMINANCE * probable[:, None, None]
    total = np.maximum(shares.sum(axis=0), np.float32(1e-12))
    mixture = np.einsum("irc,ik->rck", shares, colors) / total[..., None]
    paint = np.rint(mixture * covered[..., None]).astype(np.uint8)
    through = np.rint(255 * (1 - covered)).astype(np.uint8)
    return Mixture(largest, paint, through)


def unseen(geometry: Geometry, size: Size) -> Iterator[tuple[slice, slice]]:
    """The windows of a raster over the picture that the network did not see; none overlap."""
    height, width = size
    rows, columns = geometry.window(size)
    windows = (
        (slice(0, rows.start), slice(0, width)),
        (slice(rows.stop, height), slice(0, width)),
        (rows, slice(0, columns.start)),
        (rows, slice(columns.stop, width)),
    )
    return (w for w in windows if all(s.start < s.stop for s in w))


def _dimmed(pixels: Pixels, strength: float) -> Pixels:
    gray = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    dark = cv2.cvtColor(cv2.convertScaleAbs(gray, alpha=UNSEEN_BRIGHTNESS), cv2.COLOR_GRAY2RGB)
    return np.asarray(cv2.addWeighted(dark, strength, pixels, 1 - strength, 0), np.uint8)
