"""Vectors on disk: bounded, and done without where the disk does not serve."""

from pathlib import Path

import numpy as np
import pytest

from camviewer.teach import store as module
from camviewer.teach.store import FeatureStore


def _vector(value: float) -> np.ndarray:
    return np.full(4, value, np.float32)


def test_what_was_put_is_there_for_another_program(tmp_path: Path) -> None:
    FeatureStore(tmp_path / "new" / "f").put({"a": _vector(1), "b": _vector(2)})
    found = FeatureStore(tmp_path / "new" / "f").get(["b", "c"])
    assert list(found) == ["b"]
    np.testing.assert_array_equal(found["b"], _vector(2))


def test_what_was_not_used_for_longest_goes_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FeatureStore(tmp_path / "f", bound=16 * 4)
    for day in range(5):
        monkeypatch.setattr(module, "_today", lambda day=day: day)
        store.put({str(day): _vector(day)})
    store.get(["0"])  # used on the last day
    store.tidy()
    assert sorted(store.get([str(day) for day in range(5)])) == ["0", "3", "4"]


def test_within_the_bound_all_stay(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "f", bound=16 * 2)
    store.put({"a": _vector(1), "b": _vector(2)})
    store.tidy()
    assert sorted(store.get(["a", "b"])) == ["a", "b"]


def test_a_damaged_file_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"no database at all, but long enough to be taken for one" * 100)
    store = FeatureStore(tmp_path / "f")
    store.put({"a": _vector(1)})
    assert list(store.get(["a"])) == ["a"]


def test_a_file_damaged_meanwhile_is_done_without(tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "f")
    (tmp_path / "f").write_bytes(b"x" * 8192)
    store.put({"a": _vector(1)})
    store.tidy()
    assert store.get(["a"]) == {}


def test_a_place_that_cannot_be_used_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    store = FeatureStore(tmp_path / "taken" / "f")
    store.put({"a": _vector(1)})
    assert store.get(["a"]) == {}
