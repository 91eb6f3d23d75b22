"""Heads on the strongest cells of each class's own map."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from camviewer.errors import CamviewerError, CancelledError
from camviewer.models.pooling import StrongestCells
from camviewer.teach import head as heads
from camviewer.teach import pointing
from camviewer.teach.cells import Cells, means
from camviewer.teach.head import Head, Lesson

_SIDE = 10
_SHARE = (0.02,)  # of 100 cells: two


@pytest.fixture
def cells(tmp_path: Path) -> Iterator[Cells]:
    with closing(Cells(tmp_path)) as found:
        yield found


def _lesson(cells: Cells, each: int = 12) -> Lesson:
    """Pictures of noise; in those of the second class two cells of channel 2 are set.

    The noise of channel 2 itself makes its mean say nothing of that.
    """
    chance = torch.Generator().manual_seed(0)
    rows, targets = [], []
    for number in range(2 * each):
        maps = 0.5 + 0.1 * torch.rand(4, _SIDE, _SIDE, generator=chance)
        maps[2] = torch.rand(_SIDE, _SIDE, generator=chance)
        maps[2] *= 0.1 + torch.rand(1, generator=chance)
        shown = number % 2
        if shown:
            y, x = torch.randint(_SIDE, (2,), generator=chance).tolist()
            maps[2, y, x] = maps[2, y, (x + 1) % _SIDE] = 3
        maps /= maps.mean((1, 2)).norm()
        cells.add([maps])
        rows.append(means([maps]).numpy())
        targets.append([1 - shown, shown])
    return Lesson(
        np.stack(rows)[:, None],
        np.array(targets, np.float32),
        np.arange(2 * each),
        multi_label=False,
    )


def _fit(lesson: Lesson, cells: Cells) -> Head:
    return pointing.fit(lesson, cells, range(len(lesson.targets)), _SHARE)


def test_it_finds_what_no_mean_shows(cells: Cells) -> None:
    lesson = _lesson(cells)
    head = _fit(lesson, cells)
    logits = pointing.logits(head, cells, range(len(cells)), _SHARE)
    assert (logits.argmax(1) == lesson.targets.argmax(1)).all()
    assert int(head.weight[1].argmax()) == 2
    by_means = heads.fit(lesson).logits(lesson.features[:, 0])
    assert (by_means.argmax(1) == lesson.targets.argmax(1)).mean() < 0.75
    assert head.strength in pointing.STRENGTHS
    assert head.thresholds is None
    assert head.loss < 0.2


def test_a_label_of_its_own_gets_a_threshold(cells: Cells) -> None:
    both = _lesson(cells)
    head = _fit(replace(both, targets=both.targets[:, 1:], multi_label=True), cells)
    logits = pointing.logits(head, cells, range(len(cells)), _SHARE)[:, 0]
    assert head.thresholds is not None
    found = 1 / (1 + np.exp(-logits)) >= head.thresholds[0]
    assert (found == (both.targets[:, 1] > 0)).mean() >= 0.9
    assert int(head.weight[0].argmax()) == 2


def test_logits_are_means_of_the_strongest_cells(tmp_path: Path) -> None:
    """By hand: of ten cells 11 % are two, rounded up, and 30 % three; half the weight each."""
    head = Head(np.array([[1.0, 2.0]]), np.array([0.25]), 0.001, 1.0, None, 0.0)
    with closing(Cells(tmp_path)) as cells:
        cells.add([torch.tensor([[[4.0, 0, 0, 0, 0], [0, 0, 0, 0, 2]]] * 2)])
        cells.add([torch.zeros(2, 2, 5)])
        found = pointing.logits(head, cells, [1, 0], (0.11, 0.3))
    assert found.tolist() == [[0.25], [(18 / 2 + 18 / 3) / 2 + 0.25]]


def test_cells_are_chosen_as_the_network_pools_them() -> None:
    """By hand: of ten cells two and three, of which the first two count in both means."""
    values = torch.tensor([[[4.0, 0, 7, 0, 0], [1, 0, 0, 9, 0]]])
    chosen = pointing._chosen(values, (0.2, 0.3))
    high, low = (1 / 2 + 1 / 3) / 2, 1 / 3 / 2
    torch.testing.assert_close(chosen, torch.tensor([[[low, 0, high, 0, 0], [0, 0, 0, high, 0]]]))
    pooled = StrongestCells((0.2, 0.3))(values[None])[0]
    torch.testing.assert_close((chosen * values).sum((1, 2)), pooled)


def test_it_is_the_same_each_time(cells: Cells) -> None:
    lesson = _lesson(cells)
    np.testing.assert_array_equal(_fit(lesson, cells).weight, _fit(lesson, cells).weight)


def test_several_labels_are_told_apart_wherever_they_are(cells: Cells) -> None:
    """Two things of two cells, each in half of the pictures, of which a quarter show both.

    Where a thing is not, its map must be low everywhere, and not only where it was highest last.
    """
    chance = torch.Generator().manual_seed(1)
    rows, targets = [], []
    for number in range(40):
        maps = torch.rand(6, _SIDE, _SIDE, generator=chance)
        shown = [number % 2, number // 2 % 2]
        for label, there in enumerate(shown):
            if there:
                y, x = torch.randint(_SIDE, (2,), generator=chance).tolist()
                maps[label, y, x] = maps[label, y, (x + 1) % _SIDE] = 2.5
        maps /= maps.mean((1, 2)).norm()
        cells.add([maps])
        rows.append(means([maps]).numpy())
        targets.append(shown)
    features, truth = np.stack(rows)[:, None], np.array(targets, np.float32)
    taught = list(range(24))
    lesson = Lesson(features[taught], truth[taught], np.arange(24), multi_label=True)
    head = pointing.fit(lesson, cells, taught, _SHARE)
    logits = pointing.logits(head, cells, range(24, 40), _SHARE)
    assert head.thresholds is not None
    found = 1 / (1 + np.exp(-logits)) >= head.thresholds
    assert (found == (truth[24:] > 0)).mean() >= 0.9
    assert head.weight.argmax(1).tolist() == [0, 1]


def test_few_choices_remembered_are_enough_to_go_on(
    cells: Cells, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesson = _lesson(cells)
    monkeypatch.setattr(pointing, "_MOST", 24 * 2 * 4)
    head = _fit(lesson, cells)
    logits = pointing.logits(head, cells, range(24), _SHARE)
    assert (logits.argmax(1) == lesson.targets.argmax(1)).all()


def test_few_problems_at_once_change_nothing(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = _lesson(cells)
    together = _fit(lesson, cells)
    monkeypatch.setattr(pointing, "_AT_ONCE", 1)
    shares: list[float] = []
    alone = pointing.fit(lesson, cells, range(24), _SHARE, shares.append)
    np.testing.assert_allclose(alone.weight, together.weight, rtol=1e-2, atol=1e-2)
    assert alone.strength == together.strength
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_one_group_a_class_leaves_nothing_to_choose_by(cells: Cells) -> None:
    lesson = _lesson(cells)
    alone = replace(lesson, groups=np.arange(24) % 2)
    head = _fit(alone, cells)
    assert (head.strength, head.temperature) == (0.003, 1)


def test_it_can_be_cancelled(cells: Cells) -> None:
    lesson = _lesson(cells)
    asked = 0

    def cancelled() -> bool:
        nonlocal asked
        asked += 1
        return asked > 400

    with pytest.raises(CancelledError):
        pointing.fit(lesson, cells, range(24), _SHARE, None, cancelled)
    assert asked == 401


def test_too_much_for_the_memory_is_refused(cells: Cells, monkeypatch: pytest.MonkeyPatch) -> None:
    lesson = _lesson(cells)
    monkeypatch.setattr(pointing, "_MOST", 24 * 2 * 4 - 1)
    with pytest.raises(CamviewerError, match="2 classes in 24 pictures are too many"):
        _fit(lesson, cells)
