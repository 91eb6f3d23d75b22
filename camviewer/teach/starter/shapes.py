"""Arrows, stars, circles, triangles, crosses, chessboards, and the signs that carry them."""

from collections.abc import Callable

import numpy as np

from camviewer.teach.starter.colours import colour, contrasting, paint
from camviewer.teach.starter.raster import Colour, Mask, Patch, Points, Rgb, Rng, blend, polygon


def regular(corners: int, phase: float = -np.pi / 2) -> Points:
    """Corners of a regular polygon on the unit circle, the first one on top."""
    angles = phase + np.arange(corners) * 2 * np.pi / corners
    return np.stack([np.cos(angles), np.sin(angles)], axis=1) * 0.97


def star_outline(rng: Rng) -> Points:
    """A star of four to eight points, mostly five."""
    tips = int(rng.choice([4, 5, 5, 5, 5, 6, 6, 7, 8]))
    inner = rng.uniform(0.32, 0.52) if tips > 4 else rng.uniform(0.22, 0.4)
    points = regular(2 * tips)
    points[1::2] *= inner
    return points


def arrow_outline(rng: Rng) -> Points:
    """A straight arrow, single-headed or, now and then, double-headed."""
    shaft = rng.uniform(0.1, 0.3)
    head = rng.uniform(max(0.4, shaft + 0.22), 0.85)
    neck = rng.uniform(-0.2, 0.45)
    barb = neck - rng.uniform(0, 0.22)
    if rng.random() < 0.15:
        neck, barb = max(neck, 0.25), max(neck, 0.25)
        half = [(0.97, 0.0), (barb, head), (neck, shaft), (-neck, shaft), (-barb, head)]
        return np.array([*half, (-0.97, 0.0), *[(x, -y) for x, y in half[:0:-1]]])
    tail = rng.choice([0.0, 0.0, 0.0, 0.12])
    upper = [(0.97, 0.0), (barb, head), (neck, shaft), (-0.95, shaft)]
    lower = [(x, -y) for x, y in upper[:0:-1]]
    return np.array([*upper, (-0.95 + tail, 0.0), *lower])


def circle_outline(rng: Rng) -> Points:
    """A circle, at most mildly squashed."""
    points = regular(72)
    points[:, 1] *= rng.uniform(0.85, 1.0)
    return points


def triangle_outline(rng: Rng) -> Points:
    """A triangle with no needle-like corner, often with rounded corners."""
    if rng.random() < 0.55:
        points = regular(3)
        points[:, 0] *= rng.uniform(0.75, 1.0)
    else:
        points = _random_triangle(rng)
    if rng.random() < 0.4:
        points = _rounded(points, rng.uniform(0.05, 0.16))
    return points


def cross_outline(rng: Rng) -> Points:
    """A cross with four arms at right angles; the foot may be longer."""
    arm = rng.uniform(0.12, 0.36)
    points = [(-arm, -1), (arm, -1), (arm, -arm), (1, -arm), (1, arm), (arm, arm), (arm, 1),
              (-arm, 1), (-arm, arm), (-1, arm), (-1, -arm), (-arm, -arm)]  # fmt: skip
    outline = np.array(points, np.float64) * 0.95
    if rng.random() < 0.15:
        outline[:, 0] *= rng.uniform(0.65, 0.95)
        outline[[2, 3, 4, 5, 8, 9, 10, 11], 1] -= rng.uniform(0.05, 0.3)
    return outline


OUTLINES: dict[str, Callable[[Rng], Points]] = {
    "arrow": arrow_outline,
    "star": star_outline,
    "circle": circle_outline,
    "triangle": triangle_outline,
    "cross": cross_outline,
}


def shape(rng: Rng, label: str, side: int, ground: Colour) -> Patch:
    """One shape in a square patch: solid, outlined, rimmed, or on a sign of its own."""
    points = OUTLINES[label](rng)
    if rng.random() < 0.16:
        return _on_sign(rng, label, points, side, ground)
    if label == "arrow" and rng.random() < 0.2:
        return _line_arrow(rng, side, ground)
    return styled(rng, side, points, ground, label)


def styled(rng: Rng, side: int, points: Points, ground: Colour, label: str | None) -> Patch:
    """Draw an outline in one of several styles."""
    solid = polygon(side, points)
    ink = contrasting(rng, ground)
    parts = [(label, solid)] if label else []
    kind = rng.random()
    if kind < 0.55:
        return Patch(paint(rng, side, side, ink), solid, parts)
    points = points * 0.93
    thickness = max(1, round(side * rng.uniform(0.03, 0.13)))
    rim = polygon(side, points, thickness)
    if kind < 0.82:
        return Patch(paint(rng, side, side, ink), rim, parts)
    rgb = blend(paint(rng, side, side, contrasting(rng, ink)), paint(rng, side, side, ink), rim)
    return Patch(rgb, np.maximum(polygon(side, points), rim), parts)


