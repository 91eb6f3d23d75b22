"""A data set of pictures whose labels are known, wherever they were written down."""

from __future__ import annotations

from collections.abc import Sequence

from camviewer.errors import CamviewerError
from camviewer.media.images import natural_key
from camviewer.teach.data.dataset import Dataset, Example, find_nothing, printable, readable


def labelled(
    examples: Sequence[Example],
    source: str,
    classes: Sequence[str] = (),
    nothing: str | None = None,
    multi: bool | None = None,
) -> Dataset:
    """The data set of these pictures, as far as they can be read; not yet checked.

    Args:
        examples: each file once.
        source: where the labels are from, as messages name it.
        classes: names in their order; none for those of the labels, in natural order.
        nothing: the class that means "none of these", see `find_nothing`; with several labels a
            picture of it counts as one of no class.
        multi: whether a picture may show several classes or none; None to go by the labels.

    Raises:
        CamviewerError: if the labels contradict that.
    """
    found = {label for example in examples for label in example.labels}
    names = tuple(classes) or tuple(sorted(found, key=lambda n: (natural_key(n), n)))
    several = any(len(example.labels) != 1 for example in examples) if multi is None else multi
    return (_multi if several else _single)(examples, names, nothing, source)


def _single(
    examples: Sequence[Example], classes: tuple[str, ...], nothing: str | None, source: str
) -> Dataset:
    other = next((e for e in examples if len(e.labels) != 1), None)
    if other is not None:
        raise CamviewerError(
            f"{source} gives {printable(other.path.name)} {len(other.labels)} labels, but "
            "each picture must have one. Choose several labels per picture, or correct the table."
        )
    sound, broken = readable(examples)
    return Dataset(sound, classes, nothing=find_nothing(classes, nothing), broken=broken)


def _multi(
    examples: Sequence[Example], classes: tuple[str, ...], nothing: str | None, source: str
) -> Dataset:
    absent = find_nothing(classes, nothing)
    if absent is not None:
        classes = tuple(name for name in classes if name != absent)
        examples = [_without(example, absent, source) for example in examples]
    sound, broken = readable(examples)
    return Dataset(sound, classes, multi_label=True, broken=broken)


def _without(example: Example, absent: str, source: str) -> Example:
    if absent in example.labels and len(example.labels) > 1:
        raise CamviewerError(
            f"{source} says that {printable(example.path.name)} shows {absent}, but also "
            f"{', '.join(label for label in example.labels if label != absent)}. Correct one."
        )
    labels = tuple(label for label in example.labels if label != absent)
    return Example(example.path, labels, example.sequence)
