"""What every camera, video and stream is to the rest of the house: something that yields frames."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from camviewer.types import Frame


class Source(Protocol):
    """Pictures, one after the other.

    Every call may block for as long as a driver or a network likes, so all are made on one thread
    of their own (see `camviewer.live.capture`); `close` may come while that thread hangs in a
    call, from another one, and then makes the call end if that is possible at all.

    Attributes:
        name: for people, such as "Integrated Camera", "holiday.mp4" or an address (no password).
        live: pictures come at their own pace and are gone when not taken: cameras, streams, the
            screen. False for files, which wait.
    """

    @property
    def name(self) -> str: ...

    @property
    def live(self) -> bool: ...

    @property
    def rate(self) -> float:
        """Nominal frames per second; 0 while unknown."""
        ...

    def open(self) -> None:
        """Make it ready; again after `close` or a loss.

        Raises:
            SourceRefusedError: if trying again is of no use.
            SourceError: if it is not there now.
        """
        ...

    def read(self) -> Frame | None:
        """The next frame: ``number`` counts from 0 at `open`, ``time`` is seconds since then.

        In a file both are the frame's place in the file. None at the end of a file.

        Raises:
            SourceError: if it was lost.
        """
        ...

    def close(self) -> None:
        """Let go of the device; never raises, and twice is fine."""
        ...


@runtime_checkable
class SeekableSource(Source, Protocol):
    """A file: it has a length, and any place in it can be read next."""

    @property
    def length(self) -> int:
        """How many frames; 0 while unknown (some files do not say)."""
        ...

    @property
    def duration(self) -> float:
        """Seconds; 0 while unknown."""
        ...

    def seek(self, number: int) -> None:
        """Let the next `read` give exactly this frame; beyond the end, the last one.

        Raises:
            SourceError: if the file cannot be read there.
        """
        ...
