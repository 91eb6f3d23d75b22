"""Train, export or evaluate the starter, or draw the sample pictures."""

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import torch

from camviewer import paths
from camviewer.errors import CamviewerError
from camviewer.teach.starter import samples
from camviewer.teach.starter.card import record_figures
from camviewer.teach.starter.evaluate import evaluate, table
from camviewer.teach.starter.export import export
from camviewer.teach.starter.refine import Refiner, Rounds
from camviewer.teach.starter.shipped import RECORD, WEIGHTS, read
from camviewer.teach.starter.train import Recipe, Trainer

_MINUTES, _QUICK_MINUTES = 80.0, 1.0
_REFINE_MINUTES, _QUICK_REFINE_MINUTES = 75.0, 0.5
QUICK_ROUNDS = Rounds(rounds=1, scenes=48)


def main(argv: list[str] | None = None) -> int:
    """Run one command; 0 when done, 1 with a message when it could not be."""
    args = _parser().parse_args(argv)
    try:
        _COMMANDS[args.command](args)
    except CamviewerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m camviewer.teach.starter",
        description="Train the embedded starter classifier on rendered scenes with image-level "
        "labels, then refine it with masks that it makes for itself (the default), export its "
        "files from a run's checkpoint, evaluate it on its own held-out test set, or "
        "draw the sample pictures.",
    )
    parser.add_argument("command", nargs="?", choices=tuple(_COMMANDS), default="train")
    parser.add_argument(
        "--photos",
        type=Path,
        metavar="FOLDER",
        help="photographs as backgrounds; a fixed part is held out",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        help="train, export: the run's folder (default build/starter)",
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="DIR",
        help="train, export: where the files go (default: the run's folder)",
    )
    parser.add_argument(
        "--starter",
        type=Path,
        metavar="DIR",
        help="evaluate: folder of the files (default: the shipped ones)",
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, help=f"from the labels (default {_MINUTES:.0f})")
    length.add_argument("--steps", type=int, help="optimizer steps instead of both time budgets")
    parser.add_argument(
        "--refine-minutes",
        type=float,
        metavar="MINUTES",
        help=f"then from masks of its own making (default {_REFINE_MINUTES:.0f})",
    )
    parser.add_argument("--quick", action="store_true", help="two minutes in all: does it run?")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--batch", type=int, default=48)
    parser.add_argument("--renderers", type=int, metavar="N", help="processes that draw scenes")
    parser.add_argument("--scenes", type=int, metavar="N", help="scenes in each test set")
    parser.add_argument("--json", action="store_true", help="evaluate: one object, no table")
    parser.add_argument(
        "--record",
        action="store_true",
        help="evaluate: write the figures into the files' record and card",
    )
    return parser


def _train(args: argparse.Namespace) -> None:
    minutes = args.minutes or (_QUICK_MINUTES if args.quick else _MINUTES)
    refine = args.refine_minutes or (_QUICK_REFINE_MINUTES if args.quick else _REFINE_MINUTES)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    if device == "cpu":
        # A second thread gains little on so small a network and starves the renderers.
        torch.set_num_threads(1)
    cores = os.cpu_count() or 1
    recipe = Recipe(
        seed=args.seed,
        steps=args.steps,
        minutes=None if args.steps else minutes,
        batch=args.batch,
        photos=args.photos,
        renderers=max(1, min(cores, 12)) if args.renderers is None else args.renderers,
        device=device,
        half=_computes_bfloat16(device),
    )
    trained = Trainer(recipe, _run_folder(args)).run()
    rounds = QUICK_ROUNDS if args.quick else Rounds()
    refining = replace(recipe, minutes=None if args.steps else refine)
    Refiner(refining, _run_folder(args), trained, rounds).run()
    _export(args)


def _export(args: argparse.Namespace) -> None:
    run = _run_folder(args)
    folder = args.to or run
    record = export(run, folder, args.photos, args.scenes or (40 if args.quick else 500))
    sys.stdout.write(f"{folder / WEIGHTS}, {folder / RECORD}: {record.training}\n")


def _evaluate(args: argparse.Namespace) -> None:
    folder = args.starter or paths.resources() / "starter"
    network, record = read(folder)
    figures = evaluate(
        network, record.thresholds, record.input_size, args.photos, args.scenes or 1000, args.seed
    )
    if args.record:
        record_figures(folder, record, figures)
    sys.stdout.write((json.dumps(figures) if args.json else table(figures)) + "\n")


def _samples(args: argparse.Namespace) -> None:
    for file in samples.write(args.to or paths.resources() / "samples"):
        sys.stdout.write(f"{file}\n")


def _run_folder(args: argparse.Namespace) -> Path:
    folder: Path | None = args.out
    return folder or Path("build") / ("starter-quick" if args.quick else "starter")


def _computes_bfloat16(device: str) -> bool:
    """Whether bfloat16 arithmetic is in the hardware; emulated it would be slower."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


_COMMANDS = {"train": _train, "export": _export, "evaluate": _evaluate, "samples": _samples}


if __name__ == "__main__":
    sys.exit(main())
