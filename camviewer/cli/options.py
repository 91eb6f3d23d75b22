"""Options that several commands take. Loads no network library, see `cli.parser`."""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from camviewer.cam.runtimes import Choice
from camviewer.types import BoxRule, Fit, Rule


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which network, and where it runs."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model",
        metavar="NAME|FILE",
        help="see `camviewer models`, or a file as for --weights; the embedded starter by default",
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


def add_map_options(parser: argparse.ArgumentParser, *, one_method: bool = True) -> None:
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
        "--input-size", type=at_least_one, metavar="N", help="pixels; larger gives finer maps"
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
        type=share,
        metavar="T",
        help="share of the map's maximum, 0 to 1 (default: the network's own where one was "
        f"measured, else {BoxRule.threshold}); for percentile the share of the map that stays "
        "below",
    )
    group.add_argument(
        "--min-area",
        type=share,
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
        help="what localised best: --scales 3 --flip --fuse --grabcut",
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


def add_video_options(parser: argparse.ArgumentParser) -> None:
    """What is done from frame to frame."""
    group = parser.add_argument_group("videos")
    group.add_argument(
        "--smooth",
        type=_seconds,
        default=0.0,
        metavar="S",
        help="let maps change slowly, with a time constant of S seconds (default: not at all)",
    )
    group.add_argument(
        "--no-track",
        dest="track",
        action="store_false",
        help="do not number boxes so that a thing keeps its number",
    )


def at_least_one(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return value


def share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError("must be from 0 to 1")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value
