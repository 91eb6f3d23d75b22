"""What has become of held-out pictures in the lesson since it was taught: without Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from camviewer.teach.data.frames import sequence_of
from camviewer.teach.data.labels import labels_of
from camviewer.teach.data.lesson_file import Contents
from camviewer.teach.figures import Answer


@dataclass(frozen=True)
class Whereabouts:
    """Where pictures are now.

    Attributes:
        classes: of each picture, by its place.
        frames: places of recorded frames, by their names: those change places with their class.
        known: whether a lesson was looked at; without one nothing is known to have changed.
        nothing: the class of it that is none where a picture may be of several.
    """

    classes: dict[Path, tuple[str, ...]] = field(default_factory=dict)
    frames: dict[str, Path] = field(default_factory=dict)
    known: bool = False
    nothing: str | None = None

    def place(self, path: Path) -> Path | None:
        """Where a picture of that time lies now; None if the lesson does not have it."""
        if path in self.classes:
            return path
        return self.frames.get(path.name) if sequence_of(path) else None

    def labels(self, answer: Answer) -> tuple[str, ...]:
        """The classes that a picture is of now; those of that time where no lesson is known."""
        if not self.known:
            return answer.truth
        place = self.place(answer.path)
        return () if place is None else self.classes[place]

    def status(self, answer: Answer) -> str:
        """What has become of a picture, for people; empty if nothing has."""
        if not self.known:
            return ""
        now = self.labels(answer)
        if not now:
            return "Not in the lesson any more"
        if set(now) - {self.nothing} == set(answer.truth):
            return ""
        return f"Now in {' and '.join(f'“{name}”' for name in now)}"


def of(contents: Contents) -> Whereabouts:
    """Where the pictures of a lesson are."""
    labels = labels_of(contents)
    frames = {path.name: path for path in labels if sequence_of(path)}
    nothing = contents.nothing if contents.several else None
    return Whereabouts(labels, frames, known=True, nothing=nothing)
