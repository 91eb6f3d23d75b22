"""All frames of a video, one after the other, each in the light of what is around it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterable, Iterator

from camviewer.inspector.clips import ClipInspector
from camviewer.inspector.inspector import Inspector, Watch
from camviewer.inspector.request import Request
from camviewer.inspector.window import ClipWindow, clip_of
from camviewer.models.video_preprocess import ClipPreprocessing
from camviewer.types import Clip, Frame, Inspection


def along(
    inspector: Inspector,
    frames: Iterable[Frame],
    request: Request | None = None,
    watch: Watch | None = None,
) -> Iterator[Inspection]:
    """Explain every frame of a video, in order.

    Args:
        inspector: of pictures, which takes one frame after the other; or of clips, which reads
            most of a clip ahead, see `clips_along`.
        frames: with rising times.
        request: what to look for.
        watch: see `Inspector.inspect`.

    Yields:
        One inspection for each frame.

    Raises:
        CamviewerError: see `Inspector.inspect`.
    """
    shown = (
        clips_along(inspector.expected, frames) if isinstance(inspector, ClipInspector) else frames
    )
    for frame in shown:
        yield inspector.inspect(frame, request, watch)


def clips_along(expected: ClipPreprocessing, frames: Iterable[Frame]) -> Iterator[Clip]:
    """Every frame of a video with a clip around it.

    A clip starts every half of its length; a frame gets the one whose middle is nearest to it, so
    that the network runs twice in the time of a clip and not for every frame. At both ends of the
    video the middle is further away; a video that is shorter than a clip ends in standing still.
    Large frames are shown to the network from smaller copies, see `ClipWindow`: whole ones of a
    second or four would fill gigabytes.

    Args:
        expected: by the network.
        frames: with rising times; where time goes back, another video begins.
    """
    feed = _Feed(expected)
    for frame in frames:
        yield from feed.before(frame)
        feed.take(frame)
    yield from feed.rest()


class _Feed:
    """Frames that wait for what comes after them."""

    def __init__(self, expected: ClipPreprocessing) -> None:
        self._expected = expected
        self._lead = (expected.frames - 1) / expected.rate  # from a clip's first frame to its last
        self._step = expected.seconds / 2
        self._window = ClipWindow(expected)
        self._waiting: deque[Frame] = deque()
        self._latest: Frame | None = None
        self._first = self._start = 0.0

    def before(self, frame: Frame) -> Iterator[Clip]:
        """What has waited long enough when a frame comes."""
        if self._latest is not None and frame.time < self._latest.time:
            yield from self.rest()
        while self._waiting and frame.time > self._start + self._lead:
            yield from self._clips(until=self._start + (self._lead + self._step) / 2)
            self._start += self._step

    def take(self, frame: Frame) -> None:
        """Let a frame wait."""
        if self._latest is None:
            self._first = self._start = frame.time
        elif not self._waiting:
            self._start = max(self._start, frame.time - self._step)
        self._window.add(frame)
        self._waiting.append(frame)
        self._latest = frame

    def rest(self) -> Iterator[Clip]:
        """What still waits when there are no more frames: the last clip ends with the last one."""
        if self._latest is not None:
            self._start = max(self._first, self._latest.time - self._lead)
            yield from self._clips(until=float("inf"))
        self._latest = None

    def _clips(self, until: float) -> Iterator[Clip]:
        if self._latest is None or not self._waiting or self._waiting[0].time >= until:
            return
        frames = self._window.starting_at(self._start, self._latest)
        times = [frame.time for frame in frames]
        while self._waiting and self._waiting[0].time < until:
            frame = self._waiting.popleft()
            yield clip_of(frame, frames, self._place(frame, times))

    def _place(self, frame: Frame, times: list[float]) -> float:
        """Where a frame stands among those of its clip: where it is itself, or between neighbours.

        Its time alone does not tell: where frames come unevenly, a clip's are some time off.
        """
        first, after = bisect_left(times, frame.time), bisect_right(times, frame.time)
        low, high = (first, after - 1) if first < after else (first - 1, first)
        place = (frame.time - self._start) * self._expected.rate
        return min(max(place, low, 0.0), high, len(times) - 1.0)
