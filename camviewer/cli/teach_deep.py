"""``camviewer teach --deep``: the layers learn too, and Ctrl-C keeps the best."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from camviewer.cli.shared import STARTER, load_classifier
from camviewer.cli.teach_bar import Bar, percent
from camviewer.errors import CancelledError
from camviewer.models import catalog, gap
from camviewer.models.classifier import Classifier
from camviewer.teach import deep
from camviewer.teach.data.dataset import Dataset
from camviewer.teach.deep.options import from_scratch
from camviewer.teach.deep.teaching import DeeplyTaught, teach_deeply
from camviewer.teach.teaching import Options, Taught

_HEAD_RATE = (
    3e-3  # from scratch; what the head sees are unit vectors, so each of its numbers is small
)


def wanted(arguments: argparse.Namespace) -> bool:
    """Whether the network's own layers shall learn."""
    return bool(arguments.deep or arguments.from_scratch or arguments.resume)


def backbone(arguments: argparse.Namespace) -> Classifier:
    """The network to build upon: of the catalogue, converted, or of random numbers.

    Raises:
        CamviewerError: if it cannot be loaded.
    """
    if arguments.from_scratch:
        return catalog.random(arguments.model or STARTER)
    before = gap.origin(arguments.model) if arguments.model else None
    if before is None:
        return load_classifier(arguments)
    plain = load_classifier(argparse.Namespace(**{**vars(arguments), "model": before}))
    return gap.classifier(plain, plain.labels)


def run(
    arguments: argparse.Namespace,
    dataset: Dataset,
    network: Classifier,
    options: Options,
    device: torch.device,
) -> DeeplyTaught:
    """Teach deeply; ended by Ctrl-C it is the best so far.

    Raises:
        KeyboardInterrupt: if nothing was learnt by then.
        CamviewerError: if the pictures or the network do not serve.
    """
    state = unfinished(arguments.out)
    if not arguments.resume and state.exists():
        print(f"Begins anew; --resume would go on from {state}.", file=sys.stderr)
        state.unlink()
    with Bar() as bar, _interrupted() as stop:
        try:
            return teach_deeply(
                dataset,
                network,
                options,
                _options(arguments),
                report=bar.show,
                on_epoch=bar.epoch,
                on_step=bar.step,
                cancelled=lambda: bool(stop),
                device=device,
                state=state,
            )
        except CancelledError as error:
            raise KeyboardInterrupt from error


def close(arguments: argparse.Namespace, learnt: Taught) -> str:
    """Keep what it takes to go on, or clear it away; returns what to say of it."""
    if not isinstance(learnt, DeeplyTaught):
        return ""
    state = unfinished(arguments.out)
    if learnt.tuned.ending is not deep.Ending.CANCELLED:
        state.unlink(missing_ok=True)
        return ""
    return f"Ended early. To go on, give the same command with --resume; it needs {state}."


def unfinished(out: Path) -> Path:
    """Where it is kept how far deep teaching has come."""
    return out.with_suffix(".unfinished")


def lines(learnt: Taught) -> list[str]:
    """What deep teaching did, for a person."""
    if not isinstance(learnt, DeeplyTaught):
        return []
    tuned, compared = learnt.tuned, learnt.compared
    chosen = f"{len(learnt.choosing)} of the taught pictures"
    after = f"{tuned.epochs[-1].number} epochs ({tuned.ending})"
    found = [f"after {after}: by {chosen}, number {tuned.best} was the best"]
    if compared is not None:
        found.append(
            "of those pictures, not learnt from, fast teaching knows "
            f"{percent(compared.fast.accuracy)} (loss {compared.fast.loss:.3f}), deep teaching "
            f"{percent(compared.deep.accuracy)} (loss {compared.deep.loss:.3f})"
        )
    if not learnt.deeper:
        return [*found, "fast teaching's network stays"]
    return [
        *found,
        (
            f"accuracy of fast teaching alone {percent(learnt.fast.accuracy)}, of deep teaching "
            f"{percent(learnt.figures.accuracy)}, on the same held-out pictures"
        ),
    ]


def _options(arguments: argparse.Namespace) -> deep.Options:
    if arguments.from_scratch:
        return from_scratch(arguments.epochs, seed=arguments.seed, head_rate=_HEAD_RATE)
    return deep.Options(stages=arguments.stages, epochs=arguments.epochs, seed=arguments.seed)


@contextmanager
def _interrupted() -> Iterator[list[int]]:
    """A list that is no longer empty after Ctrl-C; a second one ends the program."""
    pressed: list[int] = []

    def press(number: int, _: object) -> None:
        if pressed:
            raise KeyboardInterrupt
        pressed.append(number)
        print("\nEnding; the best so far is tried out and kept.", file=sys.stderr)

    before = signal.signal(signal.SIGINT, press)
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)
