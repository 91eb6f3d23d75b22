"""Colours and the paint that fills a mask."""

import numpy as np

from camviewer.teach.starter.raster import Colour, Mask, Rgb, Rng, blank, cloud

_SIGNAL = (
    (0, 0, 0), (255, 255, 255), (200, 20, 30), (20, 60, 160), (250, 200, 20), (20, 130, 60),
    (240, 120, 20), (40, 40, 45), (235, 235, 225), (120, 30, 120), (90, 90, 95), (30, 150, 190),
)  # fmt: skip


def colour(rng: Rng) -> Colour:
    """Any colour, often one of those that people paint signs with."""
    if rng.random() < 0.45:
        return _SIGNAL[rng.integers(len(_SIGNAL))]
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def contrasting(rng: Rng, ground: Colour, least: float = 90.0) -> Colour:
    """A colour at least that far from the ground (Euclidean, 0 to 441)."""
    for _ in range(12):
        found = colour(rng)
        if distance(found, ground) >= least:
            return found
    return (0, 0, 0) if sum(ground) > 382 else (255, 255, 255)


def distance(one: Colour, other: Colour) -> float:
    """Euclidean distance in RGB with green counted more, as eyes do."""
    red, green, blue = (float(a - b) for a, b in zip(one, other, strict=True))
    return float(np.sqrt(0.9 * red**2 + 1.5 * green**2 + 0.6 * blue**2))


def ink_and_paper(rng: Rng, inverted_share: float = 0.1) -> tuple[Colour, Colour]:
    """Dark ink and light paper (swapped now and then), as on labels and pages."""
    ink: Colour = (int(rng.integers(0, 60)),) * 3
    if rng.random() < 0.25:
        tint = rng.integers(0, 110, 3).tolist()
        ink = (tint[0], tint[1], tint[2])
    light = rng.integers(215, 256)
    warm = rng.integers(0, 28, 2)
    paper: Colour = (int(light), int(light - warm[0] // 2), int(light - warm[0] - warm[1] // 3))
    if rng.random() < 0.2:
        paper = contrasting(rng, ink, 190.0)
    return (paper, ink) if rng.random() < inverted_share else (ink, paper)


def paint(rng: Rng, height: int, width: int, base: Colour) -> Rgb:
    """A surface of roughly one colour: flat, shaded or worn."""
    kind = rng.random()
    if kind < 0.6:
        return blank(height, width, base)
    surface = np.full((height, width, 3), base, np.float32)
    if kind < 0.8:
        ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        ramp = ramp * rng.normal(0, 22) + np.linspace(-1, 1, width, dtype=np.float32) * rng.normal(
            0, 22
        )
        surface += ramp[..., None]
    else:
        surface += cloud(rng, height, width, int(rng.integers(3, 12)), 3)[..., None] * rng.uniform(
            4, 22
        )
    return np.clip(surface, 0, 255).astype(np.uint8)


def mean_colour(picture: Rgb, where: Mask | None = None) -> Colour:
    """Mean over the picture, or over the pixels where the mask is set."""
    pixels = picture.reshape(-1, 3) if where is None else picture[where > 127]
    red, green, blue = (int(v) for v in pixels.mean(axis=0)) if len(pixels) else (127, 127, 127)
    return red, green, blue
