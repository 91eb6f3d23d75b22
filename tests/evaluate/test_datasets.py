"""Pictures with marks, in every layout: what is read, and what is told when it cannot be."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Annotations, Sample, coco, pascal_voc, read
from camviewer.evaluate.datasets.sample import boxes_of
from camviewer.teach.data.dataset import Broken
from tests.evaluate.test_localization import OBJECT, XML


def picture(path: Path, width: int = 40, height: int = 20) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), (90, 120, 30)).save(path)
    return path


def voc(path: Path, named: str, *objects: tuple[object, ...], side: int = 100) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(OBJECT.format(*o) for o in objects or [("cat", 10, 20, 30, 40)])
    path.write_text(XML.format(file=named, width=side, height=side, objects=text))


@pytest.mark.parametrize(
    ("xml", "jpg", "named"),
    [
        ("Annotations/a.xml", "JPEGImages/a.jpg", "a.jpg"),
        ("annotations/a.xml", "images/a.jpg", "a.jpg"),
        ("a.xml", "a.jpg", "a.jpg"),
        ("a.xml", "images/a.jpg", r"C:\Users\me\a.jpg"),
        ("annotations/xmls/a.xml", "images/a.jpg", "a.jpg"),
        ("train/annotations/a.xml", "train/images/crack/a.jpg", "a.jpg"),
        ("ANNOTATIONS/a.xml", "IMAGES/a.JPG", "a.jpg"),
        ("annotations/a.xml", "images/a.jpg", "a"),
        ("annots/x.xml", "pictures/x.jpg", "some other name.jpg"),
        ("Annotation/n01-dog/n01_7", "Images/n01-dog/n01_7.jpg", "%s"),
    ],
)
def test_pictures_are_found_wherever_they_lie(
    tmp_path: Path, xml: str, jpg: str, named: str
) -> None:
    made = picture(tmp_path / jpg)
    voc(tmp_path / xml, named)
    assert pascal_voc(tmp_path) == Annotations((Sample(made, "cat", ((0.1, 0.2, 0.3, 0.4),)),))


def test_of_pictures_with_one_name_the_annotations_own_is_taken(tmp_path: Path) -> None:
    for part in ("train", "test"):
        picture(tmp_path / part / "images" / "crack" / "1.jpg")
        voc(tmp_path / part / "annotations" / "1.xml", "1.jpg")
    found = pascal_voc(tmp_path).samples
    assert [s.picture.relative_to(tmp_path).parts[0] for s in found] == ["test", "train"]


def test_no_telling_which_picture_is_told(tmp_path: Path) -> None:
    for folder in ("one", "two"):
        picture(tmp_path / folder / "1.jpg")
    voc(tmp_path / "notes" / "1.xml", "1.jpg")
    with pytest.raises(CamviewerError, match=r"one.1\.jpg or .*two.1\.jpg"):
        pascal_voc(tmp_path)


def test_a_class_each_is_a_sample(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(
        tmp_path / "a.xml", "a.jpg", ("cat", 0, 0, 50, 50), ("dog", 0, 0, 9, 9), ("cat", 0, 0, 8, 8)
    )
    cat, dog = pascal_voc(tmp_path).samples
    assert (cat.name, len(cat.boxes), cat.others) == ("cat", 2, {"dog"})
    assert (dog.name, len(dog.boxes), dog.others) == ("dog", 1, {"cat"})


def test_corners_may_be_swapped(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", "a.jpg", ("cat", 30, 5, 10, 15), side=0)
    assert pascal_voc(tmp_path).samples[0].boxes == ((0.25, 0.25, 0.75, 0.75),)


def test_annotations_called_like_their_picture_but_for_its_ending(tmp_path: Path) -> None:
    """As those of Stanford's dogs are published: name and file name both lack the ending."""
    made = [picture(tmp_path / "Images" / f"n0-{n}" / f"n0_{n}.jpg") for n in ("pug", "collie")]
    for path in made:
        voc(tmp_path / "Annotation" / path.parent.name / f"{path.stem}.xml", path.stem)
        (tmp_path / "Annotation" / path.parent.name / f"{path.stem}.xml").rename(
            tmp_path / "Annotation" / path.parent.name / path.stem
        )
    found = pascal_voc(tmp_path)
    assert {s.picture for s in found.samples} == set(made)
    assert not found.broken


