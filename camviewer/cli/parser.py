"""What the command line understands. Loads no network library, so that ``--help`` comes at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from camviewer import __version__
from camviewer.bench import LIVE_NETWORKS, LIVE_ROUNDS, NETWORKS, PEERS, ROUNDS
from camviewer.cam.runtimes import EXPORTING, Choice
from camviewer.cli.options import (
    add_map_options,
    add_model_options,
    add_video_options,
    at_least_one,
    share,
)
from camviewer.cli.teach_parser import add_export, add_teach
from camviewer.render import ColorMap, View

ALL = "all"  # methods
VIEW = "view"
"""The command that is meant where none is named."""

Command = Callable[[argparse.Namespace], int]

_OVERVIEW = """\
  camviewer                               open the window
  camviewer PATH...                       open it on pictures, videos, folders or a weights file
  camviewer PATH... --model NAME          open it with another network, see camviewer view --help
  camviewer explain PATH... --out DIR     explain pictures and videos without a window
"""


def build_parser() -> tuple[argparse.ArgumentParser, frozenset[str]]:
    """The parser, and what may come first: its commands and its own options.

    What it parses has ``command``: a function from the arguments to the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="camviewer",
        description="See what an image classifier looks at.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    own = (
        parser.add_argument("--version", action="version", version=f"camviewer {__version__}"),
        parser.add_argument(
            "--verbose", action="store_true", help="tell on stderr what is being done"
        ),
        parser.add_argument("--smoke-test", type=Path, metavar="OUT", help=argparse.SUPPRESS),
        parser.add_argument(EXPORTING, type=Path, metavar="FOLDER", help=argparse.SUPPRESS),
    )
    parser.set_defaults(command=lambda _: parser.error("which command?"))
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _add_view(commands)
    _add_explain(commands)
    add_teach(commands)
    add_export(commands)
    _add_evaluate(commands)
    _add_bench(commands)
    _add_listings(commands)
    options = (option for action in own for option in action.option_strings)
    return parser, frozenset((*commands.choices, "-h", "--help", *options))


_Commands = argparse._SubParsersAction  # argparse has no public name for what it returns


def _add_view(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        VIEW,
        help="open the window; this word may be left out",
        description="Opens the window.",
    )
    parser.add_argument(
        "paths",
        nargs="*",
        type=Path,
        metavar="PATH",
        help="pictures, videos and folders; a weights file without --weights is asked about",
    )
    add_model_options(parser)
    parser.set_defaults(command=_view, runtime=None)


def _view(arguments: argparse.Namespace) -> int:
    # only the window needs Qt, which takes time to load
    from camviewer.cli.shared import network_of
    from camviewer.gui.app import run

    name, options = network_of(arguments)
    return run(arguments.paths, name, options, arguments.device, arguments.runtime)


def _add_explain(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "explain",
        help="explain pictures and videos without a window",
        description="Writes STEM.overlay.png and STEM.json for each picture, STEM.overlay.mp4 and "
        "STEM.jsonl, with a line for each frame, for each video.",
    )
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="pictures, videos and folders"
    )
    wanted = parser.add_argument_group("results (at least one)")
    wanted.add_argument("--out", type=Path, metavar="DIR", help="where to write; made if missing")
    wanted.add_argument(
        "--json", action="store_true", help="print one JSON object per picture or frame"
    )
    parser.add_argument("--save-map", action="store_true", help="also write STEM.CLASSINDEX.npy")
    parser.add_argument("--save-heatmap", action="store_true", help="also write the heatmap alone")
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="METHOD",
        help="also write STEM.compare.png: two to six methods side by side, with captions",
    )
    add_model_options(parser)
    group = parser.add_argument_group("classes")
    group.add_argument(
        "--class",
        dest="classes",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME|INDEX",
        help="explain these; those that the network finds by default",
    )
    group.add_argument(
        "--top", type=at_least_one, metavar="K", help="explain the K most probable classes instead"
    )
    _add_questions(parser)
    add_map_options(parser)
    add_video_options(parser)
    group = parser.add_argument_group("look")
    group.add_argument("--colormap", type=ColorMap, choices=list(ColorMap), default=View.colormap)
    group.add_argument("--opacity", type=share, default=View.opacity, metavar="O", help="0 to 1")
    parser.set_defaults(command=_explain, wrong=parser.error)


def _add_questions(parser: argparse.ArgumentParser) -> None:
    """What is asked about the classes."""
    group = parser.add_argument_group("question (what speaks for the classes, by default)")
    only = group.add_mutually_exclusive_group()
    only.add_argument("--against", action="store_true", help="what speaks against them")
    only.add_argument("--rather-than", metavar="NAME|INDEX", help="why they and not this class")
    only.add_argument(
        "--like",
        type=Path,
        metavar="PICTURE",
        help="what looks like this picture to the network, whatever the class",
    )


