"""Pascal VOC: an XML file for each picture."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from xml.etree.ElementTree import Element

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as DefusedElementTree
from PIL import Image

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.pictures import Pictures
from camviewer.evaluate.datasets.sample import Annotations, Sample, corners_of
from camviewer.evaluate.datasets.turning import turned, upright_box
from camviewer.media.images import check
from camviewer.teach.data.dataset import Broken

_UNREADABLE = (DefusedElementTree.ParseError, DefusedXmlException, ValueError, OSError)
_ENDINGS = ("", ".xml")
_BEGINNING = b"<annotation"
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def annotation_files(folder: Path) -> list[Path]:
    """The Pascal VOC annotations in all folders below but hidden ones, sorted.

    Files ``*.xml``; where there are none, files without an ending that begin like them.
    """
    files = [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix.casefold() in _ENDINGS
        and not any(part.startswith(".") for part in file.relative_to(folder).parts)
    ]
    named = [file for file in files if file.suffix]
    return named or [file for file in files if _begins_like_one(file)]


def _begins_like_one(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            return opened.read(len(_BEGINNING)) == _BEGINNING
    except OSError:  # a folder, say
        return False


def pascal_voc(folder: Path) -> Annotations:
    """Read Pascal VOC annotations, see `annotation_files`.

    Pictures lie beside the annotations, in ``images`` or ``JPEGImages`` beside their folder, or
    anywhere else below the folder. A picture is a sample for each class that is marked on it, in
    the order of their first objects; one without objects is left out. So is an annotation that
    cannot be read, or without a picture; it is listed, with the object that is at fault.

    Raises:
        CamviewerError: if there are none, or none can be used.
    """
    files = annotation_files(folder)
    if not files:
        raise CamviewerError(
            f"No Pascal VOC annotations (*.xml) in {folder}. For other formats see --boxes."
        )
    pictures = Pictures(folder, files)
    samples, broken = list[Sample](), list[Broken]()
    for file in files:
        try:
            samples += _samples(file, pictures)
        except CamviewerError as error:
            broken.append(Broken(file, str(error)))
    unsure = frozenset(stem.casefold() for item in broken for stem in _stems(item.path))
    return Annotations(tuple(samples), tuple(broken), unsure)


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
        lying = turned(picture, (width, height))
        boxes: dict[str, list[Corners]] = {}
        for number, thing in enumerate(objects, 1):
            try:
                name = _text(thing, "name")
                corners = upright_box(_corners(thing, width, height), lying)
                boxes.setdefault(name, []).append(corners)
            except ValueError as error:
                raise ValueError(f"object {number}: {error}") from error
    except _UNREADABLE as error:
        raise CamviewerError(f"It is not a Pascal VOC annotation: {error}.") from error
    names = frozenset(boxes)
    return [
        Sample(picture, name, tuple(drawn), others=names - {name}) for name, drawn in boxes.items()
    ]


def _stems(file: Path) -> set[str]:
    """Of the picture that an annotation may speak of, as far as it can be read."""
    try:
        named = DefusedElementTree.parse(file).getroot().findtext("filename") or ""
    except _UNREADABLE:
        named = ""
    return {file.stem, PureWindowsPath(named.strip()).stem} - {""}


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
    # some tools write the corner where the mouse went down first
    (left, right), (top, bottom) = sorted((left, right)), sorted((top, bottom))
    return corners_of(left / width, top / height, right / width, bottom / height)


def _text(element: Element, key: str) -> str:
    text = (element.findtext(key) or "").strip()
    if not text:
        raise ValueError(f"<{element.tag}> has no {key}")
    return text
