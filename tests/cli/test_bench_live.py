"""``camviewer bench --live``: the whole path runs; what it measures is not asserted."""

import json

import pytest

from camviewer import cli
from camviewer.gui.live.rehearsal import LiveRow


def test_a_row_for_the_starter(capsys: pytest.CaptureFixture[str], qapp: object) -> None:
    fixed = ["--rounds", "1", "--seconds", "1", "--device", "cpu", "--runtime", "eager"]
    assert cli.main(["bench", "--live", "--networks", "starter", *fixed, "--json"]) == 0
    row = LiveRow(**json.loads(capsys.readouterr().out))
    assert (row.network, row.runtime, row.device) == ("starter", "eager", "cpu")
    assert row.camera_fps == 60
    assert row.most_waiting <= 1
    assert row.shown_fps > 0
    assert row.share == pytest.approx(row.shown_fps / min(row.alone_fps, 60))
    assert row.age_bound_ms == pytest.approx(2000 / row.alone_fps + 33)
    assert row.plain_loop_fps is None
    assert row.times_faster_than == {}


def test_only_one_script_is_compared_with(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "--live", "--against", "torchcam"]) == 2
    assert "a loop around pytorch-grad-cam, not with torchcam" in capsys.readouterr().err