def test_a_file_name_copied_from_another_annotation_is_passed_over(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        picture(tmp_path / f"{name}.jpg")
    voc(tmp_path / "a.xml", "a.jpg", ("cat", 0, 0, 9, 9))
    voc(tmp_path / "b.xml", "a.jpg", ("dog", 0, 0, 9, 9))
    voc(tmp_path / "other.xml", "c.jpg", ("cow", 0, 0, 9, 9))
    found = {s.name: s.picture.name for s in pascal_voc(tmp_path).samples}
    assert found == {"cat": "a.jpg", "dog": "b.jpg", "cow": "c.jpg"}


def test_masks_of_others_are_no_pictures_of_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "empty"):
        picture(tmp_path / "images" / f"{name}.jpg")
        picture(tmp_path / "annotations" / "trimaps" / f"{name}.png")
    for name in ("a", "b"):
        picture(tmp_path / "SegmentationObject" / f"{name}.png")
        voc(tmp_path / "annotations" / "xmls" / f"{name}.xml", f"{name}.jpg")
    found = read(tmp_path, "voc", "background").samples
    assert [s.picture.name for s in found if s.name == "background"] == ["empty.jpg"]


def test_hidden_files_and_pictures_without_objects_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", "a.jpg")
    (tmp_path / "b.xml").write_text(XML.format(file="b.jpg", width=4, height=4, objects=""))
    (tmp_path / ".idea").mkdir()
    (tmp_path / ".idea" / "workspace.xml").write_text("<project/>")
    assert [s.picture.name for s in pascal_voc(tmp_path).samples] == ["a.jpg"]


