"""How what is watched is shown, and what it says of itself."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from camviewer.gui.live.feed import Feed
from camviewer.gui.live.screen import Screen


class Manner(QObject):
    """What can be set while something is watched, and is kept for what is watched next.

    Signals:
        settings_changed(): any of the properties that have a ``set_`` method, or what the source
            tells of itself.
    """

    settings_changed = Signal()

    def __init__(self, screen: Screen, parent: QObject) -> None:
        super().__init__(parent)
        self._screen = screen
        self._feed: Feed | None = None
        self._mirror = self._looping = False

    @property
    def mirror(self) -> bool:
        """Whether a camera's pictures are flipped, before anything is done with them."""
        return self._mirror

    @property
    def smooth(self) -> bool:
        """Whether pictures are shown as they come, under an older heatmap."""
        return self._screen.smooth

    @property
    def hold(self) -> float:
        """Seconds in which the range of colours falls towards what there is."""
        return self._screen.settings.hold

    @property
    def smoothing(self) -> float:
        """Seconds over which heatmaps are averaged; 0 for none."""
        return self._screen.settings.smoothing

    @property
    def tracking(self) -> bool:
        """Whether boxes have numbers that stay with them."""
        return self._screen.settings.track

    @property
    def looping(self) -> bool:
        """Whether a file starts again at its end."""
        return self._looping

    @property
    def seekable(self) -> bool:
        """Whether it is a file."""
        return self._feed is not None and self._feed.seekable

    @property
    def length(self) -> int:
        """How many pictures a file has; 0 when that is unknown."""
        return 0 if self._feed is None else self._feed.length

    @property
    def duration(self) -> float:
        """How many seconds a file has; 0 when that is unknown."""
        return 0.0 if self._feed is None else self._feed.duration

    @property
    def rate(self) -> float:
        """Pictures per second that the source says it gives; 0 when that is unknown."""
        return 0.0 if self._feed is None else self._feed.source.rate

    def set_looping(self, looping: bool) -> None:
        """Let files start again at their end, or not."""
        self._looping = looping
        if self._feed is not None:
            self._feed.capture.looping = looping
        self.settings_changed.emit()

    def set_mirror(self, mirror: bool) -> None:
        """Flip the pictures of cameras, or do not."""
        self._mirror = mirror
        if self._feed is not None:
            self._feed.mirror(mirrored=mirror)
        self.settings_changed.emit()

    def set_smooth(self, smooth: bool) -> None:
        """Show pictures as they come, or each with its own heatmap."""
        self._screen.smooth = smooth
        self.settings_changed.emit()

    def set_hold(self, seconds: float) -> None:
        """Let the range of colours fall in so many seconds."""
        self._screen.settings = replace(self._screen.settings, hold=seconds)
        self.settings_changed.emit()

    def set_smoothing(self, seconds: float) -> None:
        """Average heatmaps over so many seconds."""
        self._screen.settings = replace(self._screen.settings, smoothing=seconds)
        self.settings_changed.emit()

    def set_tracking(self, tracking: bool) -> None:
        """Give boxes numbers that stay with them, or none."""
        self._screen.settings = replace(self._screen.settings, track=tracking)
        self.settings_changed.emit()
