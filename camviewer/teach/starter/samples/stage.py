"""Surfaces, light and perspective for the sample pictures.

Everything is drawn at twice its final size and shrunk at the end, which is what smooths edges.
"""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from camviewer.teach.starter.lettering import Font, font_files
from camviewer.teach.starter.raster import Colour, Rgb, Rng, as_bytes, cloud

Canvas = NDArray[np.float32]
"""float32 (height, width, 3), 0 to 255, at twice the final size."""
Corners = list[tuple[float, float]]
"""Top left, top right, bottom right, bottom left, as shares of the canvas."""

SCALE = 2


def lettering(height: int, bold: bool = False, serif: bool = False) -> Font:
    """A font of the system by taste, else Pillow's own."""
    stems = {
        (False, False): ("NimbusSans-Regular", "arial", "Arial", "DejaVuSans"),
        (True, False): ("NimbusSans-Bold", "arialbd", "Arial Bold", "DejaVuSans-Bold"),
        (False, True): ("C059-Roman", "georgia", "Georgia", "DejaVuSerif"),
        (True, True): ("C059-Bold", "georgiab", "Georgia Bold", "DejaVuSerif-Bold"),
    }[bold, serif]
    by_stem = {Path(file).stem: file for file in font_files()}
    for stem in stems:
        if stem in by_stem:
            return ImageFont.truetype(by_stem[stem], height)
    return ImageFont.load_default(height)


def sheet(
    width: int, height: int, colour: Colour = (250, 249, 244), corner: int = 0
) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    """A piece of paper, card or metal to draw on: RGBA, with rounded corners if wanted."""
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    pen.rounded_rectangle((0, 0, width - 1, height - 1), corner, fill=colour)
    return image, pen


def pasted(image: Image.Image, modules: NDArray[np.uint8], box: tuple[int, int, int, int]) -> None:
    """Print a module raster (1 dark) into the box (left, top, width, height)."""
    left, top, width, height = box
    code = Image.fromarray((1 - modules) * np.uint8(235) + np.uint8(10))
    image.paste(code.resize((width, height), Image.Resampling.NEAREST).convert("RGB"), (left, top))


def lay(
    canvas: Canvas,
    image: Image.Image,
    corners: Corners,
    lift: float = 0.006,
    shade: float = 0.45,
) -> None:
    """Lay a flat thing onto the canvas in perspective, with the shadow it throws.

    Args:
        lift: how far the shadow falls and blurs, as a share of the canvas width; 0 for paint.
        shade: how dark the shadow is.
    """
    height, width = canvas.shape[:2]
    target = np.array(corners, np.float32) * np.array([width, height], np.float32)
    source = np.array([(0, 0), (image.width, 0), (image.width, image.height), (0, image.height)])
    matrix = cv2.getPerspectiveTransform(source.astype(np.float32), target)
    pixels = np.asarray(image.convert("RGBA"), np.float32)
    pixels[..., :3] *= pixels[..., 3:] / 255
    placed = np.asarray(cv2.warpPerspective(pixels, matrix, (width, height)), np.float32)
    alpha = placed[..., 3] / 255
    if lift > 0:
        far = lift * width
        shadow = np.asarray(cv2.GaussianBlur(alpha, (0, 0), far), np.float32)
        shadow = np.roll(shadow, (round(far), round(far * 0.7)), axis=(0, 1))
        canvas *= 1 - shade * shadow[..., None]
    canvas *= 1 - alpha[..., None]
    canvas += placed[..., :3]


def wood(rng: Rng, height: int, width: int, base: Colour, planks: int = 5) -> Canvas:
    """Planks that run across, each with its own tone and grain."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    plank = np.floor(ys / height * planks).astype(int)
    shift = rng.uniform(0, 100, planks)[plank]
    bend = cloud(rng, height, width, 3, 4)
    rings = np.sin((ys / height * 55 + bend * 2.2 + shift + xs / width * 2) * 2)
    fine = cv2.resize(
        rng.standard_normal((height, width // 40)).astype(np.float32), (width, height)
    )
    tone = rng.normal(0, 9, planks)[plank] + rings * 6 + np.asarray(fine) * 4 + bend * 5
    canvas = np.array(base, np.float32) + tone[..., None] * np.array([1, 0.85, 0.65])
    gap = (ys / height * planks) % 1 < 0.012
    canvas[gap] *= 0.45
    return np.asarray(canvas, np.float32)


def concrete(rng: Rng, height: int, width: int, base: Colour, rough: float = 1.0) -> Canvas:
    """Plaster, concrete, asphalt: clouds, grain and pores."""
    tone = cloud(rng, height, width, 3, 7) * 7 * rough
    grain = rng.standard_normal((height, width)).astype(np.float32)
    tone = tone + np.asarray(cv2.GaussianBlur(grain, (0, 0), 1.4)) * 16 * rough
    pores = np.asarray(cv2.GaussianBlur((grain > 3.6).astype(np.float32), (0, 0), 2.0)) * 600
    tone = tone - np.minimum(pores, 60) * rough
    return np.asarray(np.array(base, np.float32) + tone[..., None], np.float32)


def bricks(rng: Rng, height: int, width: int, rows: int = 9) -> Canvas:
    """A wall of red bricks with pale joints."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = cloud(rng, height, width, 24, 3) * 1.6
    high, long = height / rows, height / rows * 2.6
    row = np.floor((ys + bend) / high)
    along = xs + bend + (row % 2) * long / 2
    column = np.floor(along / long)
    hashed = np.sin(row * 12.9898 + column * 78.233) * 43758.5453
    own = (hashed - np.floor(hashed) - 0.5)[..., None]
    canvas = np.array([150, 78, 60], np.float32) + own * np.array([60, 42, 34])
    canvas += (cloud(rng, height, width, 60, 4) * 8)[..., None]
    seam = ((ys + bend) - row * high < high * 0.09) | (along - column * long < high * 0.09)
    mortar = 188 + cloud(rng, height, width, 80, 3) * 9
    canvas[seam] = mortar[seam][:, None] * np.array([1, 0.97, 0.92])
    return np.asarray(canvas, np.float32)


def cloth(rng: Rng, height: int, width: int, base: Colour) -> Canvas:
    """Woven fabric with soft folds."""
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    weave = np.sin(xs * 0.9) * np.sin(ys * 0.9) * 5
    folds = cloud(rng, height, width, 2, 3) * 11
    return np.asarray(np.array(base, np.float32) + (weave + folds)[..., None], np.float32)


def ramp(height: int, width: int, top: Colour, bottom: Colour) -> Canvas:
    """A vertical blend, as a sky."""
    share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    blend = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
    return np.asarray(np.broadcast_to(blend, (height, width, 3)).copy(), np.float32)


def lit(canvas: Canvas, x: float, y: float, strength: float = 0.35) -> Canvas:
    """Light that comes from a point (shares of the canvas) and fades with distance."""
    height, width = canvas.shape[:2]
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    away = np.hypot(xs / width - x, (ys / height - y) * height / width)
    return np.asarray(canvas * (1 + strength * (0.45 - away))[..., None], np.float32)


def developed(rng: Rng, canvas: Canvas, grain: float = 2.2) -> Rgb:
    """The finished picture at its final size."""
    height, width = canvas.shape[0] // SCALE, canvas.shape[1] // SCALE
    small = np.asarray(cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA))
    return as_bytes(small + rng.standard_normal((height, width, 1)) * grain)
