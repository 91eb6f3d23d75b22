"""What people do to the cards: said to the keeper, and told back where it is not plain to see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, Signal

from camviewer.evaluate.datasets.image_labels import annotated
from camviewer.gui import intake
from camviewer.gui.jobs import Jobs
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.teach.keeper import Keeper
from camviewer.gui.teach.recorder import Take
from camviewer.media import images
from camviewer.media.videos import is_video
from camviewer.teach.data.dataset import find_nothing, printable
from camviewer.teach.data.frames import new_sequence
from camviewer.teach.data.gathering import Gathered, gather, pictures_in
from camviewer.teach.data.labels import labels_of
from camviewer.teach.data.lesson import Lesson
from camviewer.types import Frame

_NOTHING = "nothing"


class Changes(QObject):
    """Every change of the lesson, by names as people choose them.

    Signals:
        class_added(str): there is a class of this name, which was not typed but made up.
        source_given(list[Path]): what was dropped is not for cards but to be watched.
    """

    class_added = Signal(str)
    source_given = Signal(object)

    def __init__(self, keeper: Keeper, messages: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._keeper = keeper
        self._messages = messages
        self._jobs = Jobs(self, threads=1)
        keeper.failed.connect(self._tell)

    def shutdown(self) -> None:
        """Look into no folders any more."""
        self._jobs.shutdown()

    def begin(self, names: Sequence[str]) -> None:
        """Have classes of these names, in a new lesson if there is none."""

        def add(lesson: Lesson) -> None:
            for name in names:
                lesson.add_class(name)

        self._keeper.change("Add Classes", add, begin=" and ".join(names))

    def add_class(self) -> None:
        """One more class, with a name that is free."""
        self._add_class(lambda lesson: lesson.add_class(_free_name(lesson)))

    def add_nothing(self) -> None:
        """A class that means "none of these"."""

        def add(lesson: Lesson) -> str:
            name = _free_name(lesson, _NOTHING)
            name = lesson.add_class(name)
            lesson.set_nothing(name)
            return name

        self._keeper.change("Add Class", add)

    def rename(self, name: str, new: str) -> None:
        """Call a class otherwise."""
        self._keeper.change("Rename", lambda lesson: lesson.rename_class(name, new))

    def remove_class(self, name: str) -> None:
        """Take a class away."""
        found = next((c for c in self._keeper.classes if c.name == name), None)
        count = 0 if found is None else len(found.added) + len(found.recorded)
        what = f"Removed {name}" + (f" with {_pictures(count)}." if count else ".")
        self._keeper.change(
            "Remove Class", lambda lesson: lesson.remove_class(name), self._telling(what)
        )

    def mean_nothing(self, name: str, *, nothing: bool) -> None:
        """Say whether a class means "none of these"."""
        self._keeper.change(
            "Change the Meaning", lambda lesson: lesson.set_nothing(name if nothing else None)
        )

    def set_several(self, *, several: bool) -> None:
        """Say whether a picture may be of several classes."""

        def tell(lost: int) -> None:
            if lost:
                whose = "its" if lost == 1 else "their"
                self._telling(f"{_pictures(lost)} kept only the first of {whose} classes.")(None)

        self._keeper.change(
            "Change the Meaning", lambda lesson: lesson.set_several(several=several), tell
        )

    def move(self, pictures: Sequence[Path], name: str, of: str | None = None) -> None:
        """Put pictures into another class.

        Args:
            pictures: which.
            name: of the class.
            of: the class that they leave, where a picture may be of several; None for all others.
        """
        told = self._telling(f"Moved {_pictures(len(pictures))} to {name}.")
        self._keeper.change("Move", lambda lesson: lesson.move(pictures, name, of), told)

    def share(self, pictures: Sequence[Path], name: str) -> None:
        """Put pictures into one more class."""
        said = "shows" if len(pictures) == 1 else "show"
        told = self._telling(f"{_pictures(len(pictures))} now {said} {name}, too.")
        self._keeper.change("Add Class", lambda lesson: lesson.share(pictures, name), told)

    def leave(self, pictures: Sequence[Path], name: str) -> None:
        """Say that pictures do not show a class; what shows none is of the class of nothing."""
        said = "does" if len(pictures) == 1 else "do"
        told = self._telling(f"{_pictures(len(pictures))} now {said} not show {name}.")

        def leave(lesson: Lesson) -> None:
            if lesson.nothing is not None:
                labels = labels_of(lesson.contents)
                bare = [path for path in pictures if labels.get(path) == (name,)]
                lesson.move(bare, lesson.nothing)
            lesson.remove(pictures, name)

        self._keeper.change("Take Class Away", leave, told)

    def remove(self, pictures: Sequence[Path], of: str | None = None) -> None:
        """Take pictures away, from one class or altogether."""
        told = self._telling(f"Removed {_pictures(len(pictures))}{f' from {of}' if of else ''}.")
        self._keeper.change("Remove", lambda lesson: lesson.remove(pictures, of), told)

    def record(self, take: Take, frame: Frame) -> bool:
        """Add a picture of what is watched; False where it cannot be written fast enough."""

        def add(lesson: Lesson) -> None:
            lesson.add_frame(take.name, frame, take.sequence)

        return self._keeper.add_frame("Record", add, take.sequence)

    def take_in(self, mime: QMimeData, source: str, name: str | None) -> None:
        """Add what was dropped or pasted.

        Args:
            mime: what it is.
            source: how an image without a file is called.
            name: the class that it is for; None where there was no card.
        """
        came = intake.from_mime(mime, source)
        if came.weights is not None:
            self._messages.show_message(
                f"{printable(came.weights.name)} is a network. Open it in the Model menu."
            )
        if came.paths:
            self.add(came.paths, name)
        elif came.refusal:
            self._messages.show_message(came.refusal)
        elif came.weights is not None:
            return
        elif name is None:
            self._messages.show_message("Drop a picture onto the card of its class.")
        elif came.frame is not None:
            self._add_image(came.frame, name)
        else:
            data = came.data
            self._jobs.submit(
                lambda: images.from_bytes(data, source),
                lambda frame: self._add_image(frame, name),
                self._tell,
            )

    def add(self, paths: Sequence[Path], name: str | None) -> None:
        """Add files and folders, to a class or as classes."""
        if all(is_video(path) for path in paths):
            self.source_given.emit(list(paths))
        elif name is None:
            self._jobs.submit(
                lambda: annotated(paths) or gather(paths), self._take_gathered, self._tell
            )
        else:
            self._jobs.submit(
                lambda: pictures_in(paths),
                lambda found: self._add_pictures(name, found),
                self._tell,
            )

    def _add_pictures(self, name: str, found: Sequence[Path]) -> None:
        def tell(new: int) -> None:
            if new < len(found):
                there = _pictures(len(found) - new)
                self._messages.show_message(f"{there} of {name} were there already.")

        self._keeper.change("Add Pictures", lambda lesson: lesson.add_pictures(name, found), tell)

    def _add_image(self, frame: Frame, name: str) -> None:
        self._keeper.change(
            "Add Picture", lambda lesson: lesson.add_frame(name, frame, new_sequence())
        )

    def _take_gathered(self, found: Gathered) -> None:
        if found.lesson is not None:
            self._keeper.open(found.lesson)
            return
        name = found.name or " and ".join(list(found.classes)[:3]) or "pictures"
        if found.pictures:

            def add_loose(lesson: Lesson) -> str:
                made = lesson.add_class(_free_name(lesson))
                lesson.add_pictures(made, found.pictures)
                return made

            self._add_class(add_loose, begin=name)
        if found.classes:
            nothing = found.nothing or find_nothing(found.classes)
            # the things first: their keys are 1, 2 and so on
            classes = dict(sorted(found.classes.items(), key=lambda item: item[0] == nothing))
            self._keeper.change(
                "Add Classes",
                lambda lesson: lesson.add_all(classes, nothing, several=found.several),
                begin=name,
            )
        if found.note:
            self._messages.show_message(found.note, Kind.INFO)

    def _add_class(self, how: Callable[[Lesson], str], begin: str = "") -> None:
        self._keeper.change("Add Class", how, self.class_added.emit, begin=begin)

    def _telling(self, what: str) -> Callable[[object], None]:
        def tell(_: object) -> None:
            self._messages.show_message(what, Kind.INFO, "Undo", self._keeper.undo)

        return tell

    def _tell(self, message: str) -> None:
        self._messages.show_message(message, Kind.ERROR)


def _free_name(lesson: Lesson, wanted: str = "") -> str:
    """The name wanted, or ``class 3``, or the next one that is free."""
    used = {c.name.casefold() for c in lesson.classes}
    number = len(used) + 1
    name = wanted or f"class {number}"
    while name.casefold() in used:
        number += 1
        name = f"{wanted or 'class'} {number}"
    return name


def _pictures(count: int) -> str:
    return "1 picture" if count == 1 else f"{count:,} pictures"
