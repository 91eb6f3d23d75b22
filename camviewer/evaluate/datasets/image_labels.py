"""Image-level labels from annotations: what is on a picture, and no word of where."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from camviewer.evaluate.datasets.sample import Sample
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import Dataset, Example, class_name, find_nothing, readable


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
    labels: dict[Path, dict[str, None]] = {}
    for sample in samples:
        labels.setdefault(sample.picture, {})[class_name(sample.name)] = None
    several = any(len(names) > 1 for names in labels.values())
    absent = class_name(nothing) if several and nothing else None
    examples = [
        Example(picture, tuple(name for name in names if name != absent))
        for picture, names in labels.items()
    ]
    found = {label for example in examples for label in example.labels}
    classes = tuple(sorted(found, key=lambda name: (natural_key(name), name)))
    sound, broken = readable(examples)
    dataset = Dataset(
        sound,
        classes,
        multi_label=several,
        nothing=None if several else find_nothing(classes, nothing),
        broken=broken,
    )
    dataset.check()
    return dataset
