"""Networks that were taught in the window: they stay in a folder of the user's."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

from camviewer import paths

SUFFIX = ".safetensors"

_LONGEST = 80  # characters of a name


def home() -> Path:
    """The folder they lie in (not created)."""
    return paths.data() / "networks"


def networks() -> tuple[Path, ...]:
    """The files, newest first; asked of the disk each time."""
    try:
        dated = [(path.stat().st_mtime, path) for path in home().glob(f"*{SUFFIX}")]
    except OSError:  # there is no such folder yet, or one of them has just been taken away
        return ()
    # not those being written, whose names begin with a dot
    return tuple(path for _, path in sorted(dated, reverse=True) if path.name[0] != ".")


def find(name: str) -> Path | None:
    """The file of this name, without its suffix; None if there is none."""
    return next((path for path in networks() if path.stem == name), None)


def new_file(name: str, date: dt.date) -> Path:
    """Where to keep a network: ``leaves 2026-11-28``, with a number where that is taken.

    Args:
        name: of the lesson, in any script; what a file's name cannot hold becomes spaces.
        date: of the day.
    """
    plain = " ".join(re.sub(r"[^\w\s()+,-]", " ", name).split())[:_LONGEST].strip()
    stem = f"{plain or 'taught'} {date.isoformat()}"
    number, path = 1, home() / f"{stem}{SUFFIX}"
    while path.exists():
        number += 1
        path = home() / f"{stem} ({number}){SUFFIX}"
    return path
