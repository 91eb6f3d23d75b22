"""Pictures with masks: which belongs to which, and what it says."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import masks, read


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 20), (200, 210, 220)).save(path)
    return path


def mask(path: Path, value: int = 255) -> Path:
    """Of the left upper quarter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    values = np.zeros((20, 40), np.uint8)
    values[:10, :20] = value
    Image.fromarray(values).save(path)
    return path


@pytest.mark.parametrize(
    ("jpg", "png"),
    [
        ("crack/a.jpg", "crack/a.png"),
        ("crack/A.JPG", "crack/a.png"),
        ("crack/a.png", "crack/a_mask.png"),
        ("crack/a.jpg", "crack/masks/a.png"),
        ("crack/images/a.jpg", "crack/masks/a.png"),
        ("images/crack/a.jpg", "masks/crack/a.png"),
        ("crack/a.jpg", "masks/crack/a_mask.png"),
        ("test/crack/a.png", "ground_truth/crack/a_mask.png"),
        ("train/crack/a.jpg", "train/masks/crack/a.bmp"),
    ],
)
def test_masks_lie_beside_or_in_a_parallel_folder(tmp_path: Path, jpg: str, png: str) -> None:
    made = picture(tmp_path / jpg)
    mask(tmp_path / png)
    (sample,) = masks(tmp_path).samples
    assert (sample.picture, sample.name) == (made, "crack")
    truth = sample.truth()
    assert truth.boxes == ((0, 0, 0.5, 0.5),)
    assert truth.mask is not None
    assert truth.mask.shape == (20, 40)
    assert truth.mask.sum() == 200


def test_pictures_without_a_mask_or_with_a_dark_one_have_nothing_marked(tmp_path: Path) -> None:
    picture(tmp_path / "crack" / "a.jpg")
    mask(tmp_path / "crack" / "a.png")
    picture(tmp_path / "free" / "b.jpg")
    picture(tmp_path / "hole" / "c.jpg")
    mask(tmp_path / "hole" / "c.png", value=0)
    found = read(tmp_path, "masks", "ignored").samples
    assert [(s.name, s.marked) for s in found] == [
        ("crack", True), ("free", False), ("hole", True),
    ]  # fmt: skip
    assert [len(s.truth().boxes) for s in found] == [1, 0, 0]
    assert found[2].truth().mask is None


def test_parts_of_a_data_set_do_not_share_their_masks(tmp_path: Path) -> None:
    for part in ("train", "test"):
        picture(tmp_path / part / "crack" / "1.jpg")
    mask(tmp_path / "masks" / "test" / "crack" / "1.png")
    found = {s.picture.relative_to(tmp_path).parts[0]: s.marked for s in masks(tmp_path).samples}
    assert found == {"train": False, "test": True}


def test_a_name_that_ends_like_a_masks_is_a_picture_alone(tmp_path: Path) -> None:
    picture(tmp_path / "faces" / "with_mask.jpg")
    picture(tmp_path / "crack" / "a.jpg")
    mask(tmp_path / "crack" / "a.png")
    assert [s.picture.name for s in masks(tmp_path).samples] == ["a.jpg", "with_mask.jpg"]


def test_one_folder_gives_its_own_name(tmp_path: Path) -> None:
    picture(tmp_path / "crack" / "images" / "a.jpg")
    mask(tmp_path / "crack" / "masks" / "a.png")
    assert [s.name for s in masks(tmp_path / "crack").samples] == ["crack"]


@pytest.mark.parametrize(("value", "marked"), [(255, 200), (128, 200), (1, 200), (3, 200)])
def test_a_mask_is_bright_or_numbered(tmp_path: Path, value: int, marked: int) -> None:
    picture(tmp_path / "crack" / "a.jpg")
    mask(tmp_path / "crack" / "a.png", value)
    found = masks(tmp_path).samples[0].truth().mask
    assert found is not None
    assert found.sum() == marked


def test_noise_of_a_compressed_mask_does_not_count(tmp_path: Path) -> None:
    picture(tmp_path / "crack" / "a.jpg")
    values = np.full((20, 40), 12, np.uint8)
    values[:10, :20] = 243
    Image.fromarray(values).save(tmp_path / "crack" / "a.png")
    found = masks(tmp_path).samples[0].truth().mask
    assert found is not None
    assert found.sum() == 200


def test_what_cannot_be_paired_is_told(tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match=r"No masks in .*X_mask\.png"):
        masks(tmp_path)
    made = picture(tmp_path / "crack" / "a.jpg")
    mask(tmp_path / "crack" / "a.png")
    mask(tmp_path / "masks" / "crack" / "a.png")
    with pytest.raises(CamviewerError, match=r"a\.jpg: It has several masks"):
        masks(tmp_path)
    other = picture(tmp_path / "crack" / "b.jpg")
    mask(tmp_path / "crack" / "b.png")
    found = masks(tmp_path)
    assert [sample.picture for sample in found.samples] == [other]
    assert [item.path for item in found.broken] == [made]


def test_a_mask_of_two_pictures_is_told(tmp_path: Path) -> None:
    made = [picture(tmp_path / part / "crack" / "1.jpg") for part in ("test", "train")]
    mask(tmp_path / "masks" / "crack" / "1.png")
    with pytest.raises(CamviewerError, match=r"1\.png may be that of .*train"):
        masks(tmp_path)
    other = picture(tmp_path / "train" / "crack" / "2.jpg")
    with pytest.raises(CamviewerError, match=r"Nothing is marked .*1\.png may be that of"):
        read(tmp_path, "masks")
    mask(tmp_path / "masks" / "crack" / "2.png")
    found = masks(tmp_path)
    assert [sample.picture for sample in found.samples] == [other]
    assert [item.path for item in found.broken] == made


def test_a_broken_mask_is_told_when_it_is_needed(tmp_path: Path) -> None:
    picture(tmp_path / "crack" / "a.jpg")
    (tmp_path / "crack" / "a.png").write_bytes(b"no picture")
    (sample,) = masks(tmp_path).samples
    with pytest.raises(CamviewerError, match=r"a\.png"):
        sample.truth()


@pytest.mark.data
def test_magnetic_tiles(shared_data: Path) -> None:
    found = masks(shared_data / "magnetic_tile").samples
    counts = {name: sum(s.name == name for s in found) for name in {s.name for s in found}}
    assert counts == {
        "Blowhole": 115, "Break": 85, "Crack": 57, "Fray": 32, "Free": 150, "Uneven": 103,
    }  # fmt: skip
    assert all(s.marked == (s.name != "Free") for s in found)
    assert found[0].truth().boxes


def test_a_trimap_is_1_where_the_thing_is(tmp_path: Path) -> None:
    """2 is what is behind it, 3 the seam: as of the Oxford-IIIT pets."""
    picture(tmp_path / "images" / "a.jpg")
    drawn = mask(tmp_path / "annotations" / "trimaps" / "a.png")
    values = np.full((20, 40), 2, np.uint8)
    values[5:15, 10:30] = 3
    values[6:14, 12:28] = 1
    Image.fromarray(values).save(drawn)
    (sample,) = masks(tmp_path).samples
    truth = sample.truth()
    assert truth.mask is not None
    np.testing.assert_array_equal(truth.mask, values == 1)


def test_masks_of_objects_are_passed_over_beside_those_of_classes(tmp_path: Path) -> None:
    made = picture(tmp_path / "JPEGImages" / "a.jpg")
    for folder in ("SegmentationClass", "SegmentationObject"):
        mask(tmp_path / folder / "a.png")
    (sample,) = masks(tmp_path).samples
    assert sample.picture == made
    assert sample.marked
