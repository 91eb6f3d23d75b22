"""Whole videos exported from the window: where to, how far, stopped, played."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from camviewer.export.video import VideoWriter
from camviewer.gui.live import video_export
from camviewer.gui.live.video_export import VideoExport, time_left
from camviewer.gui.live.video_export_dialog import VideoExportDialog
from camviewer.gui.message_bar import Kind, MessageBar
from camviewer.gui.settings import ExportChoices
from camviewer.gui.worker import join
from camviewer.inspector import Inspector, Request
from camviewer.live.processing import Processed
from camviewer.media.videos import VideoFile
from camviewer.render import View
from camviewer.types import Inspection
from tests.gui.fake_player import FakePlayer
from tests.gui.fakes import PATIENCE
from tests.gui.test_window_access import nameless
from tests.gui.windows import classifier

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow

FRAMES = 12


def video(path: Path, frames: int = FRAMES) -> Path:
    """A red square that moves over grey."""
    writer = VideoWriter(path, (64, 96), 10)
    for index in range(frames):
        pixels = np.full((64, 96, 3), 128, np.uint8)
        pixels[16:48, 4 * index : 4 * index + 32] = (255, 0, 0)
        writer.write(pixels, index / 10)
    writer.close()
    return path


class World(QWidget):
    """What an export needs of the window."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.player = FakePlayer()
        self.messages = MessageBar()
        self.settings = SimpleNamespace(export=ExportChoices())
        model = SimpleNamespace(classifier=classifier(), device="cpu")
        self.session = SimpleNamespace(model=model, view=View(), request=Request(), runtime="eager")
        self.shown: list[Path] = []
        self.exporter = SimpleNamespace(show_folder=self.shown.append)
        self.films = VideoExport(cast("MainWindow", self))
        self.video = video(folder / "holiday.mp4")
        self.out = folder / "out.mp4"

    def watch(self) -> None:
        self.player.begin("holiday.mp4", frames=FRAMES, rate=10)
        self.player.source = VideoFile(self.video)


@pytest.fixture
def world(tmp_path: Path, qtbot: QtBot) -> Iterator[World]:
    made = World(tmp_path)
    qtbot.addWidget(made)
    qtbot.addWidget(made.messages)
    yield made
    made.messages.clear()
    assert join([made.films.lane])


def frames_of(path: Path) -> int:
    source = VideoFile(path)
    source.open()
    count = 0
    while source.read() is not None:
        count += 1
    source.close()
    return count


def test_only_a_video_file_can_be_exported(world: World) -> None:
    assert world.films.video is None
    world.player.begin("camera")
    assert world.films.video is None
    world.films.ask()
    assert not world.findChildren(VideoExportDialog)
    world.watch()
    assert world.films.video == world.video


def test_every_frame_is_written_with_its_scores(world: World, qtbot: QtBot) -> None:
    world.watch()
    with qtbot.waitSignal(world.films.ended, timeout=20_000) as ended:
        world.films.start(world.video, world.out)
        assert world.player.frozen
        assert world.messages.text == f"Exporting out.mp4: frame 0 of {FRAMES}."
    (made,) = ended.args
    assert (made.frames, made.cancelled) == (FRAMES, False)
    assert frames_of(world.out) == FRAMES
    notes = [json.loads(n) for n in world.out.with_suffix(".jsonl").read_text().splitlines()]
    assert [n["number"] for n in notes if n["kind"] == "frame"] == list(range(FRAMES))
    assert world.messages.text.startswith(f"Exported {FRAMES} frames to {world.out}.")
    world.messages.trigger()
    assert world.shown == [world.out.parent]


