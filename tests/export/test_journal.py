"""Notes on the frames of a video."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from camviewer.errors import ExportError
from camviewer.export.journal import Journal
from camviewer.types import Box, Frame, Inspection
from tests.inspections import heatmap, inspection

ABOUT = {"source": "clip.mp4", "rate": 25.0}


def seen(number: int, time: float, *, box: int | None = None) -> Inspection:
    frame = Frame(np.zeros((30, 40, 3), np.uint8), "clip.mp4", number, time)
    made = inspection(heatmap(np.eye(3, 4), score=0.75), picture=frame)
    (explanation,) = made.explanations
    boxes = tuple(replace(b, number=box) for b in explanation.boxes)
    return made.with_explanations((replace(explanation, boxes=boxes),))


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_a_header_and_a_line_for_each_frame(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "clip.jsonl")
    for number, time in enumerate([0.0, 0.04, 1 / 3]):
        journal.add(seen(number, time, box=number + 1), ABOUT, {})
    journal.close()
    journal.close()
    header, *frames = lines(tmp_path / "clip.jsonl")
    assert header["kind"] == "header"
    assert (header["source"], header["rate"]) == ("clip.mp4", 25.0)
    assert (header["model"], header["layer"], header["method"]) == ("tiny", "features.1", "cam")
    assert header["weights_sha256"] == "ab" * 32
    assert [f["kind"] for f in frames] == ["frame"] * 3
    assert [(f["number"], f["time"]) for f in frames] == [(0, 0.0), (1, 0.04), (2, 0.333333)]
    assert {(f["width"], f["height"]) for f in frames} == {(40, 30)}
    assert frames[0]["predictions"] == [
        {"index": 1, "label": "cat", "score": 0.75},
        {"index": 0, "label": "dog", "score": 0.25},
    ]
    (explanation,) = frames[2]["explanations"]
    assert (explanation["label"], explanation["score"]) == ("cat", 0.75)
    (box,) = explanation["boxes"]
    (truth,) = seen(2, 0).explanations[0].boxes
    assert isinstance(truth, Box)
    assert (box["x"], box["y"], box["width"], box["height"]) == pytest.approx(
        (truth.x, truth.y, truth.width, truth.height), abs=0.01
    )
    assert box["number"] == 3
    assert box["score"] == pytest.approx(truth.score, abs=1e-6)


def test_a_new_header_comes_only_with_something_new(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "clip.jsonl")
    other = replace(seen(2, 2.0), origin=replace(seen(2, 2.0).origin, method="grad-cam"))
    journal.add(seen(0, 0.0), ABOUT, {})
    journal.add(seen(1, 1.0), ABOUT, {})
    journal.add(other, ABOUT, {})
    journal.add(replace(other), {**ABOUT, "top": 2}, {})
    journal.add(replace(other), {**ABOUT, "top": 2}, {})
    journal.close()
    kinds = [line["kind"][0] for line in lines(tmp_path / "clip.jsonl")]
    assert "".join(kinds) == "hffhfhff"


def test_more_can_be_said_of_a_frame(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "clip.jsonl")
    journal.add(seen(7, 70.0), ABOUT, {"time": 0.5, "age": 0.08})
    journal.close()
    frame = lines(tmp_path / "clip.jsonl")[1]
    assert (frame["number"], frame["time"], frame["age"]) == (7, 0.5, 0.08)


def test_what_was_written_is_there_before_the_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "clip.jsonl")
    journal.add(seen(0, 0.0), ABOUT, {})
    journal.add(seen(1, 0.04), ABOUT, {})
    (part,) = tmp_path.iterdir()
    assert part.name.endswith(".part.jsonl")
    assert [line["kind"] for line in lines(part)] == ["header", "frame", "frame"]
    journal.close()
    assert [p.name for p in tmp_path.iterdir()] == ["clip.jsonl"]


def test_without_frames_there_is_no_file(tmp_path: Path) -> None:
    Journal(tmp_path / "clip.jsonl").close()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        Journal(tmp_path / "gone" / "clip.jsonl")
