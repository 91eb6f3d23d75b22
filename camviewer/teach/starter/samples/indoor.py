"""Sample pictures of things on a table."""

import numpy as np
from PIL import Image, ImageDraw

from camviewer.teach.starter.codes import bars, qr_modules
from camviewer.teach.starter.raster import Rgb, Rng
from camviewer.teach.starter.samples.stage import (
    bricks,
    cloth,
    concrete,
    developed,
    lay,
    lettering,
    lit,
    pasted,
    sheet,
    wood,
)
from camviewer.teach.starter.shapes import regular

_INK = (38, 38, 44)
_PARAGRAPHS = (
    "A network that was taught with nothing but names still",
    "knows where things are. Its last layer keeps a small map",
    "for every feature, and the weights of a class say which of",
    "these maps speak for it. Add them up, lay the sum over the",
    "picture, and the warm places show what the network saw.",
)


def page(rng: Rng) -> Rgb:
    """A printed page with a diagram on a desk."""
    canvas = lit(wood(rng, 1600, 2000, (146, 104, 66)), 0.2, 0.1, 0.5)
    paper, pen = sheet(1100, 1420)
    pen.text((110, 110), "Where does it look?", _INK, lettering(84, bold=True, serif=True))
    pen.text((112, 218), "Notes on class activation maps", (110, 110, 116), lettering(36))
    pen.line((110, 285, 990, 285), (170, 60, 50), 5)
    _paragraph(pen, 330)
    _diagram(pen, 700)
    _paragraph(pen, 1030)
    pen.text((530, 1340), "17", (110, 110, 116), lettering(32, serif=True))
    lay(canvas, paper, [(0.24, 0.05), (0.8, 0.09), (0.76, 0.96), (0.16, 0.9)], 0.008)
    pencil, pen = sheet(760, 34, (226, 168, 40), 6)
    pen.rectangle((0, 11, 690, 22), (240, 190, 74))
    pen.rectangle((0, 0, 60, 34), (196, 92, 96))
    pen.polygon([(690, 0), (760, 17), (690, 34)], (222, 190, 150))
    pen.polygon([(740, 12), (760, 17), (740, 22)], (40, 40, 40))
    lay(canvas, pencil, [(0.835, 0.2), (0.965, 0.68), (0.945, 0.69), (0.815, 0.21)], 0.005)
    return developed(rng, canvas)


def _paragraph(pen: ImageDraw.ImageDraw, top: int) -> None:
    for number, line in enumerate(_PARAGRAPHS):
        pen.text((112, top + number * 54), line, _INK, lettering(34, serif=True))


def _diagram(pen: ImageDraw.ImageDraw, top: int) -> None:
    """Picture, network, map: three boxes and two arrows."""
    names = ("picture", "network", "map")
    for number, name in enumerate(names):
        left = 130 + number * 310
        pen.rounded_rectangle((left, top, left + 210, top + 170), 14, (226, 233, 240), _INK, 4)
        width = pen.textlength(name, lettering(36))
        pen.text((left + 105 - width / 2, top + 66), name, _INK, lettering(36))
        if number < 2:
            start = left + 222
            pen.line((start, top + 85, start + 58, top + 85), (170, 60, 50), 12)
            tip = [(start + 50, top + 58), (start + 88, top + 85), (start + 50, top + 112)]
            pen.polygon(tip, (170, 60, 50))
    pen.text((130, top + 205), "Figure 3. One pass, and a map for every class.", (90, 90, 96),
             lettering(30))  # fmt: skip