def _add_evaluate(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("evaluate", help="measure on pictures with boxes")
    kinds = parser.add_subparsers(metavar="WHAT", title="what", required=True)
    localization = kinds.add_parser(
        "localization",
        help="do boxes derived from maps meet boxes that people drew?",
        description="Accuracy; MaxBoxAcc, MaxBoxAccV2 and PxAP (Choe et al. 2020); GT-known and "
        "top-1 localisation; the pointing game (Zhang et al. 2018). Over all and class by class.",
    )
    localization.add_argument("data", type=Path, metavar="DATA", help="pictures with annotations")
    localization.add_argument(
        "--boxes",
        choices=("voc", "coco", "yolo", "masks"),
        default="voc",
        help="what marks the things: Pascal VOC XML (default); a COCO JSON file, or the folder it "
        "is in; YOLO labels X.txt, with data.yaml or classes.txt; masks X.png or X_mask.png beside "
        "X.jpg or in masks/, folders named by class",
    )
    _add_class_ids(localization)
    localization.add_argument(
        "--nothing",
        metavar="NAME",
        help="class of the pictures in DATA on which nothing is marked; they count for the "
        "accuracy (default: they are left out; with masks, folders name their class)",
    )
    _add_limit(localization)
    localization.add_argument(
        "--split",
        type=Path,
        metavar="FILE",
        help="measure only what `camviewer teach --split FILE` held out of DATA",
    )
    localization.add_argument(
        "--methods",
        nargs="+",
        metavar="NAME",
        help=f"compare methods, a row each; {ALL} for every one that serves and is not slow",
    )
    localization.add_argument(
        "--json", action="store_true", help="print one JSON object per method"
    )
    add_model_options(localization)
    add_map_options(localization)
    localization.set_defaults(command=_localization)
    _add_faithfulness(kinds)


def _add_faithfulness(kinds: _Commands[argparse.ArgumentParser]) -> None:
    parser = kinds.add_parser(
        "faithfulness",
        help="does the network care about what maps point at?",
        description="A row for each method: insertion and deletion (areas under the curves), "
        "average drop and increase of confidence, ROAD; with Pascal VOC annotations also the "
        "pointing game and localisation.",
    )
    parser.add_argument(
        "data", type=Path, metavar="FOLDER", help="pictures, with or without annotations"
    )
    _add_class_ids(parser)
    parser.add_argument(
        "--methods",
        nargs="+",
        default=[],
        metavar="NAME",
        help="slow ones must be named; by default those that are fast and serve the network",
    )
    _add_limit(parser)
    parser.add_argument("--steps", type=at_least_one, metavar="N", help="points of the curves")
    parser.add_argument(
        "--randomisation",
        action="store_true",
        help="also how alike maps stay when the network is made random from the head down; low "
        "is good",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per method")
    add_model_options(parser)
    add_map_options(parser, one_method=False)
    parser.set_defaults(command=_faithfulness, method="auto")


def _add_class_ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--class-ids",
        type=Path,
        metavar="FILE",
        help="where annotations name classes by identifiers: one a line, in class order; what "
        "follows a tab is ignored",
    )
    parser.add_argument(
        "--map",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=LABEL",
        help="which label, or index, an annotation's class name means; NAME= leaves the class out",
    )


def _add_limit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--limit", type=at_least_one, metavar="N", help="at most N pictures, evenly from all"
    )


def _add_bench(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "bench",
        help="what maps cost on this machine",
        description="Times a map against the network's plain forward pass, and against other "
        "packages, in one run. Networks have random weights: nothing is downloaded.",
    )
    parser.add_argument(
        "--networks",
        nargs="+",
        metavar="NAME",
        help=f"torchvision's (default: {' '.join(NETWORKS)}; live: {' '.join(LIVE_NETWORKS)})",
    )
    parser.add_argument(
        "--live",
        action="store_true",
        help="the live view instead, with a synthetic camera in a window that nobody sees: how "
        "fluid, how fresh, and (--against pytorch-grad-cam) the script people write",
    )
    parser.add_argument(
        "--seconds",
        type=at_least_one,
        default=5,
        metavar="S",
        help="live: of each run (default: %(default)s)",
    )
    parser.add_argument(
        "--methods", nargs="+", default=["auto"], metavar="NAME", help="see `camviewer methods`"
    )
    parser.add_argument(
        "--against",
        nargs="+",
        choices=PEERS,
        default=[],
        metavar="PACKAGE",
        help=f"compare with {', '.join(PEERS)}, where they are installed",
    )
    parser.add_argument(
        "--rounds", type=at_least_one, metavar="N", help=f"default: {ROUNDS}; live: {LIVE_ROUNDS}"
    )
    parser.add_argument("--runtime", type=Choice, choices=list(Choice), default=Choice.AUTO)
    parser.add_argument("--device", default="auto", metavar="D", help="as for explain")
    parser.add_argument("--json", action="store_true", help="print one JSON object per row")
    parser.set_defaults(command=_bench)


def _add_listings(commands: _Commands[argparse.ArgumentParser]) -> None:
    models = commands.add_parser("models", help="list the networks")
    models.add_argument(
        "search", nargs="*", metavar="WORD", help="only those that match; `clip` lists CLIP's"
    )
    models.add_argument("--json", action="store_true", help="print one JSON object per network")
    models.set_defaults(command=_models)
    methods = commands.add_parser("methods", help="list the CAM methods")
    methods.add_argument("--json", action="store_true", help="print one JSON object per method")
    methods.set_defaults(command=_methods)


def _explain(arguments: argparse.Namespace) -> int:
    from camviewer.cli.explain import explain

    return explain(arguments)


def _localization(arguments: argparse.Namespace) -> int:
    from camviewer.cli.evaluate import localization

    return localization(arguments)


def _faithfulness(arguments: argparse.Namespace) -> int:
    from camviewer.cli.evaluate import faithfulness

    return faithfulness(arguments)


def _bench(arguments: argparse.Namespace) -> int:
    if arguments.live:
        from camviewer.cli.bench_live import bench_live

        return bench_live(arguments)
    from camviewer.cli.bench import bench

    return bench(arguments)


def _models(arguments: argparse.Namespace) -> int:
    from camviewer.cli.listings import models

    return models(arguments)


def _methods(arguments: argparse.Namespace) -> int:
    from camviewer.cli.listings import methods

    return methods(arguments)
