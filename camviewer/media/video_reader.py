"""Reads a video file frame by frame, and any frame exactly."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.containers import open_file, pictures_of
from camviewer.media.decoded import Developer
from camviewer.media.video_index import Index
from camviewer.types import Pixels

_LOOK_AHEAD = 0.25  # seconds of reading through the file when it is opened
_KEPT_BYTES = 64 * 2**20  # of decoded frames, so that a step back need not decode up to a second
_KEPT_FRAMES = 48
_NEAR = 12  # frames ahead that are reached by decoding on instead of from a key frame
_TRIES = 3  # key frames before the target, each further back, before the file's beginning
_MISSING = 0.5  # seconds that may lack at the end: what files say of their length is not exact


@dataclass(frozen=True)
class Shot:
    """A decoded frame.

    Attributes:
        number: its place in the file, from 0.
        frame: as it was decoded.
    """

    number: int
    frame: VideoFrame


class Reader:
    """One opening of a video file; used by one thread at a time.

    Frames are numbered by their times (see `camviewer.media.video_index`), so a frame has the same
    number however it was reached. Files whose times cannot be relied upon (raw streams without
    any, AVI with reordered frames, recordings whose clock jumps) are counted through: a jump in one
    decodes from its beginning.

    Args:
        path: a regular file.
        name: for messages.

    Raises:
        SourceRefusedError: if it holds no moving pictures, or none that can be decoded.
        av.error.FFmpegError: if it is no video.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name
        self._damaged = False
        self._kept: deque[Shot] = deque()
        self._ready: deque[Shot] = deque()
        self._last = -1  # the number of the newest frame that was decoded
        self._counting = False
        self._counted = 0  # once all were
        self._packets: Iterator[Packet[VideoStream]]
        self._frames: Iterator[VideoFrame]
        self._begin()
        self.has_audio = bool(self._container.streams.audio)
        try:
            self._index = Index(path, self._stream.index)
        except BaseException:
            self._container.close()
            raise
        try:
            self._measure()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file, and of the decoder's threads and pictures."""
        # they refer to this object, and it to them
        self._frames, self._packets = iter(()), iter(())
        self._kept.clear()
        self._ready.clear()
        self._container.close()
        self._index.close()

    def next(self) -> Shot | None:
        """The next frame; None at the end."""
        return self._ready.popleft() if self._ready else self._decode()

    def seek(self, number: int) -> None:
        """Let `next` give this frame next; beyond the end, the last one.

        Raises:
            SourceError: if nothing can be decoded there.
        """
        number = max(0, number)
        if self._kept and self._kept[0].number <= number <= self._last:
            self._ready = deque(shot for shot in self._kept if shot.number >= number)
            return
        self._ready.clear()
        if not (self._counting or self._is_near(number)):
            self._go_near(number)
        elif self._last >= number:
            self._restart()
        self._skip_to(number)

    def pixels(self, shot: Shot) -> Pixels:
        """RGB uint8 ``(height, width, 3)``, upright."""
        return self.developer.pixels(shot.frame)

    def seconds(self, shot: Shot) -> float:
        """When a frame is shown, after the first one."""
        if self._counting or shot.frame.pts is None:
            return shot.number / self.rate if self.rate else 0.0
        return float((shot.frame.pts - self._first_pts) * self._base)

    @property
    def start(self) -> float:
        """Seconds on the file's own clock at which the first frame is shown."""
        return float(self._first_pts * self._base)

    @property
    def rate(self) -> float:
        """Frames per second on average; 0 if the file does not say.

        Files round the times of their frames, or announce the rate of their fastest part: what they
        say is taken where it is within a percent of what was counted.
        """
        announced = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        if self._counting or not (self._index.complete and self._index.span):
            return announced
        counted = float((len(self._index) - 1) / (self._index.span * self._base))
        return announced if abs(announced - counted) <= 0.01 * counted else counted

    @property
    def length(self) -> int:
        """How many frames: counted if `is_length_exact`, else as the file says."""
        if self._counted:
            return self._counted
        if self.is_length_exact:
            return len(self._index)
        announced = self._stream.frames or round(self._said_duration * self.rate)
        return max(announced, self._last + 1, len(self._index))

    @property
    def is_length_exact(self) -> bool:
        """Whether the frames were counted."""
        return bool(self._counted) or (self._index.complete and not self._counting)

    @property
    def duration(self) -> float:
        """Seconds, the last frame's included; 0 if unknown."""
        if self._index.complete and not self._counting:
            return self._index.shown_until - self.start
        return self._said_duration or (self._counted / self.rate if self.rate else 0.0)

    @property
    def complaint(self) -> str:
        """What is wrong with the file, as far as it is known by now; empty if nothing."""
        if lacks := self._lacking():
            whole = self._announced
            return (
                f"{self._name} is incomplete: it ends after {whole - lacks:.1f} of {whole:.1f} "
                "seconds. Fetch or save it again."
            )
        if self._damaged:
            return f"{self._name} is damaged: some of its pictures are missing or wrong."
        return ""

    def _lacking(self) -> float:
        """Seconds that the file announces and does not hold; known once it was read through."""
        if not (self._index.complete and self._announced):
            return 0.0
        begins = (self._container.start_time or 0) / av.time_base
        lacks = self._announced - (self._index.ended - begins)
        return lacks if lacks > (0.0 if self._index.broke else _MISSING) else 0.0

    @property
    def _announced(self) -> float:
        """Seconds of pictures and sound that the file should hold."""
        # for a truncated AVI ffmpeg guesses, but its head still counts the frames
        if self._is_avi and self._stream.frames and self.rate:
            return self._stream.frames / self.rate
        return (self._container.duration or 0) / av.time_base

    @property
    def _is_avi(self) -> bool:
        return self._container.format.name == "avi"

    def _begin(self) -> None:
        self._container = open_file(self._path)
        try:
            self._stream: VideoStream = pictures_of(self._container, self._name)
        except BaseException:
            self._container.close()
            raise
        self._base: Fraction = self._stream.time_base or Fraction(1, av.time_base)
        self._packets = self._container.demux(self._stream)
        self._frames = self._decoded()

    def _measure(self) -> None:
        """Look at the first frame and at as much of the index as costs nothing."""
        self._index.look_ahead(_LOOK_AHEAD)
        first = next(self._frames, None)
        if first is None:
            raise SourceRefusedError(
                f"{self._name} is damaged: none of its pictures can be decoded. Fetch or save it "
                "again."
            )
        self._first_pts = first.pts or 0
        self._counting = bool(
            (self._is_avi and self._stream.codec_context.has_b_frames)
            or not self._index.ordered
            or first.pts is None
            or self._index.number_of(first.pts) != 0
        )
        self.developer = Developer(first, self._stream.sample_aspect_ratio)
        self._ready.append(self._keep(Shot(0, first)))
        self._last = 0

    @property
    def _said_duration(self) -> float:
        if self._stream.duration:
            return float(self._stream.duration * self._base)
        return float(self._container.duration or 0) / av.time_base

    def _decode(self) -> Shot | None:
        for frame in self._frames:
            number = self._number_of(frame)
            # a picture without a place of its own: decoded twice, or in front of the first
            if number > self._last:
                self._last = number
                return self._keep(Shot(number, frame))
        self._index.look_ahead(float("inf"))
        if self._counting:
            self._counted = self._last + 1
        return None

    def _number_of(self, frame: VideoFrame) -> int:
        if not self._counting and frame.pts is not None:
            number = self._index.number_of(frame.pts)
            if self._index.ordered:
                return -1 if number is None else number
        self._counting = True
        return self._last + 1

    def _decoded(self) -> Iterator[VideoFrame]:
        while True:
            try:
                packet = next(self._packets, None)
            except av.error.FFmpegError:  # the file breaks off; what is in the decoder is shown
                self._damaged = True
                packet = None
            try:
                if packet is None:
                    yield from self._stream.codec_context.decode(None)
                    return
                yield from packet.decode()
            except av.error.EOFError:  # the decoder was emptied before
                return
            except av.error.FFmpegError:
                self._damaged = True

    def _keep(self, shot: Shot) -> Shot:
        size = sum(plane.buffer_size for plane in shot.frame.planes)
        room = min(_KEPT_FRAMES, max(2, _KEPT_BYTES // max(1, size)))
        while len(self._kept) >= room:
            self._kept.popleft()
        self._kept.append(shot)
        return shot

    def _is_near(self, number: int) -> bool:
        return self._last < number <= self._last + _NEAR

    def _go_near(self, number: int) -> None:
        """Let the decoder go on at or before a frame, as near as the file allows."""
        target = self._index.pts_of(number)
        if target is None:
            raise SourceError(f"{self._name} cannot be read at frame {number}.")
        if not self._index.ordered:
            self._counting = True
            self._restart()
            return
        # containers land late on some key frames, and some frames refer to what is before theirs
        for key in self._index.keys_before(target)[:_TRIES]:
            try:
                self._container.seek(key, stream=self._stream)
            except av.error.FFmpegError:
                continue
            self._forget()
            self._packets = self._container.demux(self._stream)
            self._frames = self._decoded()
            shot = self._decode()
            if self._counting:
                break
            if shot is not None and shot.number <= number:
                self._ready.append(shot)
                return
        self._restart()

    def _restart(self) -> None:
        self._container.close()
        self._begin()
        self._forget()

    def _forget(self) -> None:
        self._kept.clear()
        self._ready.clear()
        self._last = -1

    def _skip_to(self, number: int) -> None:
        last: Shot | None = None
        while (shot := self.next()) is not None:
            last = shot
            if shot.number >= number:
                break
        if last is None:
            last = self._kept[-1] if self._kept else None
        if last is None:
            raise SourceError(f"{self._name} cannot be read at frame {number}.")
        self._ready.appendleft(last)
