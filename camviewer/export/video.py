"""Videos: H.264 or VP9 at the very times the frames had, with the sound of where they came from."""

from __future__ import annotations

import contextlib
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import IO, cast

import av
import cv2
import numpy as np
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from camviewer.errors import ExportError
from camviewer.export.files import Growing, told
from camviewer.export.sound import Sound
from camviewer.types import Pixels, Size

_TICKS = 90_000  # times are written in these parts of a second
_USUAL_RATE = 30.0
_HIGHEST_RATE = 1000.0
# sound that ends early does not hold up the pictures for longer: microseconds
_INTERLEAVING = {"max_interleave_delta": "1000000"}
_KEYFRAME_SECONDS = 2  # as much is lost at most when the program is killed
_LONGEST_GROUP = 250  # frames
_BOX = struct.Struct(">I4s")  # length and kind, at the beginning of each part of an MP4
# What YUV means is written into the file: without, players guess by the picture's size.
_BT709 = 1  # as colour space, primaries and transfer alike


@dataclass(frozen=True)
class _Kind:
    """How videos of one extension are made.

    Attributes:
        container: what libavformat calls it.
        options: of the container.
        encoders: by preference.
        sounds: codecs that are copied; others are encoded with the first.
    """

    container: str
    options: dict[str, str]
    encoders: tuple[str, ...]
    sounds: tuple[str, ...]


_H264 = ("libx264", "libopenh264", "mpeg4")
_COMMON = ("aac", "mp3", "mp3float", "ac3", "eac3", "alac")
# written in parts that can be played without the rest, made one ordinary file at the end
_IN_PARTS = {
    "movflags": "hybrid_fragmented+delay_moov",
    "movie_timescale": str(_TICKS),  # of the time at which a video begins
}
_MP4 = _Kind("mp4", _IN_PARTS, _H264, (*_COMMON, "opus", "flac"))
_KINDS = {
    ".mp4": _MP4,
    ".m4v": _MP4,
    ".mov": _Kind("mov", _IN_PARTS, _H264, _COMMON),
    ".mkv": _Kind("matroska", {}, _H264, (*_COMMON, "opus", "flac", "vorbis")),
    ".webm": _Kind("webm", {}, ("libvpx-vp9", "libvpx"), ("libopus", "opus", "vorbis")),
}
VIDEO_SUFFIXES = tuple(_KINDS)