def parcel(rng: Rng) -> Rgb:
    """A shipping label on a cardboard box."""
    canvas = cloth(rng, 1500, 2000, (176, 134, 92))
    canvas += np.sin(np.arange(2000, dtype=np.float32) * 0.16)[None, :, None] * 2.5
    canvas[:, 880:1130] = canvas[:, 880:1130] * 0.55 + np.array([196, 170, 128]) * 0.45
    canvas = lit(canvas, 0.75, 0.0, 0.45)
    label, pen = sheet(1180, 860, (252, 252, 250), 18)
    pen.rectangle((24, 24, 1155, 835), outline=_INK, width=5)
    pen.text((60, 52), "PARCEL EXPRESS", _INK, lettering(74, bold=True))
    pen.line((24, 150, 1155, 150), _INK, 5)
    for number, line in enumerate(("To: Mira Lindqvist", "Harbour Street 14", "20457 Hamburg")):
        pen.text((60, 178 + number * 62), line, _INK, lettering(50, bold=number == 0))
    pen.text((60, 392), "From: Workshop 7, Gate 2", (90, 90, 96), lettering(36))
    pen.line((24, 462, 1155, 462), _INK, 5)
    row = bars(np.random.default_rng(5))
    pasted(label, np.repeat(row[None], 2, axis=0), (70, 500, 700, 240))
    pen.text((190, 755), "4 015 630 288 174", _INK, lettering(48))
    pasted(label, qr_modules(25, 8), (835, 500, 280, 280))
    pen.text((905, 790), "SCAN ME", _INK, lettering(30, bold=True))
    lay(canvas, label, [(0.1, 0.13), (0.74, 0.07), (0.77, 0.78), (0.13, 0.86)], 0.004)
    stamp, pen = sheet(330, 520, (196, 40, 44), 20)
    for left in (40, 180):
        tip = [(left + 55, 60), (left + 115, 160), (left - 5, 160)]
        pen.polygon(tip, (255, 250, 244))
        pen.rectangle((left + 35, 160, left + 75, 290), (255, 250, 244))
    pen.text((38, 340), "THIS", (255, 250, 244), lettering(80, bold=True))
    pen.text((38, 420), "WAY UP", (255, 250, 244), lettering(64, bold=True))
    lay(canvas, stamp, [(0.8, 0.36), (0.95, 0.35), (0.965, 0.72), (0.815, 0.735)], 0.003)
    return developed(rng, canvas)


def board(rng: Rng) -> Rgb:
    """A draughts board on a green cloth."""
    canvas = lit(cloth(rng, 1500, 2000, (52, 96, 78)), 0.3, 0.0, 0.7)
    image, pen = sheet(1300, 1300, (92, 54, 30), 26)
    for row in range(8):
        for column in range(8):
            left, top = 82 + column * 142, 82 + row * 142
            dark = (row + column) % 2
            tone = (104, 62, 36) if dark else (232, 206, 160)
            pen.rectangle((left, top, left + 141, top + 141), tone)
            if dark and (row < 2 or row > 5 or (row, column) in {(3, 4), (4, 3)}):
                _draughtsman(pen, left + 71, top + 71, light=row > 3)
    lay(canvas, image, [(0.25, 0.07), (0.78, 0.09), (0.9, 0.93), (0.12, 0.91)], 0.012, 0.6)
    for x, y, light in ((0.05, 0.3, True), (0.055, 0.5, True), (0.94, 0.24, False)):
        piece = Image.new("RGBA", (200, 200))
        _draughtsman(ImageDraw.Draw(piece), 100, 100, light, 94)
        near, far = y + 0.1, y
        corners = [(x - 0.04, far), (x + 0.04, far), (x + 0.045, near), (x - 0.045, near)]
        lay(canvas, piece, corners, 0.005, 0.5)
    return developed(rng, canvas)


def _draughtsman(pen: ImageDraw.ImageDraw, x: int, y: int, light: bool, radius: int = 54) -> None:
    tone, rim = ((246, 236, 214), (206, 186, 150)) if light else ((44, 38, 38), (88, 78, 74))
    for share, colour in ((1.0, rim), (0.88, tone), (0.62, rim), (0.55, tone)):
        r = radius * share
        pen.ellipse((x - r, y - r, x + r, y + r), colour)


