"""``camviewer explain`` of videos, with the starter."""

from __future__ import annotations

import json
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camviewer.cli import main
from camviewer.inspector import Inspector
from camviewer.live import film
from camviewer.models import catalog
from camviewer.paths import resources
from camviewer.render import View, overlay
from camviewer.types import Frame, Inspection
from tests.video_files import content, make_video

BOARD = resources() / "samples" / "board.jpg"
SIZE = (180, 256)
RATE = 25


def explain(*arguments: object) -> int:
    return main(["explain", *map(str, arguments), "--device", "cpu", "--runtime", "eager"])


@pytest.fixture(scope="session")
def board(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A board that moves to the left, with a tone."""
    with Image.open(BOARD) as picture:
        picture.thumbnail((360, 360))
        pixels = np.asarray(picture.convert("RGB"))
    frames = [np.ascontiguousarray(pixels[20:200, x : x + 256]) for x in range(0, 48, 8)]
    path = tmp_path_factory.mktemp("videos") / "board.mkv"
    return make_video(path, frames, sound="aac", seconds=len(frames) / RATE)


def notes(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    header, *frames = map(json.loads, path.read_text("ascii").splitlines())
    return header, frames


def test_a_video_becomes_an_annotated_one_with_notes(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(board, "--out", tmp_path / "out") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{board}: 6 frames; chessboard in 6\n"
    assert printed.err == ""
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"board.overlay.mp4", "board.jsonl"}
    before, after = content(board), content(tmp_path / "out" / "board.overlay.mp4")
    np.testing.assert_allclose(after.times, before.times, atol=1e-3)
    assert after.sound == "aac"
    header, frames = notes(tmp_path / "out" / "board.jsonl")
    assert (header["model"], header["method"], header["source"]) == ("starter", "cam", str(board))
    assert [f["number"] for f in frames] == list(range(6))
    assert [f["time"] for f in frames] == pytest.approx(before.times)
    boxes = [f["explanations"][0]["boxes"][0] for f in frames]
    assert [b["number"] for b in boxes] == [1] * 6
    # the board moves out of the picture to the left
    assert boxes[-1]["x"] < boxes[0]["x"]


def test_the_first_frame_is_the_picture_that_the_window_shows(board: Path, tmp_path: Path) -> None:
    assert explain(board, "--out", tmp_path, "--no-track") == 0
    first = Frame(content(board).frames[0], str(board))
    inspection = Inspector(catalog.load("starter"), "cpu", "eager").inspect(first)
    written = content(tmp_path / "board.overlay.mp4").frames[0].astype(int)
    assert np.abs(written - overlay(inspection, View())).mean() < 8
    assert np.abs(written - first.pixels).mean() > 20


def test_options_hold_for_every_frame(board: Path, tmp_path: Path) -> None:
    options = ("--class", "star", "--class", "0", "--threshold", 0.5, "--rule", "all")
    assert explain(board, "--out", tmp_path, *options, "--smooth", 0.5, "--no-track") == 0
    header, frames = notes(tmp_path / "board.jsonl")
    star = catalog.load("starter").find("star")
    assert header["targets"] == [star, 0]
    assert (header["rule"], header["threshold"]) == ("all", 0.5)
    assert (header["smoothing"], header["track"]) == (0.5, False)
    assert {e["label"] for f in frames for e in f["explanations"]} == {"star", "QR code"}
    assert all("number" not in b for f in frames for e in f["explanations"] for b in e["boxes"])


def test_smoothing_lets_maps_change_slowly(board: Path, tmp_path: Path) -> None:
    for name, options in (("plain", ()), ("smooth", ("--smooth", 5))):
        assert explain(board, "--out", tmp_path / name, *options) == 0
    moved = {}
    for name in ("plain", "smooth"):
        _, frames = notes(tmp_path / name / "board.jsonl")
        xs = [f["explanations"][0]["boxes"][0]["x"] for f in frames]
        moved[name] = abs(xs[-1] - xs[0])
    assert moved["smooth"] < 0.5 * moved["plain"]


def test_pictures_folders_and_videos_together(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "mixed"
    folder.mkdir()
    shutil.copy(BOARD, folder / "board.jpg")
    shutil.copy(board, folder / "board.mkv")
    (folder / "broken.mp4").write_bytes(b"no video" * 99)
    (folder / "notes.txt").write_text("none of these")
    out = tmp_path / "out"
    assert explain(folder, board, "--out", out, "--save-map") == 1
    printed = capsys.readouterr()
    # natural order within the folder, then what was named
    assert [Path(line.split(":")[0]).name for line in printed.out.splitlines()] == [
        "board.jpg",
        "board.mkv",
        "board.mkv",
    ]
    complaints = printed.err.splitlines()
    assert complaints[0] == "camviewer: videos are explained without --save-map"
    assert "broken.mp4" in complaints[1]
    assert len(complaints) == 2
    assert {p.name for p in out.iterdir()} == {
        *("board.overlay.png", "board.json", "board.2.npy"),
        *("board-2.overlay.mp4", "board-2.jsonl", "board-3.overlay.mp4", "board-3.jsonl"),
    }


def test_notes_can_be_printed_alone(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert explain(board, "--json") == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert explain(board, "--out", tmp_path, "--json") == 0
    assert capsys.readouterr().out == printed.out
    assert (tmp_path / "board.jsonl").read_text() == printed.out


def test_a_video_that_is_cut_off_is_explained_as_far_as_it_goes(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = make_video(tmp_path / "cut.mkv", content(board).frames, list(range(6)))
    cut.write_bytes(cut.read_bytes()[: cut.stat().st_size * 9 // 10])
    assert explain(cut, "--out", tmp_path / "out") == 1
    assert capsys.readouterr().err.startswith(f"camviewer: {cut}: cut.mkv is incomplete")
    _, frames = notes(tmp_path / "out" / "cut.jsonl")
    assert 0 < len(frames) < 6
    assert len(content(tmp_path / "out" / "cut.overlay.mp4").frames) == len(frames)


@pytest.mark.parametrize("option", [("--smooth", "-1"), ("--smooth", "nan"), ("--smooth", "much")])
def test_wrong_options_end_with_two(option: tuple[str, str]) -> None:
    with pytest.raises(SystemExit) as end:
        explain("a.mp4", "--out", "o", *option)
    assert end.value.code == 2


@pytest.fixture(autouse=True)
def _foreground() -> Iterator[None]:
    """As at a terminal: what a shell starts in the background ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class _CtrlC:
    """Presses Ctrl-C once the network has seen so many frames."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, after: int, times: int = 1) -> None:
        self.seen = 0
        inspect = Inspector.inspect

        def inspecting(inspector: Inspector, *arguments: Any) -> Inspection:
            self.seen += 1
            if self.seen == after:
                for _ in range(times):
                    signal.raise_signal(signal.SIGINT)
            return inspect(inspector, *arguments)

        monkeypatch.setattr(Inspector, "inspect", inspecting)


def test_ctrl_c_finishes_the_files_and_says_what_is_there(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    _CtrlC(monkeypatch, after=3)
    assert explain(board, BOARD, "--out", tmp_path) == 130
    printed = capsys.readouterr()
    assert printed.out == ""
    video, lines = tmp_path / "board.overlay.mp4", tmp_path / "board.jsonl"
    assert printed.err == (
        f"camviewer: {board}: interrupted; {video} and {lines} hold the first 3 frames of 6.\n"
    )
    # the picture after it was not begun
    assert set(tmp_path.iterdir()) == {video, lines}
    assert len(content(video).frames) == 3
    assert len(notes(lines)[1]) == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_twice_ends_at_once_and_files_can_be_played_all_the_same(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _CtrlC(monkeypatch, after=3, times=2)
    assert explain(board, "--out", tmp_path) == 130
    assert capsys.readouterr().err.endswith("camviewer: interrupted\n")
    assert len(content(tmp_path / "board.overlay.mp4").frames) == 2
    assert len(notes(tmp_path / "board.jsonl")[1]) == 2


def test_ctrl_c_before_the_first_frame_leaves_nothing(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _CtrlC(monkeypatch, after=1)
    assert explain(board, "--out", tmp_path, "--method", "score-cam") == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_full_disk_ends_everything(
    board: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from camviewer.errors import ExportError

    def full(self: film.Film, *arguments: Any) -> None:
        raise ExportError("The disk is full.")

    monkeypatch.setattr(film.Film, "add", full)
    assert explain(board, BOARD, "--out", tmp_path) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "camviewer: The disk is full.\n")
