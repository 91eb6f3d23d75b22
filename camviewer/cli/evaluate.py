"""``camviewer evaluate``: figures of merit of a network and a method on annotated pictures."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from camviewer.cli.shared import load_classifier, progress, request_of
from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import pascal_voc
from camviewer.evaluate.localization import Localization, measure_localization
from camviewer.inspector import Inspector
from camviewer.models.classifier import Classifier

_DONE = 0


def localization(arguments: argparse.Namespace) -> int:
    """Measure localisation and print it.

    Raises:
        CamviewerError: if the network or the data cannot be used.
    """
    inspector = Inspector(load_classifier(arguments), arguments.device)
    request = request_of(arguments, inspector)
    index_of = _class_index(arguments.class_ids, inspector.classifier)
    samples = pascal_voc(arguments.data)
    with progress(samples, "picture", quiet=False) as bar:
        result = measure_localization(inspector, bar, index_of, request)
    print(json.dumps(result.as_dict()) if arguments.json else _table(result, arguments.threshold))
    return _DONE


def _class_index(ids: Path | None, classifier: Classifier) -> Callable[[str], int]:
    if ids is None:
        return classifier.find
    try:
        lines = ids.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CamviewerError(f"{ids} cannot be read: {error}.") from error
    numbers = {line.split("\t")[0].strip(): number for number, line in enumerate(lines)}

    def index_of(name: str) -> int:
        if name not in numbers:
            raise CamviewerError(f"{ids} holds no {name!r}.")
        return numbers[name]

    return index_of


def _table(result: Localization, threshold: float) -> str:
    rows = [
        ("pictures", f"{result.pictures}"),
        ("top-1 accuracy", f"{result.top1:.1%}"),
        (f"GT-known localisation, threshold {threshold:g}", f"{result.gt_known:.1%}"),
        ("top-1 localisation", f"{result.top1_localization:.1%}"),
        ("a box around the whole picture", f"{result.whole_picture:.1%}"),
        *((f"GT-known at threshold {t:g}", f"{h:.1%}") for t, h in result.by_threshold.items()),
    ]
    return "\n".join(f"{name:42}{value:>8}" for name, value in rows)
