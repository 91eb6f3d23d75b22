"""Image-level labels from annotations: what is on a picture, and no word of where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.sample import Sample
from camviewer.evaluate.datasets.voc import pascal_voc
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import Dataset, Example, class_name
from camviewer.teach.data.folders import find_classes
from camviewer.teach.data.gathering import Gathered
from camviewer.teach.data.labelled import labelled


def image_labels(samples: Iterable[Sample], nothing: str | None = None) -> Dataset:
    """A data set to teach with, of which boxes and masks were forgotten.

    Args:
        samples: pictures with annotations; those of one picture become one example.
        nothing: the name of the samples on which nothing is marked. Where pictures show several
            classes at once, these show none.

    Returns:
        With several labels a picture if any picture shows more than one class.

    Raises:
        CamviewerError: if there are too few classes or readable pictures, with what to do.
    """
    examples = [Example(picture, tuple(names)) for picture, names in _labels(samples).items()]
    dataset = labelled(examples, "The annotation", nothing=nothing)
    dataset.check()
    return dataset


def annotated(paths: Sequence[Path]) -> Gathered | None:
    """The classes of a folder that its annotations name, where no folders do.

    Args:
        paths: what was dropped where pictures are collected.

    Returns:
        Of the pictures that show a single class; None where it is not a single folder, or has
        folders for classes, or no Pascal VOC annotations that can be read.
    """
    if len(paths) != 1 or not paths[0].is_dir() or next(paths[0].rglob("*.xml"), None) is None:
        return None
    try:
        if len(find_classes(paths[0])) > 1:
            return None
        labels = _labels(pascal_voc(paths[0]))
    except CamviewerError:  # told better by whoever reads it as pictures alone
        return None
    classes: dict[str, list[Path]] = {}
    for picture, (name, *others) in labels.items():
        if not others:
            classes.setdefault(name, []).append(picture)
    left = len(labels) - sum(map(len, classes.values()))
    note = f"Pictures left out because they show several classes: {left}." if left else ""
    if not classes:
        return None
    ordered = {name: classes[name] for name in sorted(classes, key=natural_key)}
    return Gathered(ordered, name=paths[0].name, note=note)


def _labels(samples: Iterable[Sample]) -> dict[Path, dict[str, None]]:
    """The classes of each picture, in the order of the samples."""
    labels: dict[Path, dict[str, None]] = {}
    for sample in samples:
        labels.setdefault(sample.picture, {})[class_name(sample.name)] = None
    return labels
