"""Figures of merit on cases that can be computed by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camviewer.errors import CamviewerError
from camviewer.evaluate.datasets import Sample, masks, pascal_voc
from camviewer.evaluate.localization import compare_localization, measure_localization, serving
from camviewer.inspector import Inspector, Request
from camviewer.models import catalog
from camviewer.types import BoxRule
from tests.test_inspector import classifier

pytestmark = pytest.mark.long

XML = """<annotation><filename>{file}</filename>
<size><width>{width}</width><height>{height}</height><depth>3</depth></size>{objects}</annotation>"""
OBJECT = """<object><name>{}</name><bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax>
<ymax>{}</ymax></bndbox></object>"""


def annotate(folder: Path, stem: str, *objects: tuple[object, ...], side: int = 64) -> None:
    for name in ("images", "annotations"):
        (folder / name).mkdir(exist_ok=True)
    pixels = np.zeros((64, 64, 3), dtype=np.uint8)
    pixels[..., 2] = 255
    pixels[:16, :16] = (255, 0, 0)
    Image.fromarray(pixels).save(folder / "images" / f"{stem}.png")
    text = "".join(OBJECT.format(*o) for o in objects)
    xml = XML.format(file=f"{stem}.png", width=side, height=side, objects=text)
    (folder / "annotations" / f"{stem}.xml").write_text(xml)


def test_localisation_by_hand(tmp_path: Path) -> None:
    annotate(tmp_path, "a", ("red", 0, 0, 18, 18))  # met: the map is the red square
    annotate(tmp_path, "b", ("red", 30, 30, 64, 64))  # missed
    annotate(tmp_path, "c", ("blue", 0, 0, 64, 64))  # met: blue is nearly everywhere, and top-1
    annotate(tmp_path, "d", ("red", 0, 0, 36, 36), side=128)  # met: drawn at twice the size
    samples = pascal_voc(tmp_path).samples
    assert [s.name for s in samples] == ["red", "red", "blue", "red"]
    tiny = classifier()
    result = measure_localization(
        Inspector(tiny, "cpu"), samples, tiny.find, Request(rule=BoxRule()), thresholds=(0.2, 1.0)
    )
    assert result.pictures == 4
    assert result.top1 == 0.25
    assert result.gt_known == 0.75
    assert result.top1_localization == 0.25
    assert result.whole_picture == 0.25
    assert result.by_threshold[0.2] == 0.75


def test_methods_share_the_pictures_and_keep_their_order(tmp_path: Path) -> None:
    annotate(tmp_path, "a", ("red", 0, 0, 18, 18))
    annotate(tmp_path, "b", ("red", 30, 30, 64, 64))
    samples, tiny = pascal_voc(tmp_path).samples, classifier()
    inspector = Inspector(tiny, "cpu")
    rows = compare_localization(
        inspector, samples, tiny.find, Request(), ("grad-cam", "cam"), thresholds=(0.2,)
    )
    assert [row.method for row in rows] == ["grad-cam", "cam"]
    assert [row.gt_known for row in rows] == [0.5, 0.5]
    assert [row.by_threshold for row in rows] == [{0.2: 0.5}] * 2
    assert all(row.milliseconds > 0 for row in rows)
    alone = measure_localization(inspector, samples, tiny.find, Request(method="cam"), (0.2,))
    assert (alone.gt_known, alone.top1) == (rows[1].gt_known, rows[1].top1)
    assert {"cam", "grad-cam"} <= set(serving(inspector, None))
    assert "score-cam" not in serving(inspector, None)


def test_any_object_of_the_class_counts_and_others_are_samples_of_their_own(
    tmp_path: Path,
) -> None:
    annotate(tmp_path, "a", ("red", 40, 40, 60, 60), ("red", 0, 0, 18, 18))
    annotate(tmp_path, "b", ("red", 40, 40, 60, 60), ("blue", 0, 0, 18, 18))
    samples, tiny = pascal_voc(tmp_path).samples, classifier()
    assert [(s.name, s.others) for s in samples] == [
        ("red", frozenset()), ("red", {"blue"}), ("blue", {"red"}),
    ]  # fmt: skip
    result = measure_localization(
        Inspector(tiny, "cpu"), samples, tiny.find, Request(), thresholds=()
    )
    assert result.pictures == 3
    assert result.by_class["red"].gt_known == 0.5
    assert result.by_class["blue"].gt_known == 0
    # blue is most probable everywhere, and not on the first picture
    assert result.by_class["red"].top1 == 0.5
    assert result.by_class["blue"].top1 == 1


def test_masks_and_pictures_without_marks(tmp_path: Path) -> None:
    """The tiny network's map of red is exactly the red square, a cell for each pixel."""
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 2] = 255
    pixels[:2, :2] = (255, 0, 0)
    mask = np.zeros((8, 8), np.uint8)
    mask[:2, :2] = 255
    for folder, name, made in (
        ("red", "a.bmp", pixels),
        ("red", "a_mask.png", mask),
        ("red", "b.bmp", pixels),
        ("red", "b_mask.png", mask.T[::-1].copy()),
        ("blue", "c.bmp", pixels),
    ):
        (tmp_path / folder).mkdir(exist_ok=True)
        Image.fromarray(made).save(tmp_path / folder / name)
    tiny = classifier()
    inspector = Inspector(tiny, "cpu")
    result = measure_localization(inspector, masks(tmp_path).samples, tiny.find, Request(), (0.2,))
    assert (result.pictures, result.marked, result.top1) == (3, 2, pytest.approx(1 / 3))
    red, blue = result.by_class["red"], result.by_class["blue"]
    assert (blue.pictures, blue.marked, blue.top1, blue.gt_known) == (1, 0, 1, None)
    assert (blue.max_box_acc, blue.px_ap, blue.pointing) == (None, None, None)
    # b's mask is at the lower left, where the map is 0: of the mask's 8 pixels 4 are found with
    # precision 4/8, and the other 4 with everything, 8 of 128
    assert red.px_ap == pytest.approx(0.5 * 4 / 8 + 0.5 * 8 / 128)
    assert result.px_ap == red.px_ap
    # eight pixels are all within fifteen
    assert result.pointing == 1
    assert result.gt_known == red.gt_known == red.max_box_acc == 0.5
    assert result.max_box_acc_v2 == pytest.approx(0.5)
    assert result.by_threshold == {0.2: 0.5}
    assert result.gt_known_by_overlap[0.3] == 0.5
    assert json.loads(json.dumps(result.as_dict()))["by_class"]["blue"]["pictures"] == 1


