"""Pictures with boxes that a person drew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml import ElementTree as DefusedElementTree
from torchvision.datasets import VOCDetection

from camviewer.boxes import Corners
from camviewer.errors import CamviewerError

_UNREADABLE = (
    DefusedElementTree.ParseError,
    DefusedXmlException,
    KeyError,
    TypeError,
    ValueError,
    ZeroDivisionError,
    OSError,
)
_PICTURE_FOLDERS = (".", "../images", "../JPEGImages")


@dataclass(frozen=True)
class Sample:
    """A picture, what is on it, and where.

    Attributes:
        picture: the file.
        name: the object's class as the annotation calls it.
        boxes: ``(left, top, right, bottom)`` of every object of that class, as shares of the
            picture's width and height, in [0, 1].
    """

    picture: Path
    name: str
    boxes: tuple[Corners, ...]


def pascal_voc(folder: Path) -> list[Sample]:
    """Read Pascal VOC annotations (``*.xml``), each with the class of its first object.

    Pictures lie beside the annotations, or in ``images`` or ``JPEGImages`` beside their folder.

    Raises:
        CamviewerError: if there are none, or one cannot be read.
    """
    files = sorted(folder.rglob("*.xml"))
    if not files:
        raise CamviewerError(f"No Pascal VOC annotations (*.xml) in {folder}.")
    return [sample for file in files if (sample := _sample(file)) is not None]


def _sample(file: Path) -> Sample | None:
    try:
        annotation = VOCDetection.parse_voc_xml(DefusedElementTree.parse(file).getroot())[
            "annotation"
        ]
        objects: Sequence[dict[str, Any]] = annotation.get("object", [])
        if not objects:
            return None
        name = str(objects[0]["name"])
        width, height = (float(annotation["size"][k]) for k in ("width", "height"))
        boxes = tuple(
            _corners(o["bndbox"], width, height) for o in objects if str(o["name"]) == name
        )
        return Sample(_picture(file, str(annotation["filename"])), name, boxes)
    except _UNREADABLE as error:
        raise CamviewerError(f"{file} is not a Pascal VOC annotation: {error!r}.") from error


def _corners(box: dict[str, str], width: float, height: float) -> Corners:
    return (
        float(box["xmin"]) / width,
        float(box["ymin"]) / height,
        float(box["xmax"]) / width,
        float(box["ymax"]) / height,
    )


def _picture(file: Path, named: str) -> Path:
    name = PureWindowsPath(named).name  # an annotation must not lead out of its folders
    candidates = [file.parent / folder / name for folder in _PICTURE_FOLDERS]
    found = next((c for c in candidates if c.is_file()), None)
    if found is None:
        raise CamviewerError(f"{file} speaks of {name}, which is not there.")
    return found
