"""The sound of a video, taken over into another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TypeAlias, cast

from av.audio.stream import AudioStream
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.packet import Packet

from camviewer.media.containers import open_file

_RATE = 48_000  # Opus takes no other of the usual ones
_BITS = 160_000  # each second
_Packet: TypeAlias = "Packet[AudioStream]"
_Due: TypeAlias = "tuple[float, _Packet]"  # seconds, and what the new container gets then
_UNREADABLE = (FFmpegError, OSError, ValueError)


class Sound:
    """All sound of one video on its way into another one.

    A codec that the new container takes is copied bit for bit, any other converted. Sound that
    cannot be read never spoils the video: it ends there, and `note` says so.

    Attributes:
        note: what became of it, where the user should know; empty if nothing.
    """

    def __init__(
        self,
        container: OutputContainer,
        source: Path | None,
        start: float,
        codecs: Sequence[str],
    ) -> None:
        """Add streams to the container, of which nothing may have been written.

        Args:
            container: where to.
            source: a video file; there is no sound when None.
            start: seconds on the source's clock at which the new video begins.
            codecs: decoders whose streams are copied; others are encoded with the first name.
        """
        self.note = ""
        self._container = container
        self._stack = ExitStack()
        self._ahead: Iterator[_Due] = iter(())
        if source is not None:
            try:
                self._ahead = self._opened(source, start, codecs)
            except _UNREADABLE as error:
                self._give_up(error)
        self._next = next(self._ahead, None)

    def until(self, seconds: float | None) -> None:
        """Hand over all that begins before this time; everything when None.

        Raises:
            FFmpegError, OSError: if the container cannot be written to.
        """
        while self._next is not None and (seconds is None or self._next[0] < seconds):
            self._container.mux(self._next[1])
            self._next = next(self._ahead, None)

    def close(self) -> None:
        """Close the source."""
        self._next = None
        self._stack.close()

    def _opened(self, source: Path, start: float, codecs: Sequence[str]) -> Iterator[_Due]:
        opened = self._stack.enter_context(open_file(source))
        tracks = {}
        for stream in opened.streams.audio:
            try:
                tracks[stream.index] = _Track(stream, self._container, start, codecs)
            except _UNREADABLE as error:
                self._give_up(error)
        return self._packets(opened, tracks) if tracks else iter(())

    def _packets(self, opened: InputContainer, tracks: dict[int, _Track]) -> Iterator[_Due]:
        """What the new container gets, in the order of its time."""
        try:
            for packet in opened.demux(tuple(track.source for track in tracks.values())):
                for made in tracks[packet.stream.index].made(packet):
                    yield _seconds(made), made
        except _UNREADABLE as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        self.note = f"The sound could not be taken over to its end: {error}."


class _Track:
    """One stream of sound."""

    def __init__(
        self,
        source: AudioStream,
        container: OutputContainer,
        start: float,
        codecs: Sequence[str],
    ) -> None:
        self.source = source
        self._start = Fraction(start)
        context = source.codec_context
        # AAC of a transport stream says what it is in every packet, and not once for all
        scattered = context.name == "aac" and not context.extradata
        self._copied = context.name in codecs and not scattered
        if self._copied:
            self._target = container.add_stream_from_template(source)
        else:
            made = container.add_stream(codecs[0], rate=_RATE, bit_rate=_BITS)
            self._target = cast("AudioStream", made)
            self._target.layout = "mono" if source.channels == 1 else "stereo"
        # other containers know no time before the start, and would move everything behind it
        self._early = container.format.name in ("mp4", "mov")

    def made(self, packet: _Packet) -> list[_Packet]:
        """The packet for the new container: none, one or some; at its end what was held back."""
        if self._copied:
            return [self._copy(packet)] if self._wanted(packet) else []
        made: list[_Packet] = []
        for frame in packet.decode():
            if frame.pts is not None and frame.time_base:
                frame.pts -= round(self._start / frame.time_base)
            made += self._target.encode(frame)
        return made if packet.dts is not None else [*made, *self._target.encode(None)]

    def _wanted(self, packet: _Packet) -> bool:
        if packet.dts is None:  # it stands for the end of its stream
            return False
        end = _seconds(packet) + float((packet.duration or 0) * packet.time_base)
        return self._early or end > self._start

    def _copy(self, packet: _Packet) -> _Packet:
        shift = round(self._start / packet.time_base)
        packet.pts = None if packet.pts is None else packet.pts - shift
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.stream = self._target
        return packet


def _seconds(packet: _Packet) -> float:
    ticks = packet.dts if packet.pts is None else packet.pts
    return float((ticks or 0) * packet.time_base)
