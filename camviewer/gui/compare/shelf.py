"""The networks that panes can use: those loaded, and those on their way."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from camviewer.errors import CancelledError
from camviewer.gui.compare.pane import Pane
from camviewer.gui.crash import message_for
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.model_box import ModelBox
from camviewer.gui.worker import Lane, Ticket
from camviewer.models import catalog

Fetch = Callable[..., ModelInfo]


@dataclass(frozen=True, eq=False)
class Wish:
    """A network that a pane wants.

    Attributes:
        wanted_by: the pane.
        name: as `catalog.load` takes it; None to guess it from the weights.
        options: the rest that `catalog.load` takes.
    """

    wanted_by: Pane
    name: str | None
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What it is called while it is on its way."""
        weights = self.options.get("weights")
        return weights.name if isinstance(weights, Path) else ModelBox.title(str(self.name))


class Shelf(QObject):
    """Loads networks one after the other, off the GUI thread.

    Signals:
        arrived(Wish, ModelInfo): it is there.
        progress(Wish, int, int): bytes fetched, of how many (0: unknown).
        failed(Wish, str, Exception): it will not come, and why.

    Attributes:
        lane: the thread; whoever owns this ends it.
    """

    arrived = Signal(object, object)
    progress = Signal(object, object, object)
    failed = Signal(object, str, object)

    def __init__(self, fetch: Fetch, parent: QObject | None = None) -> None:
        """Begin empty.

        Args:
            fetch: see `Engine.fetch_model`.
            parent: Qt's.
        """
        super().__init__(parent)
        self._fetch = fetch
        self._known: list[ModelInfo] = []
        self._wishes: list[Wish] = []
        self.lane = Lane("networks to compare", self)
        self.lane.done.connect(self._arrived)
        self.lane.failed.connect(self._failed)
        self.lane.progress.connect(self._told)

    @property
    def known(self) -> tuple[ModelInfo, ...]:
        """The networks that are loaded, the one of the window first."""
        return tuple(self._known)

    def put_first(self, model: ModelInfo) -> None:
        """The network of the window; one opened anew takes the place of its former self."""
        former = model.classifier
        others = [m for m in self._known if m.classifier is not former]
        self._known = [model, *others]

    def keep(self, models: Iterable[ModelInfo]) -> None:
        """Let go of all networks but these and the window's."""
        kept = set(models)
        self._known = [m for i, m in enumerate(self._known) if i == 0 or m in kept]

    def find(self, name: str) -> ModelInfo | None:
        """The loaded network of the catalogue with this name, with its published weights."""
        entry = next((e for e in catalog.available() if e.name == name), None)
        published = (name, entry.weights if entry is not None else "")
        return next(
            (m for m in self._known if (m.classifier.name, m.classifier.weights) == published), None
        )

    def on_this_machine(self) -> list[str]:
        """The names of networks whose weights are here but not loaded, the smallest first."""
        here = [e for e in catalog.available() if e.cached and self.find(e.name) is None]
        return [e.name for e in sorted(here, key=lambda e: e.size_bytes)]

    def want(self, wish: Wish) -> None:
        """Load a network after those wanted before."""
        self.give_up(wish.wanted_by)
        self._wishes.append(wish)
        if len(self._wishes) == 1:
            self._load()

    def give_up(self, wanted_by: Pane) -> None:
        """A pane does not want a network any more."""
        first = self._wishes[0] if self._wishes else None
        self._wishes = [wish for wish in self._wishes if wish.wanted_by is not wanted_by]
        if first is not None and first not in self._wishes:
            self.lane.cancel()
            self._load()

    def _load(self) -> None:
        if not self._wishes:
            return
        wish = self._wishes[0]

        def job(ticket: Ticket) -> ModelInfo:
            return self._fetch(ticket, wish.name, **wish.options)

        self.lane.submit(job)

    def _arrived(self, model: ModelInfo) -> None:
        wish = self._wishes.pop(0)
        self._known.append(model)
        self.arrived.emit(wish, model)
        self._load()

    def _failed(self, error: BaseException) -> None:
        wish = self._wishes.pop(0)
        if not isinstance(error, CancelledError):
            self.failed.emit(wish, message_for(error), error)
        self._load()

    def _told(self, done: int, total: int) -> None:
        self.progress.emit(self._wishes[0], done, total)
