"""Pictures with class names: all that is known of them while teaching."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from camviewer.errors import CamviewerError, PictureError
from camviewer.media import images

NOTHING_NAMES = (
    *("nothing", "none", "none of these", "no", "nichts", "background", "negative", "normal"),
    *("good", "ok", "okay", "free", "clean", "empty", "intact", "healthy"),
    *("defect free", "no defect", "no defects", "no finding", "no findings"),
)
"""Names of classes that mean "none of these", in lower case, words parted by spaces."""

LEAST = 2
"""Pictures that a class needs: one to learn from and one to try it on."""

_LONGEST_NAME = 100
_ARCHIVES = frozenset((".zip", ".tar", ".tgz", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar"))


@dataclass(frozen=True)
class Example:
    """A picture and what is on it.

    Attributes:
        path: the file.
        labels: names of the classes that it shows.
        sequence: the same for all frames of one recording; empty for a picture of its own.
    """

    path: Path
    labels: tuple[str, ...]
    sequence: str = ""


@dataclass(frozen=True)
class Broken:
    """A file that is not used, and why, as a person reads it."""

    path: Path
    reason: str


@dataclass(frozen=True)
class Dataset:
    """Pictures to teach with.

    Attributes:
        examples: the pictures, each file once.
        classes: names of the classes, in the order in which the network will have them.
        multi_label: whether a picture may show several classes, or none.
        nothing: the class that means "none of these": taught, but nothing is drawn for it. None if
            there is no such class; pictures without a label take its place when `multi_label`.
        broken: pictures, and annotations of pictures, that cannot be read.
        skipped: files that were left out on purpose, such as masks.
    """

    examples: tuple[Example, ...]
    classes: tuple[str, ...]
    multi_label: bool = False
    nothing: str | None = None
    broken: tuple[Broken, ...] = ()
    skipped: tuple[Broken, ...] = ()

    def __post_init__(self) -> None:
        known = set(self.classes)
        if len(known) != len(self.classes):
            raise ValueError("a class is there twice")
        if self.nothing is not None and self.nothing not in known:
            raise ValueError(f"there is no class {self.nothing!r}")
        for example in self.examples:
            if not known.issuperset(example.labels):
                raise ValueError(f"{example.path} is of no known class: {example.labels}")
            if not self.multi_label and len(example.labels) != 1:
                raise ValueError(f"{example.path} has {len(example.labels)} labels, not one")

    def counts(self) -> dict[str, int]:
        """How many pictures show each class, in class order."""
        found = Counter(label for example in self.examples for label in example.labels)
        return {name: found[name] for name in self.classes}

    def of(self, name: str) -> tuple[int, ...]:
        """Which examples show a class, by index."""
        return tuple(i for i, example in enumerate(self.examples) if name in example.labels)

    def targets(self) -> NDArray[np.float32]:
        """1 where an example shows a class, else 0: ``(examples, classes)``."""
        column = {name: index for index, name in enumerate(self.classes)}
        targets = np.zeros((len(self.examples), len(self.classes)), np.float32)
        for row, example in enumerate(self.examples):
            targets[row, [column[label] for label in example.labels]] = 1
        return targets

    def subset(self, indices: Iterable[int]) -> Dataset:
        """The same classes with some of the examples, in the order given."""
        return replace(self, examples=tuple(self.examples[i] for i in indices))

    def without(self, broken: Iterable[Broken]) -> Dataset:
        """The same without the pictures that turned out not to be readable; they are listed."""
        found = tuple(broken)
        gone = {item.path for item in found}
        left = tuple(example for example in self.examples if example.path not in gone)
        return replace(self, examples=left, broken=self.broken + found)

    def notes(self) -> tuple[str, ...]:
        """What a person should know about files that are not used: one line for each reason."""
        lines = list(notes_on(self.broken))
        for reason, count in Counter(item.reason for item in self.skipped).items():
            example = next(item.path.name for item in self.skipped if item.reason == reason)
            some = printable(example) + (f" and {count - 1} more" if count > 1 else "")
            lines.append(f"Left out: {some}. {reason}")
        return tuple(lines)

    def check(self) -> None:
        """Whether a network can be taught with this.

        Raises:
            CamviewerError: if there are too few classes or pictures, with what to do.
        """
        counts = self.counts()
        if len(counts) < (1 if self.multi_label else 2):
            there = f"only {next(iter(counts))}" if counts else "none"
            raise CamviewerError(
                f"Teaching needs at least two classes; here is {there}. Add pictures of something "
                'else, or a class "nothing" of pictures that do not show it.'
            )
        few = [f"{name} ({count})" for name, count in counts.items() if count < LEAST]
        if few:
            hint = f" Pictures that cannot be read: {len(self.broken)}." if self.broken else ""
            raise CamviewerError(
                f"Too few pictures of {', '.join(few[:5])}: a class needs at least {LEAST}, better "
                f"20. Add some, or take the class away.{hint}"
            )
        if self.multi_label:
            self._check_absence(counts)

    def _check_absence(self, counts: dict[str, int]) -> None:
        always = [n for n, count in counts.items() if len(self.examples) - count < LEAST]
        if always:
            raise CamviewerError(
                f"Nearly every picture shows {', '.join(always[:5])}. Add at least {LEAST} that do "
                "not: of another class, or of none."
            )


_SHOWN = 5  # broken files that are named in the notes


def notes_on(broken: Sequence[Broken]) -> tuple[str, ...]:
    """The first files that are not used, a line for each, and how many more there are."""
    lines = [f"{item.path}: not used. {item.reason}" for item in broken[:_SHOWN]]
    if len(broken) > _SHOWN:
        lines.append(f"{len(broken) - _SHOWN:,} more are not used.")
    return tuple(lines)


def readable(
    examples: Sequence[Example],
) -> tuple[tuple[Example, ...], tuple[Broken, ...]]:
    """Parts examples into those whose file can be opened and those that cannot, by the header."""
    sound, broken = [], []
    for example in examples:
        try:
            images.check(example.path)
            sound.append(example)
        except PictureError as error:
            broken.append(Broken(example.path, str(error)))
    return tuple(sound), tuple(broken)


def refuse_archives(paths: Iterable[Path]) -> None:
    """Pictures are not taken out of archives.

    Raises:
        CamviewerError: if a file is one by its name.
    """
    for path in paths:
        if path.suffix.casefold() in _ARCHIVES and path.is_file():
            raise CamviewerError(
                f"{printable(path.name)} is an archive. Unpack it, and take the folder."
            )


def class_name(text: str) -> str:
    """A class name as it is shown and kept, from whatever a folder or file calls it.

    Returns:
        Unicode NFC, white space as single spaces, no control characters, at most 100 characters.

    Raises:
        CamviewerError: if nothing is left.
    """
    name = " ".join(unicodedata.normalize("NFC", text).split())
    name = printable(name)[:_LONGEST_NAME].strip()
    if not name:
        raise CamviewerError("A class has no name. Give it one.")
    return name


def printable(text: str) -> str:
    """A name as it may be printed: those of files can hold line ends, escapes, half characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def find_nothing(classes: Iterable[str], named: str | None = None) -> str | None:
    """The class that means "none of these".

    Args:
        classes: all names.
        named: which the user says it is; empty for none; None to go by `NOTHING_NAMES`, of which
            the first counts if there are several.

    Raises:
        CamviewerError: if there is no class of the name that the user gave.
    """
    plain = {_plain(name): name for name in classes}
    if named is None:
        return next((plain[name] for name in NOTHING_NAMES if name in plain), None)
    if not named:
        return None
    if _plain(named) not in plain:
        raise CamviewerError(
            f"There is no class {printable(named)}. The classes are "
            f"{', '.join(plain.values()) or 'none'}."
        )
    return plain[_plain(named)]


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())
