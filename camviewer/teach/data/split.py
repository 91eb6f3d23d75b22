"""Which pictures are taught, and which are held out to see how good it is."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from camviewer.media.images import natural_key
from camviewer.teach.data import likeness
from camviewer.teach.data.dataset import Dataset, Example

_UNLABELLED = ""  # stands for the pictures of no class, which are dealt like those of one


@dataclass(frozen=True)
class Split:
    """The two sides; together they are all examples, each once.

    Attributes:
        teaching: indices of the examples to learn from, ascending.
        held_out: indices of those to try it on, ascending.
        groups: of each example the number of its group; no group is on both sides.
        notes: what a person should know: classes of which none could be held out.
    """

    teaching: tuple[int, ...]
    held_out: tuple[int, ...]
    groups: tuple[int, ...]
    notes: tuple[str, ...] = ()


def split(
    dataset: Dataset,
    share: float = 0.25,
    seed: int = 0,
    *,
    groups: Sequence[int] | None = None,
    cut_recordings: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> Split:
    """Hold out some pictures of every class, never one of a kind that is taught.

    Whole groups of near-duplicates and of frames of one recording are held out, so that of each
    class about `share` of its pictures are, at least one group, and at least one group remains.
    The same pictures are held out whatever the order of the files and wherever their folder lies;
    adding or moving some changes little for the others.

    Args:
        dataset: the pictures.
        share: to hold out, above 0 and below 1.
        seed: another one holds out others.
        groups: a number for each example; None to find out by `likeness`, which reads all files.
        cut_recordings: of a class that is known from a single recording only, hold out the end of
            it, which flatters, instead of nothing; the end counts as a group then.
        report: see `likeness.describe_all`.

    Raises:
        ValueError: if `share` or the number of `groups` is impossible.
    """
    if not 0 < share < 1:
        raise ValueError(f"a share of {share:g} cannot be held out")
    order = _order(dataset.examples, seed)
    if groups is None:
        groups = _groups(dataset.examples, order, report)
    if len(groups) != len(dataset.examples):
        raise ValueError(f"{len(groups)} groups for {len(dataset.examples)} examples")
    notes: tuple[str, ...] = ()
    if cut_recordings:
        groups, notes = _cut(dataset, groups, share)
    members: dict[int, Counter[str]] = {}
    for index in order:
        labels = dataset.examples[index].labels or (_UNLABELLED,)
        members.setdefault(groups[index], Counter()).update(labels)
    held = _held_out(members, share)
    sides = [group in held for group in groups]
    return Split(
        tuple(i for i, out in enumerate(sides) if not out),
        tuple(i for i, out in enumerate(sides) if out),
        tuple(groups),
        notes + _notes(dataset.classes, members, held),
    )


def _order(examples: Sequence[Example], seed: int) -> list[int]:
    """The examples as if shuffled, by their names alone."""
    places = _relative([example.path for example in examples])

    def key(index: int) -> tuple[bytes, str]:
        # a picture keeps its rank when it is moved to another class's folder
        name = f"{seed}/{examples[index].path.name}"
        return hashlib.sha256(name.encode(errors="surrogatepass")).digest(), places[index]

    return sorted(range(len(examples)), key=key)


def _relative(paths: Sequence[Path]) -> list[str]:
    try:
        top = Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:  # none, or on several drives
        return [path.as_posix() for path in paths]
    return [path.absolute().relative_to(top).as_posix() for path in paths]


def _groups(
    examples: Sequence[Example], order: Sequence[int], report: Callable[[int, int], None] | None
) -> list[int]:
    in_order = [examples[index] for index in order]
    prints, _ = likeness.describe_all(in_order, report)
    found = likeness.groups(prints, [example.sequence for example in in_order])
    group = dict(zip(order, found, strict=True))
    numbers: dict[int, int] = {}
    return [numbers.setdefault(group[i], len(numbers)) for i in range(len(examples))]


def _cut(
    dataset: Dataset, groups: Sequence[int], share: float
) -> tuple[Sequence[int], tuple[str, ...]]:
    """Make the end of each class's only recording a group of its own."""
    cut, notes, size = list(groups), [], Counter(groups)
    for name in dataset.classes:
        frames = dataset.of(name)
        sequences = {dataset.examples[i].sequence for i in frames}
        alone = len({groups[i] for i in frames}) == 1 and size[groups[frames[0]]] == len(frames)
        if not alone or len(frames) < 2 or len(sequences) != 1 or "" in sequences:
            continue
        frames = tuple(sorted(frames, key=lambda i: natural_key(dataset.examples[i].path.name)))
        for index in frames[-max(1, min(round(share * len(frames)), len(frames) - 1)) :]:
            cut[index] = max(groups) + 1 + dataset.classes.index(name)
        notes.append(
            f"{name}: there is one recording only, and its end was held out, so it will look "
            "better than it is. Record it a second time."
        )
    return cut, tuple(notes)


