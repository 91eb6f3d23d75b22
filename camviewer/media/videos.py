"""Video files as sources: played, stepped through, sought in, always frame by frame."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.held import Holder
from camviewer.types import Frame, Size

if TYPE_CHECKING:
    from camviewer.media.video_reader import Reader

VIDEO_EXTENSIONS = frozenset(
    f".{suffix}"
    for suffix in (
        *("mp4", "m4v", "mov", "qt", "mkv", "webm", "avi", "divx", "mpg", "mpeg", "mpe", "m1v"),
        *("m2v", "vob", "ts", "mts", "m2ts", "wmv", "asf", "flv", "f4v", "ogv", "3gp", "3g2"),
        *("mxf", "gxf", "nut", "dv", "ivf", "h264", "264", "h265", "265", "hevc", "obu"),
        *("mjpeg", "mjpg"),
    )
)
"""Animated GIF and WebP are pictures here."""

READS = "MP4, MOV, MKV, WebM, AVI, MPEG and WMV"

_TRANSPORT = frozenset((".ts", ".mts", ".m2ts"))  # the first two are also programs in TypeScript
_PACKET = 188  # bytes of a transport stream's packet; each begins with the same byte
_SYNC = 0x47
_MAGIC = (
    (b"\x1aE\xdf\xa3", 0),  # Matroska, WebM
    (b"AVI ", 8),
    (b"FLV\x01", 0),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", 0),  # ASF, WMV
    (b"\0\0\x01\xba", 0),  # MPEG program stream
    (b"moov", 4),
)
_BRANDS = (b"isom", b"iso", b"mp4", b"avc1", b"qt  ", b"M4V", b"3gp", b"3g2", b"dash", b"f4v")


def is_video(path: Path | str) -> bool:
    """Whether a file looks like a video: by its extension or, if it has none, its first bytes.

    A file that is called like a transport stream must begin like one.
    """
    path = Path(path)
    suffix = path.suffix.casefold()
    try:
        if not path.is_file() or (suffix and suffix not in VIDEO_EXTENSIONS):
            return False
        if suffix and suffix not in _TRANSPORT:
            return True
        with path.open("rb") as file:
            head = file.read(2 * _PACKET + 12)
    except (OSError, ValueError):
        return False
    return _is_transport(head) or (not suffix and _begins_like_a_video(head))


class VideoFile:
    """A `SeekableSource`: the moving pictures of a file, without its sound.

    A frame's ``number`` counts what is shown from the file's beginning, whatever was sought
    before; its ``time`` is seconds after the first frame, exact also where the rate varies.
    Pictures are turned upright and stretched to square pixels as the file asks for; all have the
    size of the first.

    A truncated or damaged file gives what can be read and then ends: see `complaint`.

    Args:
        path: of the file; never taken for an address, whatever it looks like.
    """

    live: ClassVar[bool] = False

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._holder: Holder[Reader] = Holder(self.name, lambda reader: reader.close())
        self._size: Size = (0, 0)
        self._rate = self._duration = self._start = 0.0
        self._length = 0
        self._exact = self._sound = False
        self._complaint = ""

    @property
    def name(self) -> str:
        """The file's name, as it may be printed."""
        name = self.path.name or str(self.path)
        return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)

    @property
    def rate(self) -> float:
        """Frames per second, on average where they vary; 0 while unknown."""
        return self._rate

    @property
    def length(self) -> int:
        """How many frames; 0 before `open`.

        Exact for files that can be read through in a quarter of a second, and for any once its
        end was seen; until then what the file says or, where it says nothing, its duration times
        its rate. `is_length_exact` tells which.
        """
        return self._length

    @property
    def is_length_exact(self) -> bool:
        """Whether the frames were counted."""
        return self._exact

    @property
    def duration(self) -> float:
        """Seconds, the showing of the last frame included; 0 while unknown."""
        return self._duration

    @property
    def start(self) -> float:
        """Seconds on the file's own clock at which frame 0 is shown: where its sound lies to it."""
        return self._start

    @property
    def size(self) -> Size:
        """``(height, width)`` of the upright pictures; zeros before `open`."""
        return self._size

    @property
    def has_audio(self) -> bool:
        """Whether there is sound; known after `open`."""
        return self._sound

    @property
    def complaint(self) -> str:
        """What is wrong with the file, for people; empty where nothing is known to be."""
        return self._complaint

    def open(self) -> None:
        """Open the file at its first frame.

        Raises:
            SourceRefusedError: if there is no such file, it may not be read or is no video.
        """
        self._complaint = ""
        self._check()
        reader = self._holder.open(self._opened)
        self._size, self._sound = reader.developer.size, reader.has_audio
        self._rate, self._start = reader.rate, reader.start
        self._learn(reader)

    def read(self) -> Frame | None:
        """The next frame; None at the end.

        Raises:
            SourceError: if the file is not open.
        """
        with self._reader() as reader:
            shot = reader.next()
            self._learn(reader)
            if shot is None:
                return None
            return Frame(reader.pixels(shot), str(self.path), shot.number, reader.seconds(shot))

    def seek(self, number: int) -> None:
        """Let the next `read` give exactly this frame; beyond the end, the last one.

        Raises:
            SourceError: if the file is not open or cannot be read there.
        """
        with self._reader() as reader:
            reader.seek(number)
            self._learn(reader)

    def close(self) -> None:
        """Let go of the file, at once or when the thread that reads it comes back."""
        self._holder.close()

    def _opened(self) -> Reader:
        # ffmpeg takes a while to load, and whoever only asks for `is_video` does without
        from camviewer.media.containers import READ_ERRORS, said
        from camviewer.media.video_reader import Reader

        try:
            return Reader(self.path, self.name)
        except READ_ERRORS as error:
            raise SourceRefusedError(
                f"{self.name} is no video that camviewer can read, or it is damaged or incomplete "
                f"({said(error)}). It reads {READS}."
            ) from error

    @contextmanager
    def _reader(self) -> Iterator[Reader]:
        from camviewer.media.containers import READ_ERRORS, said

        try:
            with self._holder.in_use() as reader:
                yield reader
        except READ_ERRORS as error:
            raise SourceError(f"{self.name} cannot be read on ({said(error)}).") from error

    def _check(self) -> None:
        try:
            found = self.path.stat()
            if stat.S_ISREG(found.st_mode) and found.st_size:
                with self.path.open("rb"):
                    return
        except FileNotFoundError as error:
            raise SourceRefusedError(
                f"{self.name}: there is no such file. Was it moved, renamed or its drive "
                "disconnected?"
            ) from error
        except PermissionError as error:
            raise SourceRefusedError(
                f"{self.name}: you may not read this file. Change its permissions or ask its owner."
            ) from error
        except (OSError, ValueError) as error:
            raise SourceRefusedError(f"{self.name} cannot be read ({error}).") from error
        if stat.S_ISREG(found.st_mode):
            raise SourceRefusedError(f"{self.name} is empty (0 bytes). Fetch or save it again.")
        raise SourceRefusedError(f"{self.name} is no file. Choose a video file.")

    def _learn(self, reader: Reader) -> None:
        """Take over what the reader found out about the file."""
        self._duration = reader.duration
        self._length, self._exact = reader.length, reader.is_length_exact
        self._complaint = reader.complaint


def _is_transport(head: bytes) -> bool:
    """Packets of a transport stream, bare or each behind four bytes of time."""
    return any(
        len(head) > 2 * _PACKET + 4 and head[skip] == head[skip + _PACKET + skip] == _SYNC
        for skip in (0, 4)
    )


def _begins_like_a_video(head: bytes) -> bool:
    return (head[4:8] == b"ftyp" and head[8:12].startswith(_BRANDS)) or any(
        head[offset:].startswith(magic) for magic, offset in _MAGIC
    )
