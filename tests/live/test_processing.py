"""A video, explained into another one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camviewer.errors import CancelledError, ExportError, MethodError, SourceError
from camviewer.inspector import Request
from camviewer.live import film
from camviewer.live.film import about
from camviewer.live.loop import Settings
from camviewer.live.processing import one_by_one, process
from camviewer.media.videos import VideoFile
from camviewer.render import View, overlay
from camviewer.types import BoxRule, Frame, Inspection, Rule
from tests.inspections import heatmap, inspection, whole
from tests.live.fake_clock import PATIENCE
from tests.live.fake_source import FakeFile, number_of
from tests.media.movies import movie
from tests.media.numbered import number_of as number_in
from tests.video_files import content

BARE = View(show_heatmap=False, show_boxes=False)


def look(frame: Frame, request: Request) -> Inspection:
    """A map with a spot that walks, and brightens, from frame to frame."""
    cells = np.zeros((6, 8))
    cells[2, frame.number % 8] = 1 + frame.number
    return inspection(heatmap(cells, whole(frame.size)), picture=frame, rule=request.rule)


def notes(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    header, *frames = (json.loads(line) for line in path.read_text("ascii").splitlines())
    return header, frames


def test_every_frame_is_explained_in_order(tmp_path: Path) -> None:
    seen: list[int] = []
    told: list[tuple[int, int]] = []
    source = FakeFile(length=23, rate=10)
    settings = Settings(Request(targets=(3,), rule=BoxRule(Rule.ALL, 0.5)), hold=4.0)
    done = process(
        source,
        one_by_one(look),
        settings,
        BARE,
        tmp_path / "a.overlay.mp4",
        progress=lambda n, total: told.append((n, total)),
        each=lambda i: seen.append(i.frame.number),
    )
    assert done.paths == (tmp_path / "a.overlay.mp4", tmp_path / "a.jsonl")
    assert (done.frames, done.total, done.cancelled, done.note) == (23, 23, False, "")
    assert seen == list(range(23))
    assert told == [(n, 23) for n in range(1, 24)]
    assert (source.opened, source.closed) == (1, 1)
    np.testing.assert_allclose(content(done.paths[0]).times, np.arange(23) / 10, atol=1e-4)
    header, frames = notes(done.paths[1])
    assert [f["number"] for f in frames] == list(range(23))
    assert header["targets"] == [3]
    assert (header["rule"], header["threshold"], header["hold"]) == ("all", 0.5, 4.0)
    assert (header["source"], header["frames"], header["rate"]) == ("fake.mp4", 23, 10)


def test_what_is_written_is_what_is_shown(tmp_path: Path) -> None:
    source = movie(tmp_path / "a.mp4", 12)
    given: list[Inspection] = []
    done = process(
        VideoFile(source),
        one_by_one(look),
        Settings(),
        View(),
        tmp_path / "out.mp4",
        each=given.append,
    )
    read = content(done.paths[0])
    for one, pixels in zip(given, read.frames, strict=True):
        assert number_in(one.frame.pixels) == one.frame.number
        assert np.abs(overlay(one, View()).astype(int) - pixels).mean() < 6


def test_frames_keep_their_times_and_the_sound(tmp_path: Path) -> None:
    times = [0.0, 0.1, 0.15, 0.9, 1.0, 1.7]
    source = movie(tmp_path / "a.mp4", 6, times=times, sound=2.0)
    done = process(VideoFile(source), one_by_one(look), Settings(), BARE, tmp_path / "out.mp4")
    read, before = content(done.paths[0]), content(source)
    np.testing.assert_allclose(read.times, times, atol=0.001)
    assert [number_in(f) for f in read.frames] == list(range(6))
    assert read.packets == before.packets
    assert [f["time"] for f in notes(done.paths[1])[1]] == pytest.approx(times, abs=1e-6)


def test_the_range_is_held_and_boxes_are_numbered(tmp_path: Path) -> None:
    given: list[Inspection] = []
    process(FakeFile(6), one_by_one(look), Settings(), BARE, tmp_path / "a.mp4", each=given.append)
    assert [i.explanations[0].heatmap.ceiling for i in given] == pytest.approx([1, 2, 3, 4, 5, 6])
    assert all(box.number is not None for i in given for box in i.explanations[0].boxes)
    numbered = [f["explanations"][0]["boxes"][0]["number"] for f in notes(tmp_path / "a.jsonl")[1]]
    assert numbered == [i.explanations[0].boxes[0].number for i in given]


def test_without_tracking_boxes_have_no_numbers(tmp_path: Path) -> None:
    process(FakeFile(3), one_by_one(look), Settings(track=False), BARE, tmp_path / "a.mp4")
    _, frames = notes(tmp_path / "a.jsonl")
    assert all("number" not in f["explanations"][0]["boxes"][0] for f in frames)


def test_the_same_again_gives_the_same_notes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        process(FakeFile(9), one_by_one(look), Settings(), View(), tmp_path / f"{name}.mp4")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize("frames", [1, 7, 22])
def test_cancelling_leaves_what_can_be_played(tmp_path: Path, frames: int) -> None:
    told: list[int] = []
    source = FakeFile(100)
    done = process(
        source,
        one_by_one(look),
        Settings(),
        BARE,
        tmp_path / "a.mp4",
        progress=lambda n, _: told.append(n),
        cancelled=lambda: len(told) >= frames,
    )
    assert (done.cancelled, done.frames, done.total) == (True, frames, 100)
    assert len(content(tmp_path / "a.mp4").frames) == frames
    assert len(notes(tmp_path / "a.jsonl")[1]) == frames
    assert source.closed == 1


def test_a_look_may_cancel_in_the_middle_of_a_frame(tmp_path: Path) -> None:
    def slow(frame: Frame, request: Request) -> Inspection:
        if frame.number == 4:
            raise CancelledError("stopped")
        return look(frame, request)

    done = process(FakeFile(9), one_by_one(slow), Settings(), BARE, tmp_path / "a.mp4")
    assert (done.cancelled, done.frames) == (True, 4)
    assert len(content(tmp_path / "a.mp4").frames) == 4


def test_cancelled_before_anything_is_done_there_are_no_files(tmp_path: Path) -> None:
    def never(frame: Frame, request: Request) -> Inspection:
        raise CancelledError("stopped")

    done = process(FakeFile(9), one_by_one(never), Settings(), BARE, tmp_path / "a.mp4")
    assert (done.paths, done.frames, done.cancelled) == ((), 0, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("error", [MethodError("No."), KeyboardInterrupt()])
def test_whatever_ends_it_what_was_written_can_be_played(
    tmp_path: Path, error: BaseException
) -> None:
    def failing(frame: Frame, request: Request) -> Inspection:
        if frame.number == 5:
            raise error
        return look(frame, request)

    source = FakeFile(9)
    with pytest.raises(type(error)):
        process(source, one_by_one(failing), Settings(), BARE, tmp_path / "a.mp4")
    assert len(content(tmp_path / "a.mp4").frames) == 5
    assert len(notes(tmp_path / "a.jsonl")[1]) == 5
    assert source.closed == 1


def test_a_source_that_is_lost_is_told_and_the_beginning_stays(tmp_path: Path) -> None:
    source = FakeFile(20)
    source.broken = {11}
    with pytest.raises(SourceError, match="gone"):
        process(source, one_by_one(look), Settings(), BARE, tmp_path / "a.mp4")
    assert len(content(tmp_path / "a.mp4").frames) == 11


def test_a_video_that_is_cut_off_gives_what_there_is_and_says_so(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mkv", 60, sound=2.4)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    done = process(VideoFile(path), one_by_one(look), Settings(), BARE, tmp_path / "out.mp4")
    assert 10 < done.frames < 60
    assert not done.cancelled
    assert done.note
    numbers = [number_in(f) for f in content(done.paths[0]).frames]
    assert numbers == list(range(done.frames))


def test_a_disk_that_fails_ends_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = film.Film.add

    def add(self: film.Film, *arguments: Any) -> None:
        if self.frames == 3:
            raise ExportError("The disk is full.")
        write(self, *arguments)

    monkeypatch.setattr(film.Film, "add", add)
    source = FakeFile(1000)
    with pytest.raises(ExportError, match="disk is full"):
        process(source, one_by_one(look), Settings(), BARE, tmp_path / "a.mp4")
    assert len(content(tmp_path / "a.mp4").frames) == 3
    assert source.closed == 1


def test_a_video_without_pictures_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no pictures"):
        process(FakeFile(0), one_by_one(look), Settings(), BARE, tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_the_video_itself_is_never_written_over(tmp_path: Path) -> None:
    path = movie(tmp_path / "a.mp4", 3)
    before = path.read_bytes()
    with pytest.raises(ExportError, match="video itself"):
        process(VideoFile(path), one_by_one(look), Settings(), BARE, tmp_path / "." / "a.mp4")
    assert path.read_bytes() == before


def test_a_length_that_is_too_low_is_put_right(tmp_path: Path) -> None:
    class Short(FakeFile):
        def open(self) -> None:
            super().open()
            self.length, self._claimed = 4, self.length

        def read(self) -> Frame | None:
            self.length = self._claimed
            frame = super().read()
            self.length = 4
            return frame

    told: list[tuple[int, int]] = []
    done = process(
        Short(6),
        one_by_one(look),
        Settings(),
        BARE,
        tmp_path / "a.mp4",
        progress=lambda n, total: told.append((n, total)),
    )
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4), (5, 5), (6, 6)]
    assert (done.frames, done.total) == (6, 6)


def test_few_frames_are_under_way_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading, looking and writing overlap, but memory does not grow with the video."""
    write, opened = film.Film.add, threading.Event()
    source, looked = FakeFile(200), 0

    def add(self: film.Film, *arguments: Any) -> None:
        assert opened.wait(PATIENCE)
        write(self, *arguments)

    def counting(frame: Frame, request: Request) -> Inspection:
        nonlocal looked
        looked += 1
        if looked == 4:
            # nothing has been written, and yet the network goes on; it cannot go far
            assert source._next <= 4 + 3
            opened.set()
        return look(frame, request)

    monkeypatch.setattr(film.Film, "add", add)
    done = process(source, one_by_one(counting), Settings(), BARE, tmp_path / "a.mp4")
    assert done.frames == 200


