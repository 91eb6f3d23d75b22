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
from camviewer.teach.data.dataset import Dataset, Example, class_name, find_nothing, printable
from camviewer.teach.data.frames import Frames, place_in_time, sequence_of
from camviewer.teach.data.labelled import labelled
from camviewer.teach.data.labels import entering, labels_of, leaving, located, relabelled
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
        examples = [
            Example(path, labels, sequence_of(path)) for path, labels in labels_of(contents).items()
        ]
        names = tuple(c.name for c in contents.classes)
        nothing = contents.nothing or ""  # whatever classes are called, only what was said counts
        return labelled(examples, "The lesson", names, nothing, contents.several)

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
            meant = self.nothing or find_nothing([name])
            self._keep(replace(self._contents, classes=classes, nothing=meant))
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
            nothing = new if self.nothing == old.name else self.nothing
            self._keep(replace(self._contents, classes=classes, nothing=nothing))
            return new

    def remove_class(self, name: str) -> None:
        """Take a class away with its recorded frames; other files stay where they are.

        Raises:
            CamviewerError: if there is no such class.
        """
        with self._changing():
            gone, contents = self._class(name), self._contents
            contents = relabelled(contents, leaving(contents, gone.pictures, name))
            left = tuple(c for c in contents.classes if c.name != name)
            nothing = None if self.nothing == name else self.nothing
            self._settle(replace(contents, classes=left, nothing=nothing))

    def set_nothing(self, name: str | None) -> None:
        """Say which class means "none of these"; None if none does.

        Pictures that are of other classes as well show something, and are of that class no more.

        Raises:
            CamviewerError: if there is no such class.
        """
        with self._changing():
            meant = None if name is None else self._class(name)
            contents = self._contents
            if meant is not None:
                others = leaving(contents, meant.pictures, meant.name)
                contents = relabelled(contents, {p: names for p, names in others.items() if names})
            self._settle(replace(contents, nothing=None if meant is None else meant.name))

    def set_several(self, *, several: bool) -> int:
        """Say whether a picture may be of several classes.

        Returns:
            Of how many pictures the first class alone is left, because it may not.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            contents, firsts = self._contents, dict[Path, tuple[str, ...]]()
            if not several:
                labels = labels_of(contents)
                firsts = {path: names[:1] for path, names in labels.items() if len(names) > 1}
            self._settle(replace(relabelled(contents, firsts), several=several))
            return len(firsts)

    def add_pictures(self, name: str, files: Iterable[Path]) -> int:
        """Add picture files to a class; where a picture is of one class, they leave another.

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
            wanted = dict.fromkeys(Path(os.path.normpath(file.absolute())) for file in files)
            new = [file for file in wanted if file not in own]
            self._label(new, name)
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

    def move(self, pictures: Iterable[Path], to: str, of: str | None = None) -> None:
        """Put pictures of other classes into one; those of none are left alone.

        Args:
            pictures: which.
            to: the class.
            of: the class that they leave; None for all others.

        Raises:
            CamviewerError: if there is no such class, or it cannot be kept.
        """
        with self._changing():
            own, contents = set(self._class(to).pictures), self._contents
            left = leaving(contents, (p for p in pictures if p not in own or of is not None), of)
            self._settle(relabelled(contents, entering(contents, left, to)))

    def share(self, pictures: Iterable[Path], name: str) -> None:
        """Put pictures of other classes into one, too; those of none are left alone.

        Where a picture is of one class, this moves it.

        Raises:
            CamviewerError: if there is no such class, or it cannot be kept.
        """
        with self._changing():
            known = labels_of(self._contents)
            self._label([path for path in pictures if path in known], name)

    def remove(self, pictures: Iterable[Path], of: str | None = None) -> None:
        """Take pictures away; files that are no recorded frames stay where they are.

        Args:
            pictures: which.
            of: the class that they leave; None for all.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            contents = self._contents
            self._settle(relabelled(contents, leaving(contents, pictures, of)))

    def add_all(
        self,
        classes: Mapping[str, Sequence[Path]],
        nothing: str | None = None,
        *,
        several: bool = False,
    ) -> None:
        """Add classes with their pictures, such as those of a folder.

        Args:
            classes: picture files by class; a class that there is already gets more pictures.
            nothing: which of them means "none of these", unless another class does.
            several: some pictures are of several classes; from then on any may be.

        Raises:
            CamviewerError: if it cannot be kept.
        """
        with self._changing():
            if several:
                self.set_several(several=True)
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
            classes = [
                replace(
                    c,
                    recorded=tuple(
                        self._frames.move(places[path.name], c.subfolder)
                        for path in c.recorded
                        if path.name in places and places[path.name].exists()
                    ),
                )
                for c in contents.classes
            ]
            self._keep(replace(contents, classes=located(classes)))
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
        return replace(contents, classes=located(classes))

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

    def _label(self, pictures: Iterable[Path], name: str) -> None:
        """Put pictures into a class; where a picture is of one, they leave all others."""
        self._class(name)
        contents = self._contents
        labels = labels_of(contents) if contents.several else {}
        known = {path: labels.get(path, ()) for path in pictures}
        self._settle(relabelled(contents, entering(contents, known, name)))

    def _settle(self, contents: Contents) -> None:
        """Keep this, with the frames in the subfolders of the classes that they are of now."""
        before = {path.name: path for c in self.classes for path in c.recorded}
        classes = []
        for c in contents.classes:
            if any(path.parent.name != c.subfolder for path in c.recorded):
                c = replace(c, subfolder=self._with_subfolder(c.name).subfolder)
            recorded = tuple(
                path if path.parent.name == c.subfolder else self._frames.move(path, c.subfolder)
                for path in c.recorded
            )
            classes.append(replace(c, recorded=recorded))
        self._keep(replace(contents, classes=located(classes)))
        after = {path.name for c in classes for path in c.recorded}
        self._frames.discard(path for name, path in before.items() if name not in after)
