"""How good a taught network is on the pictures that were held out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from camviewer.teach.data.dataset import Example

GOOD = 0.9
"""Share that is right, from which on there is nothing to advise."""

_Z = 1.96  # standard deviations on either side of 95 %
_MOST_MISTAKES = 100


@dataclass(frozen=True)
class ClassFigures:
    """One class.

    Attributes:
        name: its label.
        pictures: held-out ones that show it.
        recall: share of those that were recognised, in [0, 1]; None where there are none.
        precision: share of those called so that are; None where none was called so.
    """

    name: str
    pictures: int
    recall: float | None
    precision: float | None


@dataclass(frozen=True)
class Answer:
    """What the network said of a held-out picture.

    Attributes:
        path: the file.
        truth: what it shows.
        predicted: what the network says that it shows.
        score: how sure the network was, in [0, 1]: of the worst of it where it is mistaken, of the
            least sure of it where all is right.
    """

    path: Path
    truth: tuple[str, ...]
    predicted: tuple[str, ...]
    score: float

    @property
    def right(self) -> bool:
        """Whether the network is not mistaken."""
        return self.truth == self.predicted

    @property
    def disputed(self) -> tuple[str, ...]:
        """Classes whose maps tell why: what was wrongly said, then what was missed.

        Where all is right, what was said; two at most.
        """
        if self.right:
            return self.predicted[:2]
        wrong = [name for name in self.predicted if name not in self.truth]
        missed = [name for name in self.truth if name not in self.predicted]
        return (*wrong[:1], *missed, *wrong[1:])[:2]


@dataclass(frozen=True)
class Figures:
    """All of it.

    Attributes:
        pictures: how many were held out.
        accuracy: share of which everything was right, in [0, 1]; None where none was held out.
        interval: in which it lies with 95 %: Wilson 1927, Probable Inference, the Law of
            Succession, and Statistical Inference.
        classes: one by one, in class order.
        confusion: how many pictures of each class (rows) were taken for each (columns); None where
            a picture may show several.
        mistakes: the worst first, at most 100.
        answers: of all held-out pictures, in their order.
    """

    pictures: int
    accuracy: float | None
    interval: tuple[float, float]
    classes: tuple[ClassFigures, ...]
    confusion: tuple[tuple[int, ...], ...] | None
    mistakes: tuple[Answer, ...]
    answers: tuple[Answer, ...]

    def as_dict(self) -> dict[str, Any]:
        """As JSON can hold it, without the single pictures."""
        found = asdict(self)
        del found["mistakes"], found["answers"]
        return found


def measure(
    scores: NDArray[np.float64],
    thresholds: Sequence[float] | None,
    examples: Sequence[Example],
    classes: Sequence[str],
) -> Figures:
    """Compare what the network says with what the pictures show.

    Args:
        scores: ``(pictures, classes)`` in [0, 1].
        thresholds: from which on a class counts as present; None where exactly one class is, the
            one with the highest score.
        examples: the pictures.
        classes: their labels, in class order.
    """
    column = {name: index for index, name in enumerate(classes)}
    truth = np.zeros(scores.shape, bool)
    for row, example in enumerate(examples):
        truth[row, [column[label] for label in example.labels]] = True
    if thresholds is None:
        said = np.zeros(scores.shape, bool)
        said[np.arange(len(scores)), scores.argmax(axis=1)] = True
    else:
        said = scores >= np.asarray(thresholds)
    right = (said == truth).all(axis=1)
    hits = int(right.sum())
    confusion = truth.astype(int).T @ said.astype(int) if thresholds is None else None
    answers = _answers(scores, truth, said, examples, classes)
    mistakes = sorted((a for a, r in zip(answers, right, strict=True) if not r), key=_badness)
    return Figures(
        pictures=len(scores),
        accuracy=hits / len(scores) if len(scores) else None,
        interval=wilson(hits, len(scores)),
        classes=tuple(_of_class(name, truth[:, c], said[:, c]) for name, c in column.items()),
        confusion=None if confusion is None else tuple(tuple(map(int, r)) for r in confusion),
        mistakes=tuple(mistakes[:_MOST_MISTAKES]),
        answers=answers,
    )


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The interval that holds the true share with 95 %; (0, 1) when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, square = hits / count, _Z * _Z / count
    middle = share + square / 2
    width = _Z * math.sqrt(share * (1 - share) / count + square / (4 * count))
    low, high = (middle - width) / (1 + square), (middle + width) / (1 + square)
    return max(0.0, low), min(1.0, high)


def _of_class(name: str, truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> ClassFigures:
    both, shown, called = (int(n.sum()) for n in (truth & said, truth, said))
    return ClassFigures(
        name, shown, both / shown if shown else None, both / called if called else None
    )


def _answers(
    scores: NDArray[np.float64],
    truth: NDArray[np.bool_],
    said: NDArray[np.bool_],
    examples: Sequence[Example],
    classes: Sequence[str],
) -> tuple[Answer, ...]:
    # sure of what is there or not, or wrongly so
    sureness = np.where(said, scores, 1 - scores)
    worst = np.where(said != truth, sureness, 0).max(axis=1, initial=0)
    right = (said == truth).all(axis=1)
    score = np.where(right, sureness.min(axis=1, initial=1), worst)
    return tuple(
        Answer(
            example.path,
            tuple(classes[int(c)] for c in np.flatnonzero(truth[row])),
            tuple(classes[int(c)] for c in np.flatnonzero(said[row])),
            float(score[row]),
        )
        for row, example in enumerate(examples)
    )


def _badness(mistake: Answer) -> float:
    return -mistake.score
