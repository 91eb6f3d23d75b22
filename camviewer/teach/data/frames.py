"""Recorded frames on disk: which class and recording they are of, their place alone says."""

from __future__ import annotations

import io
import os
import re
import secrets
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from PIL import Image

from camviewer.errors import CamviewerError
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import printable
from camviewer.teach.data.lesson_file import is_subfolder, told, write_whole
from camviewer.types import Frame

_QUALITY = 95
_SEQUENCE = re.compile(r"[A-Za-z0-9-]{1,60}")
# a name that nobody gives by chance: files of such names alone are taken for frames, and deleted
_FRAME = re.compile(r"take-([A-Za-z0-9-]{1,60})-([0-9]{5,9})\.jpg")
_RESERVED = re.compile(r"con|prn|aux|nul|com[0-9]|lpt[0-9]", re.I)
_BIN = ".removed"  # no class can have a subfolder of this name


def new_sequence() -> str:
    """A name for a recording that begins now."""
    return f"{datetime.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def sequence_of(path: Path) -> str:
    """The recording that a frame is of; empty if the file is no recorded frame."""
    match = _FRAME.fullmatch(path.name)
    return match[1] if match else ""


def place_in_time(path: Path) -> list[tuple[int, int, str]]:
    """A sort key: frames in the order in which they were recorded."""
    return natural_key(path.name)


class Frames:
    """The frames below a folder, one subfolder for each class.

    Attributes:
        folder: where they lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._next: dict[str, int] = {}

    def found(self) -> dict[str, tuple[Path, ...]]:
        """The frames in each subfolder that has some, in the order in which they were recorded.

        Links are not followed: what is deleted later must lie here.

        Raises:
            CamviewerError: if the folder cannot be read.
        """
        with told(self.folder):
            subfolders = sorted(
                (f for f in self.folder.iterdir() if is_subfolder(f.name) and _is_own(f)),
                key=lambda f: natural_key(f.name),
            )
            frames = {
                sub.name: tuple(
                    sorted((f for f in sub.iterdir() if sequence_of(f)), key=place_in_time)
                )
                for sub in subfolders
            }
        for path in (path for paths in frames.values() for path in paths):
            self._count(path)
        for path in self.discarded().values():
            self._count(path)
        return {name: paths for name, paths in frames.items() if paths}

    def add(self, subfolder: str, frame: Frame, sequence: str) -> Path:
        """Write a frame of a recording as a JPEG.

        Raises:
            CamviewerError: if it cannot be written.
            ValueError: if `sequence` is no name of a recording.
        """
        if not _SEQUENCE.fullmatch(sequence):
            raise ValueError(f"no name of a recording: {sequence!r}")
        data = io.BytesIO()
        Image.fromarray(frame.pixels).save(data, "JPEG", quality=_QUALITY)
        number = self._next.get(sequence, 0)
        path = self._made(subfolder) / f"take-{sequence}-{number:05d}.jpg"
        # a frame or two may be lost in a power cut; waiting for the disk would lose more
        write_whole(path, data.getvalue(), durable=False)
        self._count(path)
        return path

    def move(self, path: Path, subfolder: str) -> Path:
        """Put a frame into another subfolder, and return its new place.

        Raises:
            CamviewerError: if that cannot be done.
        """
        with told(path):
            return self._put(path, subfolder)

    def discard(self, paths: Iterable[Path]) -> None:
        """Put frames away, and take their subfolders away when nothing is left there.

        They can be moved back until `tidy`.

        Raises:
            CamviewerError: if that cannot be done.
        """
        paths = tuple(paths)
        for path in paths:
            with told(path), suppress(FileNotFoundError):
                self._put(path, _BIN)
        self.prune({path.parent for path in paths})

    def discarded(self) -> dict[str, Path]:
        """The frames that were put away, by the names of their files.

        Raises:
            CamviewerError: if they cannot be listed.
        """
        place = self.folder / _BIN
        with told(place):
            if not _is_own(place):
                return {}
            return {f.name: f for f in place.iterdir() if sequence_of(f)}

    def tidy(self) -> None:
        """Delete the frames that were put away.

        Raises:
            CamviewerError: if that cannot be done.
        """
        for path in self.discarded().values():
            with told(path):
                path.unlink(missing_ok=True)
        self.prune([self.folder / _BIN])

    def prune(self, subfolders: Iterable[Path]) -> None:
        """Take those subfolders away in which nothing is left."""
        for place in subfolders:
            with suppress(OSError):  # something is left
                place.rmdir()

    def free_subfolder(self, name: str, taken: Iterable[str]) -> str:
        """A name like a class's for a new subfolder."""
        base = re.sub(r"[^\w -]", "_", name)[:60].strip(" -")
        if not is_subfolder(base) or _RESERVED.fullmatch(base):
            base = "class"
        used = {other.casefold() for other in taken}
        sub, number = base, 1
        while sub.casefold() in used or os.path.lexists(self.folder / sub):
            number += 1
            sub = f"{base} {number}"
        return sub

    def _put(self, path: Path, subfolder: str) -> Path:
        target = self._made(subfolder) / path.name
        return path if path == target else path.rename(target)

    def _made(self, subfolder: str) -> Path:
        place = self.folder / subfolder
        with told(place):
            place.mkdir(exist_ok=True)
        if not _is_own(place):
            raise CamviewerError(
                f"{printable(str(place))} is a link to another folder, so no frames are put there. "
                "Take the link away."
            )
        return place

    def _count(self, path: Path) -> None:
        match = _FRAME.fullmatch(path.name)
        if match is not None:
            self._next[match[1]] = max(self._next.get(match[1], 0), int(match[2]) + 1)


def _is_own(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink()
