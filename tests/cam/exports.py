"""Exports for tests: made in this process, and counted, in a folder of the test's own."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from torch import Tensor, fx

from camviewer import paths
from camviewer.cam.explainer import Explainer
from camviewer.cam.runtimes import VARIABLE, export, exporting, runtimes, store
from camviewer.types import Size

CPU = torch.device("cpu")
REAL_PROCESS = export.run_process

_export_model = exporting.export_model
_models: dict[str, bytes] = {}


def model_of(trunk: fx.GraphModule, size: Size, shape: export.Shape | None = None) -> bytes:
    """The real export, made once for all tests that need the same one."""
    key = f"{store.key_of(trunk)} {size} {shape}"
    if key not in _models:
        _models[key] = _export_model(trunk, size, shape)
    return _models[key]


class Exports:
    """What was exported, and how the next ones shall go."""

    def __init__(self) -> None:
        self.count = 0
        self.spoil = 0.0
        """Added to every weight, so that the export disagrees."""
        self.may_start = threading.Event()
        """Not set: background exports wait. In this process they would disturb a run: reading a
        graph makes torch.fx stand in for the calls of every thread's modules."""
        self.may_start.set()

    def run(self, arguments: list[str], *_: object) -> int:
        """Stands in for the exporting process."""
        self.count += 1
        self.may_start.wait(60)
        folder = Path(arguments[-1])
        if self.spoil:
            trunk, size, _, shape = torch.load(folder / export.TRUNK, weights_only=False)
            for parameter in trunk.parameters():
                parameter.data += self.spoil
            torch.save((trunk, size, False, shape), folder / export.TRUNK)
        exporting.export_folder(folder)
        return 0


@contextmanager
def exports_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Exports]:
    """Exports kept in a folder; what the environment says of runtimes is ignored."""
    made = Exports()
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr(paths, "cache", lambda: folder)
    monkeypatch.setattr(export, "run_process", made.run)
    monkeypatch.setattr(exporting, "export_model", model_of)
    monkeypatch.setattr(exporting, "_give_way", lambda: None)
    monkeypatch.setattr(runtimes, "_DELAY", 0.0)
    yield made


def picture(height: int = 8, width: int = 8) -> Tensor:
    """Noise, always the same."""
    return torch.randn(1, 3, height, width, generator=torch.Generator().manual_seed(5))


def wait_for_workers(explainer: Explainer) -> None:
    """Until what is done in the background is done."""
    for thread in explainer._runtimes.workers._threads:
        thread.join(60)
        assert not thread.is_alive()
