"""What a person means who drops files and folders where pictures are collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.media import images
from camviewer.media.videos import is_video
from camviewer.teach.data import folders, tables
from camviewer.teach.data.dataset import class_name, find_nothing, printable, refuse_archives
from camviewer.teach.data.lesson import is_lesson

_NOTHING = "nothing"
_TABLES = (".csv", ".tsv", ".json")
_VIDEO = (
    "A video is not a picture. Open it in camviewer's window, let it play here, and hold Record "
    "while it shows the thing."
)

_TOLD = "The classes are those that the names of the files tell. Undo takes them back."


@dataclass(frozen=True)
class Gathered:
    """What was dropped. Either a lesson, or classes and pictures.

    Attributes:
        classes: pictures by the name of their class.
        pictures: those without a class.
        nothing: the class that means "none of these", if a table says so.
        several: some pictures are of several classes.
        lesson: the folder of a lesson.
        name: what a lesson of this may be called; empty if nothing suggests one.
        note: what a person should know of how it was taken; empty if there is nothing.
    """

    classes: dict[str, list[Path]] = field(default_factory=dict)
    pictures: list[Path] = field(default_factory=list)
    nothing: str | None = None
    several: bool = False
    lesson: Path | None = None
    name: str = ""
    note: str = ""


def gather(paths: Iterable[Path]) -> Gathered:
    """Sort what was dropped where there is no class yet.

    A single folder is a lesson, or holds a folder for each class, or is one class, or its files'
    names tell classes, see `folders.find_told_classes`. Several folders are a class each, as is a
    table of pictures. Whether pictures can be read is not found out.

    Raises:
        CamviewerError: if it cannot be read or understood, or there are no pictures.
    """
    given = tuple(paths)
    refuse_archives(given)
    if len(given) == 1:
        return _of_one(given[0])
    dirs = [path for path in given if path.is_dir()]
    found = {path: images.find_pictures([path]) for path in dirs}
    classes: dict[str, list[Path]] = {}
    for path, inside in found.items():
        if inside:
            classes.setdefault(class_name(path.name), []).extend(inside)
    loose = _loose(path for path in given if path not in found)
    if not classes and not loose:
        raise _none(given)
    return Gathered(classes, loose)


def of_labels(
    labels: Mapping[Path, Sequence[str]], classes: Iterable[str], nothing: str | None, name: str
) -> Gathered:
    """Pictures whose classes were written down.

    Args:
        labels: the classes of each picture; without any it shows nothing.
        classes: all of them, in order.
        nothing: the one that means "none of these", if there is one.
        name: see `Gathered`.
    """
    found: dict[str, list[Path]] = {label: [] for label in classes}
    empty = [path for path, of in labels.items() if not of]
    if empty:
        nothing = nothing or find_nothing(found) or _NOTHING
        found.setdefault(nothing, [])
    for path, of in labels.items():
        for label in of or (nothing or "",):
            found[label].append(path)
    shared = sum(len(of) > 1 for of in labels.values())
    shows, stands = (
        ("picture shows", "it stands") if shared == 1 else ("pictures show", "they stand")
    )
    note = f"{shared:,} {shows} several classes: {stands} on the card of each." if shared else ""
    return Gathered(found, nothing=nothing, several=bool(shared), name=name, note=note)


def pictures_in(paths: Iterable[Path]) -> list[Path]:
    """All pictures among files and folders, for a class that is known.

    Raises:
        CamviewerError: if there are none.
    """
    given = tuple(paths)
    refuse_archives(given)
    found = images.find_pictures(path for path in given if path.is_dir())
    found += _loose(path for path in given if not path.is_dir())
    if not found:
        raise _none(given)
    return found


def _of_one(path: Path) -> Gathered:
    if is_lesson(path):
        return Gathered(lesson=path)
    if path.is_dir():
        told = folders.find_told_classes(path)
        classes = told or folders.find_classes(path)
        if not classes:
            raise _none([path])
        return Gathered(classes, name=path.name, note=_TOLD if told else "")
    if path.suffix.casefold() in _TABLES:
        dataset = tables.read_table(path)
        labels = {example.path: example.labels for example in dataset.examples}
        return of_labels(labels, dataset.classes, dataset.nothing, path.stem)
    loose = _loose([path])
    if not loose:
        raise _none([path])
    return Gathered(pictures=loose)


def _loose(paths: Iterable[Path]) -> list[Path]:
    """The pictures among files; that one is gone or damaged is found out later."""
    return [
        path
        for path in paths
        if path.suffix.casefold() in images.EXTENSIONS or images.is_picture(path)
    ]


def _none(given: Iterable[Path]) -> CamviewerError:
    given = tuple(given)
    if given and all(is_video(path) for path in given):
        return CamviewerError(_VIDEO)
    names = ", ".join(printable(path.name) for path in given[:3])
    return CamviewerError(f"There is no picture in {names} that camviewer can read.")
