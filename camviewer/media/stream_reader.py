"""Receives a stream with ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
from av.container import InputContainer
from av.video.frame import VideoFrame

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.containers import open_address, pictures_of, said
from camviewer.media.decoded import Developer
from camviewer.types import Pixels

_FILM = ("hls", "dash")  # playlists come in pieces of several seconds
_DENIED = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)
_ABSENT = (av.error.HTTPNotFoundError, av.error.HTTPBadRequestError)
_UNSHOWABLE = (av.error.InvalidDataError, av.error.DecoderNotFoundError)
_BAD_IN_A_ROW = 100  # packets without a picture in them, from a stream that is damaged for good


@dataclass(frozen=True)
class Received:
    """A picture that arrived.

    Attributes:
        pixels: RGB uint8 ``(height, width, 3)``, upright.
        due: seconds after the first at which it is to be shown; None for at once.
    """

    pixels: Pixels
    due: float | None


class StreamReader:
    """One connection; used by one thread at a time.

    Args:
        address: with user and password, if any.
        name: without, for messages.
        timeouts: seconds to wait for the first pictures, and for any later one.

    Raises:
        SourceRefusedError: if trying again is of no use.
        SourceError: if nothing answers.
    """

    def __init__(self, address: str, name: str, timeouts: tuple[float, float]) -> None:
        self._name = name
        self._patience = timeouts[1]
        self._container = _connected(address, name, timeouts)
        try:
            if not self._container.streams:
                raise SourceError(f"{name} has sent no pictures yet.")
            self._stream = pictures_of(self._container, name)
            # of several frames decoded at a time, all but one would be shown late
            self._stream.thread_type = "SLICE"
            self._packets = self._container.demux(self._stream)
            self._frames: Iterator[VideoFrame] = self._decoded()
            self._developer: Developer | None = None
            self._first: int | None = None
        except BaseException:
            self._container.close()
            raise
        self._ends = bool(self._container.duration)
        self._held_back = self._ends or self._container.format.name.startswith(_FILM)

    def close(self) -> None:
        """Disconnect, and let go of the decoder."""
        self._frames = iter(())  # they refer to this object, and it to them
        self._container.close()

    @property
    def rate(self) -> float:
        """Frames per second, as the stream says; 0 if it does not."""
        return float(self._stream.average_rate or 0)

    def next(self) -> Received | None:
        """The next picture; None at the end of a recording.

        Raises:
            SourceError: if it broke off, or nothing came in time.
        """
        try:
            frame = next(self._frames, None)
        except av.error.ExitError:
            raise SourceError(
                f"{self._name} has sent nothing for {self._patience:g} seconds."
            ) from None
        except av.error.FFmpegError as error:
            raise SourceError(f"{self._name} broke off ({said(error)}).") from None
        if frame is None:
            if self._ends:
                return None
            raise SourceError(f"{self._name} broke off.")
        if self._developer is None or self._developer.taken_from != (frame.height, frame.width):
            self._developer = Developer(frame, self._stream.sample_aspect_ratio)
        return Received(self._developer.pixels(frame), self._due(frame))

    def _due(self, frame: VideoFrame) -> float | None:
        if not self._held_back or frame.pts is None:
            return None
        if self._first is None:
            self._first = frame.pts
        return float((frame.pts - self._first) * (self._stream.time_base or Fraction(0)))

    def _decoded(self) -> Iterator[VideoFrame]:
        bad = 0
        for packet in self._packets:
            try:
                yield from packet.decode()
                bad = 0
            except av.error.InvalidDataError:  # joined in the middle, or a packet was lost
                bad += 1
                if bad > _BAD_IN_A_ROW:
                    raise


def _connected(address: str, name: str, timeouts: tuple[float, float]) -> InputContainer:
    # ffmpeg's errors hold the address with its password: none of them is passed on
    try:
        return open_address(address, *timeouts)
    except _DENIED:
        raise SourceRefusedError(
            f"{name} wants a user and a password, or others than these. Type them into the "
            f"address: {name.replace('://', '://user:password@')}"
        ) from None
    except _ABSENT:
        raise SourceRefusedError(
            f"{name}: the camera is there, but has no such stream. Look up the path in its manual."
        ) from None
    except av.error.ProtocolNotFoundError:
        scheme = address.partition(":")[0]
        raise SourceRefusedError(
            f"{name}: this camviewer was built without {scheme}. Use rtsp:// or http://."
        ) from None
    except _UNSHOWABLE:
        if address.casefold().startswith("rtsp"):
            # ffmpeg says so, too, where a camera that is busy or starts up accepts and keeps silent
            raise SourceError(f"{name} does not answer as a camera does.") from None
        raise SourceRefusedError(
            f"{name} answers, but with nothing that camviewer can show. Is this the address of "
            "the pictures, or only of the camera's web page?"
        ) from None
    except av.error.ExitError:
        raise SourceError(f"{name} does not answer.") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, (av.error.FFmpegError, OSError)) else None
        raise SourceError(f"{name} cannot be reached ({reason or 'no answer'}).") from None