def test_where_the_size_is_missing_the_picture_knows_it(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", "a.jpg", ("cat", 10, 5, 30, 15), side=0)
    assert pascal_voc(tmp_path).samples[0].boxes == ((0.25, 0.25, 0.75, 0.75),)


@pytest.mark.parametrize(
    ("thing", "told"),
    [
        (OBJECT.format("cat", 0, 0, "wide", 9), "object 2: could not convert"),
        (OBJECT.format("cat", 9, 9, 9, 30), "object 2: a box without area"),
        (OBJECT.format("cat", "nan", 0, 3, 3), "object 2: a box whose numbers are not finite"),
        (OBJECT.format(" ", 0, 0, 3, 3), "object 2: <object> has no name"),
        ("<object><name>cat</name></object>", "object 2: it has no box"),
    ],
)
def test_a_broken_annotation_names_file_and_object(tmp_path: Path, thing: str, told: str) -> None:
    picture(tmp_path / "a.jpg")
    objects = OBJECT.format("cat", 0, 0, 9, 9) + thing
    (tmp_path / "a.xml").write_text(XML.format(file="a.jpg", width=9, height=9, objects=objects))
    with pytest.raises(CamviewerError, match=rf"a\.xml.*{told}"):
        pascal_voc(tmp_path)


def test_an_annotation_that_cannot_be_used_is_listed(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.jpg")
    voc(tmp_path / "a.xml", "a.jpg")
    voc(tmp_path / "1.xml", "b.jpg", ("cat", 9, 9, 9, 3))
    voc(tmp_path / "c.xml", "c.jpg")
    found = pascal_voc(tmp_path)
    assert [s.picture.name for s in found.samples] == ["a.jpg"]
    assert found.broken == (
        Broken(
            tmp_path / "1.xml",
            "It is not a Pascal VOC annotation: object 1: a box without area on the picture.",
        ),
        Broken(tmp_path / "c.xml", "Its picture c.jpg is not there."),
    )
    # what is on b.jpg is not known, so it shows no nothing
    assert read(tmp_path, "voc", "nothing") == found
    (tmp_path / "a.xml").unlink()
    with pytest.raises(CamviewerError, match=r"1\.xml: .* \(1 more like it\.\)"):
        pascal_voc(tmp_path)


def test_a_size_of_a_picture_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"no picture")
    voc(tmp_path / "a.xml", "a.jpg", side=0)
    with pytest.raises(CamviewerError, match=r"a\.jpg"):
        pascal_voc(tmp_path)


def content() -> dict[str, Any]:
    """Two pictures, the first with two cats and a dog."""
    return {
        "images": [
            {"id": 7, "file_name": "a.jpg", "width": 40, "height": 20},
            {"id": 8, "file_name": "b.jpg", "width": 40, "height": 20},
        ],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
        "annotations": [
            {"image_id": 7, "category_id": 1, "bbox": [4, 2, 8, 10]},
            {"image_id": 7, "category_id": 2, "bbox": [0, 0, 40, 20]},
            {"image_id": 7, "category_id": 1, "bbox": [30, 10, 20, 10]},
            {"image_id": 7, "category_id": 1, "bbox": [0, 0, 9, 9], "iscrowd": 1},
        ],
    }


def write(path: Path, value: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


@pytest.mark.parametrize(
    ("file", "folder", "given"),
    [
        ("annotations/instances.json", "val2017", "."),
        ("annotations/instances.json", "val2017", "annotations/instances.json"),
        ("annotations/instances.json", "images", "annotations"),
        ("coco.json", ".", "coco.json"),
        ("train/_annotations.coco.json", "train", "."),
    ],
)
def test_coco_in_its_layouts(tmp_path: Path, file: str, folder: str, given: str) -> None:
    made = picture(tmp_path / folder / "a.jpg")
    write(tmp_path / file, content())
    write((tmp_path / file).parent / "captions.json", {"images": [], "annotations": []})
    cat, dog = coco(tmp_path / given).samples
    assert cat.picture == dog.picture == made
    # the crowd does not count, and what lies beyond the picture is cut off
    assert cat.boxes == ((0.1, 0.1, 0.3, 0.6), (0.75, 0.5, 1.0, 1.0))
    assert (dog.name, dog.boxes, dog.others) == ("dog", ((0, 0, 1, 1),), {"cat"})
    assert cat.mask is None


def test_polygons_become_masks(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    made = content()
    made["annotations"] = [
        {
            "image_id": 7,
            "category_id": 1,
            "bbox": [10, 5, 20, 10],
            "segmentation": [[10, 5, 30, 5, 30, 15, 10, 15]],
        }
    ]
    (sample,) = coco(write(tmp_path / "c.json", made)).samples
    truth = sample.truth()
    assert truth.boxes == ((0.25, 0.25, 0.75, 0.75),)
    assert truth.mask is not None
    assert truth.mask.shape == (20, 40)
    # give or take a pixel at the border
    assert truth.mask[6:14, 11:29].all()
    assert not truth.mask[:4].any()
    assert not truth.mask[:, 31:].any()


def changed(key: str, number: int, **entry: object) -> dict[str, Any]:
    made = content()
    made[key][number] = {**made[key][number], **entry}
    return made


@pytest.mark.parametrize(
    ("made", "told"),
    [
        ([], "no images, annotations and categories"),
        ({"images": {}, "annotations": [], "categories": []}, "no list of images"),
    ],
)
def test_what_is_no_coco_is_told(tmp_path: Path, made: object, told: str) -> None:
    with pytest.raises(CamviewerError, match=rf"c\.json is not a COCO annotation file: .*{told}"):
        coco(write(tmp_path / "c.json", made))


def with_entry(key: str, entry: object) -> dict[str, Any]:
    return {**content(), key: [*content()[key], entry]}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (with_entry("images", 3), "images[2] is no object"),
        (changed("images", 1, width=0), "images[1] has no sensible width"),
        (changed("images", 1, height=1e300), "images[1] has no sensible height"),
        (changed("images", 1, width=float("nan")), "images[1] has no sensible width"),
        (changed("images", 1, width=10**400), "images[1] has no sensible width"),
        (changed("images", 1, width=10**6, height=10**6), "images[1] has 1000000 x"),
        (changed("images", 1, file_name=""), "images[1] has no file_name"),
        (with_entry("categories", {"id": 5, "name": 5}), "categories[2] has no name"),
        (with_entry("categories", {"id": [1], "name": "b"}), "categories[2] has no id"),
        (with_entry("annotations", {"image_id": 99}), "annotations[4] is of an image"),
    ],
)
def test_broken_coco_entries_are_listed(tmp_path: Path, made: object, told: str) -> None:
    picture(tmp_path / "a.jpg")
    file = write(tmp_path / "c.json", made)
    found = coco(file)
    assert [s.name for s in found.samples] == ["cat", "dog"]
    (broken,) = found.broken
    assert broken.path == file
    assert broken.reason.startswith(told)


@pytest.mark.parametrize(
    ("marked", "told"),
    [
        ({"category_id": 99}, "annotations[4] is of a category"),
        ({"bbox": [0, 0, 1]}, "annotations[4]: its bbox"),
        ({"bbox": [0, 0, 0, 4]}, "annotations[4]: its bbox or segmentation is wrong"),
        ({"bbox": [0, 0, float("nan"), 4]}, "annotations[4]"),
        ({"bbox": [0, 0, 10**400, 4]}, "annotations[4]"),
        ({"bbox": "wide"}, "annotations[4]"),
        ({"segmentation": [[10**400, 2]]}, "annotations[4]"),
        ({"segmentation": [[1, 2, 3]]}, "annotations[4]"),
        ({"segmentation": [["x", 2]]}, "annotations[4]"),
    ],
)
def test_of_what_is_on_a_picture_all_is_understood_or_it_is_left_out(
    tmp_path: Path, marked: dict[str, object], told: str
) -> None:
    for name in "ab":
        picture(tmp_path / f"{name}.jpg")
    sound = {"image_id": 8, "category_id": 1, "bbox": [4, 2, 8, 10]}
    made = content()
    made["annotations"] = [*made["annotations"][:3], sound, {**sound, **marked}, sound]
    file = write(tmp_path / "c.json", made)
    found = coco(file)
    assert {s.picture.name for s in found.samples} == {"a.jpg"}
    (broken,) = found.broken
    assert broken.path == file
    assert broken.reason.startswith(told)
    # what is not understood is no picture of nothing
    assert read(file, "coco", "nothing") == found
    made["annotations"] = made["annotations"][3:]
    with pytest.raises(CamviewerError, match=r"c\.json: annotations\[1\]"):
        coco(write(tmp_path / "c.json", made))


def test_coco_files_that_cannot_be_read_or_chosen_are_told(tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match="No COCO annotations"):
        coco(tmp_path)
    (tmp_path / "a.json").write_text("[" * 100_000)
    with pytest.raises(CamviewerError, match=r"a\.json cannot be read as JSON"):
        coco(tmp_path / "a.json")
    (tmp_path / "a.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(CamviewerError, match=r"a\.json cannot be read as JSON"):
        coco(tmp_path)
    for name in ("a", "b"):
        write(tmp_path / f"{name}.json", content())
    with pytest.raises(CamviewerError, match="Give one of them"):
        coco(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        *("../secret.jpg", "/etc/secret.jpg", r"..\..\secret.jpg"),
        *("nul\0.jpg", "\ud800.jpg", "long" * 2000, ".", "..", "a/" * 3000),
    ],
)
def test_coco_does_not_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "secret.jpg")
    file = write(tmp_path / "data" / "c.json", changed("images", 0, file_name=name))
    with pytest.raises(CamviewerError, match="not there"):
        coco(file)


