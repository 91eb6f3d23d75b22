"""``camviewer models`` and ``camviewer methods``: what there is to choose from."""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import textwrap

from camviewer.cam.methods import METHODS, Family, Method
from camviewer.models import catalog, clip
from camviewer.models.catalog import Entry

_DONE, _FAILED = 0, 1
_OF_CLIPS = "\nNetworks that look at clips, for actions in videos (Kinetics-400):"
_NARROWEST = 40  # columns of text, however narrow the terminal


def models(arguments: argparse.Namespace) -> int:
    """Print the networks that match; returns the exit status.

    Raises:
        ModelError: if CLIP networks are asked for and open_clip is not installed.
    """
    if arguments.search and arguments.search[0].casefold().startswith("clip"):
        return _clip_models(arguments)
    entries = catalog.search(" ".join(arguments.search))
    if not entries:
        print(f"No network matches {' '.join(arguments.search)!r}.")
        return _FAILED
    if arguments.json:
        for entry in entries:
            print(json.dumps(_fields(entry)))
        return _DONE
    width = max(len(entry.name) for entry in entries)
    for of_clips, members in itertools.groupby(entries, key=lambda entry: entry.of_clips):
        if of_clips:
            print(_OF_CLIPS)
        for entry in members:
            print(_line(entry, width))
    return _DONE


def _clip_models(arguments: argparse.Namespace) -> int:
    words = [word.casefold() for word in arguments.search]
    found = [name for name in clip.names() if all(word in name.casefold() for word in words)]
    for name in found:
        entry = {"name": name, "source": "open_clip"}
        print(json.dumps(entry) if arguments.json else name)
    if not found:
        print(f"No network matches {' '.join(arguments.search)!r}.")
    return _DONE if found else _FAILED


def _fields(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "source": entry.source,
        "parameters": entry.parameters,
        "size_bytes": entry.size_bytes,
        "accuracy": entry.accuracy,
        "frames": entry.frames,
        "cached": entry.cached,
    }


def _line(entry: Entry, width: int) -> str:
    accuracy = f"{entry.accuracy:5.1f} % top-1" if entry.accuracy is not None else " " * 13
    where = "on this computer" if entry.cached else "to download"
    clip = f"  {entry.frames} frames" if entry.of_clips else ""
    return (
        f"{entry.name:{width}}  {entry.parameters / 1e6:6.1f} M parameters  {accuracy}  "
        f"{entry.size_bytes / 1e6:6.0f} MB  {where}{clip}"
    )


def methods(arguments: argparse.Namespace) -> int:
    """Print the CAM methods; returns the exit status."""
    grouped = sorted(METHODS.values(), key=lambda method: list(Family).index(method.family))
    if arguments.json:
        fields = ("name", "title", "family", "slow", "summary", "paper")
        for method in grouped:
            print(json.dumps({field: getattr(method, field) for field in fields}))
        return _DONE
    for family, members in itertools.groupby(grouped, key=lambda method: method.family):
        print(f"{family}\n" + "".join(_description(method) for method in members))
    return _DONE


def _description(method: Method) -> str:
    """Lines for a person; those that fit stand beside the names."""
    width = max(map(len, METHODS))
    columns = max(shutil.get_terminal_size().columns, width + _NARROWEST)
    text = f"{method.summary}{' Takes a while.' if method.slow else ''}\n({method.paper})"
    lines = [
        line
        for paragraph in text.splitlines()
        for line in textwrap.wrap(paragraph, columns - width - 4)
    ]
    names = [method.name, *[""] * (len(lines) - 1)]
    return "".join(f"  {name:{width}}  {line}\n" for name, line in zip(names, lines, strict=True))