def test_each_method_is_measured_by_its_own_maps(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    (tmp_path / "red").mkdir()
    noise = random.integers(0, 256, (8, 8, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "red" / "a.bmp")
    drawn = (noise[..., 0] > 128).astype(np.uint8) * 255
    Image.fromarray(drawn).save(tmp_path / "red" / "a_mask.png")
    tiny = classifier()
    inspector, samples = Inspector(tiny, "cpu"), masks(tmp_path).samples
    names = ("cam", "eigen-cam")
    rows = compare_localization(inspector, samples, tiny.find, Request(), names, ())
    alone = [
        measure_localization(inspector, samples, tiny.find, Request(method=name), ())
        for name in names
    ]
    assert [row.px_ap for row in rows] == [one.px_ap for one in alone]
    assert rows[0].px_ap != rows[1].px_ap


def test_a_mask_that_does_not_fit_names_its_picture(tmp_path: Path) -> None:
    (tmp_path / "red").mkdir()
    Image.new("RGB", (8, 8), (255, 0, 0)).save(tmp_path / "red" / "a.bmp")
    Image.new("L", (16, 8), 255).save(tmp_path / "red" / "a_mask.png")
    tiny = classifier()
    with pytest.raises(CamviewerError, match=r"a\.bmp: The mask has 16 x 8"):
        measure_localization(Inspector(tiny, "cpu"), masks(tmp_path).samples, tiny.find, Request())


def test_pictures_that_cannot_be_read_count_for_no_method(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        annotate(tmp_path, name, ("red", 0, 0, 18, 18))
    tiny = classifier()
    samples = pascal_voc(tmp_path).samples
    whole = compare_localization(
        Inspector(tiny, "cpu"), samples[::2], tiny.find, Request(), ("cam", "grad-cam"), ()
    )
    samples[1].picture.write_bytes(b"no picture")
    told: list[tuple[Sample, str]] = []
    found = compare_localization(
        Inspector(tiny, "cpu"),
        samples,
        tiny.find,
        Request(),
        ("cam", "grad-cam"),
        (),
        passed_over=lambda sample, error: told.append((sample, str(error))),
    )
    assert [replace(row, milliseconds=0) for row in found] == [
        replace(row, milliseconds=0) for row in whole
    ]
    ((sample, error),) = told
    assert sample == samples[1]
    assert samples[1].picture.name in error


def test_figures_over_all_are_means_over_classes_where_the_papers_say_so(tmp_path: Path) -> None:
    annotate(tmp_path, "a", ("red", 0, 0, 18, 18))
    annotate(tmp_path, "b", ("red", 0, 0, 18, 18))
    annotate(tmp_path, "c", ("blue", 0, 0, 1, 1))
    tiny = classifier()
    result = measure_localization(
        Inspector(tiny, "cpu"), pascal_voc(tmp_path).samples, tiny.find, Request(), ()
    )
    assert [f.pointing for f in result.by_class.values()] == [0, 1]
    assert list(result.by_class) == ["blue", "red"]
    assert result.pointing == 0.5
    assert result.gt_known == pytest.approx(2 / 3)


def test_a_folder_without_annotations_is_told(tmp_path: Path) -> None:
    with pytest.raises(CamviewerError, match=r"\*\.xml"):
        pascal_voc(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "not xml",
        "<annotation></annotation>",
        "<a><b/></a>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><annotation>&a;</annotation>',
        XML.format(file="gone.png", width=4, height=4, objects=OBJECT.format("red", 0, 0, 1, 1)),
        XML.format(file="a.png", width=0, height=4, objects=OBJECT.format("red", 0, 0, 1, 1)),
        XML.format(file="a.png", width=4, height=4, objects=OBJECT.format("red", "x", 0, 1, 1)),
    ],
)
def test_annotations_that_cannot_be_read_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.xml").write_text(text)
    with pytest.raises(CamviewerError, match=r"odd\.xml"):
        pascal_voc(tmp_path)


def test_an_annotation_does_not_lead_out_of_its_folders(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"x")
    (tmp_path / "data").mkdir()
    hostile = XML.format(
        file="../../secret.png", width=4, height=4, objects=OBJECT.format("red", 0, 0, 1, 1)
    )
    (tmp_path / "data" / "odd.xml").write_text(hostile)
    with pytest.raises(CamviewerError, match="not there"):
        pascal_voc(tmp_path / "data")


@pytest.mark.data
def test_resnet18_finds_things_in_photographs(shared_data: Path) -> None:
    """A fifth of the pictures; all of them by `camviewer evaluate localization` (see README)."""
    resnet = catalog.load("resnet18", weights=shared_data / "weights" / "resnet18-imagenet.pth")
    lines = (shared_data / "imagenet_wnids.txt").read_text().splitlines()
    numbers = {line.split("\t")[0]: i for i, line in enumerate(lines)}
    samples = pascal_voc(shared_data / "imagenet_boxes").samples[::5]
    request = Request(input_size=320, rule=BoxRule(threshold=0.3))
    result = measure_localization(
        Inspector(resnet, "cpu"), samples, numbers.__getitem__, request, thresholds=()
    )
    assert result.pictures == 130
    assert result.top1 > 0.68
    assert result.gt_known > 0.60
    assert result.whole_picture < 0.55
