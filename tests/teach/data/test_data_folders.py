"""Folders of pictures whose names are the classes."""

import os
from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.teach.data.dataset import Broken
from camviewer.teach.data.folders import read_folder
from tests.teach.data.drawn import save


def fill(root: Path, *names: str) -> None:
    for name in names:
        save(root / name)


def listed(root: Path, items: tuple[Broken, ...]) -> dict[str, str]:
    return {item.path.relative_to(root).as_posix(): item.reason for item in items}


def test_subfolders_are_classes_in_natural_order(tmp_path: Path) -> None:
    fill(tmp_path, "part 10/a.png", "part 10/b.png", "part 2/a.png", "part 2/deep/er/b.jpg")
    dataset = read_folder(tmp_path)
    assert dataset.classes == ("part 2", "part 10")
    assert dataset.counts() == {"part 2": 2, "part 10": 2}
    assert [e.path.relative_to(tmp_path).as_posix() for e in dataset.examples] == [
        "part 2/a.png",
        "part 2/deep/er/b.jpg",
        "part 10/a.png",
        "part 10/b.png",
    ]
    assert dataset.examples[1].labels == ("part 2",)
    assert dataset.of("part 10") == (2, 3)
    assert dataset.targets().tolist() == [[1, 0], [1, 0], [0, 1], [0, 1]]
    assert not dataset.multi_label
    assert dataset.nothing is None
    assert dataset.notes() == ()


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Nothing", True), ("no_defect", True), ("Free", True), ("goods", False), ("cat", False)],
)
def test_a_class_named_so_means_nothing(tmp_path: Path, name: str, expected: bool) -> None:
    fill(tmp_path, f"{name}/a.png", f"{name}/b.png", "dog/a.png", "dog/b.png")
    assert read_folder(tmp_path).nothing == (name if expected else None)
    assert read_folder(tmp_path, nothing="").nothing is None
    assert read_folder(tmp_path, nothing="DOG").nothing == "dog"
    with pytest.raises(CamviewerError, match="no class bird"):
        read_folder(tmp_path, nothing="bird")


def test_hidden_and_empty_folders_are_no_classes(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "a/2.png", "b/1.png", "b/2.png", ".c/1.png", "a/.x/3.png", "a/.3.png")
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "readme.txt").write_text("no picture")
    dataset = read_folder(tmp_path)
    assert dataset.counts() == {"a": 2, "b": 2}
    assert set(listed(tmp_path, dataset.skipped)) == {"empty", "notes"}


def test_masks_are_no_pictures_of_the_class(tmp_path: Path) -> None:
    fill(tmp_path, "crack/1.jpg", "crack/1.png", "crack/2.jpg", "crack/2.PNG", "crack/3.png")
    fill(tmp_path, "hole/1.png", "hole/1_mask.png", "hole/2.png", "hole/2-GT.tif")
    fill(tmp_path, "hole/masks/2.png", "hole/masks/other.png", "hole/bright_mask.png")
    fill(tmp_path, "ground_truth/crack/3_mask.png")
    dataset = read_folder(tmp_path)
    kept = [e.path.relative_to(tmp_path).as_posix() for e in dataset.examples]
    assert kept == [
        *("crack/1.jpg", "crack/2.jpg", "crack/3.png"),
        *("hole/1.png", "hole/2.png", "hole/bright_mask.png", "hole/masks/other.png"),
    ]
    skipped = listed(tmp_path, dataset.skipped)
    assert set(skipped) == {
        *("crack/1.png", "crack/2.PNG", "hole/1_mask.png", "hole/2-GT.tif"),
        *("hole/masks/2.png", "ground_truth/crack/3_mask.png"),
    }
    assert set(skipped.values()) == {"It is a mask or annotation of another picture."}
    (note,) = dataset.notes()
    assert note.startswith("Left out: ")
    assert "and 5 more" in note


