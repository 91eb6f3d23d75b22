"""The nouns of the house: what flows from a picture to its explanation.

Coordinates are continuous: pixel ``i`` covers ``[i, i + 1)`` and its centre lies at ``i + 0.5``.
Sizes are ``(height, width)``, as in numpy; points are ``(x, y)``, as on a screen.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from camviewer.errors import CamviewerError

Size = tuple[int, int]
Pixels = NDArray[np.uint8]
Map = NDArray[np.float32]
Scalar = TypeVar("Scalar", np.float32, np.uint8)


@dataclass(frozen=True, eq=False)
class Frame:
    """One upright picture.

    Attributes:
        pixels: RGB uint8 ``(height, width, 3)``, C-contiguous; never written to.
        source: where it came from: a path, an address, a camera's name.
        number: its place in the source, from 0.
        time: seconds since the source's start.
    """

    pixels: Pixels
    source: str
    number: int = 0
    time: float = 0.0

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 3 or self.pixels.shape[2] != 3:
            raise ValueError(
                f"a frame is RGB uint8 (height, width, 3), not {self.pixels.dtype} "
                f"{self.pixels.shape}"
            )

    @property
    def size(self) -> Size:
        """``(height, width)`` in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]


class Fit(StrEnum):
    """How a picture is laid into the network's input."""

    WHOLE = "whole"  # all of the picture, aspect kept
    CROP = "crop"  # the network's own evaluation: resize, then the centre crop
    STRETCH = "stretch"  # all of the picture, pressed into a square


@dataclass(frozen=True)
class Geometry:
    """How picture pixels, network input and map cells lie over each other.

    ``input = picture * scale + offset`` on each axis. A map covers the input evenly.

    Attributes:
        picture: size of the upright picture.
        input: size of the network's input tensor.
        scale: ``(y, x)`` input pixels per picture pixel.
        offset: ``(y, x)`` where the picture's top left corner lies in the input; negative when the
            input shows only a part of the picture, positive when the picture is padded.
    """

    picture: Size
    input: Size
    scale: tuple[float, float]
    offset: tuple[float, float] = (0.0, 0.0)

    def to_input(self, x: float, y: float) -> tuple[float, float]:
        """Picture point ``(x, y)`` in input coordinates."""
        return x * self.scale[1] + self.offset[1], y * self.scale[0] + self.offset[0]

    def to_picture(self, x: float, y: float) -> tuple[float, float]:
        """Input point ``(x, y)`` in picture coordinates."""
        return (x - self.offset[1]) / self.scale[1], (y - self.offset[0]) / self.scale[0]

    @cached_property
    def seen(self) -> tuple[float, float, float, float]:
        """The part of the picture the network sees: ``(left, top, right, bottom)`` in pixels."""
        left, top = self.to_picture(0, 0)
        right, bottom = self.to_picture(self.input[1], self.input[0])
        height, width = self.picture
        return max(left, 0.0), max(top, 0.0), min(right, float(width)), min(bottom, float(height))

    @cached_property
    def covers_picture_only(self) -> bool:
        """Whether the input shows all of the picture and nothing else (no crop, no padding)."""
        return all(
            abs(self.offset[axis]) < 1e-6
            and abs(self.picture[axis] * self.scale[axis] - self.input[axis]) < 1e-6
            for axis in (0, 1)
        )

    def window(self, size: Size | None = None) -> tuple[slice, slice]:
        """The rows and columns of a raster over the whole picture that the network saw.

        Args:
            size: size of the raster; the picture's own when None. Edges are rounded to its pixels;
                at least one row and one column remain.
        """
        size = size or self.picture
        left, top, right, bottom = self.seen
        spans = []
        for axis, low, high in ((0, top, bottom), (1, left, right)):
            scale = size[axis] / self.picture[axis]
            start = min(round(low * scale), size[axis] - 1)
            spans.append(slice(start, max(round(high * scale), start + 1)))
        return spans[0], spans[1]

    def sampling(self, cells: Size, size: Size | None = None) -> NDArray[np.float64]:
        """The 2x3 matrix from pixel indices to (fractional) map cell indices.

        Args:
            cells: size of the map.
            size: size of the raster laid over the whole picture; the picture's own when None.

        Returns:
            A matrix for ``cv2.warpAffine`` with ``cv2.WARP_INVERSE_MAP``.
        """
        size = size or self.picture
        matrix = np.zeros((2, 3))
        for row, axis in ((0, 1), (1, 0)):
            cells_per_input = cells[axis] / self.input[axis]
            step = self.picture[axis] / size[axis] * self.scale[axis] * cells_per_input
            matrix[row, row] = step
            matrix[row, 2] = 0.5 * step + self.offset[axis] * cells_per_input - 0.5
        return matrix


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
    """

    values: Map
    geometry: Geometry
    target: int
    label: str
    score: float
    present: bool = True

    @property
    def cells(self) -> Size:
        """``(rows, columns)`` of the map."""
        rows, columns = self.values.shape
        return int(rows), int(columns)

    @cached_property
    def positive(self) -> Map:
        """The map as shown: ReLU, then divided by its maximum over the picture.

        Cells that lie wholly beside the picture (letterboxing) never set the scale. NaN counts as
        zero; an infinite cell is 1 and dwarfs the finite ones.

        Returns:
            float32 ``(rows, columns)`` in [0, 1]; all zero when nothing on the picture is positive.
        """
        values: Map = np.maximum(np.nan_to_num(self.values, nan=0.0), np.float32(0))
        top = np.float32(self.peak)
        if not top > 0:
            return np.zeros_like(values)
        return np.asarray(np.minimum(values, top) / top, np.float32)

    @cached_property
    def peak(self) -> float:
        """The highest value over the picture, as `positive` divides by; NaN counts as zero."""
        return float(np.nan_to_num(self.values[self._on_picture], nan=0.0).max())

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


class Rule(StrEnum):
    """How boxes are derived from a map."""

    LARGEST = "largest"  # Zhou et al. 2016: the largest component above a share of the maximum
    ALL = "all"  # every component above a share of the maximum
    OTSU = "otsu"  # every component above Otsu's threshold
    PERCENTILE = "percentile"  # every component above a percentile of the map


@dataclass(frozen=True)
class BoxRule:
    """A rule with its numbers.

    Attributes:
        rule: which rule.
        threshold: share of the maximum in [0, 1] (largest, all) or the share of the map that lies
            below (percentile); unused by Otsu.
        min_area: components smaller than this share of the picture are dropped (never by largest).
        grabcut: boxes are refined by the picture's own edges and colours.

    Raises:
        CamviewerError: if a share is not in [0, 1].
    """

    rule: Rule = Rule.LARGEST
    threshold: float = 0.2
    min_area: float = 0.002
    grabcut: bool = False

    def __post_init__(self) -> None:
        for name, share in (("threshold", self.threshold), ("minimum area", self.min_area)):
            if not 0 <= share <= 1:
                raise CamviewerError(f"The {name} is a share between 0 and 1, not {share:g}.")


@dataclass(frozen=True)
class Box:
    """A box in picture pixels, inside the picture.

    ``score`` is the class score times the component's peak over the map's maximum, in [0, 1].
    ``threshold`` is the share of the map's maximum that was cut at.
    """

    x: float
    y: float
    width: float
    height: float
    target: int
    label: str
    score: float
    threshold: float


@dataclass(frozen=True, eq=False)
class Explanation:
    """One class's map and the boxes derived from it."""

    heatmap: Heatmap
    boxes: tuple[Box, ...]
    rule: BoxRule


