"""What ``camviewer teach`` understands. Loads no network library, see `cli.parser`."""

from __future__ import annotations

import argparse
from pathlib import Path

from camviewer.cli.options import at_least_one

_ALL = "all"  # stages
_STAGES, _EPOCHS = 2, 20


def add_teach(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "teach",
        help="teach new classes from pictures and their names",
        description="Learns from pictures of which only the class is known, and afterwards shows "
        "where in new pictures the thing is. Some pictures are held out to see how good it is.",
    )
    parser.add_argument(
        "data",
        type=Path,
        metavar="DATA",
        help="a folder with one subfolder of pictures for each class, or a folder images of files "
        "called crack_1.jpg, stain_1.jpg ..., or a CSV or JSON table of files and labels",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the taught network, such as mine.safetensors; serves as --model FILE",
    )
    labels = parser.add_mutually_exclusive_group()
    labels.add_argument(
        "--multi-label",
        type=Path,
        metavar="TABLE",
        help="CSV or JSON of the labels, any number of them, of each picture in DATA",
    )
    labels.add_argument(
        "--boxes",
        choices=("voc", "coco", "yolo"),
        metavar="FORMAT",
        help="DATA is annotated with boxes (voc, coco, yolo): take the classes that they name; "
        "where the boxes are is not looked at",
    )
    parser.add_argument(
        "--nothing",
        metavar="NAME",
        help='the class that means "none of these": nothing is drawn for it (default: a class '
        "named nothing, none, background, normal, good ...; an empty name for none); with --boxes "
        "also of the pictures on which nothing is marked, which are left out else",
    )
    _add_backbone(parser)
    _add_deep(parser)
    group = parser.add_argument_group("results")
    group.add_argument(
        "--held-out",
        type=float,
        default=0.25,
        metavar="SHARE",
        help="of the pictures, to try it on (default: %(default)s); near-duplicates stay together",
    )
    group.add_argument(
        "--seed", type=int, default=0, metavar="N", help="another one holds out others"
    )
    group.add_argument(
        "--split", type=Path, metavar="FILE", help="write which were taught and held out, as JSON"
    )
    group.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(command=_teach)


def _add_backbone(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("network to build upon")
    group.add_argument(
        "--backbone",
        dest="model",
        metavar="NAME|FILE",
        help="see `camviewer models`; the embedded starter by default, which knows drawings and "
        "signs better than photographs",
    )
    group.add_argument(
        "--weights", type=Path, metavar="FILE", help="your own: .safetensors, .pth, .pt"
    )
    group.add_argument(
        "--layers",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="look at these layers, such as layer3 layer4: earlier ones see smaller things "
        "(default: the last one)",
    )
    group.add_argument(
        "--input-size",
        type=at_least_one,
        metavar="N",
        help="pixels of the short side (default: what gives a map of ten cells or more)",
    )
    group.add_argument(
        "--small",
        action="store_true",
        help="the things fill little of a picture: look closer, at finer layers, and let the "
        "strongest cells of a class's map alone make its score",
    )
    group.add_argument("--device", default="auto", metavar="D", help="auto, cpu, cuda, cuda:N, mps")
    # what other commands let one say about a network is settled by the backbone
    parser.set_defaults(texts=[], labels=None, mean=None, std=None, trust=False)


def _add_deep(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "deep teaching (minutes to hours without a GPU; Ctrl-C ends it and keeps the best)"
    )
    group.add_argument(
        "--deep",
        action="store_true",
        help="teach the network's last stages too, not only what stands on top; some of the taught "
        "pictures tell which epoch was the best",
    )
    group.add_argument(
        "--stages",
        type=_stages,
        default=_STAGES,
        metavar="N",
        help=f"how many of the last stages, of about four, or {_ALL} (default: {_STAGES}; always "
        f"{_ALL} with --small)",
    )
    group.add_argument(
        "--epochs",
        type=at_least_one,
        default=_EPOCHS,
        metavar="N",
        help="at most; it ends before when there is no more progress (default: %(default)s)",
    )
    group.add_argument(
        "--from-scratch",
        action="store_true",
        help="the network's numbers are random, so all of it learns, and faster: for drawings, and "
        "where no weights are at hand",
    )
    group.add_argument(
        "--resume", action="store_true", help="go on with what was ended, from the file beside OUT"
    )


def _stages(text: str) -> int | None:
    return None if text.strip().casefold() == _ALL else at_least_one(text)


def _teach(arguments: argparse.Namespace) -> int:
    from camviewer.cli.teach import run

    return run(arguments)


def add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command that writes taught networks for other programs."""
    parser = commands.add_parser(
        "export-model",
        help="write a taught network for other programs",
        description="As ONNX (from normalised pictures to logits; compared with the network before "
        "it is kept) and as weights that plain torchvision loads. Says how well they agree.",
    )
    parser.add_argument(
        "model",
        metavar="NAME|FILE",
        help="a file that `camviewer teach` wrote; for ONNX also any network of `camviewer models`",
    )
    parser.add_argument(
        "--weights", type=Path, metavar="FILE", help="your own, of a network of `camviewer models`"
    )
    parser.add_argument("--onnx", type=Path, metavar="OUT", help="such as mine.onnx")
    parser.add_argument(
        "--state-dict", type=Path, metavar="OUT", help="such as mine.pth or mine.safetensors"
    )
    # what other commands let one say about a network
    parser.set_defaults(texts=[], labels=None, mean=None, std=None, trust=False)
    parser.set_defaults(command=_export, wrong=parser.error)


def _export(arguments: argparse.Namespace) -> int:
    from camviewer.cli.export_model import export_model

    return export_model(arguments)
