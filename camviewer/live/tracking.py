"""Which box of this frame is which of the frames before."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from camviewer.boxes import Corners, intersection_over_union
from camviewer.types import Box, Inspection, Size

_REMEMBERED = 1.0  # seconds a thing may be out of sight
_LONGEST_GAP = 5.0  # seconds between two frames of a slow network that still belong together
_LEAST_OVERLAP = 0.1  # IoU; boxes derived from maps change more than drawn ones

Costs = NDArray[np.float64]


@dataclass(frozen=True)
class _Track:
    """A thing that has a number.

    Attributes:
        key: what it is: a target and its label.
        box: where it was seen last.
        time: when, in seconds.
    """

    key: tuple[int, str]
    box: Box
    time: float


class Tracker:
    """Gives boxes numbers that stay with them from frame to frame. One thread at a time.

    A box takes the number of the earlier box of its class that it overlaps, so that the sum of the
    intersections over union is the largest possible one; pairs below 0.1 do not count. A thing
    that is not seen for less than a second keeps its number; what was seen in the frame before
    also where frames are up to five seconds apart. Numbers start at 1 and are never given to
    another thing, neither after `reset` nor for another class.
    """

    def __init__(self) -> None:
        self._next = 1
        self._tracks: dict[int, _Track] = {}
        self._picture: Size | None = None
        self._time = float("-inf")

    def reset(self) -> None:
        """Forget what was seen, such as at another place of the video; numbers go on."""
        self._tracks.clear()

    def __call__(self, inspection: Inspection) -> Inspection:
        """The next inspection, its boxes numbered.

        The frame's `time` tells how long things were out of sight; if it runs backwards or the
        picture's size changes, what was seen is forgotten.
        """
        frame = inspection.frame
        if frame.size != self._picture or frame.time < self._time:
            self.reset()
        self._forget(frame.time)
        self._picture, self._time = frame.size, frame.time
        boxes = [box for explanation in inspection.explanations for box in explanation.boxes]
        numbers = iter(self._numbers(boxes))
        numbered = tuple(
            replace(
                explanation,
                boxes=tuple(replace(box, number=next(numbers)) for box in explanation.boxes),
            )
            for explanation in inspection.explanations
        )
        return inspection.with_explanations(numbered)

    def _forget(self, now: float) -> None:
        """Forget what was out of sight for too long."""
        self._tracks = {
            number: track
            for number, track in self._tracks.items()
            if now - track.time < (_LONGEST_GAP if track.time == self._time else _REMEMBERED)
        }

    def _numbers(self, boxes: list[Box]) -> list[int]:
        """A number for each box; they are remembered."""
        known = list(self._tracks.items())
        overlaps = np.zeros((len(boxes), len(known)))
        for row, box in enumerate(boxes):
            for column, (_, track) in enumerate(known):
                if track.key == (box.target, box.label):
                    overlaps[row, column] = intersection_over_union(
                        _corners(box), _corners(track.box)
                    )
        overlaps[overlaps < _LEAST_OVERLAP] = 0
        pairs = assigned(overlaps)
        numbers = []
        for row, box in enumerate(boxes):
            if row in pairs:
                number = known[pairs[row]][0]
            else:
                number, self._next = self._next, self._next + 1
            self._tracks[number] = _Track((box.target, box.label), box, self._time)
            numbers.append(number)
        return numbers


def assigned(worth: Costs) -> dict[int, int]:
    """Pairs of rows and columns, each used at most once, of the greatest total worth.

    Args:
        worth: ``(rows, columns)``, not negative; pairs of no worth are not made.

    Returns:
        The column for each row that has one.
    """
    pairs: dict[int, int] = {}
    for rows, columns in _islands(worth):
        if len(rows) == len(columns) == 1:
            pairs[rows[0]] = columns[0]
            continue
        block = worth[np.ix_(rows, columns)]
        turned = len(rows) > len(columns)
        for few, many in enumerate(_cheapest(-block.T if turned else -block)):
            row, column = (many, few) if turned else (few, many)
            if block[row, column] > 0:
                pairs[rows[row]] = columns[column]
    return pairs


def _islands(worth: Costs) -> list[tuple[list[int], list[int]]]:
    """Rows and columns that have nothing to do with the others; nearly always one and one."""
    islands = []
    left = set(np.flatnonzero(worth.any(axis=1)).tolist())
    while left:
        rows, columns = {left.pop()}, set[int]()
        while True:
            reached = set(np.flatnonzero(worth[sorted(rows)].any(axis=0)).tolist())
            if reached == columns:
                break
            columns = reached
            rows = set(np.flatnonzero(worth[:, sorted(columns)].any(axis=1)).tolist())
        left -= rows
        islands.append((sorted(rows), sorted(columns)))
    return islands


def _cheapest(costs: Costs) -> list[int]:
    """For each row another column, at the least total cost; no more rows than columns.

    Shortest augmenting paths with potentials: Jonker and Volgenant, "A shortest augmenting path
    algorithm for dense and sparse linear assignment problems" (1987).
    """
    rows, columns = costs.shape
    row_price, column_price = np.zeros(rows), np.zeros(columns)
    holder = np.full(columns, -1)
    for first in range(rows):
        distance = np.full(columns, np.inf)
        came_from = np.full(columns, -1)
        done = np.zeros(columns, bool)
        row, column, reached = first, -1, 0.0
        while True:
            through = reached + costs[row] - row_price[row] - column_price
            shorter = ~done & (through < distance)
            distance[shorter] = through[shorter]
            came_from[shorter] = column
            column = int(np.where(done, np.inf, distance).argmin())
            reached = float(distance[column])
            done[column] = True
            if holder[column] < 0:
                break
            row = int(holder[column])
        row_price[first] += reached
        held = done & (holder >= 0)
        row_price[holder[held]] += reached - distance[held]
        column_price[done] -= reached - distance[done]
        while column >= 0:
            before = int(came_from[column])
            holder[column] = first if before < 0 else holder[before]
            column = before
    return [int(np.flatnonzero(holder == row)[0]) for row in range(rows)]


def _corners(box: Box) -> Corners:
    return box.x, box.y, box.x + box.width, box.y + box.height