@dataclass(frozen=True)
class Prediction:
    """One class's score: a probability in [0, 1] and the logit it came from."""

    index: int
    label: str
    score: float
    logit: float


class Ask(StrEnum):
    """What is asked about a class."""

    FOR = "for"  # what speaks for it
    AGAINST = "against"  # what speaks against it
    RATHER_THAN = "rather than"  # what speaks for it and not for another one
    LIKE = "like"  # what looks like a reference picture; no class is needed


@dataclass(frozen=True)
class Question:
    """What is asked of the network.

    Attributes:
        ask: the kind of question.
        other: index of the class it is compared with (rather than).
        reference: the picture it is compared with (like).
    """

    ask: Ask = Ask.FOR
    other: int | None = None
    reference: Frame | None = None


@dataclass(frozen=True)
class Origin:
    """Everything needed to repeat an inspection.

    Attributes:
        model: name of the network.
        weights: what its weights are called.
        weights_sha256: their hash, hexadecimal; empty when they have none (random weights).
        layer: the target layer.
        method: the CAM method.
        fit: how the picture was laid into the input.
        device: what it ran on, such as ``cpu`` or ``cuda:0``.
        note: what the user should know about it, such as why the CPU was used; empty if nothing.
        runtime: what computed the activation, such as ``eager`` or ``onnx``.
        question: what was asked about the classes.
        sharper: what made the map sharper, such as ``scales 3`` and ``flip``.
    """

    model: str
    weights: str
    weights_sha256: str
    layer: str
    method: str
    fit: Fit
    device: str
    note: str = ""
    runtime: str = "eager"
    question: Question = field(default_factory=Question)
    sharper: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Inspection:
    """One frame, explained.

    Attributes:
        frame: the frame itself; a map never travels without it.
        geometry: how the network saw it.
        predictions: one for each class, in class order.
        explanations: one for each target class, strongest first.
        origin: everything needed to repeat it.
        seconds: what the inference took.
        multi_label: independent sigmoids, so several classes or none may be present.
    """

    frame: Frame
    geometry: Geometry
    predictions: tuple[Prediction, ...]
    explanations: tuple[Explanation, ...]
    origin: Origin
    seconds: float
    multi_label: bool = False

    @cached_property
    def ranking(self) -> tuple[int, ...]:
        """Class indices, most probable first."""
        order = sorted(range(len(self.predictions)), key=lambda i: -self.predictions[i].logit)
        return tuple(order)

    def top(self, count: int) -> tuple[Prediction, ...]:
        """The ``count`` most probable classes, best first."""
        return tuple(self.predictions[i] for i in self.ranking[:count])

    def with_explanations(self, explanations: tuple[Explanation, ...]) -> Inspection:
        """The same inspection with other explanations (boxes by another rule, say)."""
        return replace(self, explanations=explanations)
