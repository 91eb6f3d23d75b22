"""Inspections made by hand, for tests of what happens after the network."""

import numpy as np

from camviewer.boxes import explain
from camviewer.types import (
    BoxRule,
    Fit,
    Frame,
    Geometry,
    Heatmap,
    Inspection,
    Map,
    Origin,
    Prediction,
    Size,
)

ORIGIN = Origin(
    model="tiny",
    weights="by hand",
    weights_sha256="ab" * 32,
    layer="features.1",
    method="cam",
    fit=Fit.WHOLE,
    device="cpu",
    note="",
)


def whole(picture: Size) -> Geometry:
    """The input shows exactly the picture, at its own size."""
    return Geometry(picture, picture, (1.0, 1.0))


def cropped(picture: Size, side: int) -> Geometry:
    """The input shows the picture's centre, at the picture's scale."""
    return Geometry(
        picture, (side, side), (1.0, 1.0), (-(picture[0] - side) / 2, -(picture[1] - side) / 2)
    )


def letterboxed(picture: Size, side: int) -> Geometry:
    """The input is a square with the picture in its middle, at the picture's scale."""
    return Geometry(
        picture, (side, side), (1.0, 1.0), ((side - picture[0]) / 2, (side - picture[1]) / 2)
    )


def heatmap(
    values: object, geometry: Geometry | None = None, *, score: float = 1.0, label: str = "cat"
) -> Heatmap:
    """A map; by default of a picture with ten pixels for each cell."""
    array: Map = np.array(values, np.float32)
    rows, columns = array.shape
    return Heatmap(array, geometry or whole((10 * rows, 10 * columns)), 3, label, score)


def inspection(
    *heatmaps: Heatmap, picture: Frame | None = None, rule: BoxRule | None = None
) -> Inspection:
    """An inspection of these maps over a picture of noise (or the one given)."""
    geometry = heatmaps[0].geometry
    if picture is None:
        noise = np.random.default_rng(0).integers(0, 256, (*geometry.picture, 3), np.uint8)
        picture = Frame(noise, "folder/noise.png")
    return Inspection(
        frame=picture,
        geometry=geometry,
        predictions=(
            Prediction(0, "dog", 0.25, 0.0),
            Prediction(1, "cat", 0.75, 1.0986123),
        ),
        explanations=tuple(explain(h, rule or BoxRule(), picture) for h in heatmaps),
        origin=ORIGIN,
        seconds=0.01,
    )
