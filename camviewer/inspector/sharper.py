"""Sharper maps of a still picture: several input scales and a flip, layers fused, edges followed.

The scores, and what is asked, stay those of the plain run; only the map becomes another one.

Every look at the picture (a scale, mirrored or not) gives a map. Maps are divided by their maximum,
so that each counts the same, laid bilinearly over a common grid as fine as the finest of them, and
averaged with their signs; the average has the unit of the plain map again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from camviewer.boxes import interpolated
from camviewer.cam.methods import METHODS, Method, Partial
from camviewer.cam.split import Layer, Run
from camviewer.cam.targets import Target
from camviewer.edges import guided_filter
from camviewer.errors import MethodError
from camviewer.inspector.request import SHARPEST, Request, Sharper
from camviewer.models.preprocess import LARGEST_SIDE, Preprocessing
from camviewer.types import Frame, Geometry, Heatmap, Map, Size

Maps = NDArray[np.float32]

_SCALES = (0.7, 1.6)  # of the input size; what localised best

_CELL = 32  # pixels; an input size that is a multiple of it stays one
_FINER_METHOD = "layer-cam"  # the one that is meant for layers below the last
_FINER = 4  # a guided map has at most so many times the cells of a plain one, on each side
_RADIUS = 4  # cells of the guided map
_EPSILON = 1e-3  # (grey values / 255)^2


@dataclass(frozen=True, eq=False)
class Sharpening:
    """What a request wants beyond the plain map, for one picture.

    Attributes:
        frame: the picture.
        request: its `sharper` says what.
        preprocessing: of the network.
        layers: of the network.
        run: from an input tensor to its run at a layer.
    """

    frame: Frame
    request: Request
    preprocessing: Preprocessing
    layers: Sequence[Layer]
    run: Callable[[Tensor, Layer], Run]

    def steps(
        self, method: Method, plain: Run, geometry: Geometry, targets: Sequence[Target]
    ) -> Iterator[Partial]:
        """First the plain map, then ever better ones.

        Args:
            method: serves at the plain run's layer.
            plain: the run that the scores come from.
            geometry: how the picture lies in its input, and in that of every map.
            targets: what is asked.

        Yields:
            Maps; after each look at the picture, and at every step of a slow method.

        Raises:
            MethodError: see `require_sharper`.
        """
        require_sharper(self.request.sharper, plain.layer, self.layers, self.preprocessing)
        finer = finer_layer(plain.layer, self.layers) if self.request.sharper.fuse else None
        looks = self._looks(geometry)
        own, below = _Merging(geometry), _Merging(geometry)
        known: Tensor | None = None
        for number, look in enumerate(looks):
            run = plain if number == 0 else self._run(look, plain, geometry)
            for partial in method.steps(run, targets):
                maps, done = partial.maps, (number + partial.done) / len(looks)
                if partial.done < 1:
                    yield Partial(maps if known is None else known, done)
            own.add(maps, look)
            merged = own.merged()
            if finer is not None:
                again = run.again(run.picture, finer)
                below.add(METHODS[_FINER_METHOD].maps(again, targets), look)
                merged = _fused(merged, below.merged(), geometry)
            if self.request.sharper.guided and number == len(looks) - 1:
                merged = np.stack([self._guided(one, plain.picture) for one in merged])
            known = torch.from_numpy(merged)
            yield Partial(known, done)

    def _looks(self, geometry: Geometry) -> list[_Look]:
        """Every look that the request wants, the plain one first."""
        sharper, preprocessing = self.request.sharper, self.preprocessing
        size = self.request.input_size or preprocessing.input_size
        scaled = (_scaled(size, scale) for scale in _SCALES[: sharper.scales - 1])
        geometries = [geometry] + [
            preprocessing.geometry(self.frame.size, self.request.fit, size) for size in scaled
        ]
        sides = (False, True)[: 1 + sharper.flip]
        return [_Look(each, mirrored) for each in geometries for mirrored in sides]

    def _run(self, look: _Look, plain: Run, geometry: Geometry) -> Run:
        if look.geometry == geometry:
            picture = plain.picture
        else:
            picture = self.preprocessing.tensor(self.frame, look.geometry)
        return self.run(picture.flip(3) if look.mirrored else picture, plain.layer)

    def _guided(self, values: Map, picture: Tensor) -> Map:
        """A map that follows the edges of the picture tensor, on a finer grid."""
        rows, columns = (
            max(cells, min(cells * _FINER, side))
            for cells, side in zip(values.shape, picture.shape[2:], strict=True)
        )
        scale = torch.tensor(self.preprocessing.std).view(3, 1, 1)
        offset = torch.tensor(self.preprocessing.mean).view(3, 1, 1)
        pixels = (picture[0].detach().float().cpu() * scale + offset).permute(1, 2, 0).numpy()
        guide = cv2.resize(pixels, (columns, rows), interpolation=cv2.INTER_AREA)
        smooth = cv2.resize(values, (columns, rows), interpolation=cv2.INTER_LINEAR)
        return guided_filter(
            np.asarray(smooth, np.float32), np.asarray(guide, np.float32), _RADIUS, _EPSILON
        )


@dataclass(frozen=True)
class _Look:
    """How the network is shown the picture once."""

    geometry: Geometry
    mirrored: bool


class _Merging:
    """Maps over several looks, averaged on a common grid."""

    def __init__(self, geometry: Geometry) -> None:
        """The grid covers the input of this geometry."""
        self._geometry = geometry
        self._parts: list[tuple[Maps, Geometry]] = []
        self._units: Maps = np.ones((1, 1, 1), np.float32)

    def add(self, maps: Tensor, look: _Look) -> None:
        """Count maps ``(targets, rows, columns)`` in; the first give the unit."""
        values = np.nan_to_num(maps.detach().float().cpu().numpy())
        if look.mirrored:
            values = values[:, :, ::-1]
        peaks = _peaks(values, look.geometry)
        if not self._parts:
            self._units = peaks
        self._parts.append((values / peaks, look.geometry))

    def merged(self) -> Maps:
        """The average, ``(targets, rows, columns)``, as fine as the finest."""
        cells = tuple(max(maps.shape[axis] for maps, _ in self._parts) for axis in (1, 2))
        laid = [_laid(maps, source, self._geometry, cells) for maps, source in self._parts]
        averaged: Maps = np.mean(laid, axis=0, dtype=np.float32) * self._units
        return averaged


def _fused(maps: Maps, below: Maps, geometry: Geometry) -> Maps:
    """Maps of two layers as one, as fine as the finer, in the unit of the first.

    Both are scaled by ``tanh(M / max M)``, which lifts what is weak, as in LayerCAM (Jiang et al.
    2021, equation 9, with 1 for its 2), and added; the paper takes the larger one.
    """
    peaks = _peaks(maps, geometry)
    cells = tuple(max(maps.shape[axis], below.shape[axis]) for axis in (1, 2))
    scaled = [
        np.tanh(_laid(each, geometry, geometry, cells) / _peaks(each, geometry))
        for each in (maps, below)
    ]
    fused: Maps = peaks * (scaled[0] + scaled[1])
    return fused


def _peaks(maps: Maps, geometry: Geometry) -> Maps:
    """What to divide maps by, ``(targets, 1, 1)``, above zero: their highest value.

    What nowhere speaks for the target counts against it: there it is the largest magnitude.
    """
    peaks = [
        peak if (peak := Heatmap(values, geometry, -1, "", 0.0).peak) > 0 else np.abs(values).max()
        for values in maps
    ]
    return np.array([peak or 1 for peak in peaks], np.float32)[:, None, None]


def _laid(maps: Maps, source: Geometry, target: Geometry, cells: Size) -> Maps:
    """Maps over one input as cells over another, through the picture; bilinear."""
    laid = maps.transpose(1, 2, 0)
    for axis in (0, 1):
        inputs = (np.arange(cells[axis]) + 0.5) * (target.input[axis] / cells[axis])
        pixels = (inputs - target.offset[axis]) / target.scale[axis]
        shares = (pixels * source.scale[axis] + source.offset[axis]) / source.input[axis]
        rows = laid.shape[0]
        flat = interpolated(laid.reshape(rows, -1), shares * rows - 0.5)
        # the other axis comes next
        laid = flat.reshape(cells[axis], *laid.shape[1:]).swapaxes(0, 1)
    return laid.transpose(2, 0, 1)


def _scaled(size: int, scale: float) -> int:
    if size % _CELL:
        return max(1, min(round(size * scale), LARGEST_SIDE))
    return max(_CELL, min(round(size * scale / _CELL) * _CELL, LARGEST_SIDE))


def require_sharper(
    wanted: Sharper, target: Layer, layers: Sequence[Layer], preprocessing: Preprocessing
) -> None:
    """Check that a network can make a map sharper in these ways.

    Raises:
        MethodError: if it takes one input size only and scales are wanted, or has no layer to fuse.
    """
    if wanted.scales > 1 and preprocessing.fixed_size:
        side = preprocessing.input_size
        raise MethodError(
            f"This network takes pictures of {side} x {side} pixels only, so scales cannot be "
            "merged. Use one scale; the flip is possible."
        )
    if wanted.fuse and finer_layer(target, layers) is None:
        raise MethodError(
            f"No layer before {target.name!r} has a finer grid, so there is nothing to fuse. Leave "
            "fusing out."
        )


def sharpest(target: Layer, layers: Sequence[Layer], preprocessing: Preprocessing) -> Sharper:
    """`SHARPEST`, as far as a network can."""
    return replace(
        SHARPEST,
        scales=1 if preprocessing.fixed_size else SHARPEST.scales,
        fuse=finer_layer(target, layers) is not None,
    )


def finer_layer(target: Layer, layers: Sequence[Layer]) -> Layer | None:
    """The layer whose map is fused with the target layer's: the end of the stage before.

    A stage is a stretch of layers with the same number of cells; LayerCAM (Jiang et al. 2021) fuses
    the last layers of stages. None where no layer before has more cells than the target layer.
    """
    before = layers[: layers.index(target)]
    finer = [layer for layer in before if _area(layer) > _area(target)]
    return finer[-1] if finer else None


def _area(layer: Layer) -> int:
    return layer.cells[0] * layer.cells[1]
