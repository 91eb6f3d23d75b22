"""What the options stand for that several commands take."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from camviewer.errors import MethodError
from camviewer.inspector import Inspector, Request, Sharper
from camviewer.models import catalog, clip
from camviewer.models.classifier import Classifier
from camviewer.models.preprocess import Overrides
from camviewer.types import BoxRule

STARTER = "starter"


def load_classifier(arguments: argparse.Namespace) -> Classifier:
    """The network that the options name.

    Raises:
        CamviewerError: if it cannot be loaded.
    """
    name, options = network_of(arguments)
    with tqdm(desc="weights", unit="B", unit_scale=True, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return catalog.load(name, **options, progress=show)


def network_of(arguments: argparse.Namespace) -> tuple[str | None, dict[str, Any]]:
    """What `catalog.load` is to be asked for: a name, and its other arguments."""
    name, weights = _named(arguments)
    overrides = Overrides(
        mean=tuple(arguments.mean) if arguments.mean else None,
        std=tuple(arguments.std) if arguments.std else None,
    )
    return name, {
        "texts": arguments.texts,
        "weights": weights,
        "labels": arguments.labels,
        "overrides": overrides,
        "consent": arguments.trust,
    }


def _named(arguments: argparse.Namespace) -> tuple[str | None, Path | None]:
    """The network's name and its own weights; a file given as the network is its weights."""
    weights: Path | None = arguments.weights
    if arguments.model and weights is None and Path(arguments.model).is_file():
        return None, Path(arguments.model)
    if arguments.model:
        return arguments.model, weights
    if arguments.texts:
        return clip.DEFAULT, weights
    return (None if weights else STARTER), weights


def request_of(arguments: argparse.Namespace, inspector: Inspector) -> Request:
    """The request that the options make, checked once instead of failing at every picture.

    Raises:
        CamviewerError: if a layer, the method or the input size cannot serve this network.
    """
    inspector.require(arguments.method, arguments.layer)
    own = inspector.classifier.preprocessing.input_size
    if inspector.input_sizes is None and arguments.input_size not in (None, own):
        raise MethodError(
            f"{inspector.classifier.name} takes pictures of {own} x {own} pixels only. Leave "
            "--input-size out."
        )
    # the size is checked on any picture's shape
    inspector.classifier.preprocessing.geometry((own, own), arguments.fit, arguments.input_size)
    threshold, sharper = arguments.threshold, _sharper_of(arguments, inspector)
    return Request(
        method=arguments.method,
        layer=arguments.layer,
        fit=arguments.fit,
        input_size=arguments.input_size,
        rule=BoxRule(
            arguments.rule,
            inspector.usual_threshold(sharper) if threshold is None else threshold,
            arguments.min_area,
            grabcut=arguments.grabcut or arguments.sharper,
        ),
        sharper=sharper,
    )


def _sharper_of(arguments: argparse.Namespace, inspector: Inspector) -> Sharper:
    """What the options ask of the map; the preset leaves out what the network cannot do."""
    if arguments.sharper:
        return replace(inspector.sharpest(arguments.layer), guided=arguments.guided)
    sharper = Sharper(arguments.scales, arguments.flip, arguments.fuse, arguments.guided)
    inspector.require(arguments.method, arguments.layer, sharper)
    return sharper


def progress(items: list[Any], unit: str, *, quiet: bool) -> tqdm[Any]:
    """A progress bar on stderr, where a person watches and there is something to wait for."""
    hidden = True if quiet or len(items) < 2 else None
    return tqdm(items, unit=unit, disable=hidden, leave=False, file=sys.stderr)
