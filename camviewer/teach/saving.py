"""From what was learnt to the one file of it, for the window and the command line alike."""

from __future__ import annotations

import datetime as dt
import math
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from camviewer import __version__
from camviewer.errors import PictureError
from camviewer.models import taught
from camviewer.teach.deep.teaching import DeeplyTaught
from camviewer.teach.features import content_hash
from camviewer.teach.teaching import Taught

PICTURES = "pictures"
"""Where a file keeps the fingerprints of what it was taught with."""

_LENGTH = 16  # of a fingerprint, in hexadecimal digits


def save(learnt: Taught, path: Path) -> dict[str, Any]:
    """Write the network to a file, which is replaced if it is there.

    Returns:
        What is kept beside the weights, see `about`; fingerprints of the pictures are, too.

    Raises:
        ExportError: if it cannot be written.
    """
    told = about(learnt)
    taught.save(path, learnt.classifier, learnt.descent, told | {PICTURES: _pictures(learnt)})
    return told


def fingerprint(picture: Path) -> str:
    """What a picture's file is recognised by, whatever its name.

    Raises:
        PictureError: if it cannot be read.
    """
    return content_hash(picture)[:_LENGTH]


def _pictures(learnt: Taught) -> list[str]:
    """Fingerprints of the pictures that were taught; their order tells nothing."""
    found = set()
    for index in learnt.split.teaching:
        with suppress(PictureError):  # it was there a moment ago
            found.add(fingerprint(learnt.dataset.examples[index].path))
    return sorted(found)


def about(learnt: Taught) -> dict[str, Any]:
    """What is kept in the file beside the weights: no paths, for it may be handed on."""
    head = learnt.head
    return {
        "figures": learnt.figures.as_dict(),
        "taught": len(learnt.split.teaching),
        "strength": head and head.strength,
        "temperature": head and head.temperature,
        "plain": None if learnt.plain is None else asdict(learnt.plain),
        "deep": _depth(learnt) if isinstance(learnt, DeeplyTaught) else None,
        "seconds": {stage.value: round(s, 2) for stage, s in learnt.seconds.items()},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "camviewer": __version__,
        "input_size": learnt.classifier.preprocessing.input_size,
        "backbone": {k: v for k, v in asdict(learnt.descent).items() if k != "rescale"},
    }


def _depth(learnt: DeeplyTaught) -> dict[str, Any]:
    return {
        "best_epoch": learnt.tuned.best,
        "ending": learnt.tuned.ending.value,
        "chosen_by": len(learnt.choosing),
        "deeper": learnt.deeper,
        "compared": learnt.compared and asdict(learnt.compared),
        "accuracy_of_fast": learnt.fast.accuracy,
        "epochs": [
            {
                "epoch": epoch.number,
                "loss": epoch.loss,
                "chosen_by_loss": _finite(epoch.held_out_loss),
                "chosen_by_accuracy": epoch.accuracy,
            }
            for epoch in learnt.tuned.epochs
        ],
    }


def _finite(number: float) -> float | None:
    """JSON has no other numbers."""
    return number if math.isfinite(number) else None
