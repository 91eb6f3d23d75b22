"""COCO: one JSON file for all pictures.

It is read here and not by pycocotools, which trusts its file (a missing field ends in a KeyError
that names no place), prints to the standard output, and is one more compiled package for what is a
plain list of boxes.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.pictures import Pictures
from camviewer.evaluate.datasets.sample import (
    Annotations,
    Mask,
    Polygon,
    Sample,
    corners_of,
    filled,
)
from camviewer.evaluate.datasets.turning import turned, upright_box, upright_mask
from camviewer.media.images import EXTENSIONS, PIXEL_LIMIT
from camviewer.teach.data.dataset import Broken

_PARTS = ("images", "annotations", "categories")
_ENDING = ".json"


@dataclass(frozen=True)
class _Thing:
    """An entry of ``annotations``; its polygons ``(points, 2)`` in pixels, empty without any."""

    box: Corners
    polygons: tuple[Polygon, ...]


@dataclass(frozen=True)
class _Picture:
    """An entry of ``images``, with what is marked on it, by class."""

    file_name: str
    width: int
    height: int
    things: defaultdict[str, list[_Thing]] = field(default_factory=lambda: defaultdict(list))


def coco(path: Path) -> Annotations:
    """Read COCO annotations: ``images``, ``annotations`` with ``bbox``, ``categories``.

    A picture is a sample for each class that is marked on it; one without annotations is left out,
    and so are crowds (``iscrowd``). Polygons become masks; run-length codes do not. An entry that
    cannot be used is listed, and its picture left out.

    Args:
        path: the JSON file, or a folder that holds only one of the kind. Pictures lie beside it, in
            ``images`` or ``JPEGImages`` there or one folder up, or anywhere below the folder that
            is given (of a file in ``annotations``, below the folder above).

    Raises:
        CamviewerError: if the file cannot be read, or no entry used; the message names the first.
    """
    file, content = _only_one(path) if path.is_dir() else (path, _content(path))
    try:
        found = _Content(content)
    except ValueError as error:
        raise CamviewerError(f"{file} is not a COCO annotation file: {error}.") from error
    pictures, samples, faults = Pictures(_root(path)), list[Sample](), found.faults
    for entry in found.pictures.values():
        try:
            samples += _samples(entry, file, pictures)
        except CamviewerError as error:
            faults.append(str(error))
    names = (PureWindowsPath(picture.file_name) for picture in found.doubtful.values())
    return Annotations(
        tuple(samples),
        tuple(Broken(file, fault) for fault in faults),
        frozenset(name.stem.casefold() for name in names),
    )


def _root(path: Path) -> Path:
    if path.is_dir():
        return path
    return path.parent.parent if path.parent.name.casefold() == "annotations" else path.parent


def coco_files(path: Path) -> list[Path]:
    """The COCO files among the JSON files in a folder and below, or the file itself if it is one.

    Captions and other JSON files do not count, nor what cannot be read. Several that are called
    like pictures beside them are of these alone, and not read: some tools write megabytes for each.
    """
    return [file for file, _ in _contents(path)]


def _contents(path: Path) -> list[tuple[Path, Any]]:
    """The files of `coco_files`, read."""
    found = sorted(path.rglob("*")) if path.is_dir() else [path]
    pictures = {file.with_suffix("") for file in found if file.suffix.casefold() in EXTENSIONS}
    files = [file for file in found if file.suffix.casefold() == _ENDING]
    of_one = {file for file in files if file.with_suffix("") in pictures}
    contents = list[tuple[Path, Any]]()
    for file in files:
        if len(of_one) == 1 or file not in of_one:
            with suppress(CamviewerError):
                content = _content(file)
                if _is_coco(content):
                    contents.append((file, content))
    return contents


def _only_one(folder: Path) -> tuple[Path, Any]:
    found = _contents(folder)
    if len(found) == 1:
        return found[0]
    if not found:
        for file in folder.rglob("*.json"):
            _content(file)  # one that cannot be read says why
        raise CamviewerError(f"No COCO annotations (*.json with boxes) in {folder}.")
    names = ", ".join(str(file) for file, _ in found[:5])
    raise CamviewerError(f"Several COCO annotation files: {names}. Give one of them as DATA.")


def _is_coco(content: Any) -> bool:
    if not isinstance(content, dict) or not all(key in content for key in _PARTS):
        return False
    things = content["annotations"]
    return isinstance(things, list) and all("bbox" in t for t in things[:1] if isinstance(t, dict))


def _content(file: Path) -> Any:
    try:
        return json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise CamviewerError(f"{file} cannot be read as JSON: {error}.") from error


class _Content:
    """What a COCO file says. Entries that cannot be used are listed.

    Attributes:
        pictures: by their ids, those whose marks are all understood.
        doubtful: the others.
        faults: of entries, each with its place.
    """

    def __init__(self, content: Any) -> None:
        """Take it apart.

        Raises:
            ValueError: if a part is missing.
        """
        if not isinstance(content, dict):
            raise ValueError(f"it holds no {_PARTS[0]}, {_PARTS[1]} and {_PARTS[2]}")
        self.pictures: dict[Hashable, _Picture] = {}
        self.doubtful: dict[Hashable, _Picture] = {}
        self.faults: list[str] = []
        self._names: dict[Hashable, str] = {}
        self._each(content, "categories", self._category)
        self._each(content, "images", self._picture)
        self._each(content, "annotations", self._annotation)

    def _each(
        self, content: dict[str, Any], key: str, take: Callable[[dict[str, Any], str], None]
    ) -> None:
        entries = content.get(key)
        if not isinstance(entries, list):
            raise ValueError(f"it holds no list of {key}")
        for number, entry in enumerate(entries):
            place = f"{key}[{number}]"
            try:
                if not isinstance(entry, dict):
                    raise ValueError(f"{place} is no object")
                take(entry, place)
            except ValueError as error:
                self.faults.append(f"{error}.")

    def _category(self, entry: dict[str, Any], place: str) -> None:
        self._names[_key(entry, "id", place)] = _text(entry, "name", place)

    def _picture(self, entry: dict[str, Any], place: str) -> None:
        width, height = (_side(entry, key, place) for key in ("width", "height"))
        if width * height > PIXEL_LIMIT:
            raise ValueError(f"{place} has {width} x {height} pixels")
        picture = _Picture(_text(entry, "file_name", place), width, height)
        self.pictures[_key(entry, "id", place)] = picture

    def _annotation(self, entry: dict[str, Any], place: str) -> None:
        image = _key(entry, "image_id", place)
        on = self.pictures.get(image) or self.doubtful.get(image)
        if on is None:
            raise ValueError(f"{place} is of an image that is not listed")
        try:
            name = self._names.get(_key(entry, "category_id", place))
            if name is None:
                raise ValueError(f"{place} is of a category that is not listed")
            if not entry.get("iscrowd"):
                on.things[name].append(_thing(entry, on, place))
        except ValueError:
            self.doubtful[image] = on
            self.pictures.pop(image, None)
            raise


def _thing(entry: dict[str, Any], picture: _Picture, place: str) -> _Thing:
    try:
        left, top, width, height = map(float, entry["bbox"])
        box = corners_of(
            left / picture.width,
            top / picture.height,
            (left + width) / picture.width,
            (top + height) / picture.height,
        )
        return _Thing(box, _polygons(entry.get("segmentation")))
    except (KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{place}: its bbox or segmentation is wrong ({error!r})") from error


def _polygons(segmentation: Any) -> tuple[Polygon, ...]:
    if not isinstance(segmentation, list):
        return ()
    polygons = tuple(np.array(flat, np.float64).reshape(-1, 2) for flat in segmentation)
    if not all(np.isfinite(polygon).all() for polygon in polygons):
        raise ValueError("a polygon whose numbers are not finite")
    return polygons


def _samples(entry: _Picture, file: Path, pictures: Pictures) -> list[Sample]:
    if not entry.things:
        return []
    picture = pictures.find(file, entry.file_name)
    names, lying = frozenset(entry.things), turned(picture, (entry.width, entry.height))
    return [
        Sample(
            picture,
            name,
            tuple(upright_box(thing.box, lying) for thing in things),
            partial(_mask, entry, name, lying) if all(t.polygons for t in things) else None,
            names - {name},
        )
        for name, things in entry.things.items()
    ]


def _mask(entry: _Picture, name: str, lying: int) -> Mask:
    """What the polygons of a class cover, at the size that the file says."""
    polygons = (polygon for thing in entry.things[name] for polygon in thing.polygons)
    return upright_mask(filled(polygons, (entry.height, entry.width)), lying)


def _key(entry: dict[str, Any], key: str, place: str) -> Hashable:
    value = entry.get(key)
    if not isinstance(value, int | float | str):
        raise ValueError(f"{place} has no {key}")
    return value


def _text(entry: dict[str, Any], key: str, place: str) -> str:
    value = entry.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{place} has no {key}")
    return value.strip()


def _side(entry: dict[str, Any], key: str, place: str) -> int:
    value = entry.get(key)
    if not isinstance(value, int | float) or not 1 <= value <= PIXEL_LIMIT:
        raise ValueError(f"{place} has no sensible {key} in pixels")
    return int(value)
