"""``camviewer evaluate``: figures of merit of a network and a method on annotated pictures."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from camviewer.cli.parser import ALL
from camviewer.cli.shared import load_classifier, progress, request_of
from camviewer.errors import CamviewerError
from camviewer.evaluate.comparison import Comparison
from camviewer.evaluate.curves import STEPS
from camviewer.evaluate.datasets import Sample, pascal_voc
from camviewer.evaluate.localization import Localization, compare_localization, serving
from camviewer.evaluate.randomisation import randomisation_check
from camviewer.inspector import Inspector, Request, inspector_for
from camviewer.media.images import find_pictures, load
from camviewer.models.classifier import Classifier
from camviewer.types import Frame

_Item = TypeVar("_Item")
_DONE, _FAILED = 0, 1
_RANDOMISED = 8  # pictures; each one is explained again for each method and stage
_COLUMNS = (
    ("insertion", "insertion"),
    ("deletion", "deletion"),
    ("average_drop", "drop"),
    ("increase", "increase"),
    ("road", "ROAD"),
    ("pointing", "pointing"),
    ("gt_known", "GT-known"),
    ("random_similarity", "random"),
)


def localization(arguments: argparse.Namespace) -> int:
    """Measure localisation and print it; with several methods a row for each.

    Raises:
        CamviewerError: if the network or the data cannot be used.
    """
    inspector = inspector_for(load_classifier(arguments), arguments.device, arguments.runtime)
    request = request_of(arguments, inspector)
    index_of = _class_index(arguments.class_ids, inspector.classifier)
    samples = pascal_voc(arguments.data)
    methods = _methods(arguments, inspector)
    with progress(samples, "picture", quiet=False) as bar:
        results = compare_localization(inspector, bar, index_of, request, methods)
    if arguments.json:
        print("\n".join(json.dumps(result.as_dict()) for result in results))
    elif arguments.methods:
        print(_localization_rows(results))
    else:
        print(_table(results[0], arguments.threshold))
    return _DONE


def _methods(arguments: argparse.Namespace, inspector: Inspector) -> list[str]:
    """The methods to measure: those that are named, or every fast one that serves."""
    if not arguments.methods:
        return [arguments.method]
    if arguments.methods == [ALL]:
        return serving(inspector, arguments.layer)
    for method in arguments.methods:
        inspector.require(method, arguments.layer)
    return list(dict.fromkeys(arguments.methods))


def _localization_rows(results: list[Localization]) -> str:
    """One line a method."""
    width = max((len(result.method) for result in results), default=0) + 2
    lines = [
        f"{'method':{width}}{'GT-known':>10}{'best at':>10}{'':>10}{'top-1 loc':>10}{'ms':>10}"
    ]
    for result in results:
        best = max(result.by_threshold, key=result.by_threshold.__getitem__)
        lines.append(
            f"{result.method:{width}}{result.gt_known:>10.1%}{best:>10g}"
            f"{result.by_threshold[best]:>10.1%}{result.top1_localization:>10.1%}"
            f"{result.milliseconds:>10.1f}"
        )
    return "\n".join(lines)


def faithfulness(arguments: argparse.Namespace) -> int:
    """Measure methods side by side and print a row each; pictures that fail are named on stderr.

    Returns:
        The exit status: 0 all done, 1 some pictures failed.

    Raises:
        CamviewerError: if the network, a method or the data cannot be used.
    """
    inspector = inspector_for(load_classifier(arguments), arguments.device, arguments.runtime)
    request = request_of(arguments, inspector)
    index_of = _class_index(arguments.class_ids, inspector.classifier)
    comparison = Comparison(inspector, request, arguments.methods, arguments.steps or STEPS)
    pictures = _evenly(_pictures(arguments.data), arguments.limit)
    status = _DONE
    with progress(pictures, "picture", quiet=False) as bar:
        for picture, sample in bar:
            try:
                comparison.measure(load(picture), sample, index_of)
            except CamviewerError as error:
                bar.clear()
                print(f"camviewer: {picture}: {error}", file=sys.stderr)
                status = _FAILED
    rows = [figures.as_dict() for figures in comparison.figures()]
    if arguments.randomisation and rows:
        frames = [load(picture) for picture, _ in _evenly(pictures, _RANDOMISED)]
        with progress(rows, "method", quiet=False) as bar:
            for row in bar:
                row.update(_randomised(inspector, request, frames, str(row["method"])))
    print("\n".join(map(json.dumps, rows)) if arguments.json else _method_table(rows))
    return status


def _pictures(folder: Path) -> list[tuple[Path, Sample | None]]:
    """The pictures, with what is known of them where there are annotations."""
    if any(folder.rglob("*.xml")):
        return [(sample.picture, sample) for sample in pascal_voc(folder)]
    found = find_pictures([folder])
    if not found:
        raise CamviewerError(f"No pictures in {folder}.")
    return [(picture, None) for picture in found]


def _evenly(items: list[_Item], limit: int | None) -> list[_Item]:
    """At most so many, from all over the list: folders are often sorted by class."""
    if limit is None or limit >= len(items):
        return items
    return [items[i * len(items) // limit] for i in range(limit)]


def _randomised(
    inspector: Inspector, request: Request, frames: list[Frame], method: str
) -> dict[str, object]:
    stages = list(
        randomisation_check(
            inspector.classifier, frames, replace(request, method=method), device=inspector.device
        )
    )
    return {
        "random_similarity": statistics.fmean(abs(stage.similarity) for stage in stages),
        "randomisation": {stage.module: stage.similarity for stage in stages},
    }


def _method_table(rows: list[dict[str, object]]) -> str:
    """One line a method; columns that nothing is known of are left out."""
    columns = [(k, title) for k, title in _COLUMNS if any(r.get(k) is not None for r in rows)]
    width = max((len(str(row["method"])) for row in rows), default=0) + 2
    head = f"{'method':{width}}" + "".join(f"{title:>10}" for _, title in columns) + f"{'ms':>10}"
    lines = [
        f"{row['method']:{width}}"
        + "".join(f"{row[key]:>10.3f}" for key, _ in columns)
        + f"{row['milliseconds']:>10.1f}"
        for row in rows
    ]
    return "\n".join([head, *lines])


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
