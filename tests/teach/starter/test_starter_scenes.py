"""The renderer: same seed same pixels, and labels that say what the pixels show."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.errors import PictureError
from camviewer.teach.starter import LABELS
from camviewer.teach.starter.backgrounds import Photo, load_photos, photo_crop, photo_files, surface
from camviewer.teach.starter.codes import bars, qr_modules
from camviewer.teach.starter.distractors import distractor
from camviewer.teach.starter.known_photos import SHOWS
from camviewer.teach.starter.raster import blend
from camviewer.teach.starter.scenes import LEAST_PIXELS, SceneSpec, make, render
from camviewer.teach.starter.shapes import OUTLINES

SPEC = SceneSpec(side=96, smallest=0.3)


@given(st.integers(0, 2**32), st.sampled_from([64, 96, 160]))
@settings(max_examples=25, deadline=None)
def test_a_scene_depends_on_its_seed_alone(seed: int, side: int) -> None:
    spec = SceneSpec(side=side)
    one = render(np.random.default_rng(seed), spec)
    two = render(np.random.default_rng(seed), spec)
    assert np.array_equal(one.picture, two.picture)
    assert np.array_equal(one.labels, two.labels, equal_nan=True)
    assert one.boxes == two.boxes


def test_other_seeds_give_other_scenes() -> None:
    pictures = {render(np.random.default_rng(i), SPEC).picture.tobytes() for i in range(20)}
    assert len(pictures) == 20


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_labels_and_boxes_tell_the_same(seed: int) -> None:
    scene = render(np.random.default_rng(seed), SPEC)
    assert scene.picture.shape == (96, 96, 3)
    assert scene.picture.dtype == np.uint8
    assert set(scene.boxes) == {
        label for label, value in zip(LABELS, scene.labels, strict=True) if value == 1
    }
    for boxes in scene.boxes.values():
        for left, top, right, bottom in boxes:
            assert 0 <= left < right <= 96
            assert 0 <= top < bottom <= 96


@given(st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_distinct_scenes_show_each_class_once(seed: int) -> None:
    scene = render(np.random.default_rng(seed), SceneSpec(side=96, distinct=True))
    assert all(len(boxes) == 1 for boxes in scene.boxes.values())


@pytest.mark.parametrize("label", LABELS)
def test_every_class_differs_from_its_ground_inside_its_mask(label: str) -> None:
    ground = (150, 150, 150)
    for seed in range(12):
        patch = make(np.random.default_rng(seed), label, 80, ground)
        masks = [mask for name, mask in patch.parts if name == label]
        assert len(masks) == 1
        shown = blend(np.full_like(patch.rgb, 150), patch.rgb, patch.alpha)
        changed = np.abs(shown.astype(int) - 150).max(axis=2) > 12
        inside = masks[0] > 127
        assert inside.any()
        assert changed[inside].mean() > 0.05


@pytest.mark.parametrize("label", LABELS)
def test_every_class_turns_up_with_a_box_of_its_size(label: str) -> None:
    found = [
        box
        for seed in range(150)
        for box in render(np.random.default_rng(seed), SPEC).boxes.get(label, [])
    ]
    assert len(found) >= 3
    longest = [max(right - left, bottom - top) for left, top, right, bottom in found]
    assert max(longest) >= 0.4 * LEAST_PIXELS.get(label, 18)


def test_pixels_change_where_the_box_of_an_object_lies() -> None:
    spec = SceneSpec(side=96, smallest=0.4, most_objects=1, photo_share=1.0)
    dark = [Photo(np.full((120, 120, 3), 90, np.uint8))]
    checked = 0
    for seed in range(120):
        scene = render(np.random.default_rng(seed), spec, dark)
        for label in set(scene.boxes) & {"QR code", "chessboard", "barcode"}:
            left, top, right, bottom = (int(v) for v in scene.boxes[label][0])
            inside = scene.picture[top:bottom, left:right].astype(float)
            assert inside.std(axis=(0, 1)).max() > 6
            checked += 1
    assert checked >= 5


def test_distractors_carry_no_label() -> None:
    for seed in range(40):
        patch = distractor(np.random.default_rng(seed), 60, (120, 120, 120))
        assert patch.parts == []
        assert patch.alpha.max() > 200


@pytest.mark.parametrize("label", sorted(OUTLINES))
def test_outlines_stay_in_the_unit_square(label: str) -> None:
    for seed in range(50):
        points = OUTLINES[label](np.random.default_rng(seed))
        assert np.abs(points).max() <= 1.0


@given(st.integers(0, 119), st.sampled_from([6, 12, 25, 50]))
@settings(max_examples=20, deadline=None)
def test_qr_codes_can_be_read(number: int, characters: int) -> None:
    modules = qr_modules(characters, number)
    side = modules.shape[0]
    assert (side - 17) % 4 == 0
    finder = np.ones((7, 7), np.uint8)
    finder[1:6, 1:6] = 0
    finder[2:5, 2:5] = 1
    assert np.array_equal(modules[:7, :7], finder)
    assert np.array_equal(modules[:7, -7:], finder)
    assert np.array_equal(modules[-7:, :7], finder)


def test_barcodes_begin_and_end_with_a_bar() -> None:
    for seed in range(40):
        row = bars(np.random.default_rng(seed))
        assert set(row.tolist()) == {0, 1}
        assert row[0] == row[-1] == 1
    lengths = {len(bars(np.random.default_rng(seed))) for seed in range(60)}
    assert 95 in lengths  # EAN-13


def test_photographs_keep_their_side_of_the_split(tmp_path: Path) -> None:
    for number in range(60):
        cv2.imwrite(str(tmp_path / f"photo {number}.png"), np.zeros((40, 50, 3), np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    splits = {name: set(photo_files(tmp_path, name)) for name in ("train", "calibrate", "test")}
    assert sum(len(files) for files in splits.values()) == 60
    assert len(set.union(*splits.values())) == 60
    assert len(splits["train"]) > len(splits["test"]) > 0
    (tmp_path / "photo 0.png").unlink()
    for name, files in splits.items():
        assert set(photo_files(tmp_path, name)) == files - {tmp_path / "photo 0.png"}


def test_a_folder_without_photographs_says_so(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="--photos"):
        photo_files(tmp_path, "train")
    with pytest.raises(PictureError, match="no photograph"):
        photo_files(tmp_path / "missing", "test")


def test_photographs_load_as_rgb_and_broken_ones_are_left_out(tmp_path: Path) -> None:
    red = np.zeros((400, 800, 3), np.uint8)
    red[..., 2] = 200  # OpenCV writes BGR
    cv2.imwrite(str(tmp_path / "red.png"), red)
    (tmp_path / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "empty.jpg").write_bytes(b"")
    photos = load_photos(sorted(tmp_path.iterdir()))
    assert [photo.pixels.shape for photo in photos] == [(180, 360, 3)]
    assert photos[0].pixels[5, 5].tolist() == [200, 0, 0]
    crop = photo_crop(np.random.default_rng(0), photos[0].pixels, 64)
    assert crop.shape == (64, 64, 3)
    assert (crop == [200, 0, 0]).all()


def test_surfaces_have_the_size_asked_for() -> None:
    for seed in range(30):
        assert surface(np.random.default_rng(seed), 70).shape == (70, 70, 3)


def test_what_a_photograph_shows_of_its_own_is_neither_present_nor_absent() -> None:
    spec = SceneSpec(side=96, photo_share=1.0)
    pixels = np.full((120, 120, 3), 90, np.uint8)
    text = LABELS.index("text")
    for seed in range(30):
        plain = render(np.random.default_rng(seed), spec, [Photo(pixels)])
        lettered = render(np.random.default_rng(seed), spec, [Photo(pixels, ("text",))])
        assert np.array_equal(plain.picture, lettered.picture)
        if plain.labels[text] == 1:
            assert lettered.labels[text] == 1
        else:
            assert np.isnan(lettered.labels[text])


def test_known_photographs_name_classes_that_exist() -> None:
    assert {label for labels in SHOWS.values() for label in labels} <= set(LABELS)


def test_the_digits_below_a_barcode_are_neither_text_nor_no_text() -> None:
    rng = np.random.default_rng(5)
    patches = [make(rng, "barcode", 96, (128, 128, 128)) for _ in range(30)]
    assert all([name for name, _ in patch.parts] == ["barcode"] for patch in patches)
    assert {patch.incidental for patch in patches} == {(), ("text",)}
    text = LABELS.index("text")
    labels = [
        scene.labels[text]
        for scene in (render(np.random.default_rng(i), SceneSpec(96)) for i in range(120))
        if "barcode" in scene.boxes and "text" not in scene.boxes
    ]
    assert any(np.isnan(labels))
    assert any(label == 0 for label in labels)
