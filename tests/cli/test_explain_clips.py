"""``camviewer explain`` with a network that looks at clips, on the user's own weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from camviewer.cli import main
from camviewer.inspector import ClipInspector, Request
from camviewer.models import catalog, zoo
from camviewer.types import Frame
from tests.video_files import content, make_video

NAME = "mc3_18"  # as many moments as frames


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "mine.pth"
    torch.save(zoo.build(NAME, 3).state_dict(), path)
    return path


@pytest.fixture(scope="module")
def labels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("labels") / "labels.txt"
    path.write_text("jumping\nwaving\nsleeping\n")
    return path


@pytest.fixture(autouse=True)
def small_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of 32 x 32 instead of 112 x 112."""
    own = replace(zoo.preprocessing(NAME), input_size=32, resize_size=36)
    monkeypatch.setattr(zoo, "preprocessing", lambda _name: own)


def explain(weights: Path, labels: Path, *arguments: object) -> int:
    options = ["--model", NAME, "--weights", weights, "--labels", labels, "--device", "cpu"]
    return main(["explain", *map(str, (*arguments, *options))])


def ball(count: int) -> list[np.ndarray]:
    """A white ball that moves to the right."""
    rows, columns = np.mgrid[:48, :64]
    frames = []
    for number in range(count):
        inside = (rows - 24) ** 2 + (columns - 10 - number) ** 2 < 49
        frames.append(np.repeat(np.uint8(255 * inside)[..., None], 3, axis=2))
    return frames


def test_every_frame_of_a_video_is_explained(
    weights: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = make_video(tmp_path / "ball.mp4", ball(40), [n / 15 for n in range(40)])
    out = tmp_path / "out"
    assert explain(weights, labels, video, "--class", "waving", "--out", out) == 0
    printed = capsys.readouterr()
    assert printed.out == f"{video}: 40 frames; waving in 40\n"
    assert "looks at clips of 16 frames" in printed.err
    assert len(content(out / "ball.overlay.mp4").frames) == 40
    header, *frames = map(json.loads, (out / "ball.jsonl").read_text("ascii").splitlines())
    assert (header["model"], header["method"], header["layer"]) == (NAME, "cam", "layer4.1.relu")
    assert [f["number"] for f in frames] == list(range(40))
    assert all(f["clip"][0] <= f["number"] <= f["clip"][-1] for f in frames)
    assert {len(f["clip"]) for f in frames} == {16}
    # what was said of a clip is said of each of its frames
    said = {(tuple(f["clip"]), f["predictions"][0]["score"]) for f in frames}
    assert [clip[0] for clip, _ in sorted(said)] == [0, 8, 16, 24]


def test_the_file_says_what_the_inspector_says(weights: Path, labels: Path, tmp_path: Path) -> None:
    video = make_video(tmp_path / "ball.mkv", ball(16), [n / 15 for n in range(16)])
    assert (
        explain(weights, labels, video, "--top", "1", "--out", tmp_path / "out", "--no-track") == 0
    )
    _, *frames = map(json.loads, (tmp_path / "out" / "ball.jsonl").read_text("ascii").splitlines())
    classifier = catalog.load(NAME, weights=weights, labels=labels)
    pixels = content(video).frames
    shown = [Frame(p, "ball.mkv", i, i / 15) for i, p in enumerate(pixels)]
    seen = ClipInspector(classifier, "cpu").look(shown, Request(top=1))
    for inspection, written in zip(seen, frames, strict=True):
        (best,) = inspection.top(1)
        assert written["predictions"][0]["label"] == best.label
        assert written["predictions"][0]["score"] == pytest.approx(best.score, abs=1e-5)


def test_a_still_picture_is_explained_and_the_user_told(
    weights: Path, labels: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "still.png"
    Image.fromarray(ball(1)[0]).save(path)
    assert explain(weights, labels, path, "--top", "1", "--out", tmp_path / "out") == 0
    printed = capsys.readouterr()
    assert "a still picture is shown to it as a clip in which nothing moves" in printed.err
    (written,) = (tmp_path / "out").glob("*.json")
    assert "clip" not in json.loads(written.read_text("ascii"))
    assert explain(weights, labels, path, "--method", "rise", "--out", tmp_path / "out") == 2
    assert "this network looks at clips" in capsys.readouterr().err
