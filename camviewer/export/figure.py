"""Several inspections of one picture as one figure with captions, for a page or a slide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, ImageDraw

from camviewer import __version__
from camviewer.cam.methods import METHODS
from camviewer.drawing import Color, Rectangle, cut_short, heights, legible
from camviewer.export.files import make_folder, safe_name, written_whole
from camviewer.export.pictures import save_pixels
from camviewer.export.record import Record, record, to_json
from camviewer.render import View, class_color, lookup_table, overlay, percent
from camviewer.types import Explanation, Inspection, Pixels

_LARGEST = 2048  # pixels of a pane's longer side; a larger picture is shown smaller
_SMALLEST = 256  # a smaller one is enlarged by a whole factor, its pixels as squares
_LETTERS_PER_PANE = 22  # a pane's width in letter heights
_LETTERS = (13, 56)
_COLUMNS = {1: 1, 2: 2, 4: 2}
_MOST_COLUMNS = 3
_PAPER: Color = (255, 255, 255)
_INK: Color = (17, 17, 17)
_GREY: Color = (96, 96, 96)
_SEPARATOR = " · "


@dataclass(frozen=True)
class Line:
    """One line of a caption.

    Attributes:
        text: as written.
        plain: written instead when no font has its characters.
        color: of the class, where several classes are shown.
    """

    text: str
    plain: str
    color: Color | None = None


@dataclass(frozen=True)
class Caption:
    """What is written on a pane.

    Attributes:
        title: what sets it apart from the other panes; empty when only the class does.
        lines: its classes with their scores.
    """

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, eq=False)
class Figure:
    """A finished figure.

    Attributes:
        pixels: RGB uint8 ``(height, width, 3)``.
        panes: where each pane lies in it, ``(left, top, right, bottom)`` in pixels.
    """

    pixels: Pixels
    panes: tuple[Rectangle, ...]


def captions(inspections: Sequence[Inspection]) -> tuple[list[Caption], str]:
    """What to write on each pane, and below all of them what they have in common."""
    described = [_described(one) for one in inspections]
    kinds = range(len(described[0]))
    varies = [len({one[kind] for one in described}) > 1 for kind in kinds]
    made = []
    for one, parts in zip(inspections, described, strict=True):
        title = _joined(parts[kind] for kind in kinds if varies[kind])
        made.append(Caption(title, tuple(_class_lines(one.explanations))))
    source = inspections[0].frame.source.replace("\\", "/").rsplit("/", 1)[-1]
    common = [described[0][kind] for kind in kinds if not varies[kind]]
    return made, _joined((source, *common))


def figure(inspections: Sequence[Inspection], view: View, columns: int | None = None) -> Figure:
    """Lay inspections side by side, in reading order, each with its caption.

    Args:
        inspections: of one picture, at least one. Each is drawn as `render.overlay` draws it, at
            the picture's own size; pictures beyond 2048 pixels are reduced, those below 256
            enlarged by a whole factor.
        view: how all are shown.
        columns: how many stand in a row; by their number when None.

    Raises:
        ValueError: if there is nothing to lay out, or the pictures differ in size.
    """
    if len({one.frame.size for one in inspections}) != 1:
        raise ValueError("a figure shows one or more inspections of one picture")
    panes = [_fitted(overlay(one, view)) for one in inspections]
    written, common = captions(inspections)
    several = any(len(one.explanations) > 1 for one in inspections)
    scale = view if view.show_heatmap and not several else None
    columns = columns or _COLUMNS.get(len(panes), _MOST_COLUMNS)
    return _Sheet(panes, written, common, min(columns, len(panes))).drawn(scale)


def save_figure(
    inspections: Sequence[Inspection],
    view: View,
    folder: Path,
    stem: str,
    picture_format: str = "png",
    columns: int | None = None,
) -> list[Path]:
    """Write ``STEM.compare.png`` and beside it ``STEM.compare.json``; existing ones are replaced.

    Args:
        inspections: see `figure`.
        view: how all are shown.
        folder: where to; made if it is not there.
        stem: how the file names begin; made safe first.
        picture_format: ``png``, ``jpg`` or ``jpeg``.
        columns: how many stand in a row; by their number when None.

    Returns:
        The two files.

    Raises:
        ExportError: if one cannot be written.
    """
    make_folder(folder)
    made = figure(inspections, view, columns)
    base = folder / f"{safe_name(stem)}.compare"
    picture = base.with_name(f"{base.name}.{picture_format}")
    save_pixels(made.pixels, picture)
    entry = figure_record(inspections, made, picture.name)
    beside = base.with_name(f"{base.name}.json")
    with written_whole(beside) as file:
        file.write(f"{to_json(entry, indent=2)}\n".encode("ascii"))
    return [picture, beside]


def figure_record(inspections: Sequence[Inspection], made: Figure, name: str) -> Record:
    """What is in a figure, and all that is needed to repeat each pane; ready for JSON.

    Args:
        inspections: the panes, in order.
        made: the figure of them.
        name: of its file.
    """
    panes = []
    for one, (left, top, right, bottom) in zip(inspections, made.panes, strict=True):
        place = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        panes.append({"pane": place, **record(one)})
    return {
        "figure": name,
        "image": inspections[0].frame.source,
        "panes": panes,
        "camviewer": __version__,
    }


def _joined(parts: Iterable[str]) -> str:
    return _SEPARATOR.join(part for part in parts if part)


def _described(inspection: Inspection) -> tuple[str, str, str, str]:
    """Network, method, layer and what made the map sharper, which may be nothing."""
    origin = inspection.origin
    method = METHODS.get(origin.method)
    layered = method is None or method.layered
    title = origin.method if method is None else method.title
    layer = origin.layer if layered else "whole network"
    return origin.model, title, layer, ", ".join(origin.sharper)


def _class_lines(explanations: Sequence[Explanation]) -> Iterator[Line]:
    if not explanations:
        yield Line("nothing found", "nothing found")
    for index, explanation in enumerate(explanations):
        heatmap = explanation.heatmap
        score = percent(heatmap.score)
        color = class_color(index) if len(explanations) > 1 else None
        yield Line(f"{heatmap.label} {score}", f"class {heatmap.target} {score}", color)


def _fitted(pixels: Pixels) -> Pixels:
    longest = max(pixels.shape[:2])
    if longest > _LARGEST:
        share = _LARGEST / longest
        size = max(1, round(pixels.shape[1] * share)), max(1, round(pixels.shape[0] * share))
        return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), np.uint8)
    if longest < _SMALLEST:
        factor = -(-_SMALLEST // longest)
        return pixels.repeat(factor, axis=0).repeat(factor, axis=1)
    return pixels


class _Sheet:
    """Paper with panes in rows and columns, all of one size."""

    def __init__(
        self, panes: list[Pixels], written: list[Caption], common: str, columns: int
    ) -> None:
        self._panes = panes
        self._written = written
        self._common = common
        self._columns = columns
        self._height, self._width = panes[0].shape[:2]
        # a narrow picture still gets a column in which its caption can be read
        self._column: int = max(self._width, _SMALLEST)
        least, most = _LETTERS
        self._letters: int = min(max(self._column // _LETTERS_PER_PANE, least), most)
        self._small: int = max(least - 1, round(self._letters * 0.85))
        self._gap: int = self._letters

    def drawn(self, scale: View | None) -> Figure:
        """The figure; with the heatmap's colours explained where there is one scale for all."""
        rows = [
            [index for index, _ in group]
            for _, group in groupby(enumerate(self._panes), lambda one: one[0] // self._columns)
        ]
        width = self._gap + self._columns * (self._column + self._gap)
        tops, height = self._rows(rows)
        image = Image.new("RGB", (width, height + self._foot()), _PAPER)
        canvas = ImageDraw.Draw(image)
        places = []
        for row, top in zip(rows, tops, strict=True):
            for column, index in enumerate(row):
                left = self._gap + column * (self._column + self._gap)
                places.append(self._pane(image, canvas, index, left, top, self._title_height(row)))
        self._write_foot(canvas, image, height, scale)
        return Figure(np.array(image), tuple(places))

    def _rows(self, rows: list[list[int]]) -> tuple[list[int], int]:
        """Where each row begins, and where the last one ends."""
        tops, top = [], self._gap
        for row in rows:
            tops.append(top)
            lines = max(len(self._written[index].lines) for index in row)
            top += self._title_height(row) + self._height + lines * self._line(self._small)
            top += self._gap
        return tops, top

    def _title_height(self, row: Iterable[int]) -> int:
        titled = any(self._written[index].title for index in row)
        return self._line(self._letters) if titled else 0

    def _pane(
        self,
        image: Image.Image,
        canvas: ImageDraw.ImageDraw,
        index: int,
        left: int,
        top: int,
        title: int,
    ) -> Rectangle:
        written = self._written[index]
        self._write(canvas, Line(written.title, written.title), left, top, self._letters, _INK)
        at = left + (self._column - self._width) // 2, top + title
        image.paste(Image.fromarray(self._panes[index]), at)
        below = at[1] + self._height
        for line in written.lines:
            self._write(canvas, line, left, below, self._small, _INK)
            below += self._line(self._small)
        return at[0], at[1], at[0] + self._width, at[1] + self._height

    def _write(
        self,
        canvas: ImageDraw.ImageDraw,
        line: Line,
        left: int,
        top: int,
        letters: int,
        ink: Color,
        room: int | None = None,
    ) -> None:
        text, font = legible(line.text, line.plain, letters)
        room = self._column if room is None else room
        ascent, _ = heights(font)
        top += (self._line(letters) - sum(heights(font))) // 2
        if line.color is not None:
            side = round(letters * 0.7)
            low = top + ascent
            canvas.rectangle((left, low - side, left + side - 1, low - 1), fill=line.color)
            left, room = left + round(letters * 1.1), room - round(letters * 1.1)
        canvas.text((left, top), cut_short(text, font, room), fill=ink, font=font)

    def _foot(self) -> int:
        return self._line(self._small) + self._gap

    def _write_foot(
        self, canvas: ImageDraw.ImageDraw, image: Image.Image, top: int, scale: View | None
    ) -> None:
        room = image.width - 2 * self._gap
        if scale is not None:
            room -= self._write_scale(canvas, image, top, scale)
        common = Line(self._common, self._common.encode("ascii", "replace").decode())
        self._write(canvas, common, self._gap, top, self._small, _GREY, room)

    def _write_scale(
        self, canvas: ImageDraw.ImageDraw, image: Image.Image, top: int, view: View
    ) -> int:
        """The colours from nothing to each map's own maximum; the room they take."""
        width, height = 6 * self._small, max(self._small // 2, 4)
        text, font = legible("0 to each map's maximum", "", self._small)
        length = round(font.getlength(text))
        taken = width + length + 2 * self._small
        if taken > image.width // 2:
            return 0
        left = image.width - self._gap - length
        self._write(canvas, Line(text, text), left, top, self._small, _GREY, length + 1)
        levels = np.linspace(0, 255, width).round().astype(np.uint8)
        bar = np.repeat(lookup_table(view.colormap)[levels][None], height, axis=0)
        middle = top + (self._line(self._small) - height) // 2
        image.paste(Image.fromarray(bar), (left - self._small // 2 - width, middle))
        return taken

    @staticmethod
    def _line(letters: int) -> int:
        return round(letters * 1.6)
