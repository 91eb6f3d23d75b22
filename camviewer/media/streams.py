"""Network cameras and other streams: RTSP, MJPEG over HTTP, and what else ffmpeg receives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import SplitResult, urlsplit

from camviewer.errors import SourceRefusedError
from camviewer.media.held import Holder
from camviewer.types import Frame

if TYPE_CHECKING:
    from camviewer.media.stream_reader import StreamReader

SCHEMES = frozenset(("rtsp", "rtsps", "http", "https", "udp", "rtp", "tcp", "srt", "rtmp", "rtmps"))
EXAMPLES = "rtsp://192.168.1.20:554/stream1 or http://192.168.1.20:8080/video"

_RTSP_PORTS = (554, 8554)
_LONGEST_WAIT = 1.0  # seconds between two pictures of a recording, whatever its times say


def parse_address(text: str) -> str:
    """What somebody typed as an address that can be opened.

    Without ``rtsp://`` or so in front, an address is taken for RTSP on the ports usual for that,
    and for HTTP else.

    Raises:
        SourceRefusedError: if it is none; the message says what to type.
    """
    typed = text.strip().strip("\"'<>").strip()
    if not typed:
        raise SourceRefusedError(f"Type the address of a camera, such as {EXAMPLES}.")
    if any(c.isspace() or not c.isprintable() for c in typed):
        raise SourceRefusedError(
            f"An address holds no spaces. Type something like {EXAMPLES}; a space in a path is %20."
        )
    scheme, mark, _ = typed.partition("://")
    if not mark:
        parts = _split(f"http://{typed}")
        scheme = "rtsp" if parts.port in _RTSP_PORTS else "http"
        return f"{scheme}://{typed}"
    if scheme.casefold() not in SCHEMES:
        raise SourceRefusedError(
            f"camviewer opens no addresses that begin with {scheme}://. Type something like "
            f"{EXAMPLES}; open a video file with File > Open."
        )
    _split(typed)
    return f"{scheme.casefold()}{typed[len(scheme) :]}"


def shown_address(address: str) -> str:
    """An address for people to see: without user, password and what is behind the ``?``.

    Many cameras want the password there.
    """
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path.rstrip('/')}"


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        found = bool(parts.hostname) or (parts.scheme in ("udp", "rtp") and parts.port is not None)
        plausible = parts.port != 0
    except ValueError:  # a port that is no number, half an IPv6 address
        found = plausible = False
    if found and plausible:
        return parts
    raise SourceRefusedError(f"This is no address of a camera. Type something like {EXAMPLES}.")


class NetworkStream:
    """A source (see `camviewer.media.source`) that receives pictures over the network.

    A frame's ``number`` counts the pictures since `open`, its ``time`` is when it arrived. What
    comes faster than it is to be shown (a film behind an address, a playlist) is held back.

    Args:
        address: as somebody typed it, see `parse_address`.
        timeouts: seconds to wait for the first picture, and for any later one.
        clock: seconds.

    Raises:
        SourceRefusedError: if it is no address.
    """

    live: ClassVar[bool] = True

    def __init__(
        self,
        address: str,
        *,
        timeouts: tuple[float, float] = (10.0, 5.0),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._address = parse_address(address)
        self._timeouts = timeouts
        self._clock = clock
        self._holder: Holder[StreamReader] = Holder(self.name, lambda reader: reader.close())
        self._gone = threading.Event()
        self._rate = self._since = self._shift = 0.0
        self._count = 0

    @property
    def name(self) -> str:
        """The address, without user and password."""
        return shown_address(self._address)

    @property
    def rate(self) -> float:
        """Frames per second, as the stream says; 0 while unknown."""
        return self._rate

    def open(self) -> None:
        """Connect and wait until the pictures begin.

        Raises:
            SourceRefusedError: if the camera wants another user or password, or answers with
                something that cannot be shown.
            SourceError: if nothing answers.
        """
        from camviewer.media.stream_reader import StreamReader

        self._gone.clear()
        reader = self._holder.open(lambda: StreamReader(self._address, self.name, self._timeouts))
        self._rate = reader.rate
        self._since = self._clock()
        self._count, self._shift = 0, 0.0

    def read(self) -> Frame | None:
        """The next picture; None at the end of a recording.

        Raises:
            SourceError: if it broke off, or nothing came in time.
        """
        with self._holder.in_use() as reader:
            shot = reader.next()
            if shot is None:
                return None
            if shot.due is not None:
                self._wait_until(shot.due)
        number, self._count = self._count, self._count + 1
        return Frame(shot.pixels, self.name, number, self._clock() - self._since)

    def close(self) -> None:
        """Disconnect, at once or when the thread that waits for a picture comes back."""
        self._gone.set()
        self._holder.close()

    def _wait_until(self, due: float) -> None:
        """Hold a picture back until it is to be shown; after a jump or a delay, from there on."""
        now = self._clock() - self._since
        wait = due + self._shift - now
        if 0 < wait <= _LONGEST_WAIT:
            self._gone.wait(wait)
        else:
            self._shift = now - due
