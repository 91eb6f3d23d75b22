"""Bytes over HTTP that can be given up at any moment."""

from __future__ import annotations

import queue
import re
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from typing import Any

POLL_SECONDS = 0.02
_CHUNK = 1 << 18  # bytes
_WAITING_CHUNKS = 8
_TIMEOUT_SECONDS = 20.0
_RANGE_NOT_SATISFIABLE = 416
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")


class BrokenTransferError(Exception):
    """The other side did not send what it should have; what arrived is good."""


@dataclass(frozen=True)
class Transfer:
    """An answer on its way.

    Attributes:
        start: position in the whole file of the first byte that comes.
        total: length of the whole file in bytes; 0 when unknown.
        chunks: the bytes from `start` on.
    """

    start: int
    total: int
    chunks: Iterator[bytes]


@contextmanager
def receive(url: str, start: int, check: Callable[[], None]) -> Iterator[Transfer]:
    """Ask for a file from a position on.

    A thread of its own talks to the server, so that no name lookup, connection or stalled transfer
    holds up the caller. Given up, it ends at its next sign of life or its timeout and touches
    nothing.

    Args:
        url: http or https.
        start: position of the first byte wanted; the server may start at 0 instead.
        check: called every 20 ms; what it raises ends the transfer.

    Raises:
        OSError: if the server cannot be reached or refuses.
        http.client.HTTPException: if it talks nonsense.
        BrokenTransferError: if it sends another part than was asked for.
    """
    worker = _Worker(url, start)
    worker.start()

    def next_item() -> Any:
        while True:
            check()
            try:
                item = worker.items.get(timeout=POLL_SECONDS)
            except queue.Empty:
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def chunks() -> Iterator[bytes]:
        while chunk := next_item():
            yield chunk

    try:
        first, total = next_item()
        yield Transfer(first, total, chunks())
    finally:
        worker.given_up.set()


class _Worker(threading.Thread):
    """Talks to the server. Sends (start, total), then chunks, then b"" or an exception."""

    def __init__(self, url: str, start: int) -> None:
        super().__init__(name=f"download {url}", daemon=True)
        self.items: queue.Queue[Any] = queue.Queue(_WAITING_CHUNKS)
        self.given_up = threading.Event()
        self._url = url
        self._start = start

    def run(self) -> None:
        try:
            self._ask(self._start)
        # Whatever it is, it belongs to the thread that waits for it.
        except Exception as error:
            self._send(error)

    def _ask(self, start: int) -> None:
        headers = {"User-Agent": "camviewer"} | ({"Range": f"bytes={start}-"} if start else {})
        request = urllib.request.Request(self._url, headers=headers)  # noqa: S310
        try:
            response = urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS)  # noqa: S310
        except urllib.error.HTTPError as error:
            with error:
                if error.code != _RANGE_NOT_SATISFIABLE or not start:
                    raise
                total = _content_range(error.headers)[1]
            if total != start:
                self._ask(0)
            elif self._send((start, total)):
                self._send(b"")
            return
        with response:
            if not self._send(_extent(response.status, response.headers, start)):
                return
            while chunk := response.read1(_CHUNK):
                if not self._send(chunk):
                    return
        self._send(b"")

    def _send(self, item: Any) -> bool:
        """Hand over an item; False when nobody wants it any more."""
        while not self.given_up.is_set():
            try:
                self.items.put(item, timeout=POLL_SECONDS)
            except queue.Full:
                continue
            return True
        return False


def _extent(status: int, headers: Message, wanted: int) -> tuple[int, int]:
    if status != 206:  # the whole file, whatever was asked for
        length = headers.get("Content-Length", "")
        return 0, int(length) if length.isascii() and length.isdigit() else 0
    start, total = _content_range(headers)
    if start != wanted:
        raise BrokenTransferError("the server sent another part of the file than was asked for")
    return start, total


def _content_range(headers: Message) -> tuple[int, int]:
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    return (int(match[1] or -1), int(match[2])) if match else (-1, -1)
