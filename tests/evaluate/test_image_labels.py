"""Annotations as image-level labels."""

import json
from pathlib import Path

import pytest

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Annotations, Sample, read
from camviewer.evaluate.datasets.image_labels import annotated, image_labels
from camviewer.teach.data.dataset import Broken, Example
from tests.evaluate.test_datasets import picture, voc

_BOX = (0.1, 0.1, 0.5, 0.5)


def test_one_class_a_picture(tmp_path: Path) -> None:
    names = ("cat", "dog")
    made = [picture(tmp_path / "images" / f"{name}_{n}.jpg") for name in names for n in (1, 2)]
    for path in made:
        boxes = [(path.stem[:3], 10, 20, 30, 40)] * 2
        voc(tmp_path / "annotations" / f"{path.stem}.xml", path.stem, *boxes)
    found = image_labels(read(tmp_path, "voc"))
    assert found.examples == tuple(Example(path, (path.stem[:3],)) for path in made)
    assert found.classes == names
    assert not found.multi_label
    assert found.nothing is None


def test_what_is_not_marked_is_the_class_nothing_or_left_out(tmp_path: Path) -> None:
    for n in (1, 2):
        picture(tmp_path / f"clean_{n}.jpg")
        picture(tmp_path / f"crack_{n}.jpg")
        voc(tmp_path / f"crack_{n}.xml", f"crack_{n}.jpg", ("crack", 1, 1, 9, 9))
    found = image_labels(read(tmp_path, "voc", "fine"), "fine")
    assert found.counts() == {"crack": 2, "fine": 2}
    assert found.nothing == "fine"
    with pytest.raises(CamviewerError, match="at least two classes; here is only crack"):
        image_labels(read(tmp_path, "voc"))


