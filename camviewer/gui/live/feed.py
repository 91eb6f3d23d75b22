"""A source that is being watched, and where its pictures wait."""

from __future__ import annotations

from collections.abc import Callable

from camviewer.live.capture import Capture, Status
from camviewer.live.slot import Arrival, Slot
from camviewer.media.cameras import Camera, CameraInfo
from camviewer.media.source import SeekableSource, Source


class Feed:
    """One source, from its start to its end.

    Attributes:
        source: whose pictures they are; only the capture's threads call what may block.
        camera: which camera that is, if it is one.
        capture: reads it.
        slot: where pictures wait for the network.
        preview: where they wait to be shown at once, while `previewed`.
    """

    def __init__(
        self, source: Source, camera: CameraInfo | None, told: Callable[[Feed, Status], None]
    ) -> None:
        """Nothing is opened before `capture.start`.

        Args:
            source: to watch.
            camera: which camera that is, if it is one.
            told: is given this and what became of the source, on any thread.
        """
        self.source = source
        self.camera = camera
        self.slot = Slot()
        self.preview = Slot()
        self.capture = Capture(source, self.slot, told=lambda status: told(self, status))
        self._notice: Callable[[Arrival], None] | None = None
        self._observer: Callable[[Arrival, bool], None] | None = None
        self._previewed = False

    @property
    def seekable(self) -> bool:
        """Whether it is a file."""
        return self.capture.seekable

    @property
    def length(self) -> int:
        """How many pictures; 0 when that is unknown."""
        return self.source.length if isinstance(self.source, SeekableSource) else 0

    @property
    def duration(self) -> float:
        """Seconds; 0 when that is unknown."""
        return self.source.duration if isinstance(self.source, SeekableSource) else 0.0

    def is_same(self, other: Feed) -> bool:
        """Whether both are of one source, which only one of them can hold."""
        same = self.camera is not None and self.camera == other.camera
        return same or self.source is other.source

    def mirror(self, *, mirrored: bool) -> None:
        """Flip a camera's pictures, or do not; those of files, streams and the screen stay."""
        self.capture.mirrored = mirrored and isinstance(self.source, Camera)

    def notify(self, notice: Callable[[Arrival], None] | None) -> None:
        """Let a network see every picture; None for none."""
        self._notice = notice
        self._tap()

    def observe(self, observer: Callable[[Arrival, bool], None] | None) -> None:
        """Let somebody see every picture, and whether it is mirrored; None for nobody.

        It is called on a thread of the capture's, and shall be quick.
        """
        self._observer = observer
        self._tap()

    def show_previews(self, *, shown: bool) -> None:
        """Let every picture wait in `preview`, or no more."""
        self._previewed = shown
        self._tap()
        self.preview.clear()

    def close(self) -> bool:
        """Let go of everything; never waits. Whether the source is let go of by now."""
        self.slot.tap = self._observer = self._notice = None  # a network of clips keeps pictures
        self.slot.close()
        self.preview.close()
        return self.capture.close(0)

    def _tap(self) -> None:
        wanted = self._notice is not None or self._observer is not None or self._previewed
        self.slot.tap = self._see if wanted else None

    def _see(self, arrival: Arrival) -> None:
        if self._previewed:
            self.preview.put(arrival)
        notice, observer = self._notice, self._observer
        if notice is not None:
            notice(arrival)
        if observer is not None:
            observer(arrival, self.capture.mirrored)
