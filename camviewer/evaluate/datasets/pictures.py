"""Where the pictures lie that annotations speak of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path, PurePath, PureWindowsPath

from camviewer.errors import CamviewerError
from camviewer.media.images import find_pictures, is_picture
from camviewer.teach.data.dataset import printable

_FOLDERS = ("images", "JPEGImages")


class Pictures:
    """The pictures of a data set, found by the names that its annotations call them.

    Layouts differ: pictures lie beside the annotations, in ``images`` or ``JPEGImages`` beside
    their folder, or somewhere else below the data set's folder, in a folder for each class, say.
    """

    def __init__(self, root: Path, annotations: Iterable[Path] = ()) -> None:
        """Nothing is read yet.

        Args:
            root: the data set's folder. Pictures are also looked for one folder above the
                annotation, as the annotations' folder alone may have been given.
            annotations: where there is a file for each picture, all of them.
        """
        self._root = root
        self._annotated = {file.stem.casefold() for file in annotations}

    def find(self, annotation: Path, named: str) -> Path:
        """The picture that an annotation speaks of.

        One that names a picture of another annotation's name was copied from that and forgotten:
        where there is a picture of its own name, it speaks of this.

        Args:
            annotation: the file.
            named: what it calls the picture; folders in it are only hints, and never lead out of
                the data set.

        Raises:
            CamviewerError: if there is none, or several and no telling which.
        """
        hint = PureWindowsPath(named)
        own = annotation.stem.casefold()
        stolen = hint.stem.casefold() != own and hint.stem.casefold() in self._annotated
        if stolen and own in self._by_stem:
            hint = hint.with_name(self._by_stem[own][0].name)
        # of Stanford's dogs the annotation is called like the picture, but for the latter's ending
        near = (c for c in self._near(annotation, hint) if c != annotation and is_picture(c))
        return next(near, None) or self._anywhere(annotation, hint)

    def all(self) -> list[Path]:
        """Every picture below the data set's folder, in natural order."""
        return find_pictures([self._root])

    def _near(self, annotation: Path, hint: PureWindowsPath) -> Iterator[Path]:
        beside = annotation.parent
        folders = [beside, *(base / name for base in (beside, beside.parent) for name in _FOLDERS)]
        if not hint.anchor and ".." not in hint.parts:
            yield from (folder.joinpath(*hint.parts) for folder in folders)
        yield from (folder / hint.name for folder in folders)

    def _anywhere(self, annotation: Path, hint: PureWindowsPath) -> Path:
        found = (
            self._by_name.get(hint.name.casefold())
            or self._by_stem.get(hint.name.casefold())
            or self._by_stem.get(annotation.stem.casefold(), [])
        )
        # of pictures with one name, that on the path that is most like the annotation's
        ranked = sorted(found, key=lambda path: -_likeness(path, annotation, hint))
        if not ranked:
            raise CamviewerError(f"Its picture {printable(hint.name)} is not there.")
        likeness = [_likeness(path, annotation, hint) for path in ranked[:2]]
        if len(likeness) > 1 and likeness[0] == likeness[1]:
            raise CamviewerError(
                f"Its picture {printable(hint.name)} may be {ranked[0]} or {ranked[1]}. Put each "
                "annotation beside its picture."
            )
        return ranked[0]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        return _index(self.all(), lambda path: path.name)

    @cached_property
    def _by_stem(self) -> dict[str, list[Path]]:
        return _index(self.all(), lambda path: path.stem)


def _index(paths: list[Path], key: Callable[[Path], str]) -> dict[str, list[Path]]:
    index: defaultdict[str, list[Path]] = defaultdict(list)
    for path in paths:
        index[key(path).casefold()].append(path)
    return index


def _likeness(picture: Path, annotation: Path, hint: PurePath) -> int:
    """How many folders a picture shares with what speaks of it."""
    folders = {part.casefold() for part in (*annotation.parent.parts, *hint.parent.parts)}
    return sum(part.casefold() in folders for part in picture.parent.parts)
