"""From a map to boxes.

The map is taken as it is shown: ReLU, divided by its maximum, laid bilinearly over the picture. A
box encloses a connected component of what lies at or above the cut. Components are 8-connected and
ranked by the pixels they cover, as in Zhou et al. 2016, section 3.2; the authors' box generator and
wsolevaluation (Choe et al. 2020) both use OpenCV's contours, which are 8-connected too (but rank by
the area of the contour's polygon, which is smaller than what the component covers).

**Exactness.** The picture is not sampled pixel by pixel: the samples lie on a lattice that refines
the map's own cells. Between neighbouring cell centres a bilinear map is linear along every lattice
line, and a level set's outermost points lie on the lines through cell centres, which are part of
the lattice. So edges are placed where the level set truly ends, whatever the picture's size; the
box around all picture pixels above the cut is at most half a pixel larger (pixels are whole), and
smaller by half a pixel or by what the level set's tips, where they are thinner than a pixel, lose
between pixel centres. The lattice decides only what is connected: a bridge or gap narrower than its
step may be judged differently than at full resolution.

**GrabCut.** On request a box is refined by the picture itself: the object is cut out once, on a
small picture, and the box encloses the part that overlaps the component most.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.edges import cut_out
from camviewer.types import (
    Box,
    BoxRule,
    Explanation,
    Frame,
    Geometry,
    Heatmap,
    Inspection,
    Map,
    Rule,
    Size,
)

_SAMPLES = 256  # lattice points along the longer side of the map, if it has fewer cells
_MOST_BOXES = 100  # a noisy map without a minimum area must not stall the program
_OTSU_LEVELS = 255
_CUT_OUT_SIDE = 128  # pixels along the longer side: enough for edges, and it takes milliseconds
_LEAST_KEPT = 0.4  # of a box's area; a smaller cut-out has lost the object to its own background

Axis = NDArray[np.float64]
Corners = tuple[float, float, float, float]


def intersection_over_union(a: Corners, b: Corners) -> float:
    """IoU of two boxes ``(left, top, right, bottom)``, in [0, 1]; 0 for boxes without area."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared)


def explain(heatmap: Heatmap, rule: BoxRule, frame: Frame) -> Explanation:
    """The map with its boxes, refined by the frame where the rule says so."""
    boxes = find_boxes(heatmap, rule)
    if rule.grabcut and boxes:
        boxes = refined(boxes, heatmap, frame)
    return Explanation(heatmap, boxes, rule)


def rebox(inspection: Inspection, rule: BoxRule) -> Inspection:
    """The same inspection with boxes by another rule; nothing is inferred.

    A rule with GrabCut takes some ten milliseconds for each map, others less than four.
    """
    return inspection.with_explanations(
        tuple(explain(e.heatmap, rule, inspection.frame) for e in inspection.explanations)
    )


def find_boxes(heatmap: Heatmap, rule: BoxRule) -> tuple[Box, ...]:
    """The boxes that a rule derives from a map.

    Args:
        heatmap: any map; NaN counts as zero, infinity as the maximum.
        rule: which components are enclosed, and where the map is cut. The cut is never above the
            highest value on the picture, and what is not positive is never enclosed. Its `grabcut`
            needs the picture: see `refined`.

    Returns:
        Boxes in picture pixels inside the part of the picture that the network saw, at least one
        pixel wide and high (less only if that part is); best score first, at most 100. Empty when
        nothing on the picture speaks for the class, or every component is below ``min_area``.
    """
    lattice = _Lattice.over(heatmap)
    top = float(lattice.values.max())
    if top <= 0:
        return ()
    cut = min(_cut(lattice.values, rule), top)
    mask = (lattice.values >= cut) & (lattice.values > 0)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = np.bincount(labels.ravel(), weights=lattice.areas.ravel(), minlength=len(stats))
    areas[0] = -1.0  # the background
    ranked = np.argsort(-areas, kind="stable")
    if rule.rule.keeps_one:
        chosen = ranked[:1]
    else:
        height, width = heatmap.geometry.picture
        chosen = ranked[: np.count_nonzero(areas > 0)]
        chosen = chosen[areas[chosen] >= rule.min_area * height * width][:_MOST_BOXES]
    boxes = []
    for component in chosen:
        left, top_row, columns, rows, _ = stats[component].tolist()
        window = (slice(top_row, top_row + rows), slice(left, left + columns))
        member = labels[window] == component
        x0, y0, x1, y1 = lattice.extent(member, window, cut)
        # a box that stands for its class has that one's score, or people would wonder which is true
        peak = 1.0 if rule.rule.keeps_one else float(lattice.values[window][member].max())
        score = min(max(heatmap.score * peak, 0.0), 1.0)
        box = Box(x0, y0, x1 - x0, y1 - y0, heatmap.target, heatmap.label, score, cut)
        boxes.append(box)
    return tuple(sorted(boxes, key=lambda box: -box.score))


