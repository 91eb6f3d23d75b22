"""Figures on held-out pictures, counted by hand."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.teach.data.dataset import Example
from camviewer.teach.figures import measure, wilson


def _examples(*labels: tuple[str, ...]) -> list[Example]:
    return [Example(Path(f"{i}.png"), names) for i, names in enumerate(labels)]


def test_exclusive_classes() -> None:
    scores = np.array([[0.9, 0.1], [0.4, 0.6], [0.3, 0.7], [0.8, 0.2]])
    found = measure(scores, None, _examples(("a",), ("a",), ("b",), ("b",)), ("a", "b"))
    assert found.accuracy == 0.5
    assert found.confusion == ((1, 1), (1, 1))
    assert [(c.recall, c.precision) for c in found.classes] == [(0.5, 0.5), (0.5, 0.5)]
    # the surer mistake comes first
    assert [(m.path.name, m.truth, m.predicted) for m in found.mistakes] == [
        ("3.png", ("b",), ("a",)),
        ("1.png", ("a",), ("b",)),
    ]
    assert [m.score for m in found.mistakes] == [0.8, 0.6]
    assert [(a.path.name, a.right, a.score) for a in found.answers] == [
        ("0.png", True, 0.9),
        ("1.png", False, 0.6),
        ("2.png", True, 0.7),
        ("3.png", False, 0.8),
    ]
    assert found.as_dict().keys() == {"pictures", "accuracy", "interval", "classes", "confusion"}


def test_several_labels() -> None:
    scores = np.array([[0.6, 0.1], [0.6, 0.9], [0.1, 0.2]])
    examples = _examples(("a",), ("a", "b"), ("b",))
    found = measure(scores, (0.5, 0.5), examples, ("a", "b"))
    assert found.accuracy == pytest.approx(2 / 3)
    assert found.confusion is None
    assert [(c.recall, c.precision) for c in found.classes] == [(1, 1), (0.5, 1)]
    assert [(m.predicted, m.score) for m in found.mistakes] == [((), 0.8)]
    # the least sure of it: that there is no b, that there is an a, that there is no b
    assert [a.score for a in found.answers] == pytest.approx([0.6, 0.6, 0.8])


def test_a_class_that_never_occurs_has_no_figures() -> None:
    found = measure(np.array([[0.9, 0.1]]), None, _examples(("a",)), ("a", "b"))
    assert (found.classes[1].recall, found.classes[1].precision) == (None, None)


def test_nothing_held_out_has_no_accuracy() -> None:
    found = measure(np.zeros((0, 2)), None, [], ("a", "b"))
    assert (found.accuracy, found.interval) == (None, (0, 1))
    assert found.mistakes == found.answers == ()


def test_wilson_of_a_textbook() -> None:
    """Newcombe 1998, Two-sided confidence intervals for the single proportion, table I."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@given(st.integers(1, 500), st.data())
def test_the_interval_holds_the_share(count: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, count))
    low, high = wilson(hits, count)
    assert 0 <= low <= hits / count + 1e-12
    assert hits / count - 1e-12 <= high <= 1
