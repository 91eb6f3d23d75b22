"""YOLO: a text file for each picture, as Ultralytics and Roboflow write them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.sample import (
    Annotations,
    Mask,
    Polygon,
    Sample,
    corners_of,
    filled,
)
from camviewer.media.images import find_pictures, load
from camviewer.teach.data.dataset import Broken

_DESCRIPTIONS = (".yaml", ".yml")
_LISTS = ("classes.txt", "obj.names")
_LARGEST = 1_000_000  # bytes of a description; a thousand classes take 20,000
_PICTURES, _LABELS = "images", "labels"  # folders that take each other's place
_BOX, _SURE_BOX = 5, 6  # numbers in a line: class, middle and size; and how sure a network was
_CORNERS = 3  # of a polygon at least

_Thing = tuple[Corners, Polygon | None]


def yolo(folder: Path) -> Annotations:
    """Read YOLO labels: a line ``class x y width height`` for each thing, or a polygon's corners.

    All are shares of the picture. The labels of ``X.jpg`` are ``X.txt`` beside it, or in ``labels``
    where the picture is in ``images``. The classes' names are ``names`` of a YAML file such as
    ``data.yaml``, or the lines of ``classes.txt``, in the folder or in one of the two above it.

    A picture is a sample for each class that is marked on it; one without labels is left out. One
    whose labels cannot be read is listed, with the line that is at fault. Polygons become masks.

    Raises:
        CamviewerError: if there are no names or labels, or none can be used.
    """
    names = _names(folder)
    if names is None:
        raise CamviewerError(
            f"No class names for YOLO labels in {folder}: put data.yaml with names there, or "
            "classes.txt with one name a line."
        )
    samples, broken, unsure = list[Sample](), list[Broken](), set[str]()
    found = _labelled(folder)
    if not found:
        raise CamviewerError(f"No YOLO labels (X.txt for a picture X.jpg) in {folder}.")
    for picture, labels in found.items():
        try:
            samples += _samples(picture, labels, names)
        except CamviewerError as error:
            broken.append(Broken(labels, str(error)))
            unsure.add(picture.stem.casefold())
    return Annotations(tuple(samples), tuple(broken), frozenset(unsure))


def is_yolo(folder: Path) -> bool:
    """Whether there are names of classes, and labels of a picture."""
    return folder.is_dir() and _names(folder) is not None and bool(_labelled(folder))


def _labelled(folder: Path) -> dict[Path, Path]:
    """The labels of each picture that has some."""
    found = {}
    for picture in find_pictures([folder]):
        labels = next((file for file in _places(picture) if file.is_file()), None)
        if labels is not None:
            found[picture] = labels
    return found


def _places(picture: Path) -> Iterator[Path]:
    yield picture.with_suffix(".txt")
    parts = picture.parts
    for place in reversed(range(len(parts) - 1)):
        if parts[place].casefold() == _PICTURES:
            yield Path(*parts[:place], _LABELS, *parts[place + 1 :]).with_suffix(".txt")
            return


def _names(folder: Path) -> Mapping[int, str] | None:
    absolute = folder.absolute()
    for place in (absolute, *absolute.parents[:2]):
        files = sorted(f for f in place.glob("*") if f.suffix.casefold() in _DESCRIPTIONS)
        for file in (*files, *(place / name for name in _LISTS)):
            names = _described(file)
            if names:
                return names
    return None


def _described(file: Path) -> dict[int, str]:
    """The names in a file; none if it has none, or is something else."""
    try:
        if not file.is_file() or file.stat().st_size > _LARGEST:
            return {}
        text = file.read_text("utf-8-sig")
        if file.suffix.casefold() not in _DESCRIPTIONS:
            return dict(enumerate(line.strip() for line in text.splitlines() if line.strip()))
        content: Any = yaml.safe_load(text)
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return {}
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict):
        return {}
    return {k: str(v).strip() for k, v in names.items() if type(k) is int and str(v).strip()}


def _samples(picture: Path, labels: Path, names: Mapping[int, str]) -> list[Sample]:
    try:
        lines = labels.read_text("utf-8-sig").splitlines()
    except (OSError, ValueError) as error:
        raise CamviewerError(f"It cannot be read: {error}.") from error
    things: dict[str, list[_Thing]] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                name, thing = _thing(line.split(), names)
            except ValueError as error:
                raise CamviewerError(f"Line {number}: {error}.") from error
            things.setdefault(name, []).append(thing)
    all_names = frozenset(things)
    return [
        Sample(
            picture,
            name,
            tuple(box for box, _ in own),
            partial(_mask, picture, own) if all(p is not None for _, p in own) else None,
            all_names - {name},
        )
        for name, own in things.items()
    ]


def _thing(words: list[str], names: Mapping[int, str]) -> tuple[str, _Thing]:
    number = float(words[0])
    name = names.get(int(number)) if math.isfinite(number) else None
    if name is None:
        raise ValueError(f"class {words[0]} has no name")
    values = [float(word) for word in words[1:]]
    if len(words) in (_BOX, _SURE_BOX):
        x, y, width, height = values[:4]
        across, down = width / 2, height / 2
        return name, (corners_of(x - across, y - down, x + across, y + down), None)
    if len(values) % 2 or len(values) < 2 * _CORNERS:
        raise ValueError(f"{len(words)} numbers are neither a box nor a polygon")
    polygon = np.array(values).reshape(-1, 2)
    (left, top), (right, bottom) = polygon.min(0).tolist(), polygon.max(0).tolist()
    return name, (corners_of(left, top, right, bottom), polygon)


def _mask(picture: Path, things: list[_Thing]) -> Mask:
    """What the polygons of a class cover, in pixels of the picture as it is shown."""
    height, width = load(picture).size
    polygons = [polygon * (width, height) for _, polygon in things if polygon is not None]
    return filled(polygons, (height, width))
