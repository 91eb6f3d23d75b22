"""Weights on demand, into the folder where torch.hub keeps them."""

from __future__ import annotations

import hashlib
import http.client
import re
import threading
import time
import urllib.error
import urllib.parse
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import torch.hub

from camviewer.errors import CancelledError, DownloadError
from camviewer.models.transfer import POLL_SECONDS, BrokenTransferError, receive

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

_ATTEMPTS = 4  # in a row without a single new byte
_PAUSE_SECONDS = 0.5
_HASH_CHUNK = 1 << 20  # bytes
_HASH_PREFIX = re.compile(r"-([0-9a-f]{8,64})\.[a-z]+$")
INTERRUPTIONS = (OSError, http.client.HTTPException, BrokenTransferError)

# Two windows of one program may ask for the same weights: the second waits for the first.
_LOCKS: defaultdict[Path, threading.Lock] = defaultdict(threading.Lock)


def destination(url: str) -> Path:
    """Where the weights of an address lie once downloaded."""
    name = Path(urllib.parse.urlparse(url).path).name
    return Path(torch.hub.get_dir()) / "checkpoints" / name


def published(path: Path, digest: str) -> bool:
    """Whether a SHA-256 begins as the file's name says (True when the name says nothing)."""
    expected = _HASH_PREFIX.search(path.name)
    return expected is None or digest.startswith(expected[1])


def fetch(
    url: str,
    *,
    path: Path | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Path:
    """The weights of an address as a file; downloaded unless they are there.

    A partial file is kept beside it and resumed. The file appears under its own name only when it
    is complete and its SHA-256 begins as its name says.

    Args:
        url: http or https.
        path: where to; None for the `destination` of the address.
        progress: called with bytes done and bytes in all (0 when unknown).
        cancelled: asked every 20 ms.

    Raises:
        CancelledError: within 100 ms of `cancelled` becoming true.
        DownloadError: if it cannot be fetched; the message says which file to put where.
    """
    path = path or destination(url)
    if path.exists():
        return path
    download = _Download(url, path, progress or _unseen, cancelled or _never)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with download.alone():
            if not path.exists():
                download.run()
    except INTERRUPTIONS as error:
        raise DownloadError(
            f"{path.name} could not be downloaded: {reason(error)}. Try again: it goes on from "
            f"where it stopped. Or download {url} elsewhere and save it as {path}."
        ) from error
    return path


class _Download:
    """One file on its way. Only the caller's thread writes to it."""

    def __init__(self, url: str, path: Path, progress: Progress, cancelled: Cancelled) -> None:
        self._url = url
        self._path = path
        self._partial = path.with_name(path.name + ".part")
        self._progress = progress
        self._cancelled = cancelled

    @contextmanager
    def alone(self) -> Iterator[None]:
        lock = _LOCKS[self._path]
        while not lock.acquire(timeout=POLL_SECONDS):
            self._check()
        try:
            yield
        finally:
            lock.release()

    def run(self) -> None:
        resumed = self._size() > 0
        digest = self._transfer()
        if resumed and not published(self._path, digest):
            # The old part was damaged or another version's: only a fresh start can tell.
            self._partial.unlink()
            digest = self._transfer()
        if not published(self._path, digest):
            self._partial.unlink()
            raise BrokenTransferError(
                f"what the server sent is not the published file (its SHA-256 begins with "
                f"{digest[:8]})"
            )
        self._partial.replace(self._path)

    def _transfer(self) -> str:
        """Bring the partial file to its full length, through interruptions; its SHA-256."""
        failures, began = 0, self._size()
        while True:
            before = self._size()
            try:
                return self._attempt()
            except INTERRUPTIONS as error:
                failures = 0 if self._size() > before else failures + 1
                offline = isinstance(error, urllib.error.URLError) and self._size() == began
                if failures == _ATTEMPTS or (offline and not _passing(error)):
                    raise
            self._pause()

    def _attempt(self) -> str:
        with self._partial.open("ab") as file:
            digest = self._hash_so_far()
            with receive(self._url, self._size(), self._check) as transfer:
                if transfer.start != self._size():
                    file.truncate(transfer.start)
                    digest = hashlib.sha256()
                done = transfer.start
                self._progress(done, transfer.total)
                for chunk in transfer.chunks:
                    self._write(file, chunk)
                    digest.update(chunk)
                    done += len(chunk)
                    self._progress(done, transfer.total)
                if transfer.total and done != transfer.total:
                    raise BrokenTransferError(
                        f"the connection broke after {done} of {transfer.total} bytes"
                    )
        return digest.hexdigest()

    def _write(self, file: BinaryIO, chunk: bytes) -> None:
        try:
            file.write(chunk)
        except OSError as error:
            raise DownloadError(
                f"{self._path.name} cannot be saved in {self._path.parent}: "
                f"{error.strerror or error}."
            ) from error

    def _hash_so_far(self) -> hashlib._Hash:
        digest = hashlib.sha256()
        with self._partial.open("rb") as file:
            while chunk := file.read(_HASH_CHUNK):
                self._check()
                digest.update(chunk)
        return digest

    def _size(self) -> int:
        return self._partial.stat().st_size if self._partial.exists() else 0

    def _pause(self) -> None:
        until = time.monotonic() + _PAUSE_SECONDS
        while time.monotonic() < until:
            self._check()
            time.sleep(POLL_SECONDS)

    def _check(self) -> None:
        if self._cancelled():
            raise CancelledError(f"The download of {self._path.name} was cancelled.")


def _passing(error: BaseException) -> bool:
    """Whether the server may soon be able to answer."""
    return isinstance(error, urllib.error.HTTPError) and error.code in (429, 500, 502, 503, 504)


def reason(error: BaseException) -> str:
    """Why a transfer ended, for a sentence."""
    if isinstance(error, urllib.error.HTTPError):
        return f"the server answered {error.code} {error.reason}"
    if isinstance(error, urllib.error.URLError):
        return f"the server cannot be reached ({error.reason})"
    return str(error) or type(error).__name__


def _unseen(done: int, total: int) -> None:
    """Nobody watches the progress."""


def _never() -> bool:
    return False
