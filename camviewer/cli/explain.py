"""``camviewer explain``: what the window shows, as files."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from camviewer.cli.shared import (
    add_map_options,
    add_model_options,
    box_rule,
    load_classifier,
    progress,
)
from camviewer.errors import CamviewerError, ExportError
from camviewer.export.bundle import Part, export
from camviewer.export.files import Stems, make_folder
from camviewer.export.record import record, to_json
from camviewer.inspector import Inspector, Request
from camviewer.media.images import find_pictures, load
from camviewer.render import ColorMap, View
from camviewer.types import Inspection

_DONE, _FAILED = 0, 1


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to a parser."""
    parser = commands.add_parser(
        "explain",
        help="explain pictures without a window",
        description="Writes STEM.overlay.png and STEM.json for each picture.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures and folders")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where to write; made if missing")
    parser.add_argument("--json", action="store_true", help="print one JSON object per picture")
    parser.add_argument("--save-map", action="store_true", help="also write STEM.CLASSINDEX.npy")
    parser.add_argument("--save-heatmap", action="store_true", help="also write the heatmap alone")
    add_model_options(parser)
    group = parser.add_argument_group("classes")
    group.add_argument(
        "--class",
        dest="classes",
        nargs="+",
        default=[],
        metavar="NAME|INDEX",
        help="explain these; those that the network finds by default",
    )
    group.add_argument(
        "--top", type=int, metavar="K", help="explain the K most probable classes instead"
    )
    add_map_options(parser)
    group = parser.add_argument_group("look")
    group.add_argument("--colormap", type=ColorMap, choices=list(ColorMap), default=View.colormap)
    group.add_argument("--opacity", type=float, default=View.opacity, metavar="O", help="0 to 1")
    parser.set_defaults(command=_explain, parser=parser)


def _explain(arguments: argparse.Namespace) -> int:
    _check(arguments)
    inspector = Inspector(load_classifier(arguments), arguments.device)
    request = _request(arguments, inspector)
    if inspector.device_note and not arguments.json:
        print(inspector.device_note, file=sys.stderr)
    if arguments.out is not None:
        make_folder(arguments.out)
    pictures = find_pictures(arguments.paths)
    if not pictures:
        print("camviewer: no pictures found there", file=sys.stderr)
        return _FAILED
    status, stems = _DONE, Stems()
    with progress(pictures, "picture", quiet=arguments.json) as bar:
        for path in bar:
            try:
                inspection = inspector.inspect(load(path), request)
                if arguments.out is not None:
                    _write(inspection, arguments, stems.take(str(path)))
            except ExportError:
                raise  # the disk is full or read-only: the next picture would fail likewise
            except CamviewerError as error:
                bar.clear()
                print(f"camviewer: {path}: {error}", file=sys.stderr)
                status = _FAILED
            else:
                bar.clear()
                print(_told(inspection, arguments), flush=True)
    return status


def _check(arguments: argparse.Namespace) -> None:
    wrong: Callable[[str], NoReturn] = arguments.parser.error
    if arguments.out is None and not arguments.json:
        wrong("say where to write: --out DIR (or --json to print only)")
    if arguments.top is not None and arguments.top < 1:
        wrong("--top must be at least 1")
    if not 0 <= arguments.opacity <= 1:
        wrong("--opacity must be from 0 to 1")


def _request(arguments: argparse.Namespace, inspector: Inspector) -> Request:
    """The request, checked against the network once instead of failing at every picture.

    Raises:
        CamviewerError: if a class, layer or method does not exist for this network.
    """
    classes = tuple(inspector.classifier.find(name) for name in arguments.classes)
    inspector.require(arguments.method, arguments.layer)
    return Request(
        method=arguments.method,
        layer=arguments.layer,
        targets=classes or None,
        top=arguments.top,
        fit=arguments.fit,
        input_size=arguments.input_size,
        rule=box_rule(arguments),
    )


def _write(inspection: Inspection, arguments: argparse.Namespace, stem: str) -> None:
    wanted = {Part.OVERLAY, Part.JSON}
    if arguments.save_map:
        wanted.add(Part.MAP)
    if arguments.save_heatmap:
        wanted.add(Part.HEATMAP)
    view = View(opacity=arguments.opacity, colormap=arguments.colormap)
    export(inspection, view, arguments.out, stem, wanted)


def _told(inspection: Inspection, arguments: argparse.Namespace) -> str:
    """What is printed of a picture: JSON, or a line for a person."""
    if arguments.json:
        return to_json(record(inspection))
    return f"{inspection.frame.source}: " + "; ".join(_findings(inspection))


def _findings(inspection: Inspection) -> Iterator[str]:
    for explanation in inspection.explanations:
        heatmap = explanation.heatmap
        places = ", ".join(
            f"{b.width:.0f} x {b.height:.0f} at ({b.x:.0f}, {b.y:.0f})" for b in explanation.boxes
        )
        yield f"{heatmap.label} {heatmap.score:.0%}" + (f" [{places}]" if places else "")
    if not inspection.explanations:
        (best,) = inspection.top(1)
        yield (
            f"nothing found (most likely {best.label}, {best.score:.0%}; `--top 1` explains it all "
            "the same)"
        )
