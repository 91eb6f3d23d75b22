"""Cracks: branching fractal lines, and the net of a dried surface."""

import numpy as np

from camviewer.teach.starter.raster import Colour, Mask, Patch, Points, Rng, cloud, polyline


def crack(rng: Rng, side: int, ground: Colour) -> Patch:
    """A crack about side pixels long, darker than its ground (now and then lighter)."""
    mask = _net(rng, side) if rng.random() < 0.15 else _branching(rng, side)
    worn = cloud(rng, side, side, 12, 3)
    mask = (mask * np.clip(1.15 + 0.45 * worn, 0.25, 1.0)).astype(np.uint8)
    shade = rng.uniform(0.05, 0.5)
    if max(ground) < 70:
        shade = rng.uniform(2.2, 4.0)
    tone = np.clip(np.array(ground) * shade + rng.normal(0, 6, 3), 0, 255)
    rgb = np.broadcast_to(tone.astype(np.uint8), (side, side, 3)).copy()
    if rng.random() < 0.3:
        return _with_lit_edge(rng, mask, rgb, ground)
    return Patch(rgb, mask, [("crack", mask)])


def _branching(rng: Rng, side: int) -> Mask:
    """One fractal line across the patch with a few thinner branches."""
    mask = np.zeros((side, side), np.uint8)
    tilt = rng.uniform(0, 2 * np.pi)
    reach = np.array([np.cos(tilt), np.sin(tilt)])
    reach /= np.abs(reach).max()
    middle = np.array([side / 2, side / 2])
    line = fractal(rng, middle - reach * side * 0.48, middle + reach * side * 0.48)
    thickness = side * float(np.exp(rng.uniform(np.log(0.006), np.log(0.045))))
    _stroke(rng, mask, line, thickness)
    for _ in range(int(rng.choice([0, 0, 1, 1, 2, 3, 4]))):
        at = int(rng.integers(len(line) // 8, len(line) - 1))
        turn = rng.uniform(0.35, 1.2) * rng.choice([-1, 1])
        along = line[min(at + 4, len(line) - 1)] - line[max(at - 4, 0)]
        along = along / (np.linalg.norm(along) + 1e-9)
        cos, sin = np.cos(turn), np.sin(turn)
        heading = np.array([along[0] * cos - along[1] * sin, along[0] * sin + along[1] * cos])
        end = line[at] + heading * side * rng.uniform(0.1, 0.4)
        _stroke(rng, mask, fractal(rng, line[at], end), thickness * rng.uniform(0.35, 0.8))
    return mask


def fractal(rng: Rng, start: Points, end: Points) -> Points:
    """Midpoint displacement between two points."""
    line = np.stack([start, end])
    spread = rng.uniform(0.08, 0.22) * float(np.linalg.norm(end - start))
    fall = rng.uniform(0.5, 0.62)
    for _ in range(6):
        middle = (line[1:] + line[:-1]) / 2 + rng.normal(0, spread / 2, (len(line) - 1, 2))
        woven = np.empty((len(line) * 2 - 1, 2))
        woven[::2], woven[1::2] = line, middle
        line, spread = woven, spread * fall
    return line


def _stroke(rng: Rng, mask: Mask, line: Points, thickness: float) -> None:
    """Draw with a width that wanders and tapers towards the end."""
    pieces = 12
    bounds = np.linspace(0, len(line) - 1, pieces + 1).round().astype(int)
    taper = np.linspace(1.15, rng.uniform(0.25, 1.0), pieces) * rng.uniform(0.6, 1.4, pieces)
    for first, last, factor in zip(bounds[:-1], bounds[1:], taper, strict=True):
        polyline(mask, line[first : last + 1], max(1, round(thickness * factor)))


def _net(rng: Rng, side: int) -> Mask:
    """Borders between the cells of random seeds, bent by noise."""
    seeds = rng.uniform(0, side, (int(rng.integers(5, 16)), 2)).astype(np.float32)
    ys, xs = np.mgrid[0:side, 0:side].astype(np.float32)
    bend = np.float32(side * rng.uniform(0.01, 0.05))
    xs = xs + bend * cloud(rng, side, side, 6, 4)
    ys = ys + bend * cloud(rng, side, side, 6, 4)
    apart = np.hypot(xs[..., None] - seeds[:, 0], ys[..., None] - seeds[:, 1])
    nearest = np.partition(apart, 1, axis=-1)
    width = max(1.5, side * rng.uniform(0.01, 0.035))
    edge = np.clip(1.5 - (nearest[..., 1] - nearest[..., 0]) / width, 0, 1)
    return (edge * 255).astype(np.uint8)


def _with_lit_edge(rng: Rng, mask: Mask, rgb: Mask, ground: Colour) -> Patch:
    """One side of the gap catches the light."""
    shift = max(1, mask.shape[0] // 60) * int(rng.choice([-1, 1]))
    edge = np.roll(mask, (shift, shift), axis=(0, 1)) // 2
    lit = np.clip(np.array(ground) * 1.35 + 10, 0, 255).astype(np.uint8)
    rgb[mask < 96] = lit
    return Patch(rgb, np.maximum(mask, edge), [("crack", mask)])
