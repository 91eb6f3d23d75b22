"""A panel that teaches, over a small lesson and the starter."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from camviewer import paths
from camviewer.errors import DownloadError
from camviewer.gui.engine import Engine
from camviewer.gui.jobs import Jobs
from camviewer.gui.session import Session
from camviewer.gui.teach.run.panel import RunPanel
from camviewer.models.classifier import Classifier
from camviewer.render import View
from camviewer.teach.data.lesson import Lesson
from camviewer.types import BoxRule
from tests.teach.lessons import SIZE, backbone, ring_or_cross

PATIENCE_MS = 120_000


@dataclass
class Taught:
    """A panel under test with its lesson, and all that it told."""

    bot: QtBot
    folder: Path
    session: Session
    jobs: Jobs
    hold: Callable[[Callable[[], bool]], None] = lambda _: None
    offline: bool = False
    files: list[Path] = field(default_factory=list)
    room: list[bool] = field(default_factory=list)
    lives: int = 0

    def __post_init__(self) -> None:
        self.panel = RunPanel(self.session, self.jobs, self._load)
        self.bot.addWidget(self.panel)
        # small enough to be quick, and still found
        self.panel.choices.picture_size.addItem(f"{SIZE} pixels", SIZE)
        self.panel.choices.picture_size.setCurrentIndex(self.panel.choices.picture_size.count() - 1)
        self.panel.taught.connect(self.files.append)
        self.panel.room_wanted.connect(self.room.append)
        self.panel.live_wanted.connect(self._count_live)
        self.panel.resize(344, 900)
        self.panel.show()

    def _load(self, name: str, *, cancelled: Callable[[], bool], **_: Any) -> Classifier:
        self.hold(cancelled)
        if self.offline:
            raise DownloadError("The weights cannot be fetched. Go online.")
        assert name == "starter"
        return backbone()

    def _count_live(self) -> None:
        self.lives += 1

    def lesson(self, *, each: int = 6, mixed_up: int = 0) -> Lesson:
        """Rings and crosses; the first few rings lie among the crosses."""
        made = Lesson(self.folder / "shapes")
        rings = [self._draw("ring", seed) for seed in range(each)]
        crosses = [self._draw("cross", 1000 + seed) for seed in range(each)]
        made.add_class("ring")
        made.add_class("cross")
        made.add_pictures("ring", rings[mixed_up:])
        made.add_pictures("cross", [*crosses, *rings[:mixed_up]])
        return made

    def _draw(self, kind: str, seed: int) -> Path:
        return ring_or_cross(self.folder / "pictures" / f"{kind}{seed}.png", kind, seed)

    def open(self, lesson: Lesson) -> None:
        """Give the panel a lesson."""
        self.panel.set_lesson(lesson)
        self.panel.lesson_changed()

    def teach(self) -> None:
        """Press the button and wait until it is done."""
        with self.bot.waitSignal(self.panel.runner.ended, timeout=PATIENCE_MS):
            self.panel.teach.click()

    def close(self) -> None:
        """End all threads, as the window does."""
        self.jobs.shutdown()
        assert self.engine.shutdown(*self.panel.lanes)
        self.panel.close()

    @property
    def engine(self) -> Engine:
        return self.session._engine  # what it was made over


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all: every test draws the same pictures."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def run(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, features: Path
) -> Iterator[Taught]:
    """A panel without a lesson."""
    monkeypatch.setattr(paths, "cache", lambda: features)
    monkeypatch.setattr(paths, "data", lambda: tmp_path / "kept")
    engine = Engine(device="cpu")
    made = Taught(qtbot, tmp_path, Session(engine, View(), BoxRule()), Jobs())
    try:
        yield made
    finally:
        made.close()
