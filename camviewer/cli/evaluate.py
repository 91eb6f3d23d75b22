"""``camviewer evaluate``: figures of merit of a network and a method on annotated pictures."""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from camviewer.cli.localization_table import figures_table, method_rows
from camviewer.cli.parser import ALL
from camviewer.cli.shared import load_classifier, network_of, progress, request_of
from camviewer.errors import CamviewerError, PictureError
from camviewer.evaluate.comparison import Comparison
from camviewer.evaluate.curves import STEPS
from camviewer.evaluate.datasets import Annotations, Sample, annotation_files, pascal_voc, read
from camviewer.evaluate.held_out import held_out, taught_with
from camviewer.evaluate.localization import compare_localization, serving
from camviewer.evaluate.naming import Names, names_of
from camviewer.evaluate.randomisation import randomisation_check
from camviewer.inspector import Inspector, Request, inspector_for
from camviewer.media.images import find_pictures, load
from camviewer.models.classifier import Classifier
from camviewer.teach.data.dataset import notes_on
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

    Annotations that cannot be used, and pictures that fail, are named on stderr.

    Returns:
        The exit status: 0 all done, 1 some pictures failed.

    Raises:
        CamviewerError: if the network or the data cannot be used.
    """
    inspector = inspector_for(load_classifier(arguments), arguments.device, arguments.runtime)
    request = request_of(arguments, inspector)
    annotations = read(arguments.data, arguments.boxes, arguments.nothing)
    _tell(annotations)
    names = _names(arguments, inspector.classifier, annotations.samples)
    samples = names.kept(annotations.samples)
    if arguments.split is not None:
        samples = held_out(samples, arguments.split)
    samples = _evenly(samples, arguments.limit)
    _tell_taught(arguments, samples)
    methods = _methods(arguments, inspector)
    status = _DONE
    with progress(samples, "picture", quiet=False) as bar:

        def failed(sample: Sample, error: PictureError) -> None:
            nonlocal status
            status = _FAILED
            bar.clear()
            print(f"camviewer: {sample.picture}: {error}", file=sys.stderr)

        results = compare_localization(
            inspector, bar, names.index, request, methods, passed_over=failed
        )
    if arguments.json:
        print("\n".join(json.dumps(result.as_dict()) for result in results))
    elif arguments.methods:
        print(method_rows(results))
    else:
        print(figures_table(results[0], request.rule.threshold))
    return status


def _tell(annotations: Annotations) -> None:
    for note in notes_on(annotations.broken):
        print(f"camviewer: {note}", file=sys.stderr)


def _tell_taught(arguments: argparse.Namespace, samples: list[Sample]) -> None:
    """Figures of pictures that were taught say little; nobody shall take them for others."""
    weights = network_of(arguments)[1]["weights"]
    if weights is None:
        return
    seen, pictures = taught_with(weights, samples)
    if seen:
        print(
            f"camviewer: {seen:,} of {pictures:,} pictures that are measured here were taught to "
            f"{weights}, which flatters the figures. With --split FILE, which `camviewer teach "
            "--split FILE` writes, only those count that were held out.",
            file=sys.stderr,
        )


def _methods(arguments: argparse.Namespace, inspector: Inspector) -> list[str]:
    """The methods to measure: those that are named, or every fast one that serves."""
    if not arguments.methods:
        return [arguments.method]
    if arguments.methods == [ALL]:
        return serving(inspector, arguments.layer)
    for method in arguments.methods:
        inspector.require(method, arguments.layer)
    return list(dict.fromkeys(arguments.methods))


def faithfulness(arguments: argparse.Namespace) -> int:
    """Measure methods side by side and print a row each; pictures that fail are named on stderr.

    Returns:
        The exit status: 0 all done, 1 some pictures failed.

    Raises:
        CamviewerError: if the network, a method or the data cannot be used.
    """
    inspector = inspector_for(load_classifier(arguments), arguments.device, arguments.runtime)
    request = request_of(arguments, inspector)
    comparison = Comparison(inspector, request, arguments.methods, arguments.steps or STEPS)
    found = _pictures(arguments.data)
    names = _names(arguments, inspector.classifier, (s for _, s in found if s is not None))
    pictures = _evenly(found, arguments.limit)
    status = _DONE
    with progress(pictures, "picture", quiet=False) as bar:
        for picture, sample in bar:
            try:
                comparison.measure(load(picture), sample, names.index)
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
    """The pictures, with what is known of them where there are annotations.

    Of several classes on a picture that of the first object is asked for.
    """
    if annotation_files(folder):
        annotations = pascal_voc(folder)
        _tell(annotations)
        samples = {sample.picture: sample for sample in reversed(annotations.samples)}
        return [(picture, samples[picture]) for picture in reversed(samples)]
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


def _names(
    arguments: argparse.Namespace, classifier: Classifier, samples: Iterable[Sample]
) -> Names:
    """How the annotations' class names are understood."""
    pairs = [text.partition("=") for text in arguments.map]
    if not all(equals and name for name, equals, _ in pairs):
        raise CamviewerError("--map takes NAME=LABEL, or NAME= to leave a class out.")
    return Names(
        classifier,
        names_of(samples),
        ids=arguments.class_ids,
        mapped={name: label for name, _, label in pairs},
    )
