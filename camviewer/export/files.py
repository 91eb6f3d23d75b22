"""Names that are safe on every system, and files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, TYPE_CHECKING

from camviewer.errors import ExportError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_NAMELESS = "picture"
_LONGEST_NAME = 150  # bytes; file systems take 255, of which extensions and numbers need some
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')
# Windows opens devices by these names, whatever the extension.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.I)


def safe_stem(source: str) -> str:
    """A file stem after a frame's source, which may be a path, an address or hostile.

    Returns:
        The last part without its extension, made safe as by ``safe_name``.
    """
    # the file may be written on another system than the one that named it
    name = PureWindowsPath(PurePosixPath(source).name).name
    return safe_name(PurePosixPath(name).stem)


def safe_name(text: str) -> str:
    """Any text as the beginning of a file name.

    Returns:
        No separator, control character or character that Windows forbids, no dot or space at the
        ends, no reserved name, at most 150 bytes in UTF-8; ``picture`` if nothing is left.
    """
    name = unicodedata.normalize("NFC", text)
    name = _FORBIDDEN.sub("_", name)
    name = "".join(c if c.isprintable() else "_" for c in name)
    name = name.encode()[:_LONGEST_NAME].decode(errors="ignore").strip(". ")
    if _RESERVED.fullmatch(name):
        name = f"_{name}"
    return name or _NAMELESS


class Stems:
    """Hands out stems that do not meet within one run, also where case does not count."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, source: str) -> str:
        """``safe_stem(source)``, with a number if it was handed out before."""
        base = safe_stem(source)
        stem, number = base, 1
        while stem.casefold() in self._taken:
            number += 1
            stem = f"{base}-{number}"
        self._taken.add(stem.casefold())
        return stem


@contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file to write; it appears under its name only when the block ends without error.

    Until then the content is in a hidden file beside it, which an error removes. An existing file
    is replaced.

    Args:
        path: the file; its folder must exist.

    Raises:
        ExportError: if it cannot be written, with what to do about it.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    with told(path):
        try:
            with part.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except BaseException:
            with contextlib.suppress(OSError):  # the first error is the one to tell
                part.unlink(missing_ok=True)
            raise


class Growing:
    """A file that is of use before it is finished, such as a video; it gets its name at the end.

    Until then it stands beside its place with ``.part`` before its extension, so that what is left
    when the program is killed can be opened. `finish` replaces an existing file.

    Attributes:
        path: where it will be.
        file: what is written to.
    """

    def __init__(self, path: Path) -> None:
        """Make the file.

        Raises:
            ExportError: if that cannot be done.
        """
        self.path = path
        self._part = path.with_name(f"{path.stem}.{secrets.token_hex(3)}.part{path.suffix}")
        with told(path):
            self._minding = _Minding(io.FileIO(self._part, "x"))
        self.file: IO[bytes] = self._minding

    def check(self) -> None:
        """Tell of what went wrong, also where whoever writes has kept it to themselves.

        Raises:
            OSError: the first one that writing has met.
        """
        if self._minding.failure is not None:
            raise self._minding.failure

    def end_early(self, mend: Callable[[IO[bytes]], None] | None = None) -> None:
        """Write no more, for that failed; what waits to be written is lost.

        Args:
            mend: is given the file, to read and write, and puts right what is in it.
        """
        # the first error is the one to tell
        with contextlib.suppress(OSError):
            self.file.close()
        if mend is not None:
            with contextlib.suppress(OSError), self._part.open("r+b") as file:
                mend(file)

    def finish(self) -> None:
        """Close it and give it its name; as far as it could be written, if writing failed.

        Raises:
            ExportError: if it cannot be completed.
        """
        try:
            if not self.file.closed:
                self._close()
        finally:
            self._take_name()

    def discard(self) -> None:
        """Remove it, for there is nothing in it."""
        with contextlib.suppress(OSError):  # an empty file that stays does no harm
            self.file.close()
            self._part.unlink()

    def _close(self) -> None:
        with told(self.path):
            try:
                self.file.flush()
                os.fsync(self.file.fileno())
            finally:
                with contextlib.suppress(OSError):  # the first error is the one to tell
                    self.file.close()

    def _take_name(self) -> None:
        try:
            with told(self.path):
                self._part.replace(self.path)
        except ExportError as error:
            raise ExportError(f"{error} What was written is in {_shown(self._part)}.") from error


class _Minding(io.BufferedWriter):
    """Remembers the first error: a library that writes through this may lose it.

    Attributes:
        failure: that error.
    """

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        with self._minded():
            return super().write(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        with self._minded():  # what waits is written first
            return super().seek(offset, whence)

    def flush(self) -> None:
        with self._minded():
            super().flush()

    @contextmanager
    def _minded(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = self.failure or error
            raise


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn what the system says while ``path`` is written into what a person can act on.

    Raises:
        ExportError: in place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise ExportError(_advice(path, error)) from error


def free_stem(folder: Path, stem: str, endings: Iterable[str]) -> str:
    """The stem, or with the first number at which none of its files is there: ``name-2``.

    Args:
        folder: where the files will be.
        stem: how their names begin.
        endings: how they end, such as ``.overlay.mp4``.
    """
    ends, free, number = tuple(endings), stem, 1
    while any((folder / f"{free}{end}").exists() for end in ends):
        number += 1
        free = f"{stem}-{number}"
    return free


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, unless they are there.

    Raises:
        ExportError: if that cannot be done.
    """
    with told(folder):
        folder.mkdir(parents=True, exist_ok=True)


def _advice(path: Path, error: OSError) -> str:
    name, folder = _shown(path), _shown(path.parent)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"{name} was not saved: the disk is full. Free some space or choose another folder."
    if error.errno == errno.EROFS:
        return f"{name} was not saved: the disk is read-only. Choose another folder."
    if error.errno in (errno.EACCES, errno.EPERM):
        return (
            f"{name} was not saved: you may not write there, or another program has it open. "
            "Close that program or choose another folder."
        )
    if error.errno == errno.ENOENT:
        return f"{name} was not saved: there is no folder {folder}. Make it or choose another."
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return f"{name} was not saved: there is a file where a folder must be. Choose another."
    if error.errno == errno.EISDIR:
        return f"{name} was not saved: there is a folder of this name. Choose another name."
    if error.errno == errno.ENAMETOOLONG:
        return f"{name} was not saved: the name is too long. Choose a shorter one."
    return f"{name} was not saved: {error.strerror or error}. Choose another folder."


def _shown(path: Path) -> str:
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(path))
