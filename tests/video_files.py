"""Small videos made for tests, and what is in a video file."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from av.error import InvalidDataError

from camviewer.types import Pixels

_SOUND_RATE = 48_000
_TONE = 440.0


@dataclass(frozen=True)
class Content:
    """What was read from a video.

    Attributes:
        times: of the frames, in seconds.
        frames: RGB uint8.
        sound: codec of the first stream of sound; empty when there is none.
        packets: of that sound, as ``(seconds, bytes)``.
        duration: seconds, as the file says.
    """

    times: list[float]
    frames: list[Pixels]
    sound: str
    packets: list[tuple[float, bytes]]
    duration: float


def grey(level: int, size: tuple[int, int] = (48, 64)) -> Pixels:
    """A frame of one grey."""
    return np.full((*size, 3), level, np.uint8)


def level(pixels: Pixels) -> int:
    """The grey of a frame, as far as a codec keeps it."""
    return round(float(pixels.mean()))


def make_video(
    path: Path,
    frames: Sequence[Pixels],
    times: Sequence[float] | None = None,
    *,
    sound: str | None = None,
    seconds: float = 0.0,
) -> Path:
    """Write a video that is not made with camviewer's own writer.

    Args:
        path: its extension says the container.
        frames: RGB uint8, of one even size.
        times: seconds; 25 a second by default.
        sound: the encoder of a tone; none by default.
        seconds: how long the tone is.
    """
    times = [i / 25 for i in range(len(frames))] if times is None else times
    with av.open(str(path), "w") as container:
        height, width = frames[0].shape[:2]
        video = container.add_stream("mpeg4", rate=1000, width=width, height=height)
        video.options = {"q": "2"}
        track = None
        if sound is not None:
            track = cast("AudioStream", container.add_stream(sound, rate=_SOUND_RATE))
        for pixels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels)
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if track is not None:
            wave = np.sin(2 * np.pi * _TONE * np.arange(int(seconds * _SOUND_RATE)) / _SOUND_RATE)
            samples = np.repeat((wave * 8000).astype(np.int16), 2)[None]
            piece = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
            piece.sample_rate, piece.pts = _SOUND_RATE, 0
            container.mux(track.encode(piece))
            container.mux(track.encode(None))
    return path


def content(path: Path, *, cut: bool = False) -> Content:
    """Read a video to its end.

    Args:
        path: the video.
        cut: its last packet may be damaged, which no player minds.
    """
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        decoded = []
        with suppress(InvalidDataError) if cut else nullcontext():
            decoded.extend(container.decode(stream))
        frames = [f.to_ndarray(format="rgb24") for f in decoded]
        times = [float(f.pts * f.time_base) for f in decoded]
        duration = (container.duration or 0) / av.time_base
    with av.open(str(path)) as container:
        tracks = container.streams.audio
        packets = [
            (float(packet.pts * packet.time_base), bytes(packet))
            for packet in (container.demux(tracks[0]) if tracks else ())
            if packet.pts is not None
        ]
        sound = tracks[0].codec_context.name if tracks else ""
    return Content(times, frames, sound, packets, duration)