class VideoWriter:
    """Writes one video. Not thread-safe, but it need not stay on one thread.

    Until it is closed the file has ``.part`` in its name (see `export.files.Growing`); of an MP4
    or Matroska whose program was killed, all but the last two seconds can be played.

    Attributes:
        path: where the video will be.
        frames: how many were written.
        note: what the user should know, such as why there is no sound; empty if nothing.
    """

    def __init__(
        self,
        path: Path,
        size: Size,
        rate: Fraction | float,
        *,
        audio_from: Path | None = None,
        audio_start: float = 0.0,
        hurry: bool = False,
    ) -> None:
        """Make the file.

        Args:
            path: ends in ``.mp4``, ``.m4v``, ``.mov``, ``.mkv`` or ``.webm``; replaced when the
                video is closed, if there is one.
            size: of the frames, ``(height, width)``; odd sizes get one row or column more.
            rate: nominal frames per second; 0 where it is unknown. Every frame has its own time.
            audio_from: the video whose sound is taken over; none when None, or when that file has
                none.
            audio_start: seconds on that file's own clock that are time 0 here.
            hurry: take less time and more space, for recording beside other work.

        Raises:
            ExportError: if it cannot be written, or not in this format.
        """
        kind = _kind_of(path)
        self.path = path
        self.frames = 0
        self._size = (size[0] + size[0] % 2, size[1] + size[1] % 2)
        self._rate = float(rate) if 0 < rate <= _HIGHEST_RATE else _USUAL_RATE
        self._last = -1
        self._end = 0.0
        self._failed = False
        self._reformatter = VideoReformatter()
        self._growing = Growing(path)
        try:
            with self._told():
                options = _INTERLEAVING | kind.options
                self._container = av.open(
                    self._growing.file, "w", format=kind.container, options=options
                )
                self._stream = self._open_stream(kind, hurry=hurry)
                self._sound = Sound(self._container, audio_from, audio_start, kind.sounds)
                self._container.start_encoding()
        except ExportError:
            self._growing.discard()
            raise

    @property
    def note(self) -> str:
        return self._sound.note

    @property
    def end(self) -> float:
        """Seconds: when the last frame ends."""
        return self._end

    def write(self, pixels: Pixels, time: float) -> None:
        """Add a frame.

        Args:
            pixels: RGB uint8 ``(height, width, 3)``; of another size it is fitted in, with black
                bars where the shape differs.
            time: seconds; a frame that is not later than the one before follows at once.

        Raises:
            ExportError: if it cannot be written; what is there can be closed.
        """
        tick = max(round(time * _TICKS), self._last + 1)
        frame = self._reformatter.reformat(
            av.VideoFrame.from_numpy_buffer(_fitted(pixels, self._size)),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
        )
        frame.pts, frame.time_base = tick, Fraction(1, _TICKS)
        frame.duration = round(_TICKS / self._rate)
        with self._told():
            self._container.mux(self._stream.encode(frame))
            self._sound.until(tick / _TICKS)
        self.frames += 1
        self._last = tick
        self._end = tick / _TICKS + 1 / self._rate

    def move(self, path: Path) -> None:
        """Let it be elsewhere, in the same folder, once it is closed."""
        self.path = self._growing.path = path

    def close(self, *, complete: bool = True) -> None:
        """Finish the file; twice is fine. Without frames there is none.

        Args:
            complete: all frames are there, so all of the sound is; else it ends with the picture.

        Raises:
            ExportError: if it cannot be finished. What was written before can be played.
        """
        if self._growing.file.closed:
            return
        try:
            if not self._failed and self.frames:
                with self._told():
                    self._container.mux(self._stream.encode(None))
                    self._sound.until(None if complete else self._end)
                    # the index goes to the end, and only then is it said at the beginning
                    self._container.close()
                    self._growing.check()
        finally:
            self._sound.close()
            self._release()

    def _release(self) -> None:
        """Let go of everything; the file keeps what is in it."""
        if not self.frames:
            self._growing.discard()
        else:
            if self._failed:
                torn = self._container.format.name in ("mp4", "mov")
                self._growing.end_early(_cut_torn if torn else None)
            self._growing.finish()
        # without its file the container writes no more: a second end would spoil what can be played
        with contextlib.suppress(FFmpegError, OSError):
            self._container.close()

    def _open_stream(self, kind: _Kind, *, hurry: bool) -> VideoStream:
        name = next((n for n in kind.encoders if n in av.codecs_available), None)
        if name is None:
            raise ExportError(
                f"This build of PyAV cannot make '{self.path.suffix}' videos. Choose another of "
                f"{', '.join(_KINDS)}."
            )
        height, width = self._size
        stream = cast(
            "VideoStream",
            self._container.add_stream(
                name,
                rate=Fraction(self._rate).limit_denominator(_TICKS),
                options=_encoder_options(name, hurry=hurry),
                width=width,
                height=height,
                time_base=Fraction(1, _TICKS),
            ),
        )
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.gop_size = min(max(round(self._rate * _KEYFRAME_SECONDS), 1), _LONGEST_GROUP)
        context.colorspace = _BT709
        context.color_range = ColorRange.MPEG
        context.color_primaries = _BT709
        context.color_trc = _BT709
        return stream

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what goes wrong into what a person can act on; nothing is written after it."""
        try:
            with told(self.path):
                try:
                    yield
                except FFmpegError as error:
                    self._growing.check()
                    # some are OSErrors by their number alone: not the disk has said that
                    raise ValueError(str(error)) from error
        except ExportError:
            self._failed = True
            raise
        except ValueError as error:
            self._failed = True
            height, width = self._size
            raise ExportError(
                f"{self.path} was not saved: a video of {width} x {height} pixels cannot be "
                f"made ({error}). Choose another format or a smaller size."
            ) from error


def _kind_of(path: Path) -> _Kind:
    kind = _KINDS.get(path.suffix.lower())
    if kind is None:
        raise ExportError(
            f"Videos are saved as MP4, MOV, Matroska or WebM, not as '{path.suffix}'. End the name "
            f"in {', '.join(_KINDS)}."
        )
    return kind


def _encoder_options(name: str, *, hurry: bool) -> dict[str, str]:
    """Good to look at, at the price of one core at most where the network needs the others."""
    if name == "libx264":
        return {"crf": "20", "preset": "superfast" if hurry else "veryfast"}
    if name.startswith("libvpx"):
        return {
            "crf": "30", "b": "0", "deadline": "realtime", "cpu-used": "8" if hurry else "6",
            "row-mt": "1",
        }  # fmt: skip
    return {"q": "3"} if name == "mpeg4" else {"b": "8000000"}


def _fitted(pixels: Pixels, size: Size) -> Pixels:
    """The pixels at this size, shape kept; what is missing is black, but of one line its double."""
    height, width = pixels.shape[:2]
    missing = (size[0] - height, size[1] - width)
    if all(lines in (0, 1) for lines in missing):
        border = cv2.BORDER_REPLICATE
    else:
        scale = min(size[0] / height, size[1] / width)
        height, width = max(round(height * scale), 1), max(round(width * scale), 1)
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        pixels = np.asarray(cv2.resize(pixels, (width, height), interpolation=how), np.uint8)
        missing, border = (size[0] - height, size[1] - width), cv2.BORDER_CONSTANT
    if missing == (0, 0):
        return np.ascontiguousarray(pixels)
    top, left = missing[0] // 2, missing[1] // 2
    sides = (top, missing[0] - top, left, missing[1] - left)
    return np.asarray(cv2.copyMakeBorder(pixels, *sides, border), np.uint8)


def _cut_torn(file: IO[bytes]) -> None:
    """Cut an MP4 where a box is incomplete: a torn one makes players refuse all before it, too."""
    size = file.seek(0, os.SEEK_END)
    place = 0
    while place + _BOX.size <= size:
        file.seek(place)
        length, kind = _BOX.unpack(file.read(_BOX.size))
        if length < _BOX.size or place + length > size:
            # pictures may be missing, but not what describes them
            if kind != b"mdat":
                file.truncate(place)
            return
        place += length
