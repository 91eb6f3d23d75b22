"""Holding out: whole groups, every class on both sides, whatever the order and the place."""

import os
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.teach.data.dataset import Dataset, Example
from camviewer.teach.data.split import Split, split
from tests.teach.data.drawn import save, scene

SHARES = st.sampled_from([0.1, 0.25, 0.5, 0.8])


def dataset(labels: Sequence[tuple[str, ...]], multi: bool = False) -> Dataset:
    classes = tuple(sorted({name for names in labels for name in names}))
    examples = (Example(Path(f"/p/{i}.png"), names) for i, names in enumerate(labels))
    return Dataset(tuple(examples), classes, multi_label=multi)


def check_sides(found: Split, count: int) -> None:
    assert sorted(found.teaching + found.held_out) == list(range(count))
    taught = {found.groups[i] for i in found.teaching}
    assert not taught & {found.groups[i] for i in found.held_out}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), max_size=60), SHARES)
def test_whole_groups_and_every_class_on_both_sides(
    pictures: list[tuple[str, int]], share: float
) -> None:
    data = dataset([(name,) for name, _ in pictures])
    groups = [10 * "abc".index(name) + number for name, number in pictures]
    found = split(data, share, groups=groups)
    check_sides(found, len(pictures))
    for name in data.classes:
        own = {groups[i] for i in data.of(name)}
        out = set(data.of(name)) & set(found.held_out)
        assert set(data.of(name)) & set(found.teaching)
        assert bool(out) == (len(own) >= 2)
        assert any(note.startswith(f"{name}: ") for note in found.notes) == (len(own) < 2)


@given(st.lists(st.integers(2, 40), min_size=1, max_size=5), SHARES, st.integers(0, 9))
def test_of_single_pictures_the_share_is_exact(sizes: list[int], share: float, seed: int) -> None:
    data = dataset([(f"class {c}",) for c, size in enumerate(sizes) for _ in range(size)])
    found = split(data, share, seed, groups=range(len(data.examples)))
    held = data.subset(found.held_out).counts()
    assert list(held.values()) == [min(max(1, round(share * n)), n - 1) for n in sizes]


LABELS = st.lists(st.sets(st.sampled_from("abcd")).map(lambda s: tuple(sorted(s))), max_size=40)


@given(LABELS, SHARES, st.data())
def test_several_labels(labels: list[tuple[str, ...]], share: float, more: st.DataObject) -> None:
    groups = more.draw(st.lists(st.integers(0, 12), min_size=len(labels), max_size=len(labels)))
    data = dataset(labels, multi=True)
    found = split(data, share, groups=groups)
    check_sides(found, len(labels))
    for name in data.classes:
        assert set(data.of(name)) & set(found.teaching)
        tried = bool(set(data.of(name)) & set(found.held_out))
        assert tried != any(note.startswith(f"{name}: ") for note in found.notes)


def test_a_class_that_cannot_be_tried_says_why() -> None:
    data = dataset([("a",), ("a",), ("b",), ("b",)])
    found = split(data, groups=[0, 0, 1, 2])
    assert len(found.held_out) == 1
    (note,) = found.notes
    assert note.startswith("a: none could be held out, for its pictures are all of one recording")
    # each class is in two groups, but three groups on two sides cannot part all three
    cycle = dataset([("a", "b"), ("b", "c"), ("a", "c")], multi=True)
    (note,) = split(cycle, 0.3, groups=[0, 1, 2]).notes
    assert "also show classes of which there are too few" in note


def test_mixed_groups_do_not_spoil_the_share() -> None:
    labels = [("a",)] * 20 + [("b",)] * 100
    groups = [*range(10), *range(10), *range(110)][: len(labels)]
    # ten groups hold two of a, and ten of b each share one of those
    data = dataset(labels)
    held = data.subset(split(data, 0.2, groups=groups).held_out).counts()
    assert held == {"a": 4, "b": 20}


def test_pictures_of_no_class_are_held_out_like_those_of_one() -> None:
    data = dataset([()] * 40 + [("a",)] * 8, multi=True)
    found = split(data, 0.25, groups=range(48))
    assert sum(i < 40 for i in found.held_out) == 10
    assert sum(i >= 40 for i in found.held_out) == 2


