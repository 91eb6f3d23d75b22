"""Class labels from the files that people keep them in."""

from __future__ import annotations

import ast
import codecs
import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from camviewer.errors import ModelError
from camviewer.models import zoo

_LARGEST = 20_000_000  # bytes; a list of names is far smaller
_IMAGENET_CLASSES = 1000
_WORDNET_ID = re.compile(r"n\d{8}")
_WORDNET_LINE = re.compile(r"(n\d{8})[\s,:]+(\S.*)")
_NUMBERED_LINE = re.compile(r"([0-9]{1,9})[\s:,]+(\S.*)")
_PYTHON_MAPPING = re.compile(r"\s*\{\s*['\"\d]")  # as `print` writes a dictionary
_LABEL_COLUMNS = ("label", "labels", "name", "class", "class_name", "category")
_LABEL_MAPPINGS = ("id2label", "class_to_idx", "classes", "class_names", "labels", "names")


def default(count: int, network: str | None = None) -> tuple[str, ...]:
    """Labels for a network that brings none.

    Kinetics' for 400 classes of a network of clips, ImageNet's for 1000, else ``class 0`` ...

    Args:
        count: number of classes.
        network: of torchvision, which it is; None if unknown.
    """
    published = zoo.labels(network) if network in zoo.clip_names() else ()
    if len(published) == count:
        return published
    if count == _IMAGENET_CLASSES:
        return zoo.labels("resnet18")
    return tuple(f"class {index}" for index in range(count))


def read(path: Path, count: int) -> tuple[str, ...]:
    """Labels from a file, one for each class, in class order.

    Understood are text (one label a line, or ``index label``, or a WordNet id and a label), CSV and
    TSV (a label, or an index and a label in either order, with or without a header) and JSON (a
    list, ``{"0": "cat"}``, ``{"cat": 0}``, ``{"0": ["n02123045", "tabby"]}``, or one of these under
    a name such as ``classes`` or ``id2label``).

    Args:
        path: the file: UTF-8, or UTF-16 with a byte order mark.
        count: number of classes of the network.

    Raises:
        ModelError: if the file cannot be understood or holds another number of labels.
    """
    text = _text(path)
    try:
        if path.suffix.lower() == ".json":
            labels = from_value(json.loads(text))
        elif _PYTHON_MAPPING.match(text):
            labels = from_value(ast.literal_eval(text.strip()))
        elif path.suffix.lower() in (".csv", ".tsv"):
            labels = _from_table(text)
        else:
            labels = _from_lines(text)
    except json.JSONDecodeError as error:
        raise ModelError(
            f"{path.name} is not valid JSON: {error.msg} in line {error.lineno}."
        ) from error
    except (ValueError, SyntaxError, MemoryError, csv.Error, RecursionError) as error:
        raise ModelError(f"{path.name} holds no list of labels: {error}") from error
    if len(labels) != count:
        raise ModelError(
            f"{path.name} holds {len(labels)} labels, but the network has {count} classes. Choose "
            "the labels file that belongs to the weights."
        )
    return labels


def from_value(value: Any) -> tuple[str, ...]:
    """Labels from a list or mapping, as JSON files and checkpoints hold them.

    Raises:
        ValueError: if the value cannot be understood; the message says what is wrong.
    """
    if isinstance(value, Mapping):
        named = [value[key] for key in _LABEL_MAPPINGS if isinstance(value.get(key), (list, dict))]
        if named:
            return from_value(named[0])
        if value and all(_is_index(index) for index in value.values()):
            return _in_order((int(index), _label(name)) for name, index in value.items())
        if all(_is_index(index) for index in value):
            return _in_order((int(index), _label(name)) for index, name in value.items())
        raise ValueError("a mapping must lead from index to label or from label to index.")
    if isinstance(value, (list, tuple)):
        numbers = [item.get("id") for item in value if isinstance(item, Mapping)]
        if value and len(numbers) == len(value) and all(map(_is_index, numbers)):
            # COCO's begin at 1 and leave numbers out: their order counts
            value = sorted(value, key=lambda item: int(item["id"]))
        return _in_order(enumerate(map(_label, value)))
    raise ValueError("it must be a list or a mapping.")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise ModelError(f"{path.name} is too large for a list of labels.")
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise ModelError(
            f"{path.name} is not text in UTF-8. Save it as UTF-8 in a text editor."
        ) from error


def _from_lines(text: str) -> tuple[str, ...]:
    lines = text.strip().splitlines()
    if lines and all("\t" in line for line in lines):
        return _from_table(text, "\t")
    wordnet = [_WORDNET_LINE.fullmatch(line.strip()) for line in lines]
    if lines and all(wordnet):
        return _in_order(enumerate(match[2] for match in wordnet if match))
    numbered = {int(m[1]): m[2] for line in lines if (m := _NUMBERED_LINE.fullmatch(line.strip()))}
    if lines and numbered.keys() == set(range(len(lines))):
        return _in_order(numbered.items())
    return _in_order(enumerate(lines))


def _from_table(text: str, delimiter: str | None = None) -> tuple[str, ...]:
    lines = text.strip().splitlines()
    if delimiter is None:
        first = lines[0] if lines else ""
        delimiter = max("\t;,", key=first.count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    rows = [row for row in rows if any(row)]
    column = _index_column(rows)
    if column is not None:
        if _is_index(rows[0][column]):
            return _in_order((int(row[column]), row[1 - column]) for row in rows)
        named = [i for i, cell in enumerate(rows[0]) if cell.casefold() in _LABEL_COLUMNS]
        other = next((i for i in named if i != column), 1 - column)
        return _in_order((int(row[column]), row[other]) for row in rows[1:] if len(row) > other)
    if rows and all(len(row) >= 2 and _WORDNET_ID.fullmatch(row[0]) for row in rows):
        return _in_order(enumerate(row[1] for row in rows))
    if rows and rows[0][0].casefold() in _LABEL_COLUMNS:
        rows = rows[1:]
    if any(len([cell for cell in row if cell]) > 1 for row in rows):
        raise ValueError("of its columns none is an index from 0 upwards.")
    return _in_order(enumerate(row[0] for row in rows))


def _index_column(rows: Sequence[Sequence[str]]) -> int | None:
    """Which of the first two columns holds the class index, below a header if there is one."""
    if not rows or min(len(row) for row in rows) < 2:
        return None
    body = rows[1:] if len(rows) > 1 else rows
    for column in (0, 1):
        if all(_is_index(row[column]) for row in body):
            return column
    return None


def _is_index(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().isascii() and value.strip().isdigit() and len(value) < 10
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _label(value: Any) -> str:
    """A label, or the last of several names for the class (WordNet id, label)."""
    if isinstance(value, (list, tuple)) and value:
        value = value[-1]
    if isinstance(value, Mapping):
        value = value.get("name", value.get("label"))
    if not isinstance(value, (str, int, float)):
        raise ValueError(f"{value!r} is no label."[:200])
    return str(value)


def _in_order(pairs: Iterable[tuple[int, str]]) -> tuple[str, ...]:
    labels: dict[int, str] = {}
    for index, name in pairs:
        label = " ".join(name.split())
        if not label:
            raise ValueError(f"the label of class {index} is empty.")
        if index in labels:
            raise ValueError(f"class {index} is there twice: {labels[index]} and {label}.")
        labels[index] = label
    if not labels:
        raise ValueError("it is empty.")
    gaps = [index for index in range(len(labels)) if index not in labels]
    if gaps:
        raise ValueError(f"class {gaps[0]} is missing; indices run from 0 without gaps.")
    return tuple(labels[index] for index in range(len(labels)))
