"""Short videos for tests, with the number of each frame in its pixels."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream

from tests.media.numbered import numbered

_SOUND_RATE = 48000
_MILLISECOND = Fraction(1, 1000)


def movie(
    path: Path,
    frames: int = 30,
    *,
    size: tuple[int, int] = (96, 128),
    rate: int = 25,
    times: Sequence[float] | None = None,
    codec: str = "libx264",
    options: dict[str, str] | None = None,
    muxer: dict[str, str] | None = None,
    rotation: int = 0,
    sound: float = 0.0,
    kind: str | None = None,
) -> Path:
    """Write a video whose frame ``n`` shows the number ``n`` (see `tests.media.numbered`).

    Args:
        path: where; its extension says the container.
        frames: how many.
        size: ``(height, width)``, even.
        rate: frames per second.
        times: seconds of each frame, whole milliseconds, for a variable rate; else by `rate`.
        codec: ffmpeg's name.
        options: of the codec; a key frame every ten frames and two B-frames unless said otherwise.
        muxer: options of the container.
        rotation: degrees counter-clockwise that a player must turn it.
        sound: seconds of a tone to go with it; 0 for none.
        kind: the container, where the extension does not say.
    """
    with av.open(str(path), "w", format=kind, options=muxer or {}) as container:
        stream = container.add_stream(codec, rate=rate, options=_coding(codec, options))
        stream.height, stream.width = size
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if times is not None:
            stream.codec_context.time_base = _MILLISECOND
        if rotation:
            stream.set_display_rotation(rotation)
        assert isinstance(stream, VideoStream)
        tone = container.add_stream("aac", rate=_SOUND_RATE) if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered(number, size), format="rgb24")
            if times is None:
                frame.pts, frame.time_base = number, Fraction(1, rate)
            else:
                frame.pts, frame.time_base = round(times[number] * 1000), _MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if tone is not None:
            _play(container, tone, sound)
    return path


def _coding(codec: str, options: dict[str, str] | None) -> dict[str, str]:
    if options is not None:
        return options
    if codec == "libx264":
        return {"g": "10", "bf": "2", "preset": "ultrafast", "x264-params": "scenecut=0"}
    return {"g": "10"}


def _play(container: OutputContainer, tone: AudioStream, seconds: float) -> None:
    samples = round(seconds * _SOUND_RATE)
    for start in range(0, samples, 1024):
        phase = np.arange(start, min(start + 1024, samples)) * (2 * np.pi * 440 / _SOUND_RATE)
        wave = np.sin(phase).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = _SOUND_RATE, start
        container.mux(tone.encode(frame))
    container.mux(tone.encode())
