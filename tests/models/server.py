"""A web server on this machine that misbehaves on request."""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

CONTENT = bytes(range(256)) * 4096  # 1 MiB
NAME = f"net-{hashlib.sha256(CONTENT).hexdigest()[:8]}.pth"


@dataclass
class Behaviour:
    """What the server does, and what it was asked.

    Attributes:
        content: the file.
        ranges: whether it honours Range.
        length: whether it says how long the file is.
        break_after: for each request in turn, after how many bytes the connection breaks.
        statuses: for each request in turn, an error status instead of an answer.
        stall_after: the server falls silent after so many bytes, until `release` is set.
        asked: the Range header of each request, "" without one.
    """

    content: bytes = CONTENT
    ranges: bool = True
    length: bool = True
    break_after: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    stall_after: int | None = None
    release: threading.Event = field(default_factory=threading.Event)
    asked: list[str] = field(default_factory=list)


class _Handler(BaseHTTPRequestHandler):
    behaviour: Behaviour

    def do_GET(self) -> None:
        does = self.behaviour
        asked = self.headers.get("Range", "")
        does.asked.append(asked)
        if does.statuses:
            self.send_error(does.statuses.pop(0))
            return
        start, total = 0, len(does.content)
        if asked and does.ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= total:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{total}")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        else:
            self.send_response(200)
        body = does.content[start:]
        if does.length:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if does.break_after:
            body = body[: does.break_after.pop(0)]
        if does.stall_after is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[: does.stall_after])
        self.wfile.flush()
        does.release.wait(10)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(behaviour: Behaviour) -> Iterator[str]:
    """The address of the file, while the server runs."""
    handler = type("Handler", (_Handler,), {"behaviour": behaviour})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/models/{NAME}"
        finally:
            behaviour.release.set()
            server.shutdown()
            thread.join()


class Cancel:
    """Becomes true when a condition holds, and remembers when."""

    def __init__(self) -> None:
        self.at: float | None = None

    def now(self) -> None:
        self.at = time.monotonic()

    def __call__(self) -> bool:
        return self.at is not None


def partial_of(path: Path) -> Path:
    """Where the unfinished download of a file lies."""
    return path.with_name(path.name + ".part")