def refined(boxes: tuple[Box, ...], heatmap: Heatmap, frame: Frame) -> tuple[Box, ...]:
    """Boxes of one map and one cut, moved to the picture's own edges by GrabCut.

    Args:
        boxes: from `find_boxes`; not empty.
        heatmap: the map they came from.
        frame: the picture under it.

    Returns:
        As many boxes, in the same order. A box is left as it is where nothing was cut out there,
        or less than two fifths of its area.
    """
    raster = _Raster.over(heatmap.geometry)
    shares = heatmap.resample(heatmap.positive, raster.size)[raster.window]
    small = cv2.resize(frame.pixels, raster.size[::-1], interpolation=cv2.INTER_AREA)
    cut = boxes[0].threshold
    mask = cut_out(np.ascontiguousarray(small[raster.window]), shares, cut)
    if mask is None:
        return boxes
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    parts = [raster.corners(*part[:4].tolist()) for part in stats]
    component = np.where(shares >= cut, labels, 0)
    return tuple(_moved(box, component[raster.pixels(box)], parts) for box in boxes)


@dataclass(frozen=True)
class _Raster:
    """A small raster over the picture, of which only what the network saw is used.

    Attributes:
        geometry: of the map.
        size: of the raster over the whole picture.
        window: the rows and columns of it that the network saw.
    """

    geometry: Geometry
    size: Size
    window: tuple[slice, slice]

    @classmethod
    def over(cls, geometry: Geometry) -> _Raster:
        height, width = geometry.picture
        scale = min(1.0, _CUT_OUT_SIDE / max(height, width))
        size = max(1, round(height * scale)), max(1, round(width * scale))
        return cls(geometry, size, geometry.window(size))

    @property
    def _pixel(self) -> tuple[float, float]:
        """Height and width of the raster's pixels in the picture."""
        height, width = self.geometry.picture
        return height / self.size[0], width / self.size[1]

    def corners(self, left: int, top: int, columns: int, rows: int) -> Corners:
        """What some pixels of the window cover in the picture, within what was seen."""
        height, width = self._pixel
        x, y = self.window[1].start + left, self.window[0].start + top
        low_x, low_y, high_x, high_y = self.geometry.seen
        return (
            max(x * width, low_x),
            max(y * height, low_y),
            min((x + columns) * width, high_x),
            min((y + rows) * height, high_y),
        )

    def pixels(self, box: Box) -> tuple[slice, slice]:
        """The pixels of the window that a box touches."""
        spans = []
        for low, extent, pixel, span in zip(
            (box.y, box.x), (box.height, box.width), self._pixel, self.window, strict=True
        ):
            start = max(math.floor(low / pixel) - span.start, 0)
            spans.append(slice(start, max(math.ceil((low + extent) / pixel) - span.start, 0)))
        return spans[0], spans[1]


def _moved(box: Box, overlapping: NDArray[np.int32], parts: list[Corners]) -> Box:
    """The box around the part that shares most pixels with the box's component.

    Args:
        box: the component's own.
        overlapping: the part that each of its pixels belongs to; 0 for none.
        parts: where the parts lie in the picture.
    """
    shared = np.bincount(overlapping.ravel(), minlength=len(parts))
    shared[0] = 0
    part = int(shared.argmax())
    x0, y0, x1, y1 = parts[part]
    width, height = x1 - x0, y1 - y0
    kept = width * height >= _LEAST_KEPT * box.width * box.height
    if part == 0 or not kept or min(width, height) <= 0:
        return box
    return replace(box, x=x0, y=y0, width=width, height=height)


def _cut(values: Map, rule: BoxRule) -> float:
    """The share of the map's maximum from which on a sample belongs to a component."""
    if rule.rule is Rule.PERCENTILE:
        return float(np.quantile(values, rule.threshold))
    if rule.rule.finds_threshold:
        levels = np.rint(values * _OTSU_LEVELS).astype(np.uint8)
        level, _ = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        # foreground is above the level, and levels are rounded values
        return (float(level) + 0.5) / _OTSU_LEVELS
    return rule.threshold


