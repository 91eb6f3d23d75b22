"""The list that a lesson keeps of its classes: ``lesson.json``, which may come from anywhere."""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camviewer.errors import CamviewerError
from camviewer.teach.data.dataset import class_name, printable

NAME = "lesson.json"

_VERSION = 2
_OF_ONE_CLASS = 1  # the version of lessons in which each picture is of one class
_LARGEST = 100_000_000  # bytes
_MOST_CLASSES = 10_000
_SUBFOLDER = re.compile(r"\w(?:[\w -]{0,78}\w)?")


@dataclass(frozen=True)
class LessonClass:
    """A class and its pictures.

    Attributes:
        name: as shown.
        subfolder: of the lesson's folder, where its recorded frames lie; empty if it has none yet.
        added: picture files that lie elsewhere.
        recorded: frames in the subfolder.
        shared: frames in the subfolders of other classes that show this one, too.
    """

    name: str
    subfolder: str = ""
    added: tuple[Path, ...] = ()
    recorded: tuple[Path, ...] = ()
    shared: tuple[Path, ...] = ()

    @property
    def pictures(self) -> tuple[Path, ...]:
        """All pictures: the added ones, then the frames."""
        return self.added + self.recorded + self.shared


@dataclass(frozen=True)
class Contents:
    """What a lesson consists of.

    Attributes:
        classes: in order.
        nothing: which of them means "none of these"; None if none does.
        several: a picture may be of several classes; else each is of one.
    """

    classes: tuple[LessonClass, ...] = ()
    nothing: str | None = None
    several: bool = False


def is_subfolder(name: str) -> bool:
    """Whether a name is that of a folder right below another, on every system."""
    return _SUBFOLDER.fullmatch(name) is not None


def read(folder: Path) -> Contents:
    """A lesson's contents without the recorded frames; empty if it is not there.

    Of those that are `LessonClass.shared` only the names are known.

    Raises:
        CamviewerError: if it is damaged, forged or of a newer version.
    """
    file = folder / NAME
    with told(file):
        if not file.exists():
            return Contents()
        if file.stat().st_size > _LARGEST:
            raise _damaged(file, "it is too large")
        data = file.read_bytes()
    try:
        return _contents(json.loads(data), folder)
    except (ValueError, RecursionError) as error:
        raise _damaged(file, str(error)) from error


def write(folder: Path, contents: Contents) -> None:
    """Keep a lesson's contents; what was there before remains if that fails.

    Raises:
        CamviewerError: if it cannot be written.
    """
    value = {
        "camviewer lesson": _VERSION if contents.several else _OF_ONE_CLASS,
        "nothing": contents.nothing,
        "classes": [_written(c, several=contents.several) for c in contents.classes],
    }
    write_whole(folder / NAME, json.dumps(value, indent=1).encode(), durable=True)


def write_whole(path: Path, data: bytes, *, durable: bool) -> None:
    """Write a file that is there whole or not at all; one of its name is replaced.

    Args:
        path: its folder must exist.
        data: the content.
        durable: wait until it is on the disk itself, so that a power cut cannot undo it.

    Raises:
        CamviewerError: if it cannot be written.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    with told(path):
        try:
            with part.open("xb") as file:
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with suppress(OSError):  # the first error is the one to tell
                part.unlink(missing_ok=True)
            raise


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system says about a lesson's file or folder into what a person can act on.

    Raises:
        CamviewerError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise CamviewerError(
            f"The lesson cannot be kept: {printable(str(path))}: {error.strerror or error}. Make "
            "room, change the folder's permissions, or choose another folder."
        ) from error


def _contents(value: Any, folder: Path) -> Contents:
    if not isinstance(value, Mapping) or not isinstance(value.get("camviewer lesson"), int):
        raise ValueError("it is no lesson of camviewer")
    if value["camviewer lesson"] > _VERSION:
        raise CamviewerError(
            f"{printable(str(folder))} is a lesson of a newer camviewer. Update this one."
        )
    items = value.get("classes")
    if not isinstance(items, list) or len(items) > _MOST_CLASSES:
        raise ValueError("its classes are no list, or too many")
    several = value["camviewer lesson"] > _OF_ONE_CLASS
    classes = tuple(_lesson_class(item, folder) for item in items)
    if not several:
        classes = _of_one_class(classes)
    nothing = value.get("nothing")
    for what in ([c.name for c in classes], [c.subfolder for c in classes if c.subfolder]):
        if len({text.casefold() for text in what}) < len(what):
            raise ValueError("a class is there twice")
    if nothing is not None and nothing not in [c.name for c in classes]:
        raise ValueError("its class of nothing is not there")
    return Contents(classes, nothing, several)


def _written(shown: LessonClass, *, several: bool) -> dict[str, Any]:
    value = {
        "name": shown.name,
        "subfolder": shown.subfolder,
        "pictures": [str(path) for path in shown.added],
    }
    return value | ({"shared": [path.name for path in shown.shared]} if several else {})


def _of_one_class(classes: Iterable[LessonClass]) -> tuple[LessonClass, ...]:
    """The same with each picture in the first class that has it."""
    seen: set[Path] = set()
    found = []
    for shown in classes:
        added = tuple(path for path in shown.added if path not in seen)
        seen.update(added)
        found.append(LessonClass(shown.name, shown.subfolder, added))
    return tuple(found)


def _lesson_class(item: Any, folder: Path) -> LessonClass:
    if not isinstance(item, Mapping):
        raise ValueError("a class is no mapping")
    name, subfolder, pictures = (item.get(key) for key in ("name", "subfolder", "pictures"))
    if not isinstance(name, str) or not name.strip() or class_name(name) != name:
        raise ValueError("a class has no proper name")
    if not isinstance(subfolder, str) or (subfolder and not is_subfolder(subfolder)):
        raise ValueError(f"the folder of {name} is not one below the lesson's")
    places = (Path(os.path.normpath(folder.absolute() / p)) for p in _files(pictures, name))
    names = (Path(Path(text).name) for text in _files(item.get("shared", []), name))
    return LessonClass(
        name, subfolder, tuple(dict.fromkeys(places)), shared=tuple(dict.fromkeys(names))
    )


def _files(value: Any, name: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"the pictures of {name} are no list of files")
    return value


def _damaged(file: Path, why: str) -> CamviewerError:
    return CamviewerError(
        f"{printable(str(file))} is damaged: {printable(why)[:200]}. Take it away and open the "
        "lesson again: the recorded frames in its folders are found without it."
    )
