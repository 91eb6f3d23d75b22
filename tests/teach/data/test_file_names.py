"""Classes that the names of files tell."""

from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.teach.data.file_names import told_by_names
from camviewer.teach.data.folders import read_folder
from camviewer.teach.data.gathering import gather
from tests.teach.data.drawn import save


def named(*stems: str) -> list[Path]:
    return [Path(f"{stem}.jpg") for stem in stems]


def numbered(*names: str, each: int = 5) -> list[Path]:
    return named(*(name.format(n) for name in names for n in range(each)))


def test_what_stands_before_a_number() -> None:
    found = told_by_names(
        numbered("rolled-in_scale_{}", "crazing_{}", "great pyrenees ({})", "Bengal{:03}", "x-9-{}")
    )
    assert list(found) == ["Bengal", "crazing", "great pyrenees", "rolled-in_scale", "x-9"]
    assert found["Bengal"] == named("Bengal000", "Bengal001", "Bengal002", "Bengal003", "Bengal004")


@pytest.mark.parametrize(
    "pictures",
    [
        [],
        numbered("cat_{}"),
        numbered("IMG_{}", "DSC{}"),
        numbered("cat_{}", "photo ({})"),
        numbered("{}", "cat_{}"),
        [*numbered("cat_{}", "dog_{}"), *named("dog")],
        [*numbered("cat_{}", "dog_{}", each=9), *named("cow_1")],
        numbered("cat_{}", "dog_{}", each=4),
    ],
    ids=["none", "one class", "cameras", "a camera", "no name", "no number", "one", "few"],
)
def test_names_that_tell_no_classes(pictures: list[Path]) -> None:
    assert told_by_names(pictures) == {}


def files(folder: Path) -> dict[str, list[Path]]:
    return {name: [save(folder / f"{name}_{n}.png") for n in range(5)] for name in ("cat", "dog")}


@pytest.mark.parametrize("place", ["images", "set/train/images", "IMAGES"])
def test_where_no_folder_is_called_like_a_class(tmp_path: Path, place: str) -> None:
    made = files(tmp_path / place)
    root = tmp_path / Path(place).parts[0]
    for given in {root, tmp_path / place}:
        found = gather([given])
        assert found.classes == made
        assert "names of the files" in found.note
        assert read_folder(given).counts() == {"cat": 5, "dog": 5}


def test_a_folder_that_is_called_like_a_class_is_one(tmp_path: Path) -> None:
    made = files(tmp_path / "beasts")
    found = gather([tmp_path / "beasts"])
    assert found.classes == {"beasts": [*made["cat"], *made["dog"]]}
    assert found.note == ""
    with pytest.raises(CamviewerError, match="pictures, but no folders with pictures"):
        read_folder(tmp_path / "beasts")
