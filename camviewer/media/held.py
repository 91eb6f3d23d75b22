"""Something that only one thread may touch, and that another may want to be rid of meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from camviewer.errors import SourceError

Thing = TypeVar("Thing")


class Holder(Generic[Thing]):
    """Holds the open device, file or connection of a source, or none.

    Drivers and decoders crash when they are let go of while a thread is in them. So `close` lets go
    at once only of what no thread is in; else that thread does so as soon as it comes back, and one
    that hangs forever keeps nothing and nobody but itself.

    Args:
        name: of the source, for messages.
        let_go: does away with a thing; called once for each, on whichever thread.
    """

    def __init__(self, name: str, let_go: Callable[[Thing], None]) -> None:
        self._name = name
        self._let_go = let_go
        self._guard = threading.Lock()
        self._held: _Held[Thing] | None = None
        self._opening: object = None

    def open(self, make: Callable[[], Thing]) -> Thing:
        """Let go of what is held and hold something new.

        Args:
            make: opens it, as long as that takes; `close` does not wait for that.

        Raises:
            SourceError: if `close` or another `open` came meanwhile; and whatever `make` raises.
        """
        self.close()
        opening = object()
        with self._guard:
            self._opening = opening
        thing = make()
        with self._guard:
            wanted = self._opening is opening
            if wanted:
                self._held = _Held(thing, self._let_go, self._name)
        if not wanted:
            self._let_go(thing)
            raise SourceError(f"{self._name} was closed while it was being opened.")
        return thing

    @contextmanager
    def in_use(self) -> Iterator[Thing]:
        """The thing, for one thread at a time.

        Raises:
            SourceError: if there is none; or at the end, if `close` came meanwhile.
        """
        held = self._held
        if held is None:
            raise SourceError(f"{self._name} is not open.")
        with held.in_use() as thing:
            yield thing

    def close(self) -> None:
        """Let go of it now, or have the thread do so that is in it."""
        with self._guard:
            self._opening = None
            held, self._held = self._held, None
        if held is not None:
            held.close()


class _Held(Generic[Thing]):
    """One thing, let go of once."""

    def __init__(self, thing: Thing, let_go: Callable[[Thing], None], name: str) -> None:
        self._thing = thing
        self._let_go = let_go
        self._name = name
        self._guard = threading.Lock()
        self._busy = False
        self._wanted = True

    @contextmanager
    def in_use(self) -> Iterator[Thing]:
        with self._guard:
            if not self._wanted:
                raise self._closed()
            self._busy = True
        try:
            yield self._thing
        finally:
            if self._came_back_unwanted():
                self._let_go(self._thing)
                raise self._closed()

    def close(self) -> None:
        with self._guard:
            self._wanted = False
            if self._busy:
                return
        self._let_go(self._thing)

    def _came_back_unwanted(self) -> bool:
        with self._guard:
            self._busy = False
            return not self._wanted

    def _closed(self) -> SourceError:
        return SourceError(f"{self._name} was closed.")
