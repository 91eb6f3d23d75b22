"""Pascal VOC: an XML file for each picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as DefusedElementTree
from PIL import Image

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.pictures import Pictures
from camviewer.evaluate.datasets.sample import Sample, corners_of
from camviewer.media.images import check

_UNREADABLE = (DefusedElementTree.ParseError, DefusedXmlException, ValueError, OSError)
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def pascal_voc(folder: Path) -> list[Sample]:
    """Read Pascal VOC annotations (``*.xml``), in all folders below but hidden ones.

    Pictures lie beside the annotations, in ``images`` or ``JPEGImages`` beside their folder, or
    anywhere else below the folder. A picture is a sample for each class that is marked on it, in
    the order of their first objects; one without objects is left out.

    Raises:
        CamviewerError: if there are none, or one cannot be read; the message names the file and the
            object.
    """
    files = [
        file
        for file in sorted(folder.rglob("*.xml"))
        if not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    if not files:
        raise CamviewerError(
            f"No Pascal VOC annotations (*.xml) in {folder}. For other formats see --boxes."
        )
    pictures = Pictures(folder)
    return [sample for file in files for sample in _samples(file, pictures)]


def _samples(file: Path, pictures: Pictures) -> list[Sample]:
    try:
        annotation = DefusedElementTree.parse(file).getroot()
        if annotation.tag != "annotation":
            raise ValueError(f"it begins with <{annotation.tag}> instead of <annotation>")
        objects = annotation.findall("object")
        if not objects and annotation.find("filename") is None:
            raise ValueError("it names no picture")
        if not objects:
            return []
        picture = pictures.find(file, _text(annotation, "filename"))
        width, height = _size(annotation, picture)
        boxes: dict[str, list[Corners]] = {}
        for number, thing in enumerate(objects, 1):
            try:
                name = _text(thing, "name")
                boxes.setdefault(name, []).append(_corners(thing, width, height))
            except ValueError as error:
                raise ValueError(f"object {number}: {error}") from error
    except _UNREADABLE as error:
        raise CamviewerError(f"{file} is not a Pascal VOC annotation: {error}.") from error
    names = frozenset(boxes)
    return [
        Sample(picture, name, tuple(drawn), others=names - {name}) for name, drawn in boxes.items()
    ]


def _size(annotation: Element, picture: Path) -> tuple[float, float]:
    """Width and height; some tools leave them zero, and then the picture knows."""
    size = annotation.find("size")
    if size is not None:
        width, height = (float(size.findtext(key) or 0) for key in ("width", "height"))
        if width > 0 and height > 0:
            return width, height
    check(picture)
    with Image.open(picture) as opened:
        return opened.size


def _corners(thing: Element, width: float, height: float) -> Corners:
    box = thing.find("bndbox")
    if box is None:
        raise ValueError("it has no box (bndbox)")
    left, top, right, bottom = (float(_text(box, edge)) for edge in _EDGES)
    return corners_of(left / width, top / height, right / width, bottom / height)


def _text(element: Element, key: str) -> str:
    text = (element.findtext(key) or "").strip()
    if not text:
        raise ValueError(f"<{element.tag}> has no {key}")
    return text
