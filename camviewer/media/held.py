"""Something that only one thread may touch, and that another may want to be rid of meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from camviewer.errors import SourceError

Thing = TypeVar("Thing")


class Held(Generic[Thing]):
    """A driver or decoder that crashes when it is let go of while a thread is in it.

    It is let go of once: at once if nobody uses it, else by the thread that does, as soon as that
    comes back. So one that hangs forever keeps nobody but that thread.

    Args:
        thing: what is held.
        let_go: does away with it.
        name: of the source, for the message.
    """

    def __init__(self, thing: Thing, let_go: Callable[[Thing], None], name: str) -> None:
        self._thing = thing
        self._let_go = let_go
        self._name = name
        self._guard = threading.Lock()
        self._busy = False
        self._wanted = True

    @contextmanager
    def in_use(self) -> Iterator[Thing]:
        """The thing, for one thread at a time.

        Raises:
            SourceError: if `close` came before or, at the end, meanwhile.
        """
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
        """Let go of it now, or have the thread do so that is in it."""
        with self._guard:
            first, self._wanted = self._wanted, False
            if self._busy or not first:
                return
        self._let_go(self._thing)

    def _came_back_unwanted(self) -> bool:
        with self._guard:
            self._busy = False
            return not self._wanted

    def _closed(self) -> SourceError:
        return SourceError(f"{self._name} was closed.")