class _Dealing:
    """Groups change sides one by one; every class keeps a group to learn from.

    Attributes:
        out: the groups that are held out.
    """

    def __init__(self, members: dict[int, Counter[str]], share: float) -> None:
        """Start with all groups on the teaching side.

        Args:
            members: of each group how many of its pictures are of each class.
            share: to hold out of each class.
        """
        self.out: set[int] = set()
        self._members = members
        self._held: Counter[str] = Counter()
        self._taught = Counter(name for counts in members.values() for name in counts)
        pictures: Counter[str] = Counter()
        for counts in members.values():
            pictures.update(counts)
        self._need = {name: max(1, round(share * n)) for name, n in pictures.items()}
        self._having: dict[str, list[int]] = {name: [] for name in pictures}
        for group, counts in members.items():
            for name in counts:
                self._having[name].append(group)

    def hold_out(self, name: str) -> None:
        """Hold out groups of a class, as near to its share as can be, but at least one."""
        for group in self._candidates(name):
            if self._excess(group) == 0 and self._is_spare(group):
                self._move(group)
        left = self._candidates(name)
        if left:
            nearest = min(left, key=self._excess)
            missing = self._need[name] - self._held[name]
            if not self._held[name] or self._excess(nearest) < missing:
                self._move(nearest)

    def _candidates(self, name: str) -> list[int]:
        return [group for group in self._having[name] if self._is_spare(group)]

    def _is_spare(self, group: int) -> bool:
        return group not in self.out and all(self._taught[n] > 1 for n in self._members[group])

    def _excess(self, group: int) -> int:
        """How many pictures more than needed would be held out of its classes."""
        counts = self._members[group].items()
        return sum(max(0, self._held[name] + n - self._need[name]) for name, n in counts)

    def _move(self, group: int) -> None:
        self.out.add(group)
        self._held.update(self._members[group])
        self._taught.subtract(self._members[group].keys())


def _held_out(members: dict[int, Counter[str]], share: float) -> set[int]:
    """The groups to hold out; `members` in the order in which they are to be tried."""
    dealing = _Dealing(members, share)
    having = Counter(name for counts in members.values() for name in counts)
    # the rarest first: for them there is the least choice
    for name in sorted(having, key=lambda n: (having[n], n)):
        dealing.hold_out(name)
    return dealing.out


def _notes(
    classes: Iterable[str], members: dict[int, Counter[str]], held: Iterable[int]
) -> tuple[str, ...]:
    tried = {name for group in held for name in members[group]}
    having = Counter(name for counts in members.values() for name in counts)
    notes = []
    for name in classes:
        if name in tried or not having[name]:
            continue
        why = (
            "its pictures are all of one recording, or nearly the same"
            if having[name] == 1
            else "its pictures also show classes of which there are too few"
        )
        notes.append(
            f"{name}: none could be held out, for {why}. How well it is recognised cannot be told: "
            "add other pictures of it, or record it a second time."
        )
    return tuple(notes)
