"""The head: the optimum, chosen honestly, calibrated, the same each time."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from camviewer.errors import CancelledError
from camviewer.teach import head as module
from camviewer.teach.head import Lesson, best_threshold, fit, groups_of


def _lesson(classes: int = 3, each: int = 12, noise: float = 0.5, seed: int = 0) -> Lesson:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(classes, 16))
    truth = np.repeat(np.arange(classes), each)
    looks = rng.normal(size=(len(truth), 2, 16)) * noise + centres[truth][:, None]
    looks /= np.linalg.norm(looks, axis=2, keepdims=True)
    targets = np.eye(classes, dtype=np.float32)[truth]
    return Lesson(looks.astype(np.float32), targets, np.arange(len(truth)), multi_label=False)


def test_classes_that_lie_apart_are_told_apart() -> None:
    lesson = _lesson()
    head = fit(lesson)
    said = head.logits(_lesson(seed=0, noise=0.5).features[:, 1]).argmax(axis=1)
    assert (said == lesson.targets.argmax(axis=1)).mean() > 0.95
    assert head.thresholds is None


def test_it_is_the_minimum_of_the_regularised_loss() -> None:
    """At the minimum the gradient vanishes; the loss is convex, so there is no other."""
    lesson = _lesson(noise=2.0)
    taught = np.ones(len(lesson.targets), bool)
    solution = module._solve(lesson, taught, 0.01, None, None).requires_grad_()
    rows = torch.from_numpy(lesson.features.reshape(-1, 16).astype(np.float64)) * 20
    truth = torch.from_numpy(lesson.targets.repeat(2, axis=0).astype(np.float64))
    logits = rows @ solution[:, :-1].T + solution[:, -1]
    loss = -(logits.log_softmax(1) * truth).sum(1).mean()
    (loss + 0.005 * solution[:, :-1].square().sum()).backward()
    assert solution.grad.abs().max() < 1e-5


def test_a_start_changes_the_way_but_not_the_end() -> None:
    lesson = _lesson(noise=2.0)
    taught = np.ones(len(lesson.targets), bool)
    strong = module._solve(lesson, taught, 0.3, None, None)
    cold = module._solve(lesson, taught, 0.01, None, None)
    warm = module._solve(lesson, taught, 0.01, strong, None)
    torch.testing.assert_close(warm, cold, atol=1e-3, rtol=1e-3)


def test_it_is_the_same_each_time() -> None:
    first, again = fit(_lesson(noise=2.0)), fit(_lesson(noise=2.0))
    np.testing.assert_array_equal(first.weight, again.weight)
    assert first.strength == again.strength


def test_scores_of_what_cannot_be_learnt_are_doubtful() -> None:
    """Calibrated, chance is called chance: the loss is that of knowing nothing, ln 2."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(80, 1, 32)).astype(np.float32)
    values /= np.linalg.norm(values, axis=2, keepdims=True)
    targets = np.eye(2, dtype=np.float32)[rng.integers(0, 2, 80)]
    head = fit(Lesson(values, targets, np.arange(80), multi_label=False))
    assert head.loss == pytest.approx(np.log(2), abs=0.08)


def test_several_labels_at_once_each_get_a_threshold() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 2, (60, 2))
    directions = rng.normal(size=(3, 16))
    values = directions[0] + truth @ directions[1:] + rng.normal(size=(60, 16)) * 0.1
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    lesson = Lesson(
        values[:, None].astype(np.float32),
        truth.astype(np.float32),
        np.arange(60),
        multi_label=True,
    )
    head = fit(lesson)
    scores = 1 / (1 + np.exp(-head.logits(lesson.features[:, 0])))
    assert head.thresholds is not None
    assert ((scores >= head.thresholds) == truth).mean() > 0.97


def test_one_group_a_class_leaves_nothing_to_choose_by() -> None:
    lesson = _lesson(classes=2, each=4)
    lesson = Lesson(lesson.features, lesson.targets, np.repeat([0, 1], 4), multi_label=False)
    head = fit(lesson)
    assert head.temperature == 1
    assert np.isnan(head.loss)
    said = head.logits(lesson.features[:, 0]).argmax(axis=1)
    np.testing.assert_array_equal(said, lesson.targets.argmax(axis=1))


def test_groups_stay_together_in_trials() -> None:
    lesson = _lesson()
    paired = Lesson(lesson.features, lesson.targets, np.arange(36) // 2, multi_label=False)
    folds = module.folds_of(paired)
    assert len(folds) == 4
    for fold in folds:
        assert {int(g) for g in paired.groups[fold]}.isdisjoint(paired.groups[~fold])
    np.testing.assert_array_equal(np.sum(folds, axis=0), np.ones(36))


def test_it_can_be_cancelled_and_says_how_far_it_is() -> None:
    told: list[float] = []
    fit(_lesson(), told.append)
    assert told == sorted(told)
    assert told[-1] == 1
    with pytest.raises(CancelledError):
        fit(_lesson(), cancelled=lambda: True)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=12))
def test_no_threshold_has_a_higher_f1(pairs: list[tuple[float, bool]]) -> None:
    scores = np.array([score for score, _ in pairs])
    truth = np.array([shown for _, shown in pairs])

    def f1(threshold: float) -> float:
        said = scores >= threshold
        return float(2 * (said & truth).sum() / max(1, said.sum() + truth.sum()))

    chosen = best_threshold(scores, truth)
    assert 0 <= chosen <= 1
    if truth.any():
        assert f1(chosen) == pytest.approx(max(f1(score) for score in scores))
    else:
        assert chosen == 0.5


def test_group_numbers_have_no_gaps() -> None:
    assert groups_of([7, 3, 7, 9]).tolist() == [1, 0, 1, 2]