def test_pictures_beside_the_class_folders_are_told(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "a/2.png", "b/1.png", "b/2.png", "cover.jpg")
    dataset = read_folder(tmp_path)
    assert len(dataset.examples) == 4
    assert "class is not known" in listed(tmp_path, dataset.skipped)["cover.jpg"]


def test_unreadable_pictures_are_listed(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "a/2.png", "b/1.png", "b/2.png")
    for index in range(8):
        (tmp_path / "a" / f"broken {index}.jpg").write_bytes(b"")
    (tmp_path / "b" / "paper.png").write_bytes(b"%PDF-1.7")
    dataset = read_folder(tmp_path)
    assert dataset.counts() == {"a": 2, "b": 2}
    broken = listed(tmp_path, dataset.broken)
    assert len(broken) == 9
    assert broken["a/broken 0.jpg"].startswith("broken 0.jpg is empty")
    assert "a PDF document" in broken["b/paper.png"]
    assert len(dataset.notes()) == 6
    assert dataset.notes()[5] == "4 more are not used."


@pytest.mark.parametrize("wrapper", ["images", "Data", "set"])
def test_a_folder_around_the_classes_is_entered(tmp_path: Path, wrapper: str) -> None:
    root = tmp_path / "set"
    inner = root / wrapper
    fill(inner, "a/1.png", "a/2.png", "b/1.png", "b/2.png", "x.png")
    (root / "annotations").mkdir()
    (root / "annotations" / "1.xml").write_text("<annotation/>")
    dataset = read_folder(root)
    assert dataset.counts() == {"a": 2, "b": 2}
    assert set(listed(inner, tuple(i for i in dataset.skipped if i.path.is_file()))) == {"x.png"}


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ((), "holds no pictures. Make one folder for each class"),
        (("1.png", "2.png"), "holds pictures, but no folders with pictures"),
        (("cats/1.png", "cats/2.png"), "one class only: cats. Add a folder"),
        (("cats/2020/1.png", "cats/2021/2.png"), "Or are the classes in .*cats"),
        (("train/a/1.png", "val/a/1.png", "val/b/1.png"), "holds train and val, not classes"),
        (("a/1.png", "a/2.png", "b/1.png"), r"Too few pictures of b \(1\)"),
    ],
)
def test_what_cannot_be_taught_says_what_to_do(
    tmp_path: Path, files: tuple[str, ...], says: str
) -> None:
    fill(tmp_path, *files)
    with pytest.raises(CamviewerError, match=says):
        read_folder(tmp_path)


def test_what_is_no_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match="there is no such folder"):
        read_folder(tmp_path / "absent")
    with pytest.raises(CamviewerError, match="cannot be read as a folder"):
        read_folder(save(tmp_path / "a.png"))


def test_too_few_readable_pictures_say_so(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "a/2.png", "b/1.png")
    (tmp_path / "b" / "2.png").write_bytes(b"")
    with pytest.raises(CamviewerError, match=r"b \(1\).* cannot be read: 1"):
        read_folder(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids such names")
def test_class_names_can_be_printed(tmp_path: Path) -> None:
    fill(tmp_path, "a\n\x1b[31mb/1.png", "a\n\x1b[31mb/2.png", "o\u0308l/1.png", "\u00f6l/1.png")
    dataset = read_folder(tmp_path)
    # one letter, however it is composed, is one class
    assert dataset.counts() == {"a \ufffd[31mb": 2, "\u00f6l": 2}


@pytest.mark.data
def test_magnetic_tiles_without_their_masks(shared_data: Path) -> None:
    dataset = read_folder(shared_data / "magnetic_tile")
    assert dataset.counts() == {
        "Blowhole": 115,
        "Break": 85,
        "Crack": 57,
        "Fray": 32,
        "Free": 150,
        "Uneven": 103,
    }
    assert dataset.nothing == "Free"
    assert len(dataset.skipped) == 392
    assert dataset.broken == ()
