"""Which class of a network an annotation means by a name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Sample
from camviewer.models.classifier import Classifier

_TOLD = 5  # names in one message
_ALIKE = 0.75  # below that an offer is a joke


class Names:
    """Class indices of the names that annotations use."""

    def __init__(
        self,
        classifier: Classifier,
        names: Iterable[str],
        *,
        ids: Path | None = None,
        mapped: Mapping[str, str] | None = None,
    ) -> None:
        """Match every name with a label; case, underscores and hyphens do not matter.

        Where only they tell labels apart, and where a label is a number, the very same one counts.

        Args:
            classifier: the network.
            names: all that the annotations use.
            ids: a file with the annotations' names, one a line, in class order, instead of the
                network's labels; what follows a tab is ignored.
            mapped: the label, or the index, for names that fit no label; an empty one leaves the
                class out.

        Raises:
            CamviewerError: if names fit no label, or several, or a mapped name does not occur; the
                message says what to do.
        """
        mapped = mapped or {}
        wanted = sorted(set(names))
        unused = sorted(set(mapped) - set(wanted))
        if unused:
            raise CamviewerError(
                f"The annotations know no {_listed(unused)}. They know {_listed(wanted)}."
            )
        self._left_out = frozenset(name for name, label in mapped.items() if not label)
        known = _labels(classifier) if ids is None else _identifiers(ids)
        self._index = {
            name: _exact(label, classifier) for name, label in mapped.items() if label
        } | _matched([name for name in wanted if name not in mapped], known, classifier, ids)

    def index(self, name: str) -> int:
        """The class index of a name.

        Raises:
            CamviewerError: if it is none of those that were matched.
        """
        if name not in self._index:
            raise CamviewerError(f"{name!r} is none of the classes that are measured.")
        return self._index[name]

    def kept(self, samples: Iterable[Sample]) -> list[Sample]:
        """The samples without the classes that are left out."""
        return [
            replace(sample, others=sample.others - self._left_out)
            for sample in samples
            if sample.name not in self._left_out
        ]


def _exact(label: str, classifier: Classifier) -> int:
    """The class of a label, or of a number that is no label."""
    found = [number for number, own in enumerate(classifier.labels) if own == label]
    return found[0] if len(found) == 1 else classifier.find(label)


def names_of(samples: Iterable[Sample]) -> set[str]:
    """Every class name of a data set."""
    return {name for sample in samples for name in (sample.name, *sample.others)}


def _matched(
    names: Iterable[str],
    known: Mapping[str, list[int]],
    classifier: Classifier,
    ids: Path | None,
) -> dict[str, int]:
    strangers, ambiguous, index = [], [], {}
    for name in names:
        found = known.get(_plain(name), [])
        if ids is None and len(found) > 1:
            found = [n for n in found if classifier.labels[n] == name] or found
        if len(found) == 1:
            index[name] = found[0]
        elif found:
            ambiguous.append(f"{name} ({' or '.join(map(str, found))})")
        else:
            strangers.append(name)
    if ambiguous:
        raise CamviewerError(
            f"Several classes of {classifier.name} have the name {_listed(ambiguous)}. Say which: "
            "--map NAME=NUMBER."
        )
    if strangers and ids is not None:
        raise CamviewerError(f"{ids} holds no {_listed(map(repr, strangers))}.")
    if strangers:
        near = {
            n: difflib.get_close_matches(_plain(n), known, 1, _ALIKE) for n in strangers[:_TOLD]
        }
        offers = [f"{n}={classifier.labels[known[m[0]][0]]}" for n, m in near.items() if m]
        hint = f", such as --map {' '.join(map(repr, offers))}" if offers else ""
        raise CamviewerError(
            f"{classifier.name} knows no {_listed(strangers)}. It knows "
            f"{_listed(classifier.labels)}. Say which label each one is by --map NAME=LABEL{hint}; "
            "--map NAME= leaves a class out."
        )
    return index


def _labels(classifier: Classifier) -> dict[str, list[int]]:
    known: dict[str, list[int]] = {}
    for number, label in enumerate(classifier.labels):
        known.setdefault(_plain(label), []).append(number)
    return known


def _identifiers(file: Path) -> dict[str, list[int]]:
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CamviewerError(f"{file} cannot be read: {error}.") from error
    known: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        known.setdefault(_plain(line.split("\t")[0]), []).append(number)
    return known


def _plain(name: str) -> str:
    return " ".join(name.casefold().replace("_", " ").replace("-", " ").split())


def _listed(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _TOLD} more" if len(listed) > _TOLD else ""
    return ", ".join(listed[:_TOLD]) + more
