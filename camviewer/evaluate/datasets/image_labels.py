"""Image-level labels from annotations: what is on a picture, and no word of where."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets.coco import coco, coco_files
from camviewer.evaluate.datasets.sample import Annotations, Sample
from camviewer.evaluate.datasets.voc import annotation_files, pascal_voc
from camviewer.evaluate.datasets.yolo import is_yolo, yolo
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import (
    LEAST,
    Broken,
    Dataset,
    Example,
    class_name,
    find_nothing,
    printable,
)
from camviewer.teach.data.folders import find_classes
from camviewer.teach.data.gathering import Gathered, gather, of_labels
from camviewer.teach.data.labelled import labelled

_LEAST_CLASSES = 2
_SHOWN = 3  # names in a note


def image_labels(annotations: Annotations, nothing: str | None = None) -> Dataset:
    """A data set to teach with, of which boxes and masks were forgotten.

    Args:
        annotations: the samples of one picture become one example.
        nothing: the name of the samples on which nothing is marked. Where pictures show several
            classes at once, these show none.

    Returns:
        With several labels a picture if any picture shows more than one class. Classes of too few
        pictures are left out, where two remain: published sets have slips of the pen.

    Raises:
        CamviewerError: if there are too few classes or readable pictures, with what to do.
    """
    examples = [
        Example(picture, tuple(names)) for picture, names in _labels(annotations.samples).items()
    ]
    examples, skipped = _without_rare(examples, nothing)
    dataset = labelled(examples, "The annotation", nothing=nothing)
    dataset = replace(dataset, broken=annotations.broken + dataset.broken, skipped=skipped)
    dataset.check()
    return dataset


def _without_rare(
    examples: list[Example], nothing: str | None
) -> tuple[list[Example], tuple[Broken, ...]]:
    """Without the labels of too few pictures, and which pictures have such."""
    counts = Counter(label for example in examples for label in example.labels)
    rare = {name for name, count in counts.items() if count < LEAST}
    rare.discard(find_nothing(counts, nothing) or "")
    if not rare or len(counts) - len(rare) < _LEAST_CLASSES:
        return examples, ()
    kept, skipped = list[Example](), list[Broken]()
    for example in examples:
        skipped += [
            Broken(example.path, f"Fewer than {LEAST} pictures show {name}, so it is not taught.")
            for name in example.labels
            if name in rare
        ]
        labels = tuple(name for name in example.labels if name not in rare)
        if labels:
            kept.append(replace(example, labels=labels))
    return kept, tuple(skipped)


def annotated(paths: Sequence[Path]) -> Gathered | None:
    """The classes that a folder's annotations name, Pascal VOC, COCO or YOLO, where no folders do.

    Args:
        paths: what was dropped where pictures are collected.

    Returns:
        None where it is neither a single folder nor a COCO file, or nothing is annotated. Where
        there are folders for classes, these count, and a note tells of annotations that know
        others. A note also tells of annotations that cannot be used; where none can, the folder's
        pictures are taken as they are.

    Raises:
        CamviewerError: if then there are no pictures.
    """
    if len(paths) != 1:
        return None
    (path,) = paths
    reader = _reader(path)
    if reader is None:
        return None
    try:
        found = reader(path)
    except CamviewerError as error:
        if path.is_file():
            raise
        return replace(gather(paths), note=f"The annotations were passed over. {error}")
    labels = {picture: tuple(names) for picture, names in _labels(found.samples).items()}
    names = sorted({name for own in labels.values() for name in own}, key=natural_key)
    if not names:
        return None
    folders = _class_folders(path)
    if folders is not None:
        others = [name for name in names if name.casefold() not in folders]
        return replace(gather(paths), note=_unused(others)) if others else None
    gathered = of_labels(labels, names, None, path.stem)
    return replace(gathered, note=" ".join(filter(None, (gathered.note, _on(found)))))


def _reader(path: Path) -> Callable[[Path], Annotations] | None:
    if path.is_dir() and annotation_files(path):
        return pascal_voc
    if len(coco_files(path)) == 1:
        return coco
    return yolo if is_yolo(path) else None


def _class_folders(path: Path) -> set[str] | None:
    """The names of the folders for classes, casefolded; None where there are fewer than two."""
    if path.is_file():
        return None
    try:
        found = {name.casefold() for name in find_classes(path)}
    except CamviewerError:  # parts such as train and test: the annotations know more
        return None
    return found if len(found) > 1 else None


def _unused(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
    return f"The folders are the classes. Annotations that name others ({shown}) are not used."


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