def first_aid(rng: Rng) -> Rgb:
    """A first-aid case hanging on a tiled wall."""
    canvas = concrete(rng, 1500, 2000, (206, 214, 214), 0.35)
    for at in range(0, 2000, 250):
        canvas[:, at : at + 7] = (168, 176, 176)
        if at < 1500:
            canvas[at : at + 7] = (168, 176, 176)
    canvas = lit(canvas, 0.35, 0.2, 0.5)
    case, pen = sheet(1200, 860, (188, 34, 40), 70)
    pen.rounded_rectangle((26, 26, 1174, 834), 56, outline=(150, 22, 30), width=8)
    pen.line((0, 330, 1200, 330), (140, 20, 28), 8)
    for left in (190, 900):
        pen.rounded_rectangle((left, 290, left + 110, 372), 12, (206, 208, 212), (120, 122, 128), 5)
    for box in ((537, 410, 663, 786), (412, 535, 788, 661)):
        pen.rectangle(box, (252, 252, 250))
    pen.text((400, 130), "FIRST AID", (255, 250, 246), lettering(90, bold=True))
    lay(canvas, case, [(0.2, 0.17), (0.8, 0.17), (0.79, 0.86), (0.21, 0.86)], 0.018, 0.55)
    return developed(rng, canvas)


def poster(rng: Rng) -> Rgb:
    """A poster on a brick wall: a title, a disc, a code to scan."""
    canvas = lit(bricks(rng, 1600, 2000), 0.5, 0.2, 0.5)
    image, pen = sheet(1000, 1340, (245, 232, 205))
    pen.ellipse((170, 250, 830, 910), (226, 92, 52))
    pen.rectangle((0, 760, 1000, 930), (38, 74, 92))
    wave = [(x, 745 + 16 * float(np.sin(x / 42))) for x in range(0, 1001, 10)]
    pen.polygon([*wave, (1000, 940), (0, 940)], (38, 74, 92))
    pen.text((90, 80), "SUMMER CINEMA", (38, 74, 92), lettering(94, bold=True))
    pen.text((92, 985), "Open air at the old harbour", (38, 74, 92), lettering(50, serif=True))
    pen.text((92, 1070), "Friday 14 August", (190, 66, 40), lettering(62, bold=True))
    pen.text((92, 1160), "Doors 8 pm, free entry", (38, 74, 92), lettering(44))
    pen.rectangle((690, 1050, 940, 1300), (255, 255, 255))
    pasted(image, qr_modules(12, 3), (714, 1074, 202, 202))
    lay(canvas, image, [(0.29, 0.06), (0.71, 0.07), (0.705, 0.93), (0.285, 0.945)], 0.005, 0.6)
    return developed(rng, canvas)


def stars(rng: Rng) -> Rgb:
    """Paper stars on strings before a dark curtain."""
    canvas = lit(cloth(rng, 1500, 2000, (42, 50, 86)), 0.5, 0.3, 0.9)
    folds = np.sin(np.linspace(0, 60, 2000, dtype=np.float32))[None, :, None]
    canvas *= 1 + 0.14 * folds
    spots = ((0.16, 0.36, 0.16), (0.39, 0.6, 0.2), (0.64, 0.34, 0.22), (0.87, 0.62, 0.15))
    golds = ((236, 190, 78), (244, 226, 176), (230, 172, 60), (214, 96, 74))
    for (x, y, size), tone in zip(spots, golds, strict=True):
        canvas[: round(y * 1500), round(x * 2000) - 2 : round(x * 2000) + 2] = (176, 176, 190)
        image = _paper_star(tone)
        tall = size * 2000 / 1500
        box = [(x - size / 2, y - tall / 2), (x + size / 2, y - tall / 2),
               (x + size / 2, y + tall / 2), (x - size / 2, y + tall / 2)]  # fmt: skip
        lay(canvas, image, box, 0.014, 0.5)
    return developed(rng, canvas)


def _paper_star(tone: tuple[int, int, int]) -> Image.Image:
    """A folded five-pointed star: each arm has a light and a dark half."""
    image = Image.new("RGBA", (600, 600))
    pen = ImageDraw.Draw(image)
    points = regular(10)
    points[1::2] *= 0.42
    outline = [(300 + x * 296, 310 + y * 296) for x, y in points.tolist()]
    for number in range(10):
        shade = 1.06 if number % 2 else 0.78
        fill = tuple(min(255, round(v * shade)) for v in tone)
        pen.polygon([(300, 310), outline[number], outline[(number + 1) % 10]], fill)
    return image
