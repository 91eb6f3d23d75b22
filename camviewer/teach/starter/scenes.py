"""Scenes with image-level labels; the boxes serve evaluation alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import Corners
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import Photo, photo_crop, surface, wall
from camviewer.teach.starter.codes import barcode, qr_code
from camviewer.teach.starter.colours import mean_colour
from camviewer.teach.starter.cracks import crack
from camviewer.teach.starter.distractors import distractor
from camviewer.teach.starter.effects import photographed
from camviewer.teach.starter.lettering import text_block
from camviewer.teach.starter.raster import (
    Colour,
    Mask,
    Patch,
    Rgb,
    Rng,
    blend,
    blurred,
    resized,
    warped,
)
from camviewer.teach.starter.shapes import OUTLINES, chessboard, shape

_VISIBLE = 0.6
_GONE = 0.15
_LEAST_LETTER = 7
_PRACTICE = {"text": 1.8, "arrow": 1.8, "crack": 1.6, "triangle": 1.3, "barcode": 1.2}
"""How much more often training draws what is learnt more slowly; evaluation draws all alike."""
_LEAST_LINE = 6
_LEAST_SHARE = {"crack": 0.4, "text": 0.3}
LEAST_PIXELS = {"QR code": 26, "barcode": 38, "chessboard": 20, "text": 36, "crack": 48}
"""Smallest longest side of an object in pixels; 18 for the other classes."""


@dataclass(frozen=True)
class SceneSpec:
    """What scenes to draw.

    Attributes:
        side: width and height in pixels.
        smallest, largest: longest side of the first object as a share of the picture.
        most_objects: at most so many objects of a class.
        distinct: each class at most once, as evaluation wants it.
        photo_share: share of scenes on a photograph, where there are photographs.
    """

    side: int = 160
    smallest: float = 0.16
    largest: float = 1.0
    most_objects: int = 3
    distinct: bool = False
    photo_share: float = 0.5


@dataclass
class Scene:
    """A drawn picture and what is in it.

    Attributes:
        picture: RGB uint8 (side, side, 3).
        labels: float32 (classes,), 1 present, 0 absent, NaN where nobody could say (mostly
            hidden, too small, or the photograph's own); such labels count neither in training nor
            in evaluation.
        boxes: for each present class the boxes of its visible objects: left, top, right, bottom in
            pixels; right and bottom are exclusive.
    """

    picture: Rgb
    labels: NDArray[np.float32]
    boxes: dict[str, list[Corners]] = field(default_factory=dict)


@dataclass
class _Placed:
    label: str
    area: float
    mask: Mask


@dataclass
class _Canvas:
    """A scene as it is being drawn.

    Attributes:
        taken: squares in which there already is something.
        shows: classes that it may show all the same.
    """

    picture: Rgb
    shows: set[str]
    taken: list[Corners] = field(default_factory=list)
    placed: list[_Placed] = field(default_factory=list)


def render(rng: Rng, spec: SceneSpec, photos: Sequence[Photo] = ()) -> Scene:
    """Draw one scene; the same generator state gives the same pixels.

    Args:
        photos: to stand in as backgrounds.
    """
    wanted = _wanted(rng, spec)
    canvas = _background(rng, spec, photos, "crack" in wanted)
    for _ in range(int(rng.choice([0, 0, 1, 1, 2, 3]))):
        _paste(rng, canvas, None, rng.uniform(0.08, 0.45), spec)
    for number, label in enumerate(wanted):
        largest = spec.largest if number == 0 else min(spec.largest, 0.5)
        smallest = min(max(spec.smallest, _LEAST_SHARE.get(label, 0.0)), largest)
        _paste(rng, canvas, label, rng.uniform(smallest, largest), spec)
    return _labelled(photographed(rng, canvas.picture), canvas)


def _wanted(rng: Rng, spec: SceneSpec) -> list[str]:
    chances = np.array([0.16, 0.42, 0.26, 0.16][: spec.most_objects + 1])
    count = int(rng.choice(len(chances), p=chances / chances.sum()))
    if spec.distinct:
        return [LABELS[i] for i in rng.permutation(len(LABELS))[:count]]
    shares = np.array([_PRACTICE.get(label, 1.0) for label in LABELS])
    return [LABELS[i] for i in rng.choice(len(LABELS), count, p=shares / shares.sum())]


def _background(rng: Rng, spec: SceneSpec, photos: Sequence[Photo], cracked: bool) -> _Canvas:
    if len(photos) and rng.random() < spec.photo_share:
        photo = photos[int(rng.integers(len(photos)))]
        return _Canvas(photo_crop(rng, photo.pixels, spec.side), set(photo.shows))
    if cracked and rng.random() < 0.6:
        return _Canvas(wall(rng, spec.side), set())
    return _Canvas(surface(rng, spec.side), set())


def _paste(rng: Rng, canvas: _Canvas, label: str | None, share: float, spec: SceneSpec) -> None:
    """Put one object where there is room; without room the picture stays as it is."""
    side = spec.side
    pixels = max(round(side * share), LEAST_PIXELS.get(label or "", 18))
    spot = _spot(rng, side, pixels, canvas.taken, tries=1 if label == "crack" else 10)
    if spot is None:
        return
    patch = make(rng, label, pixels, _ground(canvas.picture, spot, pixels))
    if spec.distinct and {p.label for p in canvas.placed} & {name for name, _ in patch.parts}:
        return
    matrix, patch = _placement(rng, label, patch, pixels, spot)
    alpha = warped(patch.alpha, matrix, side)
    if label != "crack":
        canvas.taken.append((spot[0] - pixels / 2, spot[1] - pixels / 2,
                             spot[0] + pixels / 2, spot[1] + pixels / 2))  # fmt: skip
        canvas.picture = _shadowed(rng, canvas.picture, alpha)
    for earlier in canvas.placed:
        earlier.mask = np.minimum(earlier.mask, 255 - alpha)
    for name, mask in patch.parts:
        whole = warped(mask, np.array([[1, 0, side], [0, 1, side], [0, 0, 1.0]]) @ matrix, 3 * side)
        area = float((whole > 100).sum())
        canvas.placed.append(_Placed(name, area, warped(mask, matrix, side)))
    canvas.shows.update(patch.incidental)
    canvas.picture = blend(canvas.picture, warped(patch.rgb, matrix, side), alpha)


def _spot(
    rng: Rng, side: int, pixels: int, taken: list[Corners], tries: int
) -> tuple[float, float] | None:
    """Centre of a free place; objects may leave the picture by a tenth of their size."""
    low = min(side / 2, pixels * 0.42)
    for _ in range(tries):
        x, y = rng.uniform(low, side - low, 2)
        half = pixels * 0.5
        if all(
            min(x + half, r) - max(x - half, a) < 0.12 * pixels
            or min(y + half, b) - max(y - half, t) < 0.12 * pixels
            for a, t, r, b in taken
        ):
            return float(x), float(y)
    return (side / 2, side / 2) if tries == 1 else None


def _ground(picture: Rgb, spot: tuple[float, float], pixels: int) -> Colour:
    x, y, half = int(spot[0]), int(spot[1]), max(2, pixels // 3)
    region = picture[max(0, y - half) : y + half, max(0, x - half) : x + half]
    return mean_colour(region)


def make(rng: Rng, label: str | None, pixels: int, ground: Colour) -> Patch:
    """Draw an object of a class, or a distractor for None.

    Args:
        pixels: how long it will be in the scene; it is drawn finer and shrunk later.
        ground: colour that it has to stand out from.
    """
    fine = max(24, min(2 * pixels, 320))
    if label is None:
        return distractor(rng, fine, ground)
    if label in OUTLINES:
        return shape(rng, label, fine, ground)
    if label == "text":
        return text_block(rng, fine, ground, max(5, round(_LEAST_LETTER * fine / pixels)))
    if label == "crack":
        return crack(rng, pixels, ground)
    makers: dict[str, Callable[[], Patch]] = {
        "QR code": lambda: qr_code(rng, pixels),
        "barcode": lambda: barcode(rng, fine),
        "chessboard": lambda: chessboard(rng, fine, ground),
    }
    return makers[label]()


def _placement(
    rng: Rng, label: str | None, patch: Patch, pixels: int, spot: tuple[float, float]
) -> tuple[NDArray[np.float64], Patch]:
    """Shrink the patch to size and turn it: (matrix from patch to picture, patch)."""
    height, width = patch.alpha.shape
    factor = pixels / max(height, width)
    if factor < 0.8:
        height, width = (max(2, round(n * factor * 1.2)) for n in (height, width))
        parts = [(name, resized(mask, height, width)) for name, mask in patch.parts]
        rgb, alpha = (resized(old, height, width) for old in (patch.rgb, patch.alpha))
        patch = Patch(rgb, alpha, parts, patch.incidental)
        factor = pixels / max(height, width)
    angle = _angle(rng, label)
    spin = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]) * factor
    bend = rng.normal(0, 0.12, 2) / pixels if label != "crack" else np.zeros(2)
    matrix = np.eye(3)
    matrix[:2, :2] = spin
    matrix[2, :2] = np.clip(bend, -0.25 / pixels, 0.25 / pixels) @ spin
    centre = np.array([[1, 0, -(width - 1) / 2], [0, 1, -(height - 1) / 2], [0, 0, 1.0]])
    back = np.array([[1, 0, spot[0]], [0, 1, spot[1]], [0, 0, 1.0]])
    return back @ matrix @ centre, patch


def _angle(rng: Rng, label: str | None) -> float:
    """Radians: text stays near upright or vertical, most other things turn freely."""
    if label in {"arrow", "star"} or label is None:
        return float(rng.uniform(-np.pi, np.pi))
    if label == "crack":
        return 0.0
    slight = float(rng.normal(0, 0.1))
    turned = {"text": 0.12, "chessboard": 0.3, "barcode": 0.4, "QR code": 0.4}.get(label, 0.5)
    if rng.random() >= turned:
        return slight
    if label == "text" or rng.random() < 0.5:
        return slight + float(rng.choice([-1, 1])) * np.pi / 2
    return float(rng.uniform(-np.pi, np.pi))


def _shadowed(rng: Rng, picture: Rgb, alpha: Mask) -> Rgb:
    """Now and then the pasted thing throws a soft shadow."""
    if rng.random() >= 0.15:
        return picture
    shift = rng.integers(-4, 5, 2) * picture.shape[0] // 160
    shadow = np.roll(blurred(alpha, picture.shape[0] / 160 * rng.uniform(1, 4)), shift, (0, 1))
    return blend(picture, np.zeros_like(picture), (shadow * rng.uniform(0.2, 0.6)).astype(np.uint8))


def _labelled(picture: Rgb, canvas: _Canvas) -> Scene:
    scene = Scene(picture, np.zeros(len(LABELS), np.float32))
    scene.labels[[LABELS.index(label) for label in sorted(canvas.shows)]] = np.nan
    for thing in canvas.placed:
        index = LABELS.index(thing.label)
        seen = thing.mask > 100
        share = float(seen.sum()) / max(thing.area, 1.0)
        box = _extent(seen)
        legible = thing.label != "text" or min(box[2] - box[0], box[3] - box[1]) >= _LEAST_LINE
        if share >= _VISIBLE and thing.area >= 24 and legible:
            scene.boxes.setdefault(thing.label, []).append(box)
            scene.labels[index] = 1.0
        elif share > _GONE and scene.labels[index] == 0:
            scene.labels[index] = np.nan
    return scene


def _extent(seen: NDArray[np.bool_]) -> Corners:
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not len(rows):
        return (0.0, 0.0, 0.0, 0.0)
    return (float(columns[0]), float(rows[0]), columns[-1] + 1.0, rows[-1] + 1.0)