def test_a_stopped_export_can_be_played(
    world: World, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, go_on = threading.Semaphore(0), threading.Event()

    class Slow(Inspector):
        asked = 0

        def inspect(self, *args: Any) -> Inspection:
            looked.release()
            if self.asked == 3:
                go_on.wait(PATIENCE)
            self.asked += 1
            return super().inspect(*args)

    monkeypatch.setattr(video_export, "inspector_for", Slow)
    world.watch()
    with qtbot.waitSignal(world.films.ended, timeout=20_000) as ended:
        world.films.start(world.video, world.out)
        for _ in range(4):
            assert looked.acquire(timeout=PATIENCE)
        assert world.messages.text.startswith("Exporting out.mp4")
        world.messages.trigger()
        go_on.set()
    (made,) = ended.args
    assert made.cancelled
    assert 3 <= made.frames < FRAMES
    assert frames_of(world.out) == made.frames
    assert world.messages.text == f"Stopped. The first {made.frames} frames are in {world.out}."


def test_a_video_that_is_gone_says_so(world: World, qtbot: QtBot) -> None:
    world.watch()
    world.video.unlink()
    world.films.start(world.video, world.out)
    qtbot.waitUntil(lambda: world.messages.kind is Kind.ERROR)
    assert "holiday.mp4" in world.messages.text
    assert not world.out.exists()


def test_progress_does_not_cover_what_somebody_else_says(world: World, qtbot: QtBot) -> None:
    world.watch()
    world.messages.show_message("Saved 2 files.")
    with qtbot.waitSignal(world.films.ended, timeout=20_000):
        world.films.start(world.video, world.out)
        assert world.messages.text == "Saved 2 files."


def test_what_stopped_at_once_says_that_nothing_is_there(world: World) -> None:
    world.films.lane.done.emit(Processed((), 0, FRAMES, cancelled=True))
    assert world.messages.text == "Stopped before the first frame. Nothing was written."


def test_the_dialog_refuses_what_cannot_be_written(tmp_path: Path, qtbot: QtBot) -> None:
    source = video(tmp_path / "a.mp4", 2)
    parent = QWidget()
    qtbot.addWidget(parent)
    dialog = VideoExportDialog(source, tmp_path / "a.overlay.mp4", 1830, 61.0, parent)
    dialog.open()
    assert nameless(dialog) == []
    assert dialog.yes.isEnabled()
    assert not dialog.note.isVisible()
    for typed, problem in (
        ("", "Say where"),
        (str(tmp_path / "a.avi"), "must end in .mp4"),
        (str(tmp_path / "none" / "a.mp4"), "There is no folder"),
        (str(source), "the video itself"),
    ):
        dialog.field.setText(typed)
        assert problem in dialog.note.text()
        assert not dialog.yes.isEnabled()
    (tmp_path / "b.mp4").touch()
    dialog.field.setText(str(tmp_path / "b.mp4"))
    assert dialog.note.text().startswith("This file is there already.")
    assert dialog.yes.text() == "Replace"
    assert dialog.yes.isEnabled()
    assert dialog.path == tmp_path / "b.mp4"
    dialog.reject()


@pytest.mark.parametrize(
    ("done", "total", "seconds", "said"),
    [
        (10, 100, 1.0, ""),
        (0, 100, 60.0, ""),
        (50, 0, 60.0, ""),
        (100, 100, 60.0, ""),
        (50, 100, 30.0, "30 s left"),
        (10, 100, 10.0, "1 min 30 s left"),
        (1, 1000, 10.0, "2 h 46 min left"),
    ],
)
def test_the_time_left_is_told_once_it_is_known(
    done: int, total: int, seconds: float, said: str
) -> None:
    assert time_left(done, total, seconds) == said


@given(st.integers(1, 10_000), st.integers(1, 10_000), st.floats(3, 1e5))
def test_the_nearer_the_end_the_less_is_left(done: int, more: int, seconds: float) -> None:
    told = time_left(done, done + more, seconds).removesuffix(" left")
    unit = {"s": 1, "min": 60, "h": 3600}
    words = told.split()
    left = sum(int(n) * unit[u] for n, u in zip(words[::2], words[1::2], strict=True))
    assert left == pytest.approx(seconds / done * more, abs=61 if "h" in told else 1)
