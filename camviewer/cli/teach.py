"""``camviewer teach``: a few pictures and a name, and it finds the thing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from camviewer.cam.device import choose_device
from camviewer.cli import teach_deep
from camviewer.cli.shared import STARTER
from camviewer.cli.teach_bar import Bar, percent
from camviewer.errors import CamviewerError, ExportError
from camviewer.evaluate import datasets
from camviewer.evaluate.datasets.image_labels import image_labels
from camviewer.teach import saving
from camviewer.teach.data.dataset import Dataset, printable
from camviewer.teach.data.folders import find_told_classes
from camviewer.teach.data.reading import read
from camviewer.teach.figures import GOOD
from camviewer.teach.head import Head
from camviewer.teach.teaching import Options, Taught, teach

_DONE = 0
_NAMED_MISTAKES = 5
_WIDEST = 30  # of a class's name


def run(arguments: argparse.Namespace) -> int:
    """Teach, write the file and print how good it is.

    Raises:
        CamviewerError: if the pictures, the backbone or the place to write to cannot be used.
    """
    if arguments.out.suffix.lower() != ".safetensors":
        raise CamviewerError(
            f"Let the name of {arguments.out} end in .safetensors: the window goes by that."
        )
    dataset = _dataset(arguments)
    backbone = teach_deep.backbone(arguments)
    device = choose_device(arguments.device).device
    options = Options(
        layers=tuple(arguments.layers),
        input_size=arguments.input_size,
        small=arguments.small,
        held_out=arguments.held_out,
        seed=arguments.seed,
    )
    if teach_deep.wanted(arguments):
        learnt: Taught = teach_deep.run(arguments, dataset, backbone, options, device)
    else:
        with Bar() as bar:
            learnt = teach(dataset, backbone, options, bar.show, device=device)
    about = saving.save(learnt, arguments.out)
    ending = teach_deep.close(arguments, learnt)
    if arguments.split is not None:
        _write_split(arguments.split, learnt)
    if arguments.json:
        print(json.dumps({**about, "out": str(arguments.out), "notes": _notes(learnt)}))
    else:
        print(_table(learnt, arguments.data))
        print(f"\nWritten to {arguments.out}. Open it in the window: camviewer {arguments.out}")
    if ending:
        print(ending, file=sys.stderr)
    return _DONE


def _dataset(arguments: argparse.Namespace) -> Dataset:
    data, nothing = arguments.data, arguments.nothing
    if arguments.boxes is not None:
        return image_labels(datasets.read(data, arguments.boxes, nothing or None), nothing)
    if arguments.multi_label is not None:
        return read(arguments.multi_label, root=data, nothing=nothing, multi=True)
    kind = _annotated(data)
    if kind is not None and data.is_dir() and find_told_classes(data):
        raise CamviewerError(
            f"{data} has no folders for classes. If its annotations name them, add --boxes {kind}."
        )
    try:
        found = read(data, nothing=nothing)
    except CamviewerError as error:
        if kind is None:
            raise
        hint = f"If its annotations name the classes, add --boxes {kind}."
        raise CamviewerError(f"{error} {hint}") from error
    if kind is not None:
        print(
            f"camviewer: the classes are folders of {data}. If its annotations name others that "
            f"are meant, add --boxes {kind}.",
            file=sys.stderr,
        )
    return found


def _annotated(data: Path) -> str | None:
    """The format of what annotates a folder's pictures, or of an annotation file."""
    if data.is_dir() and datasets.annotation_files(data):
        return "voc"
    if datasets.coco_files(data):
        return "coco"
    return "yolo" if datasets.is_yolo(data) else None


def _write_split(path: Path, learnt: Taught) -> None:
    lists = {
        side: [str(learnt.dataset.examples[i].path) for i in indices]
        for side, indices in (
            ("teaching", learnt.split.teaching),
            ("held_out", learnt.split.held_out),
        )
    }
    lists["mistakes"] = [str(mistake.path) for mistake in learnt.figures.mistakes]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(lists, indent=1), encoding="utf-8")
    except OSError as error:
        raise ExportError(
            f"{path} cannot be written: {error.strerror or error}. Choose another place."
        ) from error


def _notes(learnt: Taught) -> list[str]:
    return [*learnt.dataset.notes(), *learnt.split.notes]


def _table(learnt: Taught, data: Path) -> str:
    figures = learnt.figures
    counts = learnt.dataset.counts()
    width = min(_WIDEST, max(len(name) for name in (*counts, "class")))
    lines = [f"{'class':{width}}{'pictures':>10}{'held out':>10}{'recall':>9}{'precision':>11}"]
    lines += [
        f"{c.name[:width]:{width}}{counts[c.name]:>10}{c.pictures:>10}"
        f"{percent(c.recall):>9}{percent(c.precision):>11}"
        for c in figures.classes
    ]
    low, high = figures.interval
    lines += [
        "",
        (
            f"accuracy {percent(figures.accuracy)} of {figures.pictures} pictures held out "
            f"(95 % sure: {100 * low:.1f} to {100 * high:.1f} %)"
        ),
        (
            f"built on {learnt.descent.backbone}, "
            f"{' and '.join(tap.name for tap in learnt.descent.taps)}, pictures of "
            f"{learnt.classifier.preprocessing.input_size} pixels{_strongest(learnt)}"
        ),
        *_moved(learnt),
        *_several(learnt.dataset),
        *_of_head(learnt.head),
        *teach_deep.lines(learnt),
        ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in learnt.seconds.items()),
    ]
    for mistake in figures.mistakes[:_NAMED_MISTAKES]:
        truth, said = (", ".join(names) or "none" for names in (mistake.truth, mistake.predicted))
        folder = data if data.is_dir() else data.parent
        inside = mistake.path.is_relative_to(folder)
        name = printable(str(mistake.path.relative_to(folder) if inside else mistake.path))
        lines.append(f"wrong: {name} shows {truth}, taken for {said} ({mistake.score:.2f})")
    return "\n".join([*lines, *_notes(learnt), *_advice(learnt)])


def _several(dataset: Dataset) -> list[str]:
    """Why classes do not exclude each other, where annotations decided that."""
    shared = sum(len(example.labels) > 1 for example in dataset.examples)
    if not shared:
        return []
    shows = "picture shows" if shared == 1 else "pictures show"
    return [f"{shared:,} {shows} several classes, so each class is decided for itself"]


def _advice(learnt: Taught) -> list[str]:
    """What may help where many pictures are mistaken."""
    right = learnt.figures.accuracy
    if right is None or right >= GOOD:
        return []
    lines = []
    if not learnt.descent.strongest:
        lines.append("If the things fill little of a picture, try --small.")
    if learnt.descent.backbone == STARTER:
        lines.append("The starter knows drawings best; for photographs try --backbone resnet18.")
    return lines


def _of_head(head: Head | None) -> list[str]:
    if head is None:
        return []
    return [f"strength of regularisation {head.strength:g}, temperature {head.temperature:.2f}"]


def _moved(learnt: Taught) -> list[str]:
    farthest = [max(map(abs, tap.shift)) for tap in learnt.descent.taps]
    if not any(farthest):
        return []
    cells = ", ".join(f"{cells:.2f}" for cells in farthest)
    return [f"layers that look beside their cells were brought back, by up to {cells} of a cell"]


def _strongest(learnt: Taught) -> str:
    return ", small things: the strongest cells count" if learnt.descent.strongest else ""
