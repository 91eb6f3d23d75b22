"""Figures of merit against values worked out by hand."""

import numpy as np
import pytest

from camviewer.boxes import intersection_over_union
from camviewer.teach.starter.export import best_f, platt
from camviewer.teach.starter.metrics import average_precision, box_of
from camviewer.types import BoxRule, Rule

NAN = float("nan")


def f32(*values: float) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    return np.array(values, np.float32)


def test_average_precision_by_hand() -> None:
    # ranks 1 and 3 hit: (1/1 + 2/3) / 2
    found = average_precision(f32(0.9, 0.8, 0.7, 0.1), f32(1, 0, 1, 0))
    assert found == pytest.approx(5 / 6)


def test_average_precision_leaves_out_what_nobody_knows() -> None:
    assert average_precision(f32(0.9, 0.8, 0.7), f32(NAN, 1, 0)) == 1.0
    assert np.isnan(average_precision(f32(0.9, 0.8), f32(0, NAN)))


def test_box_of_a_block_is_the_block() -> None:
    activation = np.full((8, 8), -3.0, np.float32)
    activation[2:4, 3:7] = 5.0
    left, top, right, bottom = box_of(activation, 64) or (0, 0, 0, 0)
    assert intersection_over_union((left, top, right, bottom), (24, 16, 56, 32)) > 0.7


def test_box_of_two_blobs_depends_on_the_rule() -> None:
    activation = np.zeros((8, 8), np.float32)
    activation[1, 1] = 1.0
    activation[5:7, 5:7] = 1.0
    largest = box_of(activation, 64, BoxRule(Rule.LARGEST, 0.5))
    every = box_of(activation, 64, BoxRule(Rule.ALL, 0.5))
    assert largest is not None
    assert largest[0] > 32
    assert every is not None
    assert every[0] < 16
    assert every[2:] == largest[2:]


def test_no_box_where_nothing_speaks_for_the_class() -> None:
    assert box_of(np.full((4, 4), -1.0, np.float32), 32) is None


def test_best_f_by_hand() -> None:
    # 1.25 TP / (found + 0.25 * 3): from 0.9 on 1.25 / 1.75, from 0.6 on 2.5 / 2.75, from 0.2 on
    # 3.75 / 5.75
    assert best_f(f32(0.9, 0.6, 0.5, 0.3, 0.2), f32(1, 1, 0, 0, 1)) == pytest.approx(0.6)
    # where F1 would take all three (0.8 against 2 / 3), F0.5 wants the first alone (5 / 6 against
    # 2.5 / 3.5)
    assert best_f(f32(0.9, 0.6, 0.4), f32(1, 0, 1)) == pytest.approx(0.9)
    assert best_f(f32(0.9, 0.6, 0.4), f32(NAN, 1, 0)) == pytest.approx(0.6)
    assert best_f(f32(0.9), f32(0)) == 0.5


def test_platt_makes_scores_the_observed_shares() -> None:
    rng = np.random.default_rng(0)
    true = rng.normal(0, 2, 20_000)
    labels = (rng.random(20_000) < 1 / (1 + np.exp(-true))).astype(np.float32)
    slope, shift = platt(((true - 1) / 3).astype(np.float32), labels)
    assert slope == pytest.approx(3.0, abs=0.15)
    assert shift == pytest.approx(1.0, abs=0.1)


def test_platt_changes_nothing_where_there_is_nothing_to_learn() -> None:
    assert platt(f32(1, 2, 3), f32(0, 0, NAN)) == (1.0, 0.0)
