"""The recipe: it runs, it resumes, it ends with files that load."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from camviewer.errors import ModelError
from camviewer.teach.starter import LABELS, evaluate
from camviewer.teach.starter import __main__ as command
from camviewer.teach.starter.__main__ import main
from camviewer.teach.starter.refine import REFINED, Rounds
from camviewer.teach.starter.shipped import RECORD, WEIGHTS, read
from camviewer.teach.starter.train import CHECKPOINT, CURRICULUM, Recipe, SceneStream, Trainer

pytestmark = pytest.mark.long

TINY = Recipe(seed=3, steps=6, batch=2, renderers=0)


@pytest.fixture(autouse=True)
def one_thread() -> object:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_the_curriculum_goes_from_close_ups_to_whole_scenes() -> None:
    assert [s.until for s in CURRICULUM] == sorted(s.until for s in CURRICULUM)
    assert CURRICULUM[-1].until == 1.0
    assert [s.side for s in CURRICULUM] == sorted(s.side for s in CURRICULUM)
    assert [s.smallest for s in CURRICULUM] == sorted(
        (s.smallest for s in CURRICULUM), reverse=True
    )


def test_scene_streams_continue_where_they_are_told() -> None:
    from_start = iter(SceneStream(TINY, CURRICULUM[0], 0))
    later = iter(SceneStream(TINY, CURRICULUM[0], 4))
    skipped = [next(from_start) for _ in range(8)]
    for picture, labels in skipped[4:]:
        again, labels_again = next(later)
        assert np.array_equal(picture, again)
        assert np.array_equal(labels, labels_again, equal_nan=True)


def test_an_interrupted_run_ends_like_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = Trainer(TINY, tmp_path / "whole").run(show=False)
    first = Trainer(TINY, tmp_path / "parts")
    first.run(show=False, stop=lambda: first.learner.step >= 3)
    assert first.learner.step == 3
    second = Trainer(TINY, tmp_path / "parts")
    assert second.learner.step == 3
    parts = second.run(show=False)
    assert second.learner.step == TINY.steps
    for name, tensor in whole.state_dict().items():
        assert torch.allclose(tensor.float(), parts.state_dict()[name].float(), atol=1e-6), name


def test_training_lowers_the_loss(tmp_path: Path) -> None:
    trainer = Trainer(Recipe(seed=0, steps=40, batch=8, renderers=0), tmp_path)
    pictures = torch.randint(0, 256, (8, 64, 64, 3), dtype=torch.uint8)
    labels = torch.zeros(8, len(LABELS))
    labels[:, 3] = 1.0
    labels[0, 5] = float("nan")
    losses = [trainer.train_on((pictures, labels)) for _ in range(40)]
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.5 * losses[0]


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    trainer = Trainer(TINY, tmp_path)
    trainer.learner.save()
    state = torch.load(tmp_path / CHECKPOINT, weights_only=True)
    state["network"]["fc.bias"] = torch.zeros(3)
    torch.save(state, tmp_path / CHECKPOINT)
    with pytest.raises(ModelError, match="another network"):
        Trainer(TINY, tmp_path)


def test_quick_command_trains_exports_and_evaluates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "SURFACES", 20)
    monkeypatch.setattr(command, "QUICK_ROUNDS", Rounds(rounds=1, scenes=6))
    run, files = tmp_path / "run", tmp_path / "files"
    short = ["--quick", "--steps", "5", "--batch", "2", "--renderers", "0", "--scenes", "8"]
    assert main([*short, "--out", str(run), "--to", str(files)]) == 0
    assert (run / CHECKPOINT).exists()
    assert (run / REFINED).exists()
    assert (files / WEIGHTS).stat().st_size <= 3_000_000
    network, record = read(files)
    assert not network.training
    assert record.training["steps"] == 10  # five from labels, five from masks
    assert len(record.thresholds) == len(LABELS)
    capsys.readouterr()
    asked = ["evaluate", "--starter", str(files), "--scenes", "12", "--json", "--record"]
    assert main(asked) == 0
    figures = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert {"map_a", "box_a", "false_alarm"} <= set(figures)
    assert figures["map_b"] is None
    assert list(figures["classes"]) == list(LABELS)
    assert 0 <= figures["map_a"] <= 1
    assert json.loads((files / RECORD).read_text())["figures"] == figures


def test_export_without_a_run_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "--out", str(tmp_path)]) == 1
    assert "Train first" in capsys.readouterr().err
