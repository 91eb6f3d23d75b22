"""Layers that look beside their cells are brought to where they look, by the taught pictures."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from camviewer.errors import CancelledError
from camviewer.models.backbone import Order, Tap
from camviewer.models.preprocess import Preprocessing
from camviewer.models.taught import Descent
from camviewer.teach.data.dataset import Example
from camviewer.teach.foundation import Foundation, found
from camviewer.teach.registering import registered
from tests.teach.lessons import SIZE, backbone, ring_or_cross

_CPU = torch.device("cpu")


class _Beside(nn.Module):
    """Layers of 4 and 8 pixels; the finer one looks at the first pixel of its cells."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        smooth = nn.functional.avg_pool2d(x, 3, 1, padding=1)
        return smooth[:, :, ::4, ::4].clone(), nn.functional.avg_pool2d(x, 8)


@pytest.fixture
def foundation() -> Foundation:
    taps = (Tap("fine", Order.CHANNELS_FIRST), Tap("coarse", Order.CHANNELS_FIRST))
    return Foundation(
        trunk=_Beside(),  # type: ignore[arg-type]
        channels=6,
        preprocessing=Preprocessing(input_size=96, resize_size=96, min_size=32),
        descent=Descent("x", "x", "", taps, strongest=(0.1,)),
        identity="x",
    )


@pytest.fixture
def examples(tmp_path: Path) -> list[Example]:
    paths = [ring_or_cross(tmp_path / f"{n}.png", "both", n) for n in range(20)]
    return [Example(path, ()) for path in paths]


def test_each_layer_is_brought_to_where_it_looks(
    foundation: Foundation, examples: list[Example]
) -> None:
    """By hand: the first of four pixels lies a pixel and a half before their middle."""
    fine, coarse = registered(foundation, examples, _CPU).descent.taps
    assert fine.shift == (pytest.approx(0.375, abs=0.07), pytest.approx(0.375, abs=0.07))
    assert coarse.shift == (0.0, 0.0)
    assert replace(fine, shift=(0.0, 0.0)) == foundation.descent.taps[0]
    network = registered(foundation, examples, _CPU).network(2)
    assert network.taps == (fine, coarse)


def test_pictures_that_cannot_be_read_are_passed_over(
    foundation: Foundation, examples: list[Example], tmp_path: Path
) -> None:
    torn = tmp_path / "torn.png"
    torn.write_bytes(examples[0].path.read_bytes()[:50])
    broken = [Example(torn, ()), *examples[:7]]
    fine, _ = registered(foundation, broken, _CPU).descent.taps
    assert fine.shift[0] == pytest.approx(0.375, abs=0.07)
    alone = registered(foundation, broken[:1], _CPU)
    assert alone.descent == foundation.descent


def test_it_can_be_cancelled_at_every_look(foundation: Foundation, examples: list[Example]) -> None:
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked == 6

    with pytest.raises(CancelledError):
        registered(foundation, examples, _CPU, cancelled)
    assert asked == 6


def test_the_starter_looks_where_its_cells_are(examples: list[Example]) -> None:
    foundation = found(backbone(), input_size=SIZE, small=True)
    assert registered(foundation, examples, _CPU).descent == foundation.descent