def test_a_look_that_reads_ahead_still_gets_every_frame(tmp_path: Path) -> None:
    def ahead(frames: Iterable[Frame], request: Request) -> Iterator[Inspection]:
        held = list(frames)
        assert [number_of(f) for f in held] == list(range(40))
        return (look(replace(f), request) for f in held)

    assert process(FakeFile(40), ahead, Settings(), BARE, tmp_path / "a.mp4").frames == 40


def test_what_is_incomplete_replaces_nothing(tmp_path: Path) -> None:
    out = tmp_path / "a.overlay.mp4"
    process(FakeFile(9), one_by_one(look), Settings(), BARE, out)
    before = {path: path.read_bytes() for path in (out, tmp_path / "a.jsonl")}
    told: list[int] = []
    done = process(
        FakeFile(9),
        one_by_one(look),
        Settings(),
        BARE,
        out,
        progress=lambda n, _: told.append(n),
        cancelled=lambda: len(told) >= 4,
    )
    assert {path: path.read_bytes() for path in before} == before
    assert done.paths == (tmp_path / "a-2.overlay.mp4", tmp_path / "a-2.jsonl")
    assert len(content(done.paths[0]).frames) == len(notes(done.paths[1])[1]) == 4
    assert {path.name for path in tmp_path.iterdir()} == {
        *("a.overlay.mp4", "a.jsonl", "a-2.overlay.mp4", "a-2.jsonl")
    }


def test_a_length_that_is_not_known_is_not_told() -> None:
    source = FakeFile(1)
    source.duration = 0.0
    told = about(source)
    assert (told["frames"], told["duration"]) == (None, None)
