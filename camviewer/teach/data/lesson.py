"""What a person collects in the window in order to teach: kept on disk, change by change."""

from __future__ import annotations

import bisect
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.teach.data import lesson_file
from camviewer.teach.data.dataset import (
    Dataset,
    Example,
    class_name,
    find_nothing,
    printable,
    readable,
)
from camviewer.teach.data.frames import Frames, place_in_time, sequence_of
from camviewer.teach.data.lesson_file import Contents, LessonClass, told
from camviewer.types import Frame


def home() -> Path:
    """The folder in which lessons lie unless a person chose another (not created)."""
    return paths.data() / "lessons"


def free_folder(name: str) -> Path:
    """A folder in `home` for a new lesson, named like what is taught; not created."""
    place = home()
    return place / Frames(place).free_subfolder(name, ())


def is_lesson(folder: Path) -> bool:
    """Whether a folder is one that a `Lesson` keeps."""
    return (folder / lesson_file.NAME).is_file()


class Lesson:
    """Classes and their pictures, kept in a folder; every change is on disk when its call returns.

    Recorded frames that are taken away are put aside until `tidy`: `restore` brings them back.

    A picture is either a file somewhere, of which only the path is kept in ``lesson.json``, or a
    recorded frame, a JPEG in the subfolder of its class. The frames are listed nowhere: what lies
    in a class's subfolder is of that class, so no crash can part a list from the files.

    Calls may come from several threads, one waits for the other; `classes` never waits.

    Attributes:
        folder: where it is kept.
    """

    def __init__(self, folder: Path) -> None:
        """Open the lesson in a folder, or begin one there.

        Raises:
            CamviewerError: if its ``lesson.json`` is damaged or of a newer version, or the folder
                cannot be read or made.
        """
        self.folder = folder.absolute()
        self._lock = threading.RLock()
        self._frames = Frames(self.folder)
        with told(folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        self._contents = self._read()

    @property
    def contents(self) -> Contents:
        """All that there is now, as `restore` takes it."""
        return self._contents

    @property
    def classes(self) -> tuple[LessonClass, ...]:
        """The classes in order, with their pictures."""
        return self._contents.classes

    @property
    def nothing(self) -> str | None:
        """The class that means "none of these"."""
        return self._contents.nothing

    def dataset(self) -> Dataset:
        """All pictures, to teach with; those that are gone or damaged are listed as broken.

        Whether they suffice, `Dataset.check` says.
        """
        contents = self._contents
        examples = []
        for c in contents.classes:
            examples += [Example(path, (c.name,)) for path in c.added]
            examples += [Example(path, (c.name,), sequence_of(path)) for path in c.recorded]
        sound, broken = readable(examples)
        names = tuple(c.name for c in contents.classes)
        return Dataset(sound, names, nothing=contents.nothing, broken=broken)

    def add_class(self, name: str) -> str:
        """Add a class; one that is called nothing or so gets that meaning, unless another has it.

        Returns:
            The name as kept, see `class_name`.

        Raises:
            CamviewerError: if it is empty, or there is one of this name (case does not count).
        """
        with self._changing():
            name = self._free_name(name)
            classes = (*self.classes, LessonClass(name))
            self._keep(Contents(classes, self.nothing or find_nothing([name])))
            return name

    def rename_class(self, name: str, new: str) -> str:
        """Rename a class; its subfolder keeps its name.

        Returns:
            The name as kept.

        Raises:
            CamviewerError: as of `add_class`, or if there is no class of the old name.
        """
        with self._changing():
            old = self._class(name)
            new = self._free_name(new, but=old)
            classes = tuple(replace(c, name=new) if c is old else c for c in self.classes)
            self._keep(Contents(classes, new if self.nothing == old.name else self.nothing))
            return new

    def remove_class(self, name: str) -> None:
        """Take a class away with its recorded frames; other files stay where they are.

        Raises:
            CamviewerError: if there is no such class.
        """
        with self._changing():
            gone = self._class(name)
            left = tuple(c for c in self.classes if c is not gone)
            self._keep(Contents(left, None if self.nothing == gone.name else self.nothing))
            self._frames.discard(gone.recorded)

    def set_nothing(self, name: str | None) -> None:
        """Say which class means "none of these"; None if none does.

        Raises:
            CamviewerError: if there is no such class.
        """
        with self._changing():
            meant = None if name is None else self._class(name).name
            self._keep(Contents(self.classes, meant))

    def add_pictures(self, name: str, files: Iterable[Path]) -> int:
        """Add picture files to a class; those that another class has are moved from there.

        Args:
            name: of the class.
            files: kept by their absolute paths; whether they can be read, `dataset` finds out.

        Returns:
            How many were not in this class before.

        Raises:
            CamviewerError: if there is no such class, or it cannot be kept.
        """
        with self._changing():
            own = set(self._class(name).pictures)
            known = {path for c in self.classes for path in c.pictures}
            wanted = dict.fromkeys(Path(os.path.normpath(file.absolute())) for file in files)
            new = [file for file in wanted if file not in own]
            self.move(new, name)
            added = tuple(file for file in new if file not in known)
            if added:
                old = self._class(name)
                self._keep(self._changed(old, replace(old, added=old.added + added)))
            return len(new)

    def add_frame(self, name: str, frame: Frame, sequence: str) -> Path:
        """Record a frame for a class, as a JPEG.

        Args:
            name: of the class.
            frame: what to record.
            sequence: the recording, see `frames.new_sequence`; the same for all frames of one.

        Returns:
            The file.

        Raises:
            CamviewerError: if there is no such class, or it cannot be written.
            ValueError: if `sequence` is no name of a recording.
        """
        with self._changing():
            target = self._with_subfolder(name)
            path = self._frames.add(target.subfolder, frame, sequence)
            recorded = list(target.recorded)
            bisect.insort(recorded, path, key=place_in_time)
            self._show(self._changed(target, replace(target, recorded=tuple(recorded))))
            return path

    def move(self, pictures: Iterable[Path], to: str) -> None:
        """Put pictures of other classes into one; those of none are left alone.

        Raises:
            CamviewerError: if there is no such class, or it cannot be kept.
        """
        with self._changing():
            wanted = set(pictures) - set(self._class(to).pictures)
            added = [p for c in self.classes for p in c.added if p in wanted]
            recorded = [p for c in self.classes for p in c.recorded if p in wanted]
            if recorded:
                subfolder = self._with_subfolder(to).subfolder
                recorded = [self._frames.move(path, subfolder) for path in recorded]
            left = self._without(wanted)
            classes = tuple(
                replace(
                    c,
                    added=(*c.added, *added),
                    recorded=tuple(sorted((*c.recorded, *recorded), key=place_in_time)),
                )
                if c.name == to
                else c
                for c in left.classes
            )
            self._keep(replace(left, classes=classes))

    def remove(self, pictures: Iterable[Path]) -> None:
        """Take pictures away; files that are no recorded frames stay where they are.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            wanted = set(pictures)
            recorded = [p for c in self.classes for p in c.recorded if p in wanted]
            self._keep(self._without(wanted))
            self._frames.discard(recorded)

    def add_all(self, classes: Mapping[str, Sequence[Path]], nothing: str | None = None) -> None:
        """Add classes with their pictures, such as those of a folder.

        Args:
            classes: picture files by class; a class that there is already gets more pictures.
            nothing: which of them means "none of these", unless another class does.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            for name, files in classes.items():
                same = [c.name for c in self.classes if c.name.casefold() == name.casefold()]
                own = same[0] if same else self.add_class(name)
                self.add_pictures(own, files)
                if name == nothing and self.nothing is None:
                    self.set_nothing(own)

    def restore(self, contents: Contents) -> None:
        """Have the classes and pictures again that there were at another time.

        Frames that are to be recorded are fetched from other classes and from what was taken away;
        those that were deleted are left out. Frames that were recorded since are taken away.

        Args:
            contents: of this lesson.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            now = [path for c in self.classes for path in c.recorded]
            wanted = {path.name for c in contents.classes for path in c.recorded}
            places = {**self._frames.discarded(), **{path.name: path for path in now}}
            self._frames.discard(path for path in now if path.name not in wanted)
            classes = tuple(
                replace(
                    c,
                    recorded=tuple(
                        self._frames.move(places[path.name], c.subfolder)
                        for path in c.recorded
                        if path.name in places and places[path.name].exists()
                    ),
                )
                for c in contents.classes
            )
            self._keep(replace(contents, classes=classes))
            self._frames.prune({path.parent for path in now})

    def tidy(self) -> None:
        """Delete the frames that were taken away; `restore` knows them no more.

        Raises:
            CamviewerError: if that cannot be done.
        """
        with self._lock:
            self._frames.tidy()

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except CamviewerError:
                # what was done up to there is on the disk; an unreadable one keeps what is known
                with suppress(CamviewerError):
                    self._show(self._read())
                raise

    def _read(self) -> Contents:
        contents = lesson_file.read(self.folder)
        found = self._frames.found()
        classes = [replace(c, recorded=found.pop(c.subfolder, ())) for c in contents.classes]
        # left by a crash, or the list was taken away: their folder says what they are
        for subfolder, recorded in found.items():
            name, number = class_name(subfolder), 1
            while any(name.casefold() == c.name.casefold() for c in classes):
                number += 1
                name = f"{class_name(subfolder)} {number}"
            classes.append(LessonClass(name, subfolder, recorded=recorded))
        return Contents(tuple(classes), contents.nothing)

    def _show(self, contents: Contents) -> None:
        self._contents = contents

    def _keep(self, contents: Contents) -> None:
        lesson_file.write(self.folder, contents)
        self._show(contents)

    def _class(self, name: str) -> LessonClass:
        for c in self.classes:
            if c.name == name:
                return c
        raise CamviewerError(
            f"There is no class {printable(name)}. It may have been renamed or taken away."
        )

    def _free_name(self, name: str, but: LessonClass | None = None) -> str:
        name = class_name(name)
        if any(c is not but and c.name.casefold() == name.casefold() for c in self.classes):
            raise CamviewerError(f"There is a class {name} already. Choose another name.")
        return name

    def _changed(self, old: LessonClass, new: LessonClass) -> Contents:
        return replace(self._contents, classes=tuple(new if c is old else c for c in self.classes))

    def _with_subfolder(self, name: str) -> LessonClass:
        old = self._class(name)
        if old.subfolder:
            return old
        taken = [c.subfolder for c in self.classes]
        new = replace(old, subfolder=self._frames.free_subfolder(name, taken))
        self._keep(self._changed(old, new))
        return new

    def _without(self, pictures: set[Path]) -> Contents:
        classes = tuple(
            replace(
                c,
                added=tuple(p for p in c.added if p not in pictures),
                recorded=tuple(p for p in c.recorded if p not in pictures),
            )
            for c in self.classes
        )
        return replace(self._contents, classes=classes)
