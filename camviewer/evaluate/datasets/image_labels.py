"""Image-level labels from annotations: what is on a picture, and no word of where."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.sample import Annotations, Sample
from camviewer.evaluate.datasets.voc import annotation_files, pascal_voc
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import Dataset, Example, class_name, printable
from camviewer.teach.data.folders import find_classes
from camviewer.teach.data.gathering import Gathered, gather, of_labels
from camviewer.teach.data.labelled import labelled


def image_labels(annotations: Annotations, nothing: str | None = None) -> Dataset:
    """A data set to teach with, of which boxes and masks were forgotten.

    Args:
        annotations: the samples of one picture become one example.
        nothing: the name of the samples on which nothing is marked. Where pictures show several
            classes at once, these show none.

    Returns:
        With several labels a picture if any picture shows more than one class.

    Raises:
        CamviewerError: if there are too few classes or readable pictures, with what to do.
    """
    examples = [
        Example(picture, tuple(names)) for picture, names in _labels(annotations.samples).items()
    ]
    dataset = labelled(examples, "The annotation", nothing=nothing)
    dataset = replace(dataset, broken=annotations.broken + dataset.broken)
    dataset.check()
    return dataset


def annotated(paths: Sequence[Path]) -> Gathered | None:
    """The classes of a folder that its annotations name, where no folders do.

    Args:
        paths: what was dropped where pictures are collected.

    Returns:
        None where it is not a single folder, has folders for classes, or nothing is annotated.
        A note tells of annotations that cannot be used; where none can, the folder's pictures are
        taken as they are.

    Raises:
        CamviewerError: if then there are no pictures.
    """
    if len(paths) != 1 or not paths[0].is_dir() or not annotation_files(paths[0]):
        return None
    try:
        if len(find_classes(paths[0])) > 1:
            return None
    except CamviewerError:
        pass  # no classes, but parts such as train and test: the annotations know more
    try:
        found = pascal_voc(paths[0])
    except CamviewerError as error:
        return replace(gather(paths), note=f"The annotations were passed over. {error}")
    labels = {path: tuple(names) for path, names in _labels(found.samples).items()}
    names = {name for own in labels.values() for name in own}
    if not names:
        return None
    gathered = of_labels(labels, sorted(names, key=natural_key), None, paths[0].name)
    return replace(gathered, note=" ".join(filter(None, (gathered.note, _on(found)))))


def _on(annotations: Annotations) -> str:
    """What a person should know of annotations that are not used."""
    broken = annotations.broken
    if not broken:
        return ""
    count = f"{len(broken):,} annotations are" if len(broken) > 1 else "An annotation is"
    return f"{count} not used. {printable(broken[0].path.name)}: {broken[0].reason}"


def _labels(samples: Iterable[Sample]) -> dict[Path, dict[str, None]]:
    """The classes of each picture, in the order of the samples."""
    labels: dict[Path, dict[str, None]] = {}
    for sample in samples:
        labels.setdefault(sample.picture, {})[class_name(sample.name)] = None
    return labels
