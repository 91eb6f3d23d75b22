"""``camviewer evaluate localization`` on every format, with the starter."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from camviewer.cli import main
from camviewer.cli.localization_table import figures_table, method_rows
from camviewer.cli.parser import build_parser
from camviewer.evaluate.datasets import FORMATS
from camviewer.evaluate.localization import Localization
from camviewer.evaluate.tally import Figures
from camviewer.models import zoo
from camviewer.paths import resources
from tests.evaluate.test_localization import OBJECT, XML

BOARD = resources() / "samples" / "board.jpg"
SIZE = 800, 600
PLACE = 150, 60, 620, 520  # of the board, about: left, top, right, bottom


def evaluate(folder: Path, *options: str) -> int:
    fixed = ("--device", "cpu", "--runtime", "eager")
    return main(["evaluate", "localization", str(folder), *fixed, *options])


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """The board, and an empty table."""
    for folder in ("Annotations", "JPEGImages"):
        (tmp_path / folder).mkdir()
    shutil.copy(BOARD, tmp_path / "JPEGImages")
    Image.new("RGB", SIZE, (120, 120, 120)).save(tmp_path / "JPEGImages" / "empty.jpg")
    drawn = OBJECT.format("Chess_Board", *PLACE)
    xml = XML.format(file="board.jpg", width=SIZE[0], height=SIZE[1], objects=drawn)
    (tmp_path / "Annotations" / "board.xml").write_text(xml)
    return tmp_path


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    shutil.copy(BOARD, tmp_path)
    left, top, right, bottom = PLACE
    content = {
        "images": [{"id": 1, "file_name": "board.jpg", "width": SIZE[0], "height": SIZE[1]}],
        "categories": [{"id": 1, "name": "chessboard"}, {"id": 2, "name": "star"}],
        "annotations": [
            {
                "image_id": 1,
                "category_id": 1,
                "bbox": [left, top, right - left, bottom - top],
                "segmentation": [[left, top, right, top, right, bottom, left, bottom]],
            },
            {"image_id": 1, "category_id": 2, "bbox": [0, 0, 5, 5]},
        ],
    }
    (tmp_path / "coco.json").write_text(json.dumps(content))
    return tmp_path


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    left, top, right, bottom = PLACE
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[top:bottom, left:right] = 255
    for name in ("chessboard", "star"):
        (tmp_path / name).mkdir()
        shutil.copy(BOARD, tmp_path / name)
    Image.fromarray(mask).save(tmp_path / "chessboard" / "board_mask.png")
    return tmp_path


def test_names_are_mapped_and_empty_pictures_count(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(voc, "--json") == 2
    assert "Chess_Board" in capsys.readouterr().err
    options = ("--map", "Chess_Board=chessboard", "none=star", "--nothing", "none")
    assert evaluate(voc, *options, "--json") == 0
    (row,) = rows(capsys)
    assert (row["pictures"], row["marked"]) == (2, 1)
    assert row["by_class"]["Chess_Board"]["gt_known"] == 1
    assert row["by_class"]["Chess_Board"]["top1"] == 1
    assert row["by_class"]["none"]["gt_known"] is None
    assert row["gt_known"] == row["max_box_acc"] == row["pointing"] == 1
    assert row["px_ap"] is None
    assert evaluate(voc, *options, "--limit", "1", "--json") == 0
    assert rows(capsys)[0]["pictures"] == 1


def test_what_cannot_be_used_is_named_and_the_rest_measured(
    voc: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--map", "Chess_Board=chessboard", "--json")
    whole = (voc / "Annotations" / "board.xml").read_text()
    (voc / "Annotations" / "gone.xml").write_text(whole.replace("board.jpg", "gone.jpg"))
    assert evaluate(voc, *options) == 0
    printed = capsys.readouterr()
    assert "gone.xml: not used. Its picture gone.jpg is not there." in printed.err
    assert json.loads(printed.out)["gt_known"] == 1
    (voc / "JPEGImages" / "gone.jpg").write_bytes(b"no picture")
    assert evaluate(voc, *options) == 1
    printed = capsys.readouterr()
    assert f"camviewer: {voc / 'JPEGImages' / 'gone.jpg'}: " in printed.err
    assert json.loads(printed.out)["pictures"] == 1


@pytest.mark.parametrize("pair", ["chessboard", "=star"])
def test_a_map_that_is_none_is_wrong_usage(
    voc: Path, capsys: pytest.CaptureFixture[str], pair: str
) -> None:
    assert evaluate(voc, "--map", pair) == 2
    assert "NAME=LABEL" in capsys.readouterr().err


def test_coco_classes_can_be_left_out(coco: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate(coco, "--boxes", "coco", "--json") == 0
    (row,) = rows(capsys)
    assert list(row["by_class"]) == ["chessboard", "star"]
    assert row["by_class"]["star"]["gt_known"] == 0
    # the most probable class is on the picture, and it is not this one
    assert row["by_class"]["star"]["top1"] == 1
    assert row["by_class"]["star"]["top1_localization"] == 0
    assert row["by_class"]["chessboard"]["px_ap"] > 0.8
    assert row["by_class"]["star"]["px_ap"] is None
    assert evaluate(coco / "coco.json", "--boxes", "coco", "--map", "star=", "--json") == 0
    assert list(rows(capsys)[0]["by_class"]) == ["chessboard"]


def test_masks_print_a_table_within_80_columns(
    masks: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate(masks, "--boxes", "masks") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    shown = dict(line.rsplit(maxsplit=1) for line in lines[: lines.index("")])
    assert shown["pictures"] == "2"
    assert shown["  on which something is marked"] == "1"
    assert float(shown["PxAP, mean over the classes"].rstrip("%")) > 80
    head, board, star = lines[lines.index("") + 1 :]
    assert head.split()[:3] == ["class", "pictures", "accuracy"]
    assert board.split()[:3] == ["chessboard", "1", "100.0%"]
    assert star.split() == ["star", "1", "0.0%", "-", "-", "-", "-", "-"]


def test_the_network_may_be_a_file(
    masks: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path_factory.mktemp("network")
    torch.manual_seed(0)
    torch.save(zoo.build("squeezenet1_1", num_classes=2).state_dict(), folder / "two.pth")
    (folder / "two.txt").write_text("Chessboard\nStar\n")
    options = ("--model", str(folder / "two.pth"), "--labels", str(folder / "two.txt"))
    assert evaluate(masks, "--boxes", "masks", *options, "--input-size", "96", "--json") == 0
    (row,) = rows(capsys)
    assert row["pictures"] == 2
    assert evaluate(masks, "--boxes", "masks", "--model", str(folder / "gone.pth")) == 2


def test_the_command_line_offers_every_format() -> None:
    parser, _ = build_parser()
    for kind in FORMATS:
        assert parser.parse_args(["evaluate", "localization", "x", "--boxes", kind]).boxes == kind
    with pytest.raises(SystemExit):
        parser.parse_args(["evaluate", "localization", "x", "--boxes", "via"])


def result(classes: int, method: str = "cam") -> Localization:
    """Figures with the longest numbers."""
    shares: dict[str, Any] = {
        "pictures": 100000, "marked": 99999, "top1": 1.0, "gt_known": 1.0,
        "gt_known_by_overlap": {0.3: 1.0, 0.5: 1.0, 0.7: 1.0}, "top1_localization": 1.0,
        "whole_picture": 1.0, "by_threshold": {0.05: 1.0}, "max_box_acc": 1.0,
        "max_box_acc_threshold": 0.25, "max_box_acc_v2": 1.0,
        "max_box_acc_v2_by_overlap": {0.3: 1.0, 0.5: 1.0, 0.7: 1.0}, "px_ap": 1.0,
        "pointing": 1.0,
    }  # fmt: skip
    by_class = {f"a class with a long name {i}": Figures(**shares) for i in range(classes)}
    return Localization(method=method, by_class=by_class, milliseconds=12345.6, **shares)


@pytest.mark.parametrize(("classes", "expected"), [(1, 0), (2, 3), (40, 41), (41, 1)])
def test_classes_have_rows_where_there_are_not_too_many(classes: int, expected: int) -> None:
    lines = figures_table(result(classes), 0.2).splitlines()
    assert max(map(len, lines)) <= 80
    assert len(lines[lines.index("") + 1 :] if "" in lines else []) == expected


def test_methods_fit_into_80_columns() -> None:
    lines = method_rows([result(1), result(1, "attention-rollout")]).splitlines()
    assert [line.split()[0] for line in lines] == ["method", "cam", "attention-rollout"]
    assert {len(line) for line in lines} == {76}
