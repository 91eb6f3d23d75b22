"""Which classes the pictures of a lesson are of, and what it holds when that changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from camviewer.teach.data.frames import place_in_time
from camviewer.teach.data.lesson_file import Contents, LessonClass


def labels_of(contents: Contents) -> dict[Path, tuple[str, ...]]:
    """The classes of each picture, in their order."""
    found: dict[Path, list[str]] = {}
    for shown in contents.classes:
        for path in shown.pictures:
            found.setdefault(path, []).append(shown.name)
    return {path: tuple(names) for path, names in found.items()}


def leaving(
    contents: Contents, pictures: Iterable[Path], of: str | None = None
) -> dict[Path, tuple[str, ...]]:
    """What classes are left to pictures of a lesson that leave one; those of none are left out.

    Args:
        contents: what the lesson holds.
        pictures: which.
        of: the class that they leave; None for all.
    """
    labels = labels_of(contents)
    return {
        path: tuple(name for name in labels[path] if of is not None and name != of)
        for path in pictures
        if path in labels
    }


def entering(
    contents: Contents, labels: Mapping[Path, Iterable[str]], name: str
) -> dict[Path, tuple[str, ...]]:
    """Labels with one more; what shows something is not of the class of nothing.

    Args:
        contents: what the lesson holds.
        labels: of each picture.
        name: of the class that they enter.
    """
    nothing = contents.nothing
    if name == nothing:
        return dict.fromkeys(labels, (name,))
    return {
        path: (*(label for label in known if label != nothing), name)
        for path, known in labels.items()
    }


def located(classes: Iterable[LessonClass]) -> tuple[LessonClass, ...]:
    """The same with the frames that are shared where they lie now; those that are gone left out."""
    known = tuple(classes)
    places = {path.name: path for shown in known for path in shown.recorded}

    def found(shown: LessonClass) -> tuple[Path, ...]:
        own = set(shown.recorded)
        here = (places.get(path.name) for path in shown.shared)
        return tuple(path for path in here if path is not None and path not in own)

    return tuple(replace(shown, shared=found(shown)) for shown in known)


def relabelled(contents: Contents, labels: Mapping[Path, Iterable[str]]) -> Contents:
    """What a lesson holds when some pictures are of other classes.

    Args:
        contents: what it holds now.
        labels: names of classes that are there; more than one only where a picture may be of
            several. Without any the picture is gone.

    Returns:
        A frame stays where it was recorded if it is still of that class; else it is among those
        recorded for the first of its classes, though it does not lie there yet.
    """
    place = {shown.name: number for number, shown in enumerate(contents.classes)}
    wanted = {path: sorted(set(names), key=place.__getitem__) for path, names in labels.items()}
    homes = {path: shown.name for shown in contents.classes for path in shown.recorded}
    come: dict[str, list[Path]] = {name: [] for name in place}
    for path, names in wanted.items():
        for name in names:
            come[name].append(path)
    for path in homes.keys() & wanted.keys():
        if wanted[path] and homes[path] not in wanted[path]:
            homes[path] = wanted[path][0]
    classes = tuple(_with(shown, come[shown.name], wanted, homes) for shown in contents.classes)
    return replace(contents, classes=classes)


def _with(
    shown: LessonClass,
    come: Iterable[Path],
    wanted: Mapping[Path, list[str]],
    homes: Mapping[Path, str],
) -> LessonClass:
    """A class with the pictures that it keeps and those that come.

    Args:
        shown: as it was.
        come: what is of this class, of what changes.
        wanted: what changes.
        homes: for which class frames are recorded.
    """

    def kept(pictures: Iterable[Path]) -> list[Path]:
        return [p for p in pictures if p not in wanted or shown.name in wanted[p]]

    here = set(shown.added)
    added = [*kept(shown.added), *(p for p in come if p not in homes and p not in here)]
    frames = dict.fromkeys((*kept(shown.recorded), *kept(shown.shared)))
    frames |= dict.fromkeys(p for p in come if p in homes)
    in_time = sorted(frames, key=place_in_time)
    return replace(
        shown,
        added=tuple(added),
        recorded=tuple(p for p in in_time if homes[p] == shown.name),
        shared=tuple(p for p in in_time if homes[p] != shown.name),
    )
