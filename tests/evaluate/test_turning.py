"""Marks on photographs that lie on their side."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from camviewer.evaluate.datasets import coco, pascal_voc
from camviewer.evaluate.datasets.turning import turned
from camviewer.media.images import load
from tests.evaluate.test_localization import OBJECT, XML

SIZE = 40, 20  # as it lies
BOX = 4, 2, 20, 8  # white, on black


def photograph(path: Path, orientation: int) -> Path:
    pixels = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    left, top, right, bottom = BOX
    pixels[top:bottom, left:right] = 255
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.fromarray(pixels).save(path, exif=exif)
    return path


def shown(path: Path) -> np.ndarray:
    """Where it is white as camviewer shows it."""
    return load(path).pixels.max(axis=2) > 128


@pytest.mark.parametrize("orientation", range(1, 9))
def test_marks_lie_where_the_thing_is_shown(tmp_path: Path, orientation: int) -> None:
    """5 to 8 lie on a side; in the others the size tells nothing, so people saw them upright."""
    file = photograph(tmp_path / "a.png", orientation)
    left, top, right, bottom = BOX
    drawn = OBJECT.format("cat", *BOX)
    (tmp_path / "a.xml").write_text(XML.format(file=file.name, width=40, height=20, objects=drawn))
    content = {
        "images": [{"id": 1, "file_name": file.name, "width": 40, "height": 20}],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [
            {
                "image_id": 1,
                "category_id": 1,
                "bbox": [left, top, right - left, bottom - top],
                "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
            }
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps(content))
    (of_voc,), (of_coco,) = pascal_voc(tmp_path).samples, coco(tmp_path).samples
    white = shown(file) if orientation > 4 else shown(photograph(tmp_path / "b.png", 1))
    rows, columns = np.nonzero(white)
    height, width = white.shape
    expected = (
        columns.min() / width,
        rows.min() / height,
        (columns.max() + 1) / width,
        (rows.max() + 1) / height,
    )
    assert of_voc.boxes == (pytest.approx(expected),)
    assert of_coco.boxes == (pytest.approx(expected),)
    mask = of_coco.truth().mask
    assert mask is not None
    np.testing.assert_array_equal(mask, white)


def test_what_was_drawn_upright_stays(tmp_path: Path) -> None:
    file = photograph(tmp_path / "a.png", 6)
    assert turned(file, (40, 20)) == 6
    assert turned(file, (20, 40)) == 1
    assert turned(file, (80, 40)) == 1
    assert turned(tmp_path / "gone.png", (40, 20)) == 1
    file.write_bytes(b"no picture")
    assert turned(file, (40, 20)) == 1
