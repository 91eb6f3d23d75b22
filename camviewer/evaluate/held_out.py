"""Which pictures a taught network has not seen: only they tell how good it is."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from camviewer.errors import CamviewerError, PictureError
from camviewer.evaluate.datasets import Sample
from camviewer.models import taught
from camviewer.teach.saving import PICTURES, fingerprint


def held_out(samples: Iterable[Sample], split: Path) -> list[Sample]:
    """The samples whose pictures were held out when a network was taught.

    Args:
        split: what `camviewer teach --split` wrote.

    Raises:
        CamviewerError: if it is no such file, or none of its pictures is among the samples.
    """
    try:
        told = json.loads(split.read_bytes())
        wanted = {Path(path).resolve() for path in told["held_out"]}
    except OSError as error:
        raise CamviewerError(f"{split} cannot be read: {error.strerror or error}.") from error
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise CamviewerError(
            f"{split} does not say which pictures were held out. Give the file that "
            "`camviewer teach --split` wrote."
        ) from error
    kept = [sample for sample in samples if sample.picture.resolve() in wanted]
    if not kept:
        raise CamviewerError(
            f"Nothing is marked on the pictures that {split} says were held out, or they lie "
            "elsewhere. Give the folder that was taught."
        )
    return kept


def taught_with(model: Path, samples: Sequence[Sample]) -> tuple[int, int]:
    """How many of the samples' pictures a network was taught with, by their content.

    Args:
        model: its file; a network that camviewer did not teach, or before it kept that, has none.
        samples: what it is measured on.

    Returns:
        How many, and how many pictures there are.

    Raises:
        ModelError: if the file cannot be read.
    """
    pictures = list(dict.fromkeys(sample.picture for sample in samples))
    known = taught.about(model).get(PICTURES) if taught.recognised(model) else None
    if not isinstance(known, list):
        return 0, len(pictures)
    seen = {name for name in known if isinstance(name, str)}
    return sum(_is_among(seen, picture) for picture in pictures), len(pictures)


def _is_among(seen: set[str], picture: Path) -> bool:
    try:
        return fingerprint(picture) in seen
    except PictureError:  # which is told when it is measured
        return False
