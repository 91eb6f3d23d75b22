"""Recording what is shown: never in the way, never half."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camviewer.errors import ExportError
from camviewer.inspector import Request
from camviewer.live import film
from camviewer.live.loop import Result, Settings
from camviewer.live.recording import Recorded, Recorder
from camviewer.render import View, overlay
from camviewer.types import Frame
from tests.inspections import heatmap, inspection, whole
from tests.live.fake_clock import PATIENCE
from tests.live.fake_source import FakeCamera
from tests.video_files import content, level

SIZE = (48, 64)


def result(number: int, arrived: float, size: tuple[int, int] = SIZE, top: int = 1) -> Result:
    frame = Frame(np.full((*size, 3), 10 + 4 * number, np.uint8), "camera", number, number / 30)
    cells = np.zeros((6, 8))
    cells[1, 1] = 1
    seen = inspection(heatmap(cells, whole(size)), picture=frame)
    return Result(seen, arrived, arrived + 0.05, 0, Settings(Request(top=top)))


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """While it is shut, the disk takes nothing."""
    opened = threading.Event()
    write = film.Film.add

    def add(self: film.Film, *arguments: Any) -> None:
        assert opened.wait(PATIENCE)
        write(self, *arguments)

    monkeypatch.setattr(film.Film, "add", add)
    yield opened
    opened.set()


def test_frames_are_recorded_at_the_times_they_came(tmp_path: Path) -> None:
    times = [100.0, 100.1, 100.15, 101.0, 103.5]
    recorder = Recorder(tmp_path / "new", "Desk: cam", FakeCamera())
    for number, time in enumerate(times):
        while not recorder.add(result(number, time), View(show_heatmap=False, show_boxes=False)):
            pass
    done = recorder.stop()
    assert [p.name for p in done.paths] == ["Desk_ cam.overlay.mp4", "Desk_ cam.jsonl"]
    assert {p.name for p in (tmp_path / "new").iterdir()} == {p.name for p in done.paths}
    assert (done.frames, done.problem) == (5, "")
    assert done.seconds == pytest.approx(3.5 + 1 / 30)
    read = content(done.paths[0])
    np.testing.assert_allclose(read.times, np.array(times) - 100, atol=1e-4)
    assert [level(f) for f in read.frames] == pytest.approx([10, 14, 18, 22, 26], abs=3)
    header, *lines = map(json.loads, done.paths[1].read_text().splitlines())
    assert (header["source"], header["top"], header["rate"]) == ("Fake Camera", 1, 30.0)
    assert [line["number"] for line in lines] == [0, 1, 2, 3, 4]
    assert [line["time"] for line in lines] == [0.0, 0.1, 0.15, 1.0, 3.5]
    assert {line["age"] for line in lines} == {0.05}
    assert {line["inference"] for line in lines} == {0.01}


def test_what_is_recorded_is_what_the_canvas_shows(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    shown = result(5, 1.0)
    recorder.add(shown, View())
    (read,) = content(recorder.stop().paths[0]).frames
    wanted = overlay(shown.inspection, View()).astype(int)
    assert np.abs(read - wanted).mean() < 6


def test_a_slow_disk_drops_frames_and_never_waits(tmp_path: Path, gate: threading.Event) -> None:
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    taken = [recorder.add(result(number, number / 10), View()) for number in range(20)]
    # the disk did not take a single one yet: had `add` waited, we would not be here
    assert not gate.is_set()
    assert taken == [True] * 4 + [False] * 16
    gate.set()
    done = recorder.stop()
    assert (done.frames, done.dropped) == (4, 16)
    np.testing.assert_allclose(content(done.paths[0]).times, [0, 0.1, 0.2, 0.3], atol=1e-4)


def test_ending_tells_when_the_files_are_there(tmp_path: Path, gate: threading.Event) -> None:
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    recorder.add(result(0, 0.0), View())
    told: list[Recorded] = []
    ended = threading.Event()

    def then(recorded: Recorded) -> None:
        told.append(recorded)
        assert recorded.paths[0].exists()
        ended.set()

    recorder.end(then)
    recorder.end(then)
    assert not told
    assert not recorder.add(result(1, 0.1), View())
    gate.set()
    assert ended.wait(PATIENCE)
    assert recorder.stop().frames == 1
    assert len(told) == 1


def test_nothing_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "clip.jsonl").write_text("mine")
    for name in ("clip-2", "clip-3"):
        recorder = Recorder(tmp_path, "clip", FakeCamera())
        recorder.add(result(0, 0.0), View())
        assert recorder.stop().paths[1].stem == name
    assert (tmp_path / "clip.jsonl").read_text() == "mine"


def test_without_frames_there_are_no_files(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    assert recorder.stop() == Recorded((), 0, 0, 0.0)
    assert not list(tmp_path.iterdir())


def test_a_camera_that_changes_its_size_goes_on_in_the_same_video(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    assert recorder.add(result(0, 0.0), View(show_heatmap=False))
    assert recorder.add(result(1, 0.1, (96, 96)), View(show_heatmap=False))
    done = recorder.stop()
    assert {f.shape for f in content(done.paths[0]).frames} == {(48, 64, 3)}
    lines = [json.loads(line) for line in done.paths[1].read_text().splitlines()]
    assert [line["height"] for line in lines if line["kind"] == "frame"] == [48, 96]


def test_a_problem_is_told_and_what_was_there_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, failed = film.Film.add, threading.Event()

    def add(self: film.Film, *arguments: Any) -> None:
        if self.frames == 2:
            failed.set()
            raise ExportError("The disk is full.")
        write(self, *arguments)

    monkeypatch.setattr(film.Film, "add", add)
    recorder = Recorder(tmp_path, "clip", FakeCamera())
    for number in range(3):
        while not recorder.add(result(number, number / 10), View()):
            pass
    assert failed.wait(PATIENCE)
    done = recorder.stop()
    assert (done.frames, done.problem) == (2, "The disk is full.")
    assert not recorder.add(result(9, 9.0), View())
    assert len(content(done.paths[0]).frames) == 2


def test_a_folder_that_cannot_be_made_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="file where a folder"):
        Recorder(tmp_path / "file" / "new", "clip", FakeCamera())