def test_pictures_without_marks_are_of_the_class_that_is_named(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    voc(tmp_path / "a.xml", "a.jpg")
    empty = picture(tmp_path / "photos" / "b.jpg")
    assert [s.name for s in read(tmp_path, "voc").samples] == ["cat"]
    marked, unmarked = read(tmp_path, "voc", "nothing").samples
    assert marked.marked
    assert unmarked == Sample(empty, "nothing")
    assert not unmarked.marked
    assert unmarked.truth().boxes == ()


def test_no_folder_and_no_marks_are_told(tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match="There is no"):
        read(tmp_path / "gone", "voc")
    write(tmp_path / "c.json", {**content(), "annotations": []})
    with pytest.raises(CamviewerError, match="Nothing is marked"):
        read(tmp_path, "coco")


def test_boxes_of_a_mask_are_its_parts_and_one_around_them() -> None:
    mask = np.zeros((10, 20), bool)
    assert boxes_of(mask) == ()
    mask[2:4, 4:10] = True
    assert boxes_of(mask) == ((0.2, 0.2, 0.5, 0.4),)
    mask[8:10, 18:20] = True
    assert boxes_of(mask) == (
        (0.2, 0.2, 0.5, 0.4), (0.9, 0.8, 1.0, 1.0), (0.2, 0.2, 1.0, 1.0),
    )  # fmt: skip
    mask[4, 10] = True  # touches the first by a corner
    assert boxes_of(mask)[0] == (0.2, 0.2, 0.55, 0.5)


def test_a_speckled_mask_has_a_hundred_boxes_and_one_around() -> None:
    mask = np.zeros((100, 100), bool)
    mask[::3, ::3] = True
    found = boxes_of(mask)
    assert len(found) == 101
    assert found[-1] == (0, 0, 1, 1)
