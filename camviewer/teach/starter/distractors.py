"""Things that resemble a class and are none: they teach what the word does not mean."""

import itertools
from collections.abc import Callable

import numpy as np

from camviewer.teach.starter.colours import contrasting, paint
from camviewer.teach.starter.raster import Colour, Patch, Points, Rng, polyline
from camviewer.teach.starter.shapes import regular, styled


def distractor(rng: Rng, side: int, ground: Colour) -> Patch:
    """One thing of no class, about side pixels long."""
    makers = (_outline, _outline, _outline, _strokes, _strokes, _stripes, _grid, _mosaic)
    maker: Callable[[Rng, int, Colour], Patch] = makers[rng.integers(len(makers))]
    return maker(rng, side, ground)


def _outline(rng: Rng, side: int, ground: Colour) -> Patch:
    outlines = (_rectangle, _many_corners, _ellipse, _heart, _crescent, _letter_l, _slanted, _sun)
    return styled(rng, side, outlines[rng.integers(len(outlines))](rng), ground, None)


def _rectangle(rng: Rng) -> Points:
    high = rng.uniform(0.25, 1.0)
    return np.array([(-0.95, -high), (0.95, -high), (0.95, high), (-0.95, high)]) * 0.95


def _many_corners(rng: Rng) -> Points:
    return regular(int(rng.choice([5, 6, 6, 8])))


def _ellipse(rng: Rng) -> Points:
    points = regular(48)
    points[:, 1] *= rng.uniform(0.2, 0.5)
    return points


def _heart(rng: Rng) -> Points:
    depth = rng.uniform(4, 6)
    t = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - depth * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return np.stack([x, y + 2], axis=1) / 18


def _crescent(rng: Rng) -> Points:
    t = np.linspace(-2.2, 2.2, 32)
    outer = np.stack([np.cos(t), np.sin(t)], axis=1)
    inner = outer[::-1] * np.array([rng.uniform(0.1, 0.5), 0.95])
    return np.concatenate([outer, inner]) * 0.95


def _letter_l(rng: Rng) -> Points:
    arm = rng.uniform(0.3, 0.9)
    points = [(-0.9, -0.9), (-0.9 + arm, -0.9), (-0.9 + arm, 0.9 - arm), (0.9, 0.9 - arm),
              (0.9, 0.9), (-0.9, 0.9)]  # fmt: skip
    return np.array(points)


def _slanted(rng: Rng) -> Points:
    """A trapezium, parallelogram or diamond."""
    a, b, high = rng.uniform(0.3, 0.75), rng.uniform(0.0, 0.6), rng.uniform(0.4, 0.95)
    kinds = (
        [(-a, -high), (a, -high), (0.95, high), (-0.95, high)],
        [(-0.95 + b, -high), (0.95, -high), (0.95 - b, high), (-0.95, high)],
        [(0.0, -0.95), (a, 0.0), (0.0, 0.95), (-a, 0.0)],
        [(-0.95, 0.0), (0.95, 0.0), (0.85, 0.3), (0.5, 0.75), (0, 0.95), (-0.5, 0.75),
         (-0.85, 0.3)],
    )  # fmt: skip
    return np.array(kinds[rng.integers(len(kinds))])


def _sun(rng: Rng) -> Points:
    """A gear or blob with many shallow teeth."""
    teeth = int(rng.integers(11, 20))
    points = regular(4 * teeth)
    points[0::4] *= 0.82
    points[1::4] *= 0.82
    return points


def _strokes(rng: Rng, side: int, ground: Colour) -> Patch:
    """Straight or smoothly curved lines: wires, scribbles, arcs, joints."""
    mask = np.zeros((side, side), np.uint8)
    thickness = max(1, round(side * rng.uniform(0.008, 0.07)))
    for _ in range(int(rng.integers(1, 5))):
        controls = rng.uniform(0.03, 0.97, (int(rng.choice([2, 2, 3, 4])), 2)) * side
        polyline(mask, _bezier(controls), thickness)
    ink = contrasting(rng, ground, 60.0)
    return Patch(paint(rng, side, side, ink), mask)


def _bezier(controls: Points) -> Points:
    t = np.linspace(0, 1, 24)[:, None]
    level = [point[None] for point in controls]
    while len(level) > 1:
        level = [(1 - t) * a + t * b for a, b in itertools.pairwise(level)]
    return np.broadcast_to(level[0], (24, 2))


def _stripes(rng: Rng, side: int, ground: Colour) -> Patch:
    """A few even stripes: a zebra crossing, a fence, a radiator; never a code."""
    period = max(2, side // int(rng.integers(3, 9)))
    wave = (np.arange(side) % period) < period * rng.uniform(0.3, 0.7)
    height = max(3, round(side * rng.uniform(0.2, 1.0)))
    mask = np.repeat(wave[None].astype(np.uint8) * np.uint8(255), height, axis=0)
    return Patch(paint(rng, height, side, contrasting(rng, ground)), mask)


def _grid(rng: Rng, side: int, ground: Colour) -> Patch:
    """Lines or dots at even distances: mesh, squared paper, tiles."""
    period = max(4, side // int(rng.integers(3, 12)))
    line = max(1, round(period * rng.uniform(0.06, 0.3)))
    along = np.arange(side) % period < line
    dots = rng.random() < 0.4
    on = np.logical_and.outer(along, along) if dots else np.logical_or.outer(along, along)
    return Patch(paint(rng, side, side, contrasting(rng, ground)), on.astype(np.uint8) * 255)


def _mosaic(rng: Rng, side: int, ground: Colour) -> Patch:
    """Squares of random colours, or a stack of plain boxes."""
    cells = int(rng.integers(2, 7))
    cell = max(2, side // cells)
    tones = np.array([contrasting(rng, ground, 30.0) for _ in range(cells * cells)], np.uint8)
    rgb = np.kron(tones.reshape(cells, cells, 3), np.ones((cell, cell, 1), np.uint8))
    return Patch(rgb, np.full(rgb.shape[:2], 255, np.uint8))
