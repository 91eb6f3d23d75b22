"""What has become of held-out pictures in the lesson since it was taught: without Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from camviewer.teach.data.frames import sequence_of
from camviewer.teach.data.lesson_file import LessonClass
from camviewer.teach.figures import Answer


@dataclass(frozen=True)
class Whereabouts:
    """Where pictures are now.

    Attributes:
        classes: of each picture, by its place.
        frames: places of recorded frames, by their names: those change places with their class.
        known: whether a lesson was looked at; without one nothing is known to have changed.
    """

    classes: dict[Path, str] = field(default_factory=dict)
    frames: dict[str, Path] = field(default_factory=dict)
    known: bool = False

    def place(self, path: Path) -> Path | None:
        """Where a picture of that time lies now; None if the lesson does not have it."""
        if path in self.classes:
            return path
        return self.frames.get(path.name) if sequence_of(path) else None

    def status(self, answer: Answer) -> str:
        """What has become of a picture, for people; empty if nothing has."""
        if not self.known:
            return ""
        place = self.place(answer.path)
        if place is None:
            return "Not in the lesson any more"
        now = self.classes[place]
        return "" if (now,) == answer.truth else f"Now in “{now}”"


def of(classes: Iterable[LessonClass]) -> Whereabouts:
    """Where the pictures of a lesson are."""
    places = {path: c.name for c in classes for path in c.pictures}
    frames = {path.name: path for path in places if sequence_of(path)}
    return Whereabouts(places, frames, known=True)
