"""Converted AlexNet and VGG learn from scratch what is in a picture, and then show where."""

from pathlib import Path

import pytest

from tests.benchmarks.bench_gap import pointed, taught


@pytest.mark.parametrize(
    ("name", "side", "epochs", "rate"), [("alexnet-gap", 128, 10, 1e-4), ("vgg11-gap", 64, 8, 2e-4)]
)
def test_taught_with_class_names_only_it_finds_the_thing(
    tmp_path: Path, name: str, side: int, epochs: int, rate: float
) -> None:
    task, made = taught(tmp_path, name, side, epochs, rate)
    best = made.epochs[made.best]
    assert best.accuracy == 1
    assert best.held_out_loss < 0.3 * made.epochs[0].held_out_loss
    assert pointed(task, made.classifier, side) >= 0.5  # at random 0.13
