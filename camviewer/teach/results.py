"""What came of teaching a lesson, kept in its folder so that it can be shown again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from camviewer.teach.data.lesson_file import Contents, write_whole
from camviewer.teach.figures import Answer, wilson
from camviewer.teach.teaching import Taught

NAME = "results.json"

_VERSION = 1
_LARGEST = 50_000_000  # bytes

OUTCOMES = ("found", "missed", "not there")
"""What can become of a class where a picture may show several: the last is a false alarm."""


@dataclass(frozen=True)
class Results:
    """What a person wants to know afterwards.

    Attributes:
        file: the taught network.
        date: of the teaching, ISO 8601 with the time.
        backbone: what it builds upon, by its name in the catalogue.
        deep: layers of the backbone were taught too.
        taught: number of pictures that it learnt from.
        seconds: what it took.
        classes: their names, in class order.
        answers: of all pictures that were held out.
        notes: what the person should know, a line each.
        fingerprint: of the lesson as it was taught, see `fingerprint`.
        small: things were said to fill little of a picture.
        several: a picture may show several classes, or none of them; else it shows one.
    """

    file: Path
    date: str
    backbone: str
    deep: bool
    taught: int
    seconds: float
    classes: tuple[str, ...]
    answers: tuple[Answer, ...]
    notes: tuple[str, ...]
    fingerprint: str
    small: bool = False
    several: bool = False

    @property
    def hits(self) -> int:
        """How many of the pictures held out were recognised."""
        return sum(answer.right for answer in self.answers)

    @property
    def interval(self) -> tuple[float, float]:
        """In which the share of hits lies with 95 %, see `figures.wilson`."""
        return wilson(self.hits, len(self.answers))

    @property
    def mistakes(self) -> tuple[Answer, ...]:
        """The worst first."""
        wrong = [answer for answer in self.answers if not answer.right]
        return tuple(sorted(wrong, key=lambda answer: -answer.score))

    @property
    def columns(self) -> tuple[str, ...]:
        """What can have become of a class: what it was taken for, or `OUTCOMES`."""
        return OUTCOMES if self.several else self.classes

    def cell(self, shown: str, column: str) -> tuple[Answer, ...]:
        """The pictures of which this is true of a class.

        The surest mistakes first; of what is right, the least sure.

        Args:
            shown: the class.
            column: one of `columns`.
        """
        found = [a for a in self.answers if (shown, column) in self._places(a)]
        good = self.is_right(shown, column)
        return tuple(sorted(found, key=lambda a: a.score if good and a.right else -a.score))

    def is_right(self, shown: str, column: str) -> bool:
        """Whether it is as it should be that this becomes of a class."""
        return column == (OUTCOMES[0] if self.several else shown)

    def counts(self) -> tuple[tuple[int, ...], ...]:
        """How many pictures are in each cell: classes are rows.

        The confusion matrix, where a picture shows one class.
        """
        counts = Counter(place for answer in self.answers for place in self._places(answer))
        return tuple(tuple(counts[row, column] for column in self.columns) for row in self.classes)

    def _places(self, answer: Answer) -> set[tuple[str, str]]:
        truth, said = set(answer.truth), set(answer.predicted)
        if not self.several:
            return {(answer.truth[0], answer.predicted[0])}
        outcomes = zip((truth & said, truth - said, said - truth), OUTCOMES, strict=True)
        return {(name, outcome) for names, outcome in outcomes for name in names}


def of(
    learnt: Taught, file: Path, date: str, lesson_was: str, *, deep: bool, small: bool = False
) -> Results:
    """The results of a lesson that has just been taught.

    Args:
        learnt: what came of it.
        file: where the network lies.
        date: ISO 8601.
        lesson_was: the fingerprint of the lesson when that began.
        deep: layers of the backbone were taught too.
        small: things were said to fill little of a picture.
    """
    return Results(
        file=file,
        date=date,
        backbone=learnt.descent.backbone,
        deep=deep,
        taught=len(learnt.split.teaching),
        seconds=sum(learnt.seconds.values()),
        classes=learnt.dataset.classes,
        answers=learnt.figures.answers,
        notes=(*learnt.dataset.notes(), *learnt.split.notes),
        fingerprint=lesson_was,
        small=small,
        several=learnt.dataset.multi_label,
    )


def fingerprint(contents: Contents) -> str:
    """Tells apart what lessons hold: names and pictures of their classes, in any order."""
    held = sorted((c.name, sorted(str(path) for path in c.pictures)) for c in contents.classes)
    known = (held, "several") if contents.several else held
    return hashlib.sha256(repr(known).encode(errors="surrogatepass")).hexdigest()


def write(results: Results, folder: Path) -> None:
    """Keep them with the lesson.

    Raises:
        CamviewerError: if they cannot be written.
    """
    value = {"camviewer results": _VERSION, **asdict(results), "file": str(results.file)}
    value["answers"] = [{**a, "path": str(a["path"])} for a in value["answers"]]
    write_whole(folder / NAME, json.dumps(value, indent=1).encode(), durable=False)


def read(folder: Path) -> Results | None:
    """The last results of a lesson; None if there are none, or they cannot be understood."""
    file = folder / NAME
    try:
        if file.stat().st_size > _LARGEST:
            return None
        return _results(json.loads(file.read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _results(value: Any) -> Results | None:
    if value["camviewer results"] != _VERSION:
        return None
    texts = [value[name] for name in ("file", "date", "backbone", "fingerprint")]
    classes = tuple(value["classes"])
    if not all(isinstance(text, str) for text in (*texts, *classes, *value["notes"])):
        return None
    answers = tuple(
        Answer(Path(a["path"]), tuple(a["truth"]), tuple(a["predicted"]), float(a["score"]))
        for a in value["answers"]
    )
    several = bool(value.get("several", False))  # results before know of no such thing
    # of one class each, or there would be no cell to put them in
    if not several and not all(len(a.truth) == len(a.predicted) == 1 for a in answers):
        return None
    if not {name for a in answers for name in (*a.truth, *a.predicted)} <= set(classes):
        return None
    return Results(
        file=Path(texts[0]),
        date=texts[1],
        backbone=texts[2],
        deep=bool(value["deep"]),
        taught=int(value["taught"]),
        seconds=float(value["seconds"]),
        classes=classes,
        answers=answers,
        notes=tuple(value["notes"]),
        fingerprint=texts[3],
        small=bool(value.get("small", False)),
        several=several,
    )
