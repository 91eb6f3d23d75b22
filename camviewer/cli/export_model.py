"""``camviewer export-model``: taught networks for other programs."""

from __future__ import annotations

import argparse
from pathlib import Path

from camviewer.cli.shared import load_classifier
from camviewer.errors import CamviewerError
from camviewer.export import network
from camviewer.export.network import Exported

_DONE = 0


def export_model(arguments: argparse.Namespace) -> int:
    """Write what is asked for, and print how well it agrees.

    Raises:
        CamviewerError: if the network cannot be loaded or exported, or a file not be written.
    """
    if arguments.onnx is None and arguments.state_dict is None:
        arguments.wrong("give --onnx OUT or --state-dict OUT")
    if arguments.state_dict is not None:
        file = Path(arguments.model)
        if not file.is_file():
            raise CamviewerError(
                f"{file} is no file. A state_dict is made of a file that `camviewer teach` wrote."
            )
        _tell(network.to_state_dict(file, arguments.state_dict))
    if arguments.onnx is not None:
        _tell(network.to_onnx(load_classifier(arguments), arguments.onnx))
    return _DONE


def _tell(made: Exported) -> None:
    print(f"Written to {made.path}. Logits are off by at most {made.deviation:.1e} of the largest.")
    for note in made.notes:
        print(note)