def chessboard(rng: Rng, side: int, ground: Colour) -> Patch:
    """A board of alternating squares, three to ten a side, often with a frame."""
    rows = int(rng.choice([3, 4, 5, 6, 7, 8, 8, 8, 9, 10]))
    columns = rows if rng.random() < 0.7 else int(np.clip(rows + rng.integers(-2, 4), 3, 11))
    dark = contrasting(rng, (255, 255, 255), 150.0) if rng.random() < 0.6 else colour(rng)
    light = contrasting(rng, dark, 130.0)
    cell = max(2, side // max(rows, columns))
    grid = (np.add.outer(np.arange(rows), np.arange(columns)) + rng.integers(2)) % 2
    mask = (np.kron(grid, np.ones((cell, cell))) * 255).astype(np.uint8)
    height, width = mask.shape
    board = blend(paint(rng, height, width, dark), paint(rng, height, width, light), mask)
    if rng.random() < 0.2:
        _pieces(rng, board, rows, columns, cell)
    opaque = np.full((height, width), 255, np.uint8)
    if rng.random() < 0.45:
        border = max(1, round(cell * rng.uniform(0.15, 0.9)))
        frame = contrasting(rng, ground)
        framed = paint(rng, height + 2 * border, width + 2 * border, frame)
        framed[border:-border, border:-border] = board
        part = np.pad(opaque, border)
        return Patch(framed, np.full_like(part, 255), [("chessboard", part)])
    return Patch(board, opaque, [("chessboard", opaque)])


def _pieces(rng: Rng, board: Rgb, rows: int, columns: int, cell: int) -> None:
    disc = polygon(cell, regular(24) * 0.75)
    for _ in range(int(rng.integers(1, rows * columns // 4 + 2))):
        top, left = int(rng.integers(rows)) * cell, int(rng.integers(columns)) * cell
        square = board[top : top + cell, left : left + cell]
        square[:] = blend(square, paint(rng, cell, cell, colour(rng)), disc)


def _line_arrow(rng: Rng, side: int, ground: Colour) -> Patch:
    """The arrow of a hand or a diagram: three strokes."""
    thickness = max(1, round(side * rng.uniform(0.03, 0.1)))
    head, back = rng.uniform(0.25, 0.6), rng.uniform(0.3, 0.6)
    mask = np.zeros((side, side), np.uint8)
    for stroke in (
        np.array([(-0.88, 0.0), (0.88, 0.0)]),
        np.array([(0.88 - back, -head), (0.88, 0.0), (0.88 - back, head)]),
    ):
        closed = np.concatenate([stroke, stroke[::-1]])
        mask = np.maximum(mask, polygon(side, closed, thickness))
    return Patch(paint(rng, side, side, contrasting(rng, ground)), mask, [("arrow", mask)])


def _on_sign(rng: Rng, label: str, points: Points, side: int, ground: Colour) -> Patch:
    """The shape on a plate; a round or triangular plate is an object too."""
    plates: list[tuple[str | None, Points, float]] = [
        (None, np.array([(-0.95, -0.95), (0.95, -0.95), (0.95, 0.95), (-0.95, 0.95)]), 0.78),
        (None, regular(8, np.pi / 8), 0.66),
        ("circle", regular(72), 0.58),
        ("triangle", _rounded(regular(3), 0.08), 0.38),
    ]
    allowed = [plate for plate in plates if plate[0] != label]
    plate_label, outline, share = allowed[rng.integers(len(allowed))]
    below = styled(rng, side, outline, ground, plate_label)
    solid = polygon(side, outline)
    field = tuple(int(v) for v in below.rgb[side // 2, side // 2])
    if below.alpha[side // 2, side // 2] < 128:
        field = ground
    ink = contrasting(rng, (field[0], field[1], field[2]), 120.0)
    shift = np.array([0.0, 0.14 if plate_label == "triangle" else 0.0])
    mask = polygon(side, points * share + shift)
    rgb = blend(below.rgb, paint(rng, side, side, ink), mask)
    return Patch(rgb, np.maximum(below.alpha, mask), [*_part(plate_label, solid), (label, mask)])


def _part(label: str | None, mask: Mask) -> list[tuple[str, Mask]]:
    return [(label, mask)] if label else []


def _random_triangle(rng: Rng) -> Points:
    while True:
        points = rng.uniform(-1, 1, (3, 2))
        edges = np.roll(points, -1, axis=0) - points
        lengths = np.linalg.norm(edges, axis=1)
        area = abs(edges[0, 0] * edges[1, 1] - edges[0, 1] * edges[1, 0]) / 2
        if area > 0.25 * lengths.max() ** 2 and area > 0.2:
            centred = points - (points.max(axis=0) + points.min(axis=0)) / 2
            return np.asarray(centred * (0.97 / np.abs(centred).max()))


def _rounded(points: Points, share: float) -> Points:
    """Cut every corner by a short curve that starts that share along each edge."""
    corners = []
    for before, at, after in zip(
        np.roll(points, 1, axis=0), points, np.roll(points, -1, axis=0), strict=True
    ):
        start, end = at + (before - at) * share, at + (after - at) * share
        t = np.linspace(0, 1, 5)[:, None]
        corners.append((1 - t) ** 2 * start + 2 * t * (1 - t) * at + t**2 * end)
    return np.concatenate(corners)
