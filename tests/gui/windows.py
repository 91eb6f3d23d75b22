"""The real window with the real engine and Inspector over tiny networks: nothing is faked but
the weights. Settings live in the test's own folder."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from torch import Tensor, nn

from camviewer.errors import ConsentRequiredError, ModelError
from camviewer.gui import app
from camviewer.gui.engine import Engine
from camviewer.gui.main_window import MainWindow
from camviewer.gui.services import Services
from camviewer.gui.settings import Settings
from camviewer.inspector import Inspector, Request
from camviewer.models.classifier import Activation, Classifier
from camviewer.models.preprocess import Preprocessing
from camviewer.types import Frame, Inspection

LABELS = ("red", "green", "blue", "white cat")


class ColourNet(nn.Module):
    """Scores how red, green and blue a picture is; its map shows where. White scores nothing."""

    def __init__(self, strength: float) -> None:
        super().__init__()
        self.features = nn.Conv2d(3, 3, 8, stride=8)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(3, 4)
        with torch.no_grad():
            mixing = torch.eye(3) * 1.5 - 0.5
            self.features.weight.copy_(mixing[:, :, None, None].expand(3, 3, 8, 8) / 64)
            self.features.bias.zero_()
            self.head.weight.zero_()
            self.head.weight[:3] = torch.eye(3) * strength
            self.head.bias.copy_(torch.tensor([-2.0, -2.0, -2.0, -3.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(self.relu(self.features(x))).flatten(1))


def classifier(name: str = "starter", activation: Activation = Activation.SIGMOID) -> Classifier:
    """A network of colours; with sigmoids nothing is found in a grey picture."""
    sigmoid = activation is Activation.SIGMOID
    return Classifier(
        name=name,
        network=ColourNet(12.0),
        labels=LABELS,
        preprocessing=Preprocessing((0.0,) * 3, (1.0,) * 3, 64, 64),
        activation=activation,
        weights="made by hand",
        weights_sha256="0" * 64,
        thresholds=(0.5,) * 4 if sigmoid else None,
    )


class CountingInspector(Inspector):
    """Counts what the network was asked."""

    asked: list[Request]

    def inspect(self, frame: Frame, request: Request | None = None, *more: Any) -> Inspection:
        self.asked.append(request or Request())
        return super().inspect(frame, request, *more)


def go_on(_cancelled: Callable[[], bool]) -> None:
    """A network that is there at once."""


class Models:
    """Stands in for `catalog.load`: what was asked for, and what comes."""

    def __init__(self) -> None:
        self.loads: list[tuple[str | None, dict[str, Any]]] = []
        self.activation = Activation.SIGMOID
        self.wants_consent = False
        self.missing: set[str | None] = set()
        self.box_threshold = 0.2
        self.hold: Callable[[Callable[[], bool]], None] = go_on

    def load(self, name: str | None, **options: Any) -> Classifier:
        self.loads.append((name, options))
        self.hold(options["cancelled"])
        if self.wants_consent and not options.get("consent"):
            raise ConsentRequiredError("model.pt2 is a program, not only numbers.")
        if name in self.missing:
            raise ModelError(f"{name} is not there.")
        made = classifier(name or "own", self.activation)
        return replace(made, box_threshold=self.box_threshold)


class Opened:
    """A window under test with all that is needed to steer it."""

    def __init__(self, folder: Path, qtbot: QtBot, *, real: bool = False) -> None:
        self.bot = qtbot
        self.folder = folder
        store = QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
        self.settings = Settings(store)
        self.models = Models()
        self.asked: list[Request] = []
        services = replace(
            Services(), load_classifier=self.models.load, make_inspector=self._inspector
        )
        self.engine = Engine(Services() if real else services, device="cpu")
        _, self.theme = app.application(self.settings)
        self.window = MainWindow(self.engine, self.settings, self.theme)

    def _inspector(self, made: Classifier, device: str, runtime: str) -> Inspector:
        inspector = CountingInspector(made, device, runtime)
        inspector.asked = self.asked
        return inspector

    def start(self, *paths: Path) -> None:
        """Show the window and wait until the starter is there."""
        self.settings.mark_launched()
        self.window.show()
        with self.bot.waitSignal(self.engine.model_loaded, timeout=30_000):
            self.window.start(list(paths))

    def explained(self) -> Any:
        """Wait for the next inspection."""
        return self.bot.waitSignal(self.engine.inspected, timeout=5000)

    def open(self, *paths: Path) -> Inspection:
        """Open pictures and wait until the first is explained."""
        with self.explained():
            self.window.opener.open_paths(paths)
        return self.inspection

    @property
    def inspection(self) -> Inspection:
        inspection = self.window.session.inspection
        assert inspection is not None
        return inspection

    def press(self, name: str) -> None:
        """Trigger an action of the menus."""
        self.window.actions_by_name[name].trigger()


@contextmanager
def opened(folder: Path, qtbot: QtBot, *, real: bool = False) -> Iterator[Opened]:
    """A window that is closed afterwards, with all its threads; with the real networks or tiny."""
    made = Opened(folder, qtbot, real=real)
    qtbot.addWidget(made.window)
    try:
        yield made
    finally:
        made.window.close()
        made.theme.deleteLater()
        QApplication.clipboard().clear()


@pytest.fixture
def ui(tmp_path: Path, qtbot: QtBot) -> Iterator[Opened]:
    """A started window without a picture."""
    with opened(tmp_path, qtbot) as made:
        made.start()
        yield made


def picture(path: Path, colour: tuple[int, int, int] = (255, 0, 0), side: int = 96) -> Path:
    """A grey PNG with a coloured square in its left upper quarter."""
    pixels = np.full((side, side, 3), 128, np.uint8)
    pixels[: side // 2, : side // 2] = colour
    Image.fromarray(pixels).save(path)
    return path
