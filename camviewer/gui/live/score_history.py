"""The scores of the last seconds, thinned out as they come."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

SPAN = 20.0  # seconds that are kept
STEP = 0.1  # seconds; what comes within one is averaged
_GAP = 1.0  # seconds without a score that break a curve


@dataclass
class _Cell:
    """The scores of one step of time."""

    number: int
    total: float
    count: int

    @property
    def mean(self) -> float:
        return self.total / self.count


@dataclass(frozen=True)
class Entry:
    """One class's score at one time.

    Attributes:
        target: index of the class.
        label: its name.
        score: in [0, 1].
    """

    target: int
    label: str
    score: float


class Track:
    """One class's curve.

    Attributes:
        label: the class's name.
        place: where it stands among the classes that are explained: its colour; None while it is
            not explained any more.
        score: the newest, in [0, 1].
    """

    def __init__(self, label: str) -> None:
        self.label = label
        self.place: int | None = None
        self.score = 0.0
        self._cells: deque[_Cell] = deque()
        self._explained = 0

    def explain(self, number: int, place: int | None) -> None:
        """Whether it is explained in a step of time: at which place, or not (None)."""
        self.place = place
        if place is not None:
            self._explained = number

    def add(self, number: int, score: float) -> None:
        """Add a score in a step of time, which is never one before the newest."""
        self.score = score
        if self._cells and self._cells[-1].number == number:
            self._cells[-1].total += score
            self._cells[-1].count += 1
        else:
            self._cells.append(_Cell(number, score, 1))
        while self._cells[0].number < number - round(SPAN / STEP):
            self._cells.popleft()

    def forget_before(self, number: int) -> bool:
        """Drop what is older than a step; whether it was explained since."""
        while self._cells and self._cells[0].number < number:
            self._cells.popleft()
        return self._explained >= number

    def runs(self) -> Iterator[list[tuple[float, float]]]:
        """Pieces of the curve without gaps: points of seconds and mean score."""
        run: list[tuple[float, float]] = []
        last = None
        for cell in self._cells:
            if last is not None and (cell.number - last) * STEP > _GAP:
                yield run
                run = []
            run.append(((cell.number + 0.5) * STEP, cell.mean))
            last = cell.number
        if run:
            yield run

    def at(self, seconds: float) -> float | None:
        """The mean score around a time; None where there is none within half a second."""
        near = min(self._cells, key=lambda c: abs((c.number + 0.5) * STEP - seconds), default=None)
        if near is None or abs((near.number + 0.5) * STEP - seconds) > _GAP / 2:
            return None
        return near.mean


class ScoreHistory:
    """The tracks of all classes that were explained within the span."""

    def __init__(self) -> None:
        self._tracks: dict[int, Track] = {}
        self._newest = 0.0

    @property
    def newest(self) -> float:
        """The time of the newest scores, in seconds."""
        return self._newest

    @property
    def tracks(self) -> tuple[Track, ...]:
        """What is known, in the order of the classes; those not explained any more come last."""
        last = len(self._tracks)
        return tuple(
            sorted(self._tracks.values(), key=lambda t: last if t.place is None else t.place)
        )

    def add(
        self,
        seconds: float,
        entries: Sequence[Entry],
        others: Callable[[int], float | None] = lambda _target: None,
    ) -> None:
        """Add the scores of one picture.

        Args:
            seconds: when it came; what is older than the newest begins a new history.
            entries: the classes that are explained, in their order.
            others: the scores of classes that are not, so that their curves go on as long as they
                were explained within the span; None where unknown.
        """
        if seconds < self._newest:
            self.clear()
        self._newest = seconds
        number = int(seconds / STEP)
        explained = {entry.target for entry in entries}
        for target, track in self._tracks.items():
            score = None if target in explained else others(target)
            track.explain(number, None)
            if score is not None:
                track.add(number, score)
        for place, entry in enumerate(entries):
            track = self._tracks.setdefault(entry.target, Track(entry.label))
            track.explain(number, place)
            track.add(number, entry.score)
        first = number - round(SPAN / STEP)
        self._tracks = {t: track for t, track in self._tracks.items() if track.forget_before(first)}

    def clear(self) -> None:
        """Forget everything."""
        self._tracks.clear()
        self._newest = 0.0