@given(st.permutations(range(30)), st.integers(0, 3))
def test_the_order_of_files_does_not_matter(order: list[int], seed: int) -> None:
    data = dataset([(f"class {i % 3}",) for i in range(30)])
    groups = [i // 2 for i in range(30)]
    found = {data.examples[i] for i in split(data, 0.3, seed, groups=groups).held_out}
    turned = data.subset(order)
    again = split(turned, 0.3, seed, groups=[groups[i] for i in order])
    assert {turned.examples[i] for i in again.held_out} == found


def test_another_seed_holds_out_others_and_the_same_the_same() -> None:
    data = dataset([(f"class {i % 2}",) for i in range(40)])
    found = [split(data, seed=seed, groups=range(40)) for seed in (0, 0, 1)]
    assert found[0] == found[1]
    assert found[0].held_out != found[2].held_out


def test_little_changes_when_a_picture_is_added() -> None:
    data = dataset([("a",)] * 40 + [("b",)] * 40)
    more = dataset([("a",)] * 40 + [("b",)] * 41)
    before = set(split(data, groups=range(80)).held_out)
    after = set(split(more, groups=range(81)).held_out)
    assert len(before) == 20
    assert len(before ^ after) <= 2


def folder(root: Path, kinds: int = 6) -> Dataset:
    """Two pictures alike of each kind, half of the kinds of each class."""
    examples = []
    for kind in range(kinds):
        name = "ab"[kind % 2]
        for copy in range(2):
            pixels = scene(kind)[copy:]
            path = save(root / name / f"{kind} {copy}.png", pixels)
            examples.append(Example(path, (name,)))
    return Dataset(tuple(examples), ("a", "b"))


def test_near_duplicates_stay_together_wherever_the_folder_lies(tmp_path: Path) -> None:
    data = folder(tmp_path / "here")
    told: list[tuple[int, int]] = []
    found = split(data, report=lambda done, of: told.append((done, of)))
    assert told[-1] == (12, 12)
    assert found.groups == (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5)
    assert Counter(data.examples[i].labels for i in found.held_out) == {("a",): 2, ("b",): 2}
    check_sides(found, 12)
    shutil.move(tmp_path / "here", tmp_path / "there")
    moved = tuple(
        Example(tmp_path / "there" / os.path.relpath(e.path, tmp_path / "here"), e.labels)
        for e in reversed(data.examples)
    )
    again = split(Dataset(moved, data.classes))
    assert {moved[i].path.name for i in again.held_out} == {
        data.examples[i].path.name for i in found.held_out
    }


def recording(frames: int, name: str, sequence: str) -> list[Example]:
    return [Example(Path(f"/p/{name}/take-{i}.jpg"), (name,), sequence) for i in range(frames)]


def test_of_the_only_recording_the_end_can_be_held_out() -> None:
    examples = (*recording(12, "a", "one"), *recording(4, "b", "two"), *recording(4, "b", "three"))
    data = Dataset(tuple(reversed(examples)), ("a", "b"))
    groups = [2, 2, 2, 2, 1, 1, 1, 1, *[0] * 12]
    whole = split(data, groups=groups)
    assert {data.examples[i].labels for i in whole.held_out} == {("b",)}
    found = split(data, groups=groups, cut_recordings=True)
    check_sides(found, 20)
    held = {data.examples[i].path for i in found.held_out if "a" in data.examples[i].labels}
    assert held == {Path(f"/p/a/take-{i}.jpg") for i in (9, 10, 11)}
    (note,) = found.notes
    assert note.startswith("a: there is one recording only, and its end was held out")


def test_what_is_no_recording_of_one_class_is_not_cut() -> None:
    examples = (*recording(4, "a", "one"), *recording(4, "b", "one"), *recording(4, "c", ""))
    data = Dataset(examples, ("a", "b", "c"))
    found = split(data, groups=[0] * 8 + [1] * 4, cut_recordings=True)
    assert found.held_out == ()
    assert len(found.notes) == 3


def test_what_cannot_be_is_refused() -> None:
    data = dataset([("a",), ("b",)])
    for share in (0, 1, -0.5):
        with pytest.raises(ValueError, match="cannot be held out"):
            split(data, share, groups=[0, 1])
    with pytest.raises(ValueError, match="1 groups for 2 examples"):
        split(data, groups=[0])
    assert split(Dataset((), ())) == Split((), (), ())


@pytest.mark.data
def test_exposures_of_one_tile_are_on_one_side(shared_data: Path) -> None:
    tiles = sorted((shared_data / "magnetic_tile" / "Crack").glob("*.jpg"))
    data = Dataset(tuple(Example(path, ("Crack",)) for path in tiles), ("Crack",))
    found = split(data, 0.5)
    side = {path.stem: i in found.held_out for i, path in enumerate(tiles)}
    one_tile = ("exp4_num_88149", "exp5_num_88170", "exp6_num_88201")
    assert len({side[stem] for stem in one_tile}) == 1
    assert len(found.held_out) == pytest.approx(len(tiles) / 2, abs=3)
