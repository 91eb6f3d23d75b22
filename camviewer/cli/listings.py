"""``camviewer models`` and ``camviewer methods``: what there is to choose from."""

from __future__ import annotations

import argparse
import json

from camviewer.cam.methods import METHODS
from camviewer.models import catalog
from camviewer.models.catalog import Entry

_DONE, _FAILED = 0, 1


def models(arguments: argparse.Namespace) -> int:
    """Print the networks that match; returns the exit status."""
    entries = catalog.search(" ".join(arguments.search))
    if not entries:
        print(f"No network matches {' '.join(arguments.search)!r}.")
        return _FAILED
    width = max(len(entry.name) for entry in entries)
    for entry in entries:
        print(json.dumps(_fields(entry)) if arguments.json else _line(entry, width))
    return _DONE


def _fields(entry: Entry) -> dict[str, object]:
    return {
        "name": entry.name,
        "title": entry.title,
        "family": entry.family,
        "source": entry.source,
        "parameters": entry.parameters,
        "size_bytes": entry.size_bytes,
        "accuracy": entry.accuracy,
        "cached": entry.cached,
    }


def _line(entry: Entry, width: int) -> str:
    accuracy = f"{entry.accuracy:5.1f} % top-1" if entry.accuracy is not None else " " * 13
    where = "on this computer" if entry.cached else "to download"
    return (
        f"{entry.name:{width}}  {entry.parameters / 1e6:6.1f} M parameters  {accuracy}  "
        f"{entry.size_bytes / 1e6:6.0f} MB  {where}"
    )


def methods(arguments: argparse.Namespace) -> int:
    """Print the CAM methods; returns the exit status."""
    for method in METHODS.values():
        if arguments.json:
            fields = ("name", "title", "summary", "paper")
            print(json.dumps({field: getattr(method, field) for field in fields}))
        else:
            print(f"{method.name:10}  {method.summary}\n{'':10}  {method.paper}")
    return _DONE
