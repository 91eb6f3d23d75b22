"""What a data set knows of itself."""

from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.teach.data.dataset import (
    Broken,
    Dataset,
    Example,
    class_name,
    find_nothing,
)


def example(name: str, *labels: str) -> Example:
    return Example(Path(name), labels)


SEVERAL = Dataset(
    (example("1", "a", "b"), example("2"), example("3", "b"), example("4", "a"), example("5")),
    ("a", "b"),
    multi_label=True,
)


def test_several_labels_are_counted_each() -> None:
    assert SEVERAL.counts() == {"a": 2, "b": 2}
    assert SEVERAL.of("b") == (0, 2)
    assert SEVERAL.targets().tolist() == [[1, 1], [0, 0], [0, 1], [1, 0], [0, 0]]
    SEVERAL.check()


def test_a_subset_keeps_the_classes() -> None:
    part = SEVERAL.subset([3, 0])
    assert [e.path.name for e in part.examples] == ["4", "1"]
    assert part.classes == ("a", "b")
    assert part.counts() == {"a": 2, "b": 1}


def test_what_turns_out_broken_is_listed_and_gone() -> None:
    first, second = Broken(Path("1"), "torn"), Broken(Path("4"), "wet")
    left = SEVERAL.without([first]).without([second])
    assert [e.path.name for e in left.examples] == ["2", "3", "5"]
    assert left.broken == (first, second)
    assert left.notes() == ("1: not used. torn", "4: not used. wet")


@pytest.mark.parametrize(
    ("classes", "labels", "multi", "nothing"),
    [
        (("a", "a"), ("a",), False, None),
        (("a", "b"), ("c",), False, None),
        (("a", "b"), (), False, None),
        (("a", "b"), ("a", "b"), False, None),
        (("a", "b"), ("a",), True, "c"),
    ],
)
def test_contradictions_are_refused(
    classes: tuple[str, ...], labels: tuple[str, ...], multi: bool, nothing: str | None
) -> None:
    with pytest.raises(ValueError, match=r"class|labels"):
        Dataset((example("1", *labels),), classes, multi, nothing)


def test_each_class_needs_pictures_without_it_too() -> None:
    always = Dataset(tuple(example(n, "a") for n in "1234"), ("a",), multi_label=True)
    with pytest.raises(CamviewerError, match="Nearly every picture shows a"):
        always.check()
    with pytest.raises(CamviewerError, match="at least two classes; here is none"):
        Dataset((), ()).check()
    with pytest.raises(CamviewerError, match="at least two classes; here is only a"):
        Dataset(tuple(example(n, "a") for n in "12"), ("a",)).check()


def test_class_names_are_made_presentable() -> None:
    assert class_name("  big\t cat\n") == "big cat"
    assert class_name("x" * 300) == "x" * 100
    assert class_name("\x00") == "\ufffd"
    for empty in ("", " \n"):
        with pytest.raises(CamviewerError, match="no name"):
            class_name(empty)


def test_of_several_names_for_nothing_the_first_listed_counts() -> None:
    assert find_nothing(["good", "Background", "cat"]) == "Background"
    assert find_nothing(["no-defects"]) == "no-defects"
    assert find_nothing([]) is None
    with pytest.raises(CamviewerError, match="The classes are none"):
        find_nothing([], "x")
