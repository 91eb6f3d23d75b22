"""YOLO labels: a text file for each picture."""

from pathlib import Path

import numpy as np
import pytest

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Sample, is_yolo, read, yolo
from camviewer.evaluate.datasets.image_labels import annotated, image_labels
from tests.evaluate.test_datasets import picture

NAMES = "train: ../train/images\nnc: 2\nnames: ['cat', \"hot dog\"]\n"


def labels(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    ("jpg", "txt", "names", "given"),
    [
        ("train/images/a.jpg", "train/labels/a.txt", "data.yaml", "."),
        ("train/images/a.jpg", "train/labels/a.txt", "data.yaml", "train"),
        ("train/images/a.jpg", "train/labels/a.txt", "data.yaml", "train/images"),
        ("images/train/a.JPG", "labels/train/a.txt", "pets.yml", "."),
        ("a.jpg", "a.txt", "data.yaml", "."),
        ("images/images/a.jpg", "images/labels/a.txt", "data.yaml", "."),
    ],
)
def test_labels_and_names_are_found(
    tmp_path: Path, jpg: str, txt: str, names: str, given: str
) -> None:
    made = picture(tmp_path / jpg)
    (tmp_path / names).write_text(NAMES)
    labels(tmp_path / txt, "1 0.5 0.5 0.5 0.25")
    sample = Sample(made, "hot dog", ((0.25, 0.375, 0.75, 0.625),))
    assert is_yolo(tmp_path / given)
    assert yolo(tmp_path / given).samples == (sample,)


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("data.yaml", "names:\n  0: cat\n  1: hot dog\n"),
        ("data.yaml", NAMES),
        ("classes.txt", "cat\nhot dog\n"),
        ("obj.names", "\ufeffcat\n\nhot dog"),
    ],
)
def test_names_are_written_in_several_ways(tmp_path: Path, file: str, text: str) -> None:
    picture(tmp_path / "a.jpg")
    labels(tmp_path / "a.txt", "0 .5 .5 1 1", "", "1 0.5 0.5 0.2 0.2 0.93", "0 .2 .2 .1 .1")
    (tmp_path / "a.yaml").write_text("names: 7")  # something else
    (tmp_path / file).write_text(text, "utf-8")
    cat, dog = yolo(tmp_path).samples
    assert (cat.name, len(cat.boxes), cat.others) == ("cat", 2, {"hot dog"})
    assert dog.boxes == (pytest.approx((0.4, 0.4, 0.6, 0.6)),)


def test_polygons_are_masks(tmp_path: Path) -> None:
    made = picture(tmp_path / "a.jpg", 40, 20)
    labels(tmp_path / "a.txt", "0 0.25 0.2 0.75 0.2 0.75 0.8 0.25 0.8")
    (tmp_path / "data.yaml").write_text(NAMES)
    (sample,) = yolo(tmp_path).samples
    assert (sample.picture, sample.boxes) == (made, ((0.25, 0.2, 0.75, 0.8),))
    expected = np.zeros((20, 40), bool)
    expected[4:16, 10:30] = True
    mask = sample.truth().mask
    assert mask is not None
    np.testing.assert_array_equal(mask, expected)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2 0.5 0.5 0.1 0.1", "Line 2: class 2 has no name."),
        ("-1 0.5 0.5 0.1 0.1", "Line 2: class -1 has no name."),
        ("nan 0.5 0.5 0.1 0.1", "Line 2: class nan has no name."),
        ("cat 0.5 0.5 0.1 0.1", "Line 2: could not convert"),
        ("0 0.5 0.5 0.1", "Line 2: 4 numbers are neither"),
        ("0 0.5 0.5 0.1 0.1 0.2 0.2 0.3", "Line 2: 8 numbers are neither"),
        ("0 0.5 0.5 0 0.1", "Line 2: a box without area"),
        ("0 0.5 inf 0.1 0.1", "Line 2: a box whose numbers"),
    ],
)
def test_what_cannot_be_used_is_listed(tmp_path: Path, line: str, said: str) -> None:
    for name in ("a", "b", "empty", "none"):
        picture(tmp_path / f"{name}.jpg")
    labels(tmp_path / "a.txt", "0 0.5 0.5 0.1 0.1")
    labels(tmp_path / "b.txt", "0 0.5 0.5 0.1 0.1", line)
    labels(tmp_path / "empty.txt")
    (tmp_path / "data.yaml").write_text(NAMES)
    found = read(tmp_path, "yolo", "nothing")
    assert [(s.picture.stem, s.name) for s in found.samples] == [
        ("a", "cat"),
        ("empty", "nothing"),
        ("none", "nothing"),
    ]
    (broken,) = found.broken
    assert broken.path == tmp_path / "b.txt"
    assert broken.reason.startswith(said)


def test_without_names_or_labels_it_is_told(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    (tmp_path / "x.yaml").write_text("[" * 100_000)
    with pytest.raises(CamviewerError, match=r"No class names .*put data\.yaml"):
        yolo(tmp_path)
    (tmp_path / "data.yaml").write_text(NAMES)
    with pytest.raises(CamviewerError, match="No YOLO labels"):
        yolo(tmp_path)
    assert not is_yolo(tmp_path)


def test_no_object_is_made_of_a_description(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    labels(tmp_path / "a.txt", "0 0.5 0.5 0.1 0.1")
    made = tmp_path / "made"
    text = f"names: !!python/object/apply:pathlib.Path.mkdir [{made}]\n"
    (tmp_path / "data.yaml").write_text(text)
    with pytest.raises(CamviewerError, match="No class names"):
        yolo(tmp_path)
    assert not made.exists()


def test_classes_are_taught_from_it(tmp_path: Path) -> None:
    for number in range(4):
        picture(tmp_path / "images" / f"{number}.jpg")
        labels(tmp_path / "labels" / f"{number}.txt", f"{number % 2} 0.5 0.5 0.1 0.1")
    (tmp_path / "data.yaml").write_text(NAMES)
    assert image_labels(read(tmp_path, "yolo")).counts() == {"cat": 2, "hot dog": 2}
    found = annotated([tmp_path])
    assert found is not None
    assert {name: len(own) for name, own in found.classes.items()} == {"cat": 2, "hot dog": 2}