@dataclass(frozen=True, eq=False)
class _Lattice:
    """The map sampled over the seen part of the picture.

    Attributes:
        values: float32 ``(len(y), len(x))`` in [0, 1].
        x: where the columns lie in the picture; the first and last on the seen part's edges.
        y: where the rows lie, likewise.
    """

    values: Map
    x: Axis
    y: Axis

    @classmethod
    def over(cls, heatmap: Heatmap) -> _Lattice:
        geometry = heatmap.geometry
        left, top, right, bottom = geometry.seen
        finer = max(1, _SAMPLES // max(heatmap.cells))
        axes = []
        for axis, low, high in ((0, top, bottom), (1, left, right)):
            cells_per_input = heatmap.cells[axis] / geometry.input[axis]
            step = geometry.scale[axis] * cells_per_input
            origin = geometry.offset[axis] * cells_per_input - 0.5
            first, last = low * step + origin, high * step + origin
            inner = np.arange(np.ceil(first * finer), np.floor(last * finer) + 1) / finer
            inner = inner[(inner > first) & (inner < last)]
            cells = np.concatenate(([first], inner, [last]))
            axes.append((cells, np.concatenate(([low], (inner - origin) / step, [high]))))
        (rows, y), (columns, x) = axes
        values = interpolated(interpolated(heatmap.positive, rows).T, columns).T
        return cls(np.ascontiguousarray(values), x, y)

    @property
    def areas(self) -> Axis:
        """What each sample stands for, in square pixels of the picture: ``(len(y), len(x))``."""
        spans = []
        for positions in (self.y, self.x):
            middles = (positions[1:] + positions[:-1]) / 2
            spans.append(np.diff(middles, prepend=positions[0], append=positions[-1]))
        return np.outer(spans[0], spans[1])

    def extent(
        self, member: NDArray[np.bool_], window: tuple[slice, slice], cut: float
    ) -> tuple[float, float, float, float]:
        """Left, top, right and bottom of the level set of one component, in the picture.

        Args:
            member: ``(rows, columns)`` which samples of the window belong to the component.
            window: the component's smallest window of the lattice.
            cut: the level.
        """
        rows, columns = window
        upright, lying = self.values[rows], self.values[:, columns].T
        x0 = _end(upright, self.x, columns.start, -1, member[:, 0], cut)
        x1 = _end(upright, self.x, columns.stop - 1, 1, member[:, -1], cut)
        y0 = _end(lying, self.y, rows.start, -1, member[0], cut)
        y1 = _end(lying, self.y, rows.stop - 1, 1, member[-1], cut)
        x0, x1 = _at_least_a_pixel(x0, x1, self.x)
        y0, y1 = _at_least_a_pixel(y0, y1, self.y)
        return x0, y0, x1, y1


def interpolated(values: Map, positions: Axis) -> Map:
    """Rows of an array at fractional positions; the border rows reach outwards.

    The form ``a + f (b - a)`` keeps constant parts exactly constant and cells exact at their
    centres, so that a cut at the very maximum finds it.
    """
    inside = np.clip(positions, 0, len(values) - 1)
    lower = inside.astype(np.intp)
    upper = np.minimum(lower + 1, len(values) - 1)
    share = (inside - lower).astype(np.float32)[:, None]
    below: Map = values[lower]
    result: Map = below + share * (values[upper] - below)
    return result


def _end(
    values: Map, positions: Axis, last: int, step: int, member: NDArray[np.bool_], cut: float
) -> float:
    """Where a component ends beyond its last column: the farthest crossing of the level.

    Args:
        values: the component's rows of the lattice, all columns.
        positions: where the columns lie.
        last: the component's outermost column.
        step: -1 to the left, 1 to the right.
        member: which rows of that column belong to the component.
        cut: the level.
    """
    beyond = last + step
    if not 0 <= beyond < len(positions):
        return float(positions[last])
    inner = values[member, last].astype(np.float64)
    share = float(((inner - cut) / (inner - values[member, beyond])).max())
    return float(
        positions[last] + min(max(share, 0.0), 1.0) * (positions[beyond] - positions[last])
    )


def _at_least_a_pixel(low: float, high: float, positions: Axis) -> tuple[float, float]:
    """The span, widened to one pixel about its middle without leaving the seen part."""
    first, last = float(positions[0]), float(positions[-1])
    if high - low >= 1:
        return low, high
    low = min(max((low + high) / 2 - 0.5, first), max(last - 1, first))
    return low, min(low + 1, last)
