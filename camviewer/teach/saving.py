"""From what was learnt to the one file of it, for the window and the command line alike."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import Any

from camviewer import __version__
from camviewer.models import taught
from camviewer.teach.teaching import Taught


def save(learnt: Taught, path: Path) -> dict[str, Any]:
    """Write the network to a file, which is replaced if it is there.

    Returns:
        What is kept beside the weights, see `about`.

    Raises:
        ExportError: if it cannot be written.
    """
    told = about(learnt)
    taught.save(path, learnt.classifier, learnt.descent, told)
    return told


def about(learnt: Taught) -> dict[str, Any]:
    """What is kept in the file beside the weights: no paths, for it may be handed on."""
    return {
        "figures": learnt.figures.as_dict(),
        "taught": len(learnt.split.teaching),
        "strength": learnt.head.strength,
        "temperature": learnt.head.temperature,
        "seconds": {stage.value: round(s, 2) for stage, s in learnt.seconds.items()},
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "camviewer": __version__,
        "input_size": learnt.classifier.preprocessing.input_size,
        "backbone": {k: v for k, v in asdict(learnt.descent).items() if k != "rescale"},
    }
