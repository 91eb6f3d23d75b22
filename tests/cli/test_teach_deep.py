"""``camviewer teach --deep``: says how far it is, keeps the best when it is ended, goes on."""

import json
import signal
from pathlib import Path

import pytest

from camviewer.cli import main
from camviewer.cli.teach_bar import Bar
from camviewer.models import taught
from camviewer.teach.deep import Epoch
from tests.cli.own_cache import cache, own_cache
from tests.teach.lessons import faint, folders

__all__ = ["cache", "own_cache"]

_FIXED = ("--device", "cpu", "--input-size", "32", "--deep", "--epochs", "2")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return faint(tmp_path / "set", each=8)


def test_the_table_says_what_it_brought(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 0
    said = capsys.readouterr()
    assert "after 2 epochs (all epochs are done): by 2 of the taught pictures" in said.out
    assert [line.split(":")[0] for line in said.err.splitlines() if "to choose by" in line] == [
        "before",
        "epoch 1 of 2",
        "epoch 2 of 2",
    ]
    deep = taught.about(out)["deep"]
    assert deep["chosen_by"] == deep["compared"]["pictures"] == 2
    fast, learnt = deep["compared"]["fast"]["loss"], deep["compared"]["deep"]["loss"]
    assert f"(loss {fast:.3f}), deep teaching" in said.out
    assert f"(loss {learnt:.3f})" in said.out
    assert ("fast teaching's network stays" in said.out) is not deep["deeper"]
    assert [epoch["epoch"] for epoch in deep["epochs"]] == [0, 1, 2]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.safetensors", "set"]


def test_ended_it_keeps_the_best_and_goes_on_when_told(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "mine.safetensors"
    before = signal.getsignal(signal.SIGINT)

    def press(self: Bar, epoch: Epoch) -> None:
        if epoch.number == 1:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(Bar, "epoch", press)
        assert main(["teach", str(data), "--out", str(out), "--json", *_FIXED]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["deep"]["ending"] == "cancelled"
    assert "give the same command with --resume" in said.err
    assert out.with_suffix(".unfinished").exists()
    assert len(taught.about(out)["deep"]["epochs"]) == 2
    assert main(["teach", str(data), "--out", str(out), "--resume", *_FIXED]) == 0
    assert "epoch 1 of 2" not in (again := capsys.readouterr().err)
    assert "epoch 2 of 2" in again
    assert not out.with_suffix(".unfinished").exists()
    assert len(taught.about(out)["deep"]["epochs"]) == 3
    assert signal.getsignal(signal.SIGINT) is before


def test_ended_before_it_learnt_anything_it_leaves_nothing(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def press(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(Bar, "show", press)
    out = tmp_path / "mine.safetensors"
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 130
    assert not out.exists()


def test_what_is_begun_anew_is_said(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.safetensors"
    out.with_suffix(".unfinished").write_text("of another teaching")
    assert main(["teach", str(data), "--out", str(out), *_FIXED]) == 0
    assert "Begins anew; --resume would go on from" in capsys.readouterr().err
    out.with_suffix(".unfinished").write_text("nonsense")
    assert main(["teach", str(data), "--out", str(out), "--resume", *_FIXED]) == 2
    assert "damaged" in capsys.readouterr().err


def test_a_network_of_random_numbers_learns_from_scratch(tmp_path: Path) -> None:
    data = folders(tmp_path / "set", each=5)
    out = tmp_path / "mine.safetensors"
    options = ("--from-scratch", "--backbone", "alexnet_gap", *_FIXED)
    assert main(["teach", str(data), "--out", str(out), *options, "--epochs", "1"]) == 0
    about = taught.about(out)
    assert about["backbone"]["backbone"] == "alexnet-gap"
    assert about["backbone"]["weights"] == "random"


def test_wrong_numbers_are_told(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["teach", str(data), "--out", "m.safetensors", "--deep", "--stages", "0"])
    assert "at least 1" in capsys.readouterr().err