def test_several_classes_a_picture(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.jpg") for n in range(4)]
    samples = [
        Sample(paths[0], "dog", (_BOX,), others=frozenset(("cat",))),
        Sample(paths[0], "cat", (_BOX,), others=frozenset(("dog",))),
        Sample(paths[1], "cat", (_BOX,)),
        Sample(paths[2], "dog", (_BOX,)),
        Sample(paths[3], "none", ()),
    ]
    found = image_labels(Annotations(tuple(samples)), "none")
    assert found.multi_label
    assert found.classes == ("cat", "dog")
    assert found.nothing is None
    assert [example.labels for example in found.examples] == [
        ("dog", "cat"),
        ("cat",),
        ("dog",),
        (),
    ]


def test_a_picture_that_cannot_be_read_is_listed(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.jpg") for n in range(5)]
    paths[4].write_bytes(b"no picture")
    samples = (Sample(p, ("cat", "dog")[n % 2], (_BOX,)) for n, p in enumerate(paths))
    unread = Broken(tmp_path / "5.xml", "Its picture 5.jpg is not there.")
    found = image_labels(Annotations(tuple(samples), (unread,)))
    assert found.counts() == {"cat": 2, "dog": 2}
    assert [item.path for item in found.broken] == [unread.path, paths[4]]


def test_a_dropped_folder_has_the_classes_of_its_annotations(tmp_path: Path) -> None:
    data = tmp_path / "beasts"
    made = [picture(data / "images" / f"{n}.jpg") for n in range(4)]
    for path, names in zip(made, (["dog"], ["cat"], ["cat", "dog"], ["cat"]), strict=True):
        boxes = [(name, 10, 20, 30, 40) for name in names]
        voc(data / "annots" / f"{path.stem}.xml", path.name, *boxes)
    found = annotated([data])
    assert found is not None
    assert list(found.classes.items()) == [("cat", made[1:]), ("dog", [made[0], made[2]])]
    assert found.name == "beasts"
    assert found.several
    assert found.note == "1 picture shows several classes: it stands on the card of each."


def test_folders_say_more_than_annotations(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        path = picture(tmp_path / name / "1.jpg")
        voc(path.with_suffix(".xml"), path.name, (name, 1, 1, 9, 9))
    assert annotated([tmp_path]) is None
    for file in tmp_path.rglob("*.xml"):
        file.write_text(file.read_text().replace(f"<name>{file.parent.name}<", "<name>beast<"))
    found = annotated([tmp_path])
    assert found is not None
    assert list(found.classes) == ["cat", "dog"]
    assert found.note == (
        "The folders are the classes. Annotations that name others (beast) are not used."
    )
    assert annotated([tmp_path / "cat", tmp_path / "dog"]) is None


def test_a_class_on_one_picture_is_left_out_and_told(tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.jpg") for n in range(6)]
    names = ("cat", "dog", "cat", "dog", "d", "cat")
    samples = [Sample(p, name, (_BOX,)) for p, name in zip(paths, names, strict=True)]
    samples.append(Sample(paths[5], "c", (_BOX,), others=frozenset(("cat",))))
    found = image_labels(Annotations(tuple(samples)))
    assert found.counts() == {"cat": 3, "dog": 2}
    assert not found.multi_label
    assert [(item.path, item.reason) for item in found.skipped] == [
        (paths[4], "Fewer than 2 pictures show d, so it is not taught."),
        (paths[5], "Fewer than 2 pictures show c, so it is not taught."),
    ]
    few = Annotations(tuple(samples[:3]))
    with pytest.raises(CamviewerError, match=r"Too few pictures of dog \(1\)"):
        image_labels(few)


def test_coco_names_the_classes_too(tmp_path: Path) -> None:
    made = [picture(tmp_path / "train" / f"{n}.jpg") for n in range(3)]
    content = {
        "images": [
            {"id": n, "file_name": p.name, "width": 40, "height": 20} for n, p in enumerate(made)
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"image_id": n, "category_id": 1 + n % 2, "bbox": [1, 1, 9, 9]} for n in range(3)
        ],
    }
    file = tmp_path / "train" / "_annotations.coco.json"
    file.write_text(json.dumps(content))
    for dropped in (tmp_path / "train", file):
        found = annotated([dropped])
        assert found is not None
        assert found.classes == {"cat": made[::2], "dog": [made[1]]}
    beside = file.rename(tmp_path / "train" / "0.json")
    found = annotated([tmp_path / "train"])
    assert found is not None
    assert list(found.classes) == ["cat", "dog"]
    (tmp_path / "train" / "1.json").write_text("{}")
    assert annotated([tmp_path / "train"]) is None  # each of the picture that it is called like
    beside.rename(file)
    file.write_text('[{"file": "0.jpg", "labels": ["cat"]}]')
    assert annotated([file]) is None
    assert annotated([tmp_path / "train"]) is None


def test_annotations_say_more_than_the_parts_of_a_data_set(tmp_path: Path) -> None:
    for part, name in (("train", "crack"), ("train", "stain"), ("validation", "crack")):
        path = picture(tmp_path / part / "images" / name / f"{name}_1.jpg")
        voc(tmp_path / part / "annotations" / f"{name}_1.xml", path.name, (name, 1, 1, 9, 9))
    found = annotated([tmp_path])
    assert found is not None
    assert {name: len(pictures) for name, pictures in found.classes.items()} == {
        "crack": 2,
        "stain": 1,
    }
    for file in tmp_path.rglob("*.xml"):
        file.write_text("")
    with pytest.raises(CamviewerError, match="holds train and validation, not classes"):
        annotated([tmp_path])


@pytest.mark.parametrize("content", ["", "<no", "<annotation></annotation>"])
def test_annotations_that_cannot_be_read_are_passed_over_and_it_is_said(
    tmp_path: Path, content: str
) -> None:
    path = picture(tmp_path / "beasts" / "1.jpg")
    assert annotated([path.parent]) is None
    file = path.with_suffix(".xml")
    file.write_text(content)
    found = annotated([path.parent])
    assert found is not None
    assert found.classes == {"beasts": [path]}
    assert found.note.startswith("The annotations were passed over")
    assert f"{file}: It is not a Pascal VOC annotation" in found.note
    # nothing marked anywhere is no word on what the pictures show
    file.write_text("<annotation><filename>1.jpg</filename></annotation>")
    assert annotated([path.parent]) is None


def test_of_a_dropped_folder_the_sound_annotations_count(tmp_path: Path) -> None:
    for n, name in enumerate(("cat", "dog", "cat")):
        voc(tmp_path / f"{n}.xml", f"{n}.jpg", (name, 1, 1, 9, 9))
        picture(tmp_path / f"{n}.jpg")
    picture(tmp_path / "2.jpg").unlink()
    found = annotated([tmp_path])
    assert found is not None
    assert found.classes == {"cat": [tmp_path / "0.jpg"], "dog": [tmp_path / "1.jpg"]}
    assert found.note == "An annotation is not used. 2.xml: Its picture 2.jpg is not there."
    (tmp_path / "3.xml").write_text("")
    again = annotated([tmp_path])
    assert again is not None
    assert again.note.startswith("2 annotations are not used. 2.xml: ")
