"""What the command line understands. Loads no network library, so that ``--help`` comes at once."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from camviewer import __version__
from camviewer.bench import NETWORKS, PEERS
from camviewer.cam.runtimes import EXPORTING, Choice
from camviewer.render import ColorMap, View
from camviewer.types import BoxRule, Fit, Rule

ALL = "all"  # methods
Command = Callable[[argparse.Namespace], int]

_OVERVIEW = """\
  camviewer                               open the window
  camviewer PATH...                       open it on pictures, folders or a weights file
  camviewer explain PATH... --out DIR     explain pictures without a window
"""


def build_parser() -> tuple[argparse.ArgumentParser, frozenset[str]]:
    """The parser, and the names of its commands.

    What it parses has ``command``: a function from the arguments to the exit status.
    """
    parser = argparse.ArgumentParser(
        prog="camviewer",
        description="See what an image classifier looks at.",
        epilog=_OVERVIEW,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"camviewer {__version__}")
    parser.add_argument("--verbose", action="store_true", help="tell on stderr what is being done")
    parser.add_argument("--smoke-test", type=Path, metavar="OUT", help=argparse.SUPPRESS)
    parser.add_argument(EXPORTING, type=Path, metavar="FOLDER", help=argparse.SUPPRESS)
    parser.set_defaults(command=lambda _: parser.error("which command?"))
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    _add_explain(commands)
    _add_evaluate(commands)
    _add_bench(commands)
    _add_listings(commands)
    return parser, frozenset(commands.choices)


_Commands = argparse._SubParsersAction  # argparse has no public name for what it returns


def _add_explain(commands: _Commands[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser(
        "explain",
        help="explain pictures without a window",
        description="Writes STEM.overlay.png and STEM.json for each picture.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="pictures and folders")
    wanted = parser.add_argument_group("results (at least one)")
    wanted.add_argument("--out", type=Path, metavar="DIR", help="where to write; made if missing")
    wanted.add_argument("--json", action="store_true", help="print one JSON object per picture")
    parser.add_argument("--save-map", action="store_true", help="also write STEM.CLASSINDEX.npy")
    parser.add_argument("--save-heatmap", action="store_true", help="also write the heatmap alone")
    parser.add_argument(
        "--compare",
        nargs="+",
        default=[],
        metavar="METHOD",
        help="also write STEM.compare.png: two to six methods side by side, with captions",
    )
    _add_model_options(parser)
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
        "--top", type=_at_least_one, metavar="K", help="explain the K most probable classes instead"
    )
    _add_questions(parser)
    _add_map_options(parser)
    group = parser.add_argument_group("look")
    group.add_argument("--colormap", type=ColorMap, choices=list(ColorMap), default=View.colormap)
    group.add_argument("--opacity", type=_share, default=View.opacity, metavar="O", help="0 to 1")
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
        description="Accuracy, and IoU >= 0.5 between derived and drawn boxes.",
    )
    localization.add_argument("data", type=Path, metavar="DATA", help="pictures with annotations")
    localization.add_argument(
        "--boxes", choices=("voc",), default="voc", help="format: Pascal VOC XML"
    )
    _add_class_ids(localization)
    localization.add_argument(
        "--methods",
        nargs="+",
        metavar="NAME",
        help=f"compare methods, a row each; {ALL} for every one that serves and is not slow",
    )
    localization.add_argument(
        "--json", action="store_true", help="print one JSON object per method"
    )
    _add_model_options(localization)
    _add_map_options(localization)
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
    parser.add_argument(
        "--limit", type=_at_least_one, metavar="N", help="at most N pictures, evenly from all"
    )
    parser.add_argument("--steps", type=_at_least_one, metavar="N", help="points of the curves")
    parser.add_argument(
        "--randomisation",
        action="store_true",
        help="also how alike maps stay when the network is made random from the head down; low "
        "is good",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per method")
    _add_model_options(parser)
    _add_map_options(parser, one_method=False)
    parser.set_defaults(command=_faithfulness, method="auto")


def _add_class_ids(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--class-ids",
        type=Path,
        metavar="FILE",
        help="where annotations name classes by identifiers: one a line, in class order; what "
        "follows a tab is ignored",
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
        default=list(NETWORKS),
        metavar="NAME",
        help=f"torchvision's (default: {' '.join(NETWORKS)})",
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
        "--rounds", type=_at_least_one, default=7, metavar="N", help="default: %(default)s"
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


def _add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which network, and where it runs."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model", metavar="NAME", help="see `camviewer models`; the embedded starter by default"
    )
    group.add_argument(
        "--weights", type=Path, metavar="FILE", help="your own: .safetensors, .pth, .pt, .pt2"
    )
    group.add_argument(
        "--texts",
        nargs="+",
        action="extend",
        default=[],
        metavar="TEXT",
        help="classes in your own words, for CLIP networks: see `camviewer models clip`",
    )
    group.add_argument("--labels", type=Path, metavar="FILE", help="class names: .txt, .json, .csv")
    group.add_argument(
        "--mean", type=float, nargs=3, metavar=("R", "G", "B"), help="for values from 0 to 1"
    )
    group.add_argument("--std", type=float, nargs=3, metavar=("R", "G", "B"))
    group.add_argument(
        "--trust",
        action="store_true",
        help="run the program that a weights file holds (TorchScript, .pt2, pickles); only for "
        "files from people you trust",
    )
    group.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:N, mps")
    group.add_argument(
        "--runtime",
        type=Choice,
        choices=list(Choice),
        default=Choice.AUTO,
        help="what computes the network; onnx exports it first, which takes a while, once "
        "(default: what is fastest and there)",
    )


def _add_map_options(parser: argparse.ArgumentParser, *, one_method: bool = True) -> None:
    """How maps and boxes are made."""
    group = parser.add_argument_group("map and boxes")
    if one_method:
        group.add_argument(
            "--method",
            default="auto",
            metavar="NAME",
            help="see `camviewer methods`; default: auto",
        )
    group.add_argument("--layer", metavar="NAME", help="target layer; the last one by default")
    group.add_argument(
        "--input-size", type=_at_least_one, metavar="N", help="pixels; larger gives finer maps"
    )
    group.add_argument(
        "--fit",
        type=Fit,
        choices=list(Fit),
        default=Fit.WHOLE,
        help="the whole picture (default), the network's own evaluation crop, or a square",
    )
    group.add_argument(
        "--rule", type=Rule, choices=list(Rule), default=BoxRule.rule, help="default: %(default)s"
    )
    group.add_argument(
        "--threshold",
        type=_share,
        default=BoxRule.threshold,
        metavar="T",
        help="share of the map's maximum, 0 to 1 (default: %(default)s); for percentile the share "
        "of the map that stays below",
    )
    group.add_argument(
        "--min-area",
        type=_share,
        default=BoxRule.min_area,
        metavar="A",
        help="leave out boxes under this share of the picture (default: %(default)s)",
    )
    _add_sharper_options(parser)


def _add_sharper_options(parser: argparse.ArgumentParser) -> None:
    """How maps and boxes are made sharper."""
    group = parser.add_argument_group("sharper maps and boxes, for more time")
    group.add_argument(
        "--sharper",
        action="store_true",
        help="what localised best: --scales 3 --flip --fuse --grabcut; try --threshold 0.43",
    )
    group.add_argument(
        "--scales",
        type=int,
        choices=(1, 3),
        default=1,
        help="merge maps of so many input sizes (default: %(default)s)",
    )
    group.add_argument("--flip", action="store_true", help="merge in the mirrored picture's map")
    group.add_argument(
        "--fuse", action="store_true", help="fuse the map with that of a layer with finer cells"
    )
    group.add_argument(
        "--guided", action="store_true", help="let the map follow the picture's edges"
    )
    group.add_argument(
        "--grabcut", action="store_true", help="refine boxes by the picture's edges and colours"
    )


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
    from camviewer.cli.bench import bench

    return bench(arguments)


def _models(arguments: argparse.Namespace) -> int:
    from camviewer.cli.listings import models

    return models(arguments)


def _methods(arguments: argparse.Namespace) -> int:
    from camviewer.cli.listings import methods

    return methods(arguments)


def _at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return value
