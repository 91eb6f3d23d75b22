"""Image-level labels from annotations: what is on a picture, and no word of where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.sample import Sample
from camviewer.evaluate.datasets.voc import pascal_voc
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import Dataset, Example, class_name
from camviewer.teach.data.folders import find_classes
from camviewer.teach.data.gathering import Gathered, gather, of_labels
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
        None where it is not a single folder, has folders for classes, or nothing is annotated.
        With annotations of which one cannot be read, the folder's pictures as they are, and a note.

    Raises:
        CamviewerError: if then there are no pictures.
    """
    if len(paths) != 1 or not paths[0].is_dir() or next(paths[0].rglob("*.xml"), None) is None:
        return None
    try:
        if len(find_classes(paths[0])) > 1:
            return None
        labels = {path: tuple(names) for path, names in _labels(pascal_voc(paths[0])).items()}
    except CamviewerError as error:
        note = f"The annotations were passed over, for one of them cannot be used. {error}"
        return replace(gather(paths), note=note)
    names = {name for found in labels.values() for name in found}
    if not names:
        return None
    return of_labels(labels, sorted(names, key=natural_key), None, paths[0].name)


def _labels(samples: Iterable[Sample]) -> dict[Path, dict[str, None]]:
    """The classes of each picture, in the order of the samples."""
    labels: dict[Path, dict[str, None]] = {}
    for sample in samples:
        labels.setdefault(sample.picture, {})[class_name(sample.name)] = None
    return labels
