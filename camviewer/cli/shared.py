"""Options that several commands take, and what they stand for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from camviewer.cam.methods import AUTO, METHODS
from camviewer.models import catalog
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Overrides
from camviewer.types import BoxRule, Fit, Rule

STARTER = "starter"


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Which network, and where it runs."""
    group = parser.add_argument_group("network")
    group.add_argument(
        "--model", metavar="NAME", help="see `camviewer models`; the embedded starter by default"
    )
    group.add_argument(
        "--weights", type=Path, metavar="FILE", help="your own: .safetensors, .pth, .pt, .pt2"
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


def add_map_options(parser: argparse.ArgumentParser) -> None:
    """How maps and boxes are made."""
    group = parser.add_argument_group("map and boxes")
    group.add_argument("--method", default=AUTO, choices=(AUTO, *METHODS), help="default: auto")
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


def load_classifier(arguments: argparse.Namespace) -> Classifier:
    """The network that the options name.

    Raises:
        CamviewerError: if it cannot be loaded.
    """
    name = arguments.model or (None if arguments.weights else STARTER)
    overrides = Overrides(
        mean=tuple(arguments.mean) if arguments.mean else None,
        std=tuple(arguments.std) if arguments.std else None,
    )
    with tqdm(desc="weights", unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return catalog.load(
            name,
            weights=arguments.weights,
            labels=arguments.labels,
            overrides=overrides,
            progress=show,
            consent=arguments.trust,
        )


def box_rule(arguments: argparse.Namespace) -> BoxRule:
    """The rule that the options name."""
    return BoxRule(arguments.rule, arguments.threshold, arguments.min_area)


def progress(items: list[Any], unit: str, *, quiet: bool) -> tqdm[Any]:
    """A progress bar on stderr, where a person watches and there is something to wait for."""
    hidden = True if quiet or len(items) < 2 else None
    return tqdm(items, unit=unit, disable=hidden, leave=False, file=sys.stderr)


Command = Callable[[argparse.Namespace], int]


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
