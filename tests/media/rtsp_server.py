"""An RTSP camera on 127.0.0.1: H.264 over TCP, as most network cameras send it.

    with RtspServer() as server:
        NetworkStream(server.address)      # rtsp://127.0.0.1:PORT/stream
        server.hang()                      # connected, but nothing comes any more
        server.break_off()                 # every connection ends, new ones are taken

The pictures carry numbers (`tests.media.numbered`), from 0 in each connection, which ends by itself
after `PATIENCE` seconds.
"""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Self

import av
from av.video.stream import VideoStream

from tests.media.numbered import numbered

PATIENCE = 60.0
_SDP = """v=0
o=- 0 0 IN IP4 127.0.0.1
s=camera
c=IN IP4 127.0.0.1
t=0 0
m=video 0 RTP/AVP 96
a=rtpmap:96 H264/90000
a=fmtp:96 packetization-mode=1
a=control:track0
"""


class RtspServer:
    """The camera.

    Args:
        rate: pictures per second.
        size: ``(height, width)`` of the pictures.
    """

    def __init__(self, *, rate: int = 50, size: tuple[int, int] = (96, 128)) -> None:
        self.rate, self.size = rate, size
        self.transports: list[str] = []
        self._change = threading.Condition()
        self._hanging = False
        self._sockets: set[socket.socket] = set()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.camera = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self._server.server_address[1]}/stream"

    def hang(self) -> None:
        """Send nothing any more, without ending the connections."""
        with self._change:
            self._hanging = True

    def break_off(self) -> None:
        """End all connections."""
        with self._change:
            sockets, self._sockets = self._sockets, set()
            for connection in sockets:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
            self._change.notify_all()

    def packets(self, connection: socket.socket) -> Iterator[bytes]:
        """What one connection is sent while it lasts: RTP and RTCP packets."""
        end = time.monotonic() + PATIENCE
        with self._change:
            self._sockets.add(connection)
        sink = _Sink()
        with av.open(sink, "w", format="rtp", options={"packetsize": "1200"}) as container:
            stream = container.add_stream(
                "libx264", rate=self.rate, options={"g": "10", "tune": "zerolatency"}
            )
            assert isinstance(stream, VideoStream)
            stream.height, stream.width = self.size
            stream.pix_fmt = "yuv420p"
            number = 0
            while self._is_next_due(connection, end):
                frame = av.VideoFrame.from_ndarray(numbered(number, self.size), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, self.rate)
                container.mux(stream.encode(frame))
                yield from sink.taken()
                number += 1

    def _is_next_due(self, connection: socket.socket, end: float) -> bool:
        with self._change:
            self._change.wait_for(lambda: connection not in self._sockets, 1 / self.rate)
            self._change.wait_for(
                lambda: not self._hanging or connection not in self._sockets,
                end - time.monotonic(),
            )
            return connection in self._sockets and time.monotonic() < end

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.break_off()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE)


class _Sink:
    """Where ffmpeg writes packets to."""

    name = "rtp"

    def __init__(self) -> None:
        self._packets: list[bytes] = []

    def write(self, packet: bytes) -> int:
        self._packets.append(bytes(packet))
        return len(packet)

    def taken(self) -> list[bytes]:
        packets, self._packets = self._packets, []
        return packets


class _Server(socketserver.ThreadingTCPServer):
    camera: RtspServer
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no error."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        while request := self._request():
            method, headers = request
            self._answer(method, headers)
            if method == "PLAY":
                self._play()
                return

    def _request(self) -> tuple[str, dict[str, str]] | None:
        first = self.rfile.readline().decode()
        headers = {}
        while line := self.rfile.readline().decode().strip():
            key, _, value = line.partition(": ")
            headers[key] = value
        return (first.split()[0], headers) if first.strip() else None

    def _answer(self, method: str, headers: dict[str, str]) -> None:
        lines = ["RTSP/1.0 200 OK", f"CSeq: {headers['CSeq']}", "Session: 1"]
        body = ""
        if method == "OPTIONS":
            lines.append("Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN")
        elif method == "DESCRIBE":
            body = _SDP.replace("\n", "\r\n")
            lines += ["Content-Type: application/sdp", f"Content-Length: {len(body)}"]
        elif method == "SETUP":
            self.server.camera.transports.append(headers["Transport"])
            lines.append("Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        self.wfile.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())

    def _play(self) -> None:
        for packet in self.server.camera.packets(self.connection):
            channel = 1 if 200 <= packet[1] <= 204 else 0  # RTCP
            head = b"$" + bytes([channel]) + len(packet).to_bytes(2, "big")
            self.wfile.write(head + packet)
