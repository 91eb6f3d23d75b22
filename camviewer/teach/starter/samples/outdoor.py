"""Sample pictures from streets and yards."""

import cv2
import numpy as np
from PIL import Image, ImageDraw

from camviewer.teach.starter.cracks import fractal
from camviewer.teach.starter.raster import Mask, Points, Rgb, Rng, blurred, cloud, polyline
from camviewer.teach.starter.samples.stage import (
    Canvas,
    concrete,
    developed,
    lay,
    lettering,
    lit,
    ramp,
    sheet,
)


def cracked_wall(rng: Rng) -> Rgb:
    """A plastered wall with a branching crack and a painted plinth."""
    canvas = concrete(rng, 1500, 2000, (204, 196, 178), 1.1)
    canvas[1180:] = concrete(rng, 320, 2000, (138, 128, 116), 1.3)
    canvas[1172:1184] *= 0.7
    canvas = lit(canvas, 0.1, 0.0, 0.55)
    gap = np.zeros((1500, 2000), np.uint8)
    trunk = fractal(rng, np.array([560.0, -10.0]), np.array([1180.0, 1165.0]))
    _open_gap(rng, gap, trunk, 15)
    for at, end, width in ((22, (250, 700), 8), (33, (1560, 720), 9), (46, (760, 1130), 6)):
        branch = fractal(rng, trunk[at], np.array(end, np.float64))
        _open_gap(rng, gap, branch, width)
        twig = branch[30] + rng.normal(0, 150, 2)
        _open_gap(rng, gap, fractal(rng, branch[30], twig), width // 2)
    soft = blurred(gap, 1.3).astype(np.float32)[..., None] / 255
    canvas += np.clip(np.roll(soft, (5, 4), axis=(0, 1)) - soft, 0, 1) * 34
    canvas *= 1 - 0.8 * soft
    return developed(rng, canvas)


def _open_gap(rng: Rng, gap: Mask, line: Points, width: float) -> None:
    """Draw a crack that narrows towards its end and wanders in width."""
    taper = np.linspace(1.0, 0.25, len(line) - 1)
    wander = 1 + 0.35 * np.convolve(rng.standard_normal(len(line) + 6), np.ones(8) / 3, "valid")
    for place, (share, factor) in enumerate(zip(taper, wander, strict=True)):
        polyline(gap, line[place : place + 2], max(2, round(width * share * factor)))


def road_signs(rng: Rng) -> Rgb:
    """Three traffic signs beside a country road."""
    canvas = _landscape(rng)
    for x, top in ((0.22, 0.3), (0.79, 0.1)):
        _pole(canvas, x, top)
    _mount(canvas, _warning_sign(), 0.22, 0.37, 0.28)
    _mount(canvas, _limit_sign(), 0.79, 0.21, 0.2)
    _mount(canvas, _arrow_sign(), 0.79, 0.5, 0.2)
    return developed(rng, lit(canvas, 0.8, 0.0, 0.25))


def _landscape(rng: Rng) -> Canvas:
    canvas = ramp(1500, 2000, (104, 158, 214), (226, 236, 240))
    xs = np.arange(2000)
    for level, tone, length in ((820, (128, 156, 150), 420), (930, (104, 142, 92), 610)):
        ridge = level + 60 * np.sin(xs / length * 3 + level) + 25 * np.sin(xs / 130 + level)
        ys = np.arange(1500)[:, None]
        canvas[ys > ridge[None]] = tone
    grass = concrete(rng, 440, 2000, (98, 134, 70), 1.4)
    canvas[1060:] = grass
    road = np.array([(900, 1060), (1010, 1060), (1720, 1500), (120, 1500)], np.int32)
    mask = np.zeros((1500, 2000), np.uint8)
    cv2.fillPoly(mask, [road], 255, cv2.LINE_AA)
    asphalt = concrete(rng, 1500, 2000, (92, 94, 98), 0.9)
    for near, far in ((1130, 1085), (1260, 1180), (1480, 1350)):
        half = (near - 1060) / 28
        dash = np.array([(952 - half / 2, far), (958 + half / 2, far), (958 + half, near),
                         (952 - half, near)], np.int32)  # fmt: skip
        cv2.fillPoly(asphalt, [dash], (226, 224, 216), cv2.LINE_AA)
    share = mask.astype(np.float32)[..., None] / 255
    return np.asarray(canvas * (1 - share) + asphalt * share, np.float32)


def _pole(canvas: Canvas, x: float, top: float) -> None:
    left = round(x * 2000) - 14
    shades = np.linspace(150, 96, 28, dtype=np.float32)[None, :, None]
    canvas[round(top * 1500) : 1290, left : left + 28] = shades


def _mount(canvas: Canvas, image: Image.Image, x: float, y: float, wide: float) -> None:
    """Hang an image with its centre at (x, y), that share of the canvas wide."""
    half = wide / 2
    high = half * image.height / image.width * 2000 / 1500
    corners = [(x - half, y - high), (x + half, y - high), (x + half, y + high),
               (x - half, y + high)]  # fmt: skip
    lay(canvas, image, corners, 0.004, 0.25)


def _warning_sign() -> Image.Image:
    image = Image.new("RGBA", (640, 570))
    pen = ImageDraw.Draw(image)
    pen.polygon([(320, 6), (636, 564), (4, 564)], (196, 30, 40))
    pen.polygon([(320, 120), (534, 502), (106, 502)], (250, 248, 240))
    pen.polygon([(292, 230), (348, 230), (336, 390), (304, 390)], (24, 24, 26))
    pen.ellipse((294, 412, 346, 464), (24, 24, 26))
    return image


def _arrow_sign() -> Image.Image:
    image = Image.new("RGBA", (600, 600))
    pen = ImageDraw.Draw(image)
    pen.ellipse((4, 4, 596, 596), (245, 245, 245))
    pen.ellipse((22, 22, 578, 578), (24, 86, 168))
    pen.polygon([(120, 260), (330, 260), (330, 170), (490, 300), (330, 430), (330, 340),
                 (120, 340)], (250, 250, 250))  # fmt: skip
    return image


def _limit_sign() -> Image.Image:
    image = Image.new("RGBA", (600, 600))
    pen = ImageDraw.Draw(image)
    pen.ellipse((4, 4, 596, 596), (196, 30, 40))
    pen.ellipse((84, 84, 516, 516), (250, 248, 240))
    pen.text((300, 300), "50", (24, 24, 26), lettering(280, bold=True), anchor="mm")
    return image


def floor_arrow(rng: Rng) -> Rgb:
    """A worn arrow and a number painted on the floor of a car park."""
    canvas = concrete(rng, 1500, 2000, (112, 112, 116), 1.5)
    for left in (0.02, 0.9):
        stripe, _ = sheet(120, 1500, (214, 196, 96))
        lay(canvas, stripe, _floor(left, 0.08), 0.0)
    arrow = Image.new("RGBA", (600, 1400))
    pen = ImageDraw.Draw(arrow)
    pen.polygon([(300, 30), (570, 560), (390, 520), (390, 1370), (210, 1370), (210, 520),
                 (30, 560)], (236, 232, 222))  # fmt: skip
    lay(canvas, arrow, _floor(0.26, 0.28), 0.0)
    number = Image.new("RGBA", (700, 1400))
    pen = ImageDraw.Draw(number)
    pen.text((20, 430), "P2", (236, 232, 222), lettering(520, bold=True))
    lay(canvas, number, _floor(0.56, 0.3), 0.0)
    wear = concrete(rng, 1500, 2000, (112, 112, 116), 1.5)
    wear_map = cloud(rng, 1500, 2000, 6, 8)
    worn = np.clip(wear_map * 0.35 - 0.1, 0, 0.75)[..., None]
    canvas = canvas * (1 - worn) + wear * worn
    return developed(rng, lit(np.asarray(canvas, np.float32), 0.5, 0.0, 0.5))


def _floor(left: float, wide: float) -> list[tuple[float, float]]:
    """Corners of a strip of floor that runs away from the viewer."""

    def far(x: float) -> float:
        return 0.5 + (x - 0.5) * 0.55

    right = left + wide
    return [(far(left), 0.04), (far(right), 0.04), (right, 0.98), (left, 0.98)]
