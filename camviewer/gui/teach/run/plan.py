"""What is to be taught, upon what and how: without Qt."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from camviewer import paths
from camviewer.models import catalog, starter
from camviewer.models.catalog import Entry
from camviewer.models.classifier import Classifier
from camviewer.teach import deep, teaching
from camviewer.teach.data.dataset import LEAST
from camviewer.teach.data.lesson_file import Contents
from camviewer.teach.foundation import can_carry
from camviewer.teach.results import fingerprint


@dataclass(frozen=True, eq=False)
class Base:
    """A network to build upon.

    Attributes:
        name: in the catalogue.
        title: as shown.
        classifier: the network itself where it is open, with whatever weights; None to load it.
    """

    name: str
    title: str
    classifier: Classifier | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The same for the same network with the same weights."""
        made = self.classifier
        return self.name, "" if made is None else made.weights_sha256 or made.weights


def base_of(entry: Entry) -> Base:
    """A network of the catalogue, with its published weights."""
    return Base(entry.name, entry.title)


def open_base(classifier: Classifier) -> Base | None:
    """The network that is open; None if nothing can be built upon it."""
    if not can_carry(classifier):
        return None
    entry = _entry(classifier.name)
    title = classifier.name if entry is None else entry.title
    if entry is None or entry.weights != classifier.weights:
        title = f"{title}, {classifier.weights or 'random weights'}"
    return Base(classifier.name, title, classifier)


def advice(base: Base) -> str:
    """What a network is good for, in a sentence or two."""
    entry = _entry(base.name)
    if base.name == starter.NAME:
        return (
            "Built in and quick. It knows drawings, signs and simple things; for photographs "
            "choose a network that knows photographs."
        )
    if entry is None or (base.classifier and base.classifier.weights != entry.weights):
        return "The network that was open, with the weights that it had."
    fetch = base.classifier is None and not entry.cached
    first = f" Its weights ({entry.size_bytes / 1e6:.0f} MB) are fetched first." if fetch else ""
    return f"It knows photographs: it has learnt the 1,000 classes of ImageNet.{first}"


@dataclass(frozen=True)
class Plan:
    """How to teach.

    Attributes:
        base: what to build upon.
        deeply: whether its own layers learn, too.
        fast: what can be chosen of fast teaching, and of what is held out.
        tuning: of deep teaching.
    """

    base: Base
    deeply: bool = False
    fast: teaching.Options = field(default_factory=lambda: teaching.Options(cut_recordings=True))
    tuning: deep.Options = field(default_factory=deep.Options)

    def state_file(self, folder: Path, contents: Contents) -> Path:
        """Where deep teaching keeps how far it is: another one for other pictures or choices.

        Args:
            folder: of the lesson.
            contents: of the lesson.
        """
        # whether it goes on for longer may be decided on the way
        tuning = replace(self.tuning, epochs=1, patience=1)
        chosen = (self.base.key, replace(self.fast, cache=Path()), tuning, fingerprint(contents))
        return _states() / f"{_short(str(folder))}-{_short(repr(chosen))}.pt"


def drop_states(folder: Path, but: Path | None = None) -> None:
    """Forget how far teaching of a lesson was, but for one file.

    Raises:
        OSError: if one cannot be deleted.
    """
    for file in _states().glob(f"{_short(str(folder))}-*.pt"):
        if file != but:
            file.unlink(missing_ok=True)


def missing(contents: Contents) -> str:
    """What keeps a lesson from being taught, as one sentence; empty when nothing does."""
    classes = contents.classes
    if len(classes) < 2:
        return "Teaching needs two classes: of the thing, and of what it is to be told apart from."
    few = [c for c in classes if len(c.pictures) < LEAST]
    if not few:
        return ""
    named = " and ".join(f"“{c.name}” ({len(c.pictures)})" for c in few[:2])
    more = f" and {len(few) - 2} other classes" if len(few) > 2 else ""
    return f"Too few pictures of {named}{more}: each class needs at least {LEAST}, better 20."


def _states() -> Path:
    return paths.cache() / "teaching"


def _short(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:16]


def _entry(name: str) -> Entry | None:
    return next((entry for entry in catalog.entries() if entry.name == name), None)
