"""Class names of annotations, and the network's labels."""

from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Sample
from camviewer.evaluate.naming import Names, names_of
from camviewer.models.classifier import Classifier
from tests.test_inspector import classifier


def network(*labels: str) -> Classifier:
    return classifier(labels=labels)


CATS = ("Cat", "hot_dog", "other", "cattle")


def test_case_underscores_and_hyphens_do_not_matter() -> None:
    names = Names(network(*CATS), ["cat", "CAT", "Hot-Dog", "hot dog"])
    assert [names.index(n) for n in ("cat", "CAT", "Hot-Dog", "hot dog")] == [0, 0, 1, 1]


def test_names_that_do_not_fit_are_all_told_with_an_offer() -> None:
    with pytest.raises(CamviewerError) as told:
        Names(network(*CATS), ["cat", "catle", "wolf"])
    message = str(told.value)
    assert "catle, wolf" in message
    assert "Cat, hot_dog, other, cattle" in message
    assert "--map 'catle=cattle'" in message
    assert "NAME= leaves" in message


def test_a_part_of_a_label_is_not_enough() -> None:
    with pytest.raises(CamviewerError, match="knows no attle"):
        Names(network(*CATS), ["attle"])


def test_names_are_mapped_to_labels_indices_and_nothing() -> None:
    samples = [
        Sample(Path("a"), "kitty", others=frozenset({"wolf"})),
        Sample(Path("a"), "wolf", others=frozenset({"kitty"})),
        Sample(Path("b"), "calf"),
    ]
    mapped = {"kitty": "cat", "calf": "3", "wolf": ""}
    with pytest.raises(CamviewerError, match="Several classes match"):
        Names(network("cat one", "cat two"), names_of(samples), mapped=mapped)
    names = Names(network(*CATS), names_of(samples), mapped=mapped)
    assert (names.index("kitty"), names.index("calf")) == (0, 3)
    assert names.kept(samples) == [Sample(Path("a"), "kitty"), Sample(Path("b"), "calf")]
    with pytest.raises(CamviewerError, match="none of the classes"):
        names.index("wolf")


def test_a_mapped_name_that_does_not_occur_is_told() -> None:
    with pytest.raises(CamviewerError, match=r"know no kity\. They know cat"):
        Names(network(*CATS), ["cat"], mapped={"kity": "cat"})


def test_one_name_for_several_labels_is_told() -> None:
    with pytest.raises(CamviewerError, match=r"crane \(0 or 2\).*--map NAME=NUMBER"):
        Names(network("crane", "duck", "crane"), ["crane"])
    names = Names(network("crane", "duck", "crane"), ["crane"], mapped={"crane": "2"})
    assert names.index("crane") == 2


def test_identifiers_come_from_a_file(tmp_path: Path) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("n01\tcat\nn02\tdog\n")
    assert Names(network(*CATS), ["n02"], ids=ids).index("n02") == 1
    with pytest.raises(CamviewerError, match=r"ids\.txt holds no 'cat'"):
        Names(network(*CATS), ["cat"], ids=ids)
    assert Names(network(*CATS), ["cat"], ids=ids, mapped={"cat": "other"}).index("cat") == 2
    ids.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(CamviewerError, match="cannot be read"):
        Names(network(*CATS), ["n02"], ids=ids)


def test_a_label_that_is_a_number_is_no_index() -> None:
    mapped = {"a": "1", "b": "2", "c": "10"}
    names = Names(network("1", "2", "10"), mapped, mapped=mapped)
    assert [names.index(n) for n in "abc"] == [0, 1, 2]
    assert Names(network("2", "3", "4"), ["a"], mapped={"a": "0"}).index("a") == 0


def test_where_case_alone_tells_labels_apart_the_very_same_counts() -> None:
    names = Names(network("cat", "Cat"), ["Cat", "cat"])
    assert [names.index(n) for n in ("Cat", "cat")] == [1, 0]
    with pytest.raises(CamviewerError, match=r"CAT \(0 or 1\)"):
        Names(network("cat", "Cat"), ["CAT"])
