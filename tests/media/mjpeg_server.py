"""A network camera on 127.0.0.1: JPEG pictures over HTTP that never end, as most cameras send them.

    with MjpegServer() as server:
        NetworkStream(server.address)      # http://127.0.0.1:PORT/video
        server.hang()                      # connected, but nothing comes any more
        server.go_on()
        server.break_off()                 # every connection ends, new ones are taken
        server.leave()                     # and now the camera is gone,
        server.come_back()                 # and there again, at the same address

The pictures carry numbers (`tests.media.numbered`) that count on over all connections. A connection
ends by itself after `PATIENCE` seconds.
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import cv2

from tests.media.numbered import numbered

PATIENCE = 60.0
_BOUNDARY = "picture"
_PAGE = b"<html><body><h1>Camera</h1></body></html>" * 50


class MjpegServer:
    """The camera.

    Args:
        rate: pictures per second.
        size: ``(height, width)`` of the pictures.
        password: that user "admin" must give; none if empty.
    """

    def __init__(
        self, *, rate: float = 100.0, size: tuple[int, int] = (48, 64), password: str = ""
    ) -> None:
        self.rate, self.size, self.password = rate, size, password
        self.connections = 0
        self._change = threading.Condition()
        self._hanging = False
        self._sockets: set[socket.socket] = set()
        self._numbers = itertools.count()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._port = 0

    @property
    def address(self) -> str:
        """Of the pictures; `page` is an ordinary web page and all else is not found."""
        return f"http://127.0.0.1:{self._port}/video"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    def hang(self) -> None:
        """Send nothing any more, without ending the connections."""
        with self._change:
            self._hanging = True

    def go_on(self) -> None:
        """Send again."""
        with self._change:
            self._hanging = False
            self._change.notify_all()

    def break_off(self) -> None:
        """End all connections."""
        with self._change:
            sockets, self._sockets = self._sockets, set()
            for connection in sockets:
                with contextlib.suppress(OSError):  # the client was faster
                    connection.shutdown(socket.SHUT_RDWR)
            self._change.notify_all()

    def leave(self) -> None:
        """End all connections and take no new ones."""
        self.break_off()
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._server.server_close()
            self._thread.join(PATIENCE)
        self._server = self._thread = None

    def come_back(self) -> None:
        """Listen, at the same port as before."""
        self._server = _Server(("127.0.0.1", self._port), _Handler)
        self._server.camera = self
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    def pictures(self, connection: socket.socket) -> Iterator[bytes]:
        """What one connection is sent, until it is broken off."""
        end = time.monotonic() + PATIENCE
        with self._change:
            self._sockets.add(connection)
            self.connections += 1
            self._change.notify_all()
        try:
            while self._is_next_due(connection, end):
                picture = numbered(next(self._numbers), self.size)
                _, jpeg = cv2.imencode(".jpg", picture[:, :, ::-1])
                yield jpeg.tobytes()
        finally:
            with self._change:
                self._sockets.discard(connection)

    def _is_next_due(self, connection: socket.socket, end: float) -> bool:
        with self._change:
            self._change.wait_for(lambda: connection not in self._sockets, 1 / self.rate)
            self._change.wait_for(
                lambda: not self._hanging or connection not in self._sockets,
                end - time.monotonic(),
            )
            return connection in self._sockets and time.monotonic() < end

    def __enter__(self) -> Self:
        self.come_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.go_on()
        self.leave()


class _Server(ThreadingHTTPServer):
    camera: MjpegServer
    allow_reuse_address = True
    block_on_close = True
    daemon_threads = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is no error."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        camera = self.server.camera
        wanted = base64.b64encode(f"admin:{camera.password}".encode()).decode()
        if camera.password and self.headers.get("Authorization") != f"Basic {wanted}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
        elif self.path == "/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(_PAGE)))
            self.end_headers()
            self.wfile.write(_PAGE)
        elif self.path.startswith("/video"):
            self._send_pictures(camera)
        else:
            self.send_error(404)

    def _send_pictures(self, camera: MjpegServer) -> None:
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={_BOUNDARY}")
        self.end_headers()
        for jpeg in camera.pictures(self.connection):
            head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n"
            self.wfile.write(f"{head}\r\n".encode() + jpeg + b"\r\n")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the library's name)
        """Tests print nothing."""
