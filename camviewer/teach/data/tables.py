"""Tables that say what is on which picture: CSV and JSON."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camviewer.errors import CamviewerError
from camviewer.media.images import EXTENSIONS
from camviewer.teach.data.dataset import (
    Dataset,
    Example,
    class_name,
    printable,
)
from camviewer.teach.data.labelled import labelled

_LARGEST = 200_000_000  # bytes; a million pictures take less
_DELIMITERS = (",", ";", "\t", "|")
_SEVERAL = re.compile(r"[;|]")
_FILE_COLUMNS = (
    *("file", "filename", "file_name", "filepath", "path", "image", "picture", "name"),
    *("image_id", "imageid", "image_name", "image_path"),
)
_LABEL_COLUMNS = (
    *("label", "labels", "class", "classes", "class_name", "category", "tag", "tags"),
    *("class_id", "classid"),
)
_SEQUENCE_COLUMNS = ("sequence", "recording", "group", "video")
_YES = ("1", "1.0", "true", "yes")
_NO = ("0", "0.0", "false", "no", "")


@dataclass(frozen=True)
class _Entry:
    """What a table says of one picture, and where: ``line 3`` or ``entry 3``."""

    where: str
    file: str
    labels: tuple[str, ...]
    sequence: str = ""


def read_table(
    file: Path, root: Path | None = None, *, nothing: str | None = None, multi: bool | None = None
) -> Dataset:
    """A data set from a table.

    **CSV**, parted by comma, semicolon, tab or bar, with a header unless the first column holds
    picture files already: a column ``file`` (or ``filename``, ``path``, ``image`` ...), and either
    a column ``label`` (``class``, ``tags`` ...), in which ``;`` or ``|`` part several labels, or
    one column of 0 and 1 for each class. A file may stand on several lines. A column ``sequence``
    (``recording``, ``group``, ``video``) says which pictures belong together.

    **JSON**: a list of ``{"file": ..., "labels": ...}`` or a mapping from file to labels, where
    labels are a list or one name.

    Args:
        file: the table: UTF-8, or UTF-16 with a byte order mark.
        root: the folder that the files are named from; looked for there first, then beside the
            table. Files outside of both are refused.
        nothing: the class that means "none of these", see `find_nothing`; with several labels a
            picture of it counts as one of no class.
        multi: whether a picture may show several classes or none; None to go by the table.

    Raises:
        CamviewerError: if the table cannot be understood, names a file outside, or there is too
            little to teach with; the message names the line.
    """
    text = _text(file)
    entries, names = _from_json(text, file) if _is_json(file, text) else _from_csv(text, file)
    if not entries:
        raise CamviewerError(f"{_name(file)} names no pictures.")
    folders = (file.parent,) if root is None else (root, file.parent)
    roots = [Path(os.path.normpath(folder.absolute())) for folder in folders]
    examples = _merged(entries, roots, file)
    dataset = labelled(examples, _name(file), names, nothing, multi)
    if not dataset.examples:
        raise CamviewerError(
            f"None of the {len(dataset.broken)} pictures that {_name(file)} names can be read. "
            f"{dataset.broken[0].reason} Say in which folder the pictures are."
        )
    dataset.check()
    return dataset


def _merged(entries: Iterable[_Entry], roots: Sequence[Path], file: Path) -> list[Example]:
    """One example for each file, with the labels of all its entries."""
    labels: dict[Path, dict[str, None]] = {}
    sequences: dict[Path, str] = {}
    for entry in entries:
        path = _located(entry, roots, file)
        labels.setdefault(path, {}).update(dict.fromkeys(entry.labels))
        sequences.setdefault(path, entry.sequence)
    return [Example(path, tuple(names), sequences[path]) for path, names in labels.items()]


def _located(entry: _Entry, roots: Sequence[Path], file: Path) -> Path:
    # tables are written on Windows and read elsewhere
    named = entry.file.strip().replace("\\", "/")
    if not named:
        raise CamviewerError(f"{_name(file)}, {entry.where}: no file is named.")
    places = [Path(os.path.normpath(root / named)) for root in roots]
    # only what lies inside is looked at: an address of another machine would be connected to
    inside = [p for p, root in zip(places, roots, strict=True) if p.is_relative_to(root)]
    inside += [p for p in places if p not in inside and any(p.is_relative_to(r) for r in roots)]
    if not inside:
        raise CamviewerError(
            f"{_name(file)}, {entry.where}: {printable(entry.file)[:200]} lies outside of "
            f"{printable(str(roots[0]))}. Give the folder that holds all pictures."
        )
    return next((p for p in inside if _is_file(p)), inside[0])


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def _from_csv(text: str, file: Path) -> tuple[list[_Entry], list[str]]:
    """The entries, and the classes if there is a column for each."""
    lines = _rows(text, file)
    if not lines:
        return [], []
    (_, header), *body = lines
    plain = [cell.casefold().replace(" ", "_") for cell in header]
    column = next((plain.index(name) for name in _FILE_COLUMNS if name in plain), None)
    if column is None:
        if not plain[0].endswith(tuple(EXTENSIONS)):
            raise CamviewerError(
                f"{_name(file)}, line 1: there is no column named file. Its header must name one, "
                "and one named label or one for each class."
            )
        column, plain, body = 0, ["file", "label"], lines
    label = next((plain.index(name) for name in _LABEL_COLUMNS if name in plain), None)
    sequence = next((plain.index(name) for name in _SEQUENCE_COLUMNS if name in plain), None)
    for number, row in body:
        if len(row) != len(plain):
            raise CamviewerError(
                f"{_name(file)}, line {number}: {len(row)} columns instead of {len(plain)}."
            )
    marks = [i for i in range(len(plain)) if i not in (column, sequence)]
    names = [] if label is not None else _classes([header[i] for i in marks], file)
    entries = []
    for number, row in body:
        where = f"line {number}"
        labels = (
            _parted(row[label])
            if label is not None
            else _marked([row[i] for i in marks], names, f"{_name(file)}, {where}")
        )
        group = "" if sequence is None else row[sequence]
        entries.append(_Entry(where, row[column], labels, group))
    return entries, names


def _rows(text: str, file: Path) -> list[tuple[int, list[str]]]:
    """The rows that are not empty, with their line numbers, by the delimiter that fits best."""
    parsed = (_parsed(text, delimiter) for delimiter in _DELIMITERS)
    candidates = [rows for rows in parsed if rows is not None]
    if not candidates:
        raise CamviewerError(
            f"{_name(file)} cannot be read as CSV: a quotation mark may be missing at one end."
        )

    def fitness(rows: list[tuple[int, list[str]]]) -> tuple[bool, int]:
        widths = {len(row) for _, row in rows}
        return len(widths) == 1 and widths != {1}, len(rows[0][1]) if rows else 0

    return max(candidates, key=fitness)


def _parsed(text: str, delimiter: str) -> list[tuple[int, list[str]]] | None:
    reader = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True
    )
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error:  # another delimiter may do
        return None
    return [(number, row) for number, row in rows if any(row)]


def _parted(cell: str) -> tuple[str, ...]:
    return tuple(class_name(part) for part in _SEVERAL.split(cell) if part.strip())


def _classes(header: Sequence[str], file: Path) -> list[str]:
    if not header or not all(header) or len(set(map(class_name, header))) < len(header):
        raise CamviewerError(
            f"{_name(file)}, line 1: besides the file there must be a column named label, or one "
            "for each class with its name, each only once."
        )
    return [class_name(name) for name in header]


def _marked(cells: Sequence[str], names: Sequence[str], where: str) -> tuple[str, ...]:
    labels = []
    for cell, name in zip(cells, names, strict=True):
        if cell.casefold() in _YES:
            labels.append(name)
        elif cell.casefold() not in _NO:
            raise CamviewerError(
                f"{where}: {printable(cell)[:50]!r} stands in column {name}, but without a column "
                "named label each column must be 0 or 1."
            )
    return tuple(labels)


def _is_json(file: Path, text: str) -> bool:
    return file.suffix.casefold() == ".json" or text.lstrip()[:1] in ("[", "{")


def _from_json(text: str, file: Path) -> tuple[list[_Entry], list[str]]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise CamviewerError(
            f"{_name(file)} is not valid JSON: {error.msg} in line {error.lineno}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise CamviewerError(f"{_name(file)} cannot be read as JSON: {error}.") from error
    if isinstance(value, Mapping):
        value = [{"file": name, "labels": labels} for name, labels in value.items()]
    if not isinstance(value, list):
        raise CamviewerError(f"{_name(file)} must be a list or a mapping of pictures.")
    return [_json_entry(item, i, file) for i, item in enumerate(value, start=1)], []


def _json_entry(item: Any, number: int, file: Path) -> _Entry:
    where = f"entry {number}"
    if not isinstance(item, Mapping):
        item = {}
    named = next((item[key] for key in _FILE_COLUMNS if key in item), None)
    labels = next((item[key] for key in _LABEL_COLUMNS if key in item), None)
    sequence = next((item[key] for key in _SEQUENCE_COLUMNS if key in item), "")
    if isinstance(labels, str):
        labels = [labels]
    if (
        not isinstance(named, str)
        or not isinstance(sequence, str)
        or not isinstance(labels, list)
        or not all(isinstance(label, str) for label in labels)
    ):
        raise CamviewerError(
            f'{_name(file)}, {where}: it must be like {{"file": "a.jpg", "labels": ["cat"]}}.'
        )
    return _Entry(where, named, tuple(dict.fromkeys(map(class_name, labels))), sequence)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise CamviewerError(f"{_name(file)} is too large for a table of pictures.")
        data = file.read_bytes()
    except OSError as error:
        raise CamviewerError(
            f"{printable(str(file))} cannot be read: {error.strerror or error}."
        ) from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise CamviewerError(
            f"{_name(file)} is not text in UTF-8. Save it as UTF-8 in a text editor."
        ) from error


def _name(file: Path) -> str:
    return printable(file.name)
