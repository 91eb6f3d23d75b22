"""Which frame of a video file is shown when: the times of all frames, without decoding any."""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from pathlib import Path

import av
from av.packet import Packet
from av.stream import Stream

from camviewer.media.containers import open_file

_NEVER = float("-inf")


class Index:
    """The times of a file's frames in the order in which they are shown.

    The file is read through, as far as was asked for, with a container of its own. A file is
    coded in another order than it is shown in; but no frame is shown before it is decoded, so all
    times up to the decoding time of the packet read last are known for good.

    Args:
        path: the file.
        stream: which of its streams.

    Attributes:
        complete: the whole file was read.
        ordered: no frame came too late to be shown in the order of the times; else numbers and
            times do not go together.
        ended: seconds at which the last packet of any stream ends, sound too.
        shown_until: seconds until which the last frame known is shown.
        broke: reading ended with an error instead of the file's end.
    """

    def __init__(self, path: Path, stream: int) -> None:
        self._container = open_file(path)
        self._stream = stream
        self._packets = self._container.demux()
        self._settled: list[int] = []
        self._waiting: list[int] = []
        self._keys: list[int] = []
        self.complete = False
        self.ordered = True
        self.ended = self.shown_until = 0.0
        self.broke = False

    def __len__(self) -> int:
        """How many frames are known so far."""
        return len(self._settled)

    @property
    def span(self) -> int:
        """From the first frame known to the last, in the stream's time base."""
        return self._settled[-1] - self._settled[0] if self._settled else 0

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    def look_ahead(self, seconds: float) -> None:
        """Read on for so long, or to the end."""
        end = time.monotonic() + seconds
        self._read_until(lambda: time.monotonic() > end)

    def number_of(self, pts: int) -> int | None:
        """The number of the frame with this time; None if there is none."""
        self._read_until(lambda: bool(self._settled) and self._settled[-1] >= pts)
        place = bisect_left(self._settled, pts)
        found = place < len(self._settled) and self._settled[place] == pts
        return place if found else None

    def pts_of(self, number: int) -> int | None:
        """The time of a frame, in the stream's time base; of the last one beyond the end."""
        self._read_until(lambda: len(self._settled) > number)
        return self._settled[min(number, len(self._settled) - 1)] if self._settled else None

    def keys_before(self, pts: int) -> list[int]:
        """The times of the key frames up to this time, the latest first."""
        return self._keys[: bisect_right(self._keys, pts)][::-1]

    def _read_until(self, enough: Callable[[], bool]) -> None:
        while not self.complete and not enough():
            try:
                packet = next(self._packets)
            except StopIteration:
                self._finish()
            except av.error.FFmpegError:
                self.broke = True
                self._finish()
            else:
                self._take(packet)

    def _take(self, packet: Packet[Stream]) -> None:
        if packet.pts is None or not packet.size:
            return
        end = float((packet.pts + (packet.duration or 0)) * packet.time_base)
        self.ended = max(self.ended, end)
        if packet.stream_index != self._stream or packet.is_discard:
            return
        self.shown_until = max(self.shown_until, end)
        if self._settled and packet.pts <= self._settled[-1]:
            self.ordered = False
            return
        heapq.heappush(self._waiting, packet.pts)
        if packet.is_keyframe:
            self._keys.insert(bisect_left(self._keys, packet.pts), packet.pts)
        self._settle(_NEVER if packet.dts is None else packet.dts)

    def _settle(self, until: float) -> None:
        while self._waiting and self._waiting[0] <= until:
            pts = heapq.heappop(self._waiting)
            if self._settled and pts == self._settled[-1]:
                self.ordered = False
            else:
                self._settled.append(pts)

    def _finish(self) -> None:
        self._settle(float("inf"))
        self.complete = True
        self.close()
