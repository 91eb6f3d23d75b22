"""A class's map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.types.picture import Geometry, Map, Size

Scalar = TypeVar("Scalar", np.float32, np.uint8)


@dataclass(frozen=True, eq=False)
class Heatmap:
    """What speaks for one class, where: a class activation map, raw.

    Attributes:
        values: float32 ``(rows, columns)`` at the map's own resolution, unbounded: positive speaks
            for the class, negative against it.
        geometry: how it lies over the picture.
        target: index of the target class; -1 when no class is asked about.
        label: its name, or the question in words, such as "goldfish, not tench".
        score: its probability, in [0, 1].
        present: whether the network says that the class is in the picture: above its calibrated
            threshold (independent sigmoids), or the most probable class (softmax).
        ceiling: the value that is shown as 1, held over the frames of a video so that colours do
            not flicker; None for the map's own `peak`. Boxes do not depend on it.
    """

    values: Map
    geometry: Geometry
    target: int
    label: str
    score: float
    present: bool = True
    ceiling: float | None = None

    @property
    def cells(self) -> Size:
        """``(rows, columns)`` of the map."""
        rows, columns = self.values.shape
        return int(rows), int(columns)

    @cached_property
    def positive(self) -> Map:
        """ReLU, then divided by the maximum over the picture: what boxes are derived from.

        Cells that lie wholly beside the picture (letterboxing) never set the scale. NaN counts as
        zero; an infinite cell is 1 and dwarfs the finite ones.

        Returns:
            float32 ``(rows, columns)`` in [0, 1]; all zero when nothing on the picture is positive.
        """
        return self._up_to(self.peak)

    @cached_property
    def shown(self) -> Map:
        """The map as drawn: `positive`, or divided by the `ceiling` where one is held."""
        return self.positive if self.ceiling is None else self._up_to(self.ceiling)

    @cached_property
    def peak(self) -> float:
        """The highest value over the picture, as `positive` divides by; NaN counts as zero."""
        return float(np.nan_to_num(self.values[self._on_picture], nan=0.0).max())

    def _up_to(self, highest: float) -> Map:
        values: Map = np.maximum(np.nan_to_num(self.values, nan=0.0), np.float32(0))
        top = np.float32(highest)
        if not top > 0:
            return np.zeros_like(values)
        return np.asarray(np.minimum(values, top) / top, np.float32)

    @property
    def _on_picture(self) -> tuple[slice, slice]:
        """The rows and columns of the map that overlap the picture."""
        left, top, right, bottom = self.geometry.seen
        first = self.geometry.to_input(left, top)
        last = self.geometry.to_input(right, bottom)
        spans = []
        for axis, cells in enumerate(self.cells):
            cells_per_input = cells / self.geometry.input[axis]
            # a sliver of a cell, left by rounding, does not count as overlap
            start = min(max(math.floor(first[1 - axis] * cells_per_input + 1e-6), 0), cells - 1)
            stop = math.ceil(last[1 - axis] * cells_per_input - 1e-6)
            spans.append(slice(start, min(max(stop, start + 1), cells)))
        return spans[0], spans[1]

    def resample(self, values: NDArray[Scalar], size: Size | None = None) -> NDArray[Scalar]:
        """Lay an array of the map's resolution over the picture, bilinearly.

        Args:
            values: float32 or uint8 ``(rows, columns)`` or ``(rows, columns, channels)``.
            size: the raster over the whole picture; the picture's own size when None.

        Returns:
            The same dtype, ``size``; the border cells reach out to the picture's edges.
        """
        size = size or self.geometry.picture
        if self.geometry.covers_picture_only:
            # the same sampling as below, ten times faster
            resized = cv2.resize(values, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
            return np.asarray(resized, values.dtype)
        # OpenCV is slow beyond a picture's border: only the seen window is warped, from a map that
        # is widened by one cell, and the rest repeats the window's border
        rows, columns = self.geometry.window(size)
        matrix = self.geometry.sampling(self.cells, size)
        matrix[:, 2] += 1 + matrix[:, :2] @ (columns.start, rows.start)
        window = cv2.warpAffine(
            cv2.copyMakeBorder(values, 1, 1, 1, 1, cv2.BORDER_REPLICATE),
            matrix,
            (columns.stop - columns.start, rows.stop - rows.start),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        margins = (rows.start, size[0] - rows.stop, columns.start, size[1] - columns.stop)
        whole = cv2.copyMakeBorder(window, *margins, cv2.BORDER_REPLICATE)
        return np.asarray(whole, values.dtype)

    def at(self, x: float, y: float) -> float:
        """The raw value under picture point ``(x, y)``, bilinear.

        NaN where the network saw nothing.
        """
        left, top, right, bottom = self.geometry.seen
        if not (left <= x <= right and top <= y <= bottom):
            return float("nan")
        rows, columns = self.cells
        matrix = self.geometry.sampling(self.cells)
        column = min(max((x - 0.5) * float(matrix[0, 0]) + float(matrix[0, 2]), 0.0), columns - 1.0)
        row = min(max((y - 0.5) * float(matrix[1, 1]) + float(matrix[1, 2]), 0.0), rows - 1.0)
        c0, r0 = int(column), int(row)
        c1, r1 = min(c0 + 1, columns - 1), min(r0 + 1, rows - 1)
        fc, fr = column - c0, row - r0
        v = self.values
        upper = float(v[r0, c0]) * (1 - fc) + float(v[r0, c1]) * fc
        lower = float(v[r1, c0]) * (1 - fc) + float(v[r1, c1]) * fc
        return upper * (1 - fr) + lower * fr
