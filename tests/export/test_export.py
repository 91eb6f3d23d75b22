"""What is exported equals what is shown, and the record says how to repeat it."""

import dataclasses
import json
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camviewer import __version__
from camviewer.errors import ExportError
from camviewer.export.bundle import Part, export
from camviewer.export.pictures import save_heatmap, save_map, save_overlay
from camviewer.export.record import record, save_record, to_json
from camviewer.render import ColorMap, View, heatmap_only, overlay
from camviewer.types import BoxRule, Frame, Inspection, Prediction, Rule
from tests.inspections import cropped, heatmap, inspection


def two_classes() -> Inspection:
    geometry = cropped((60, 80), 40)
    return inspection(
        heatmap(np.eye(4) - 0.25, geometry, score=0.75, label="cat"),
        dataclasses.replace(heatmap(np.eye(4)[::-1], geometry, score=0.25, label="dog"), target=0),
    )


def opened(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.array(image)


@pytest.mark.parametrize("view", [View(), View(0.8, ColorMap.TURBO), View(show_boxes=False)])
def test_the_overlay_is_what_is_shown(tmp_path: Path, view: View) -> None:
    seen = two_classes()
    save_overlay(seen, view, tmp_path / "overlay.PNG")
    assert np.array_equal(opened(tmp_path / "overlay.PNG"), overlay(seen, view))


@pytest.mark.parametrize("name", ["overlay.jpg", "overlay.JPEG"])
def test_jpeg_is_close_to_it(tmp_path: Path, name: str) -> None:
    seen = inspection(heatmap(np.eye(3)), picture=Frame(np.full((30, 30, 3), 90, np.uint8), "x"))
    save_overlay(seen, View(show_boxes=False), tmp_path / name)
    with Image.open(tmp_path / name) as image:
        assert image.format == "JPEG"
        difference = np.abs(np.array(image).astype(int) - overlay(seen, View(show_boxes=False)))
    assert difference.max() <= 12


@pytest.mark.parametrize("name", ["overlay.gif", "overlay", "overlay.png.exe"])
def test_other_formats_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ExportError, match=r"End the name in \.png or \.jpg"):
        save_overlay(two_classes(), View(), tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_picture_too_long_for_jpeg(tmp_path: Path) -> None:
    pixels = np.zeros((1, 65_501, 3), np.uint8)
    seen = inspection(heatmap([[1]], cropped((1, 65_501), 1)), picture=Frame(pixels, "long"))
    with pytest.raises(ExportError, match="Save it as PNG"):
        save_overlay(seen, View(), tmp_path / "long.jpg")
    save_overlay(seen, View(), tmp_path / "long.png")
    assert opened(tmp_path / "long.png").shape == pixels.shape


def test_the_heatmap_alone(tmp_path: Path) -> None:
    explanation = two_classes().explanations[0]
    save_heatmap(explanation, ColorMap.MAGMA, tmp_path / "heatmap.png")
    assert np.array_equal(
        opened(tmp_path / "heatmap.png"), heatmap_only(explanation, ColorMap.MAGMA)
    )


def test_the_raw_map(tmp_path: Path) -> None:
    explanation = two_classes().explanations[0]
    save_map(explanation, tmp_path / "map.npy")
    values = np.load(tmp_path / "map.npy", allow_pickle=False)
    assert values.dtype == np.float32
    assert np.array_equal(values, explanation.heatmap.values)
    assert values.min() == -0.25  # raw: before ReLU


def test_the_record_by_hand() -> None:
    shown = heatmap([[0, 0, 0, 0, 0], [0, 0, 5, 0, 0], [0, 0, 0, 0, 0]], score=0.75)
    assert record(inspection(shown)) == {
        "image": "folder/noise.png",
        "width": 50,
        "height": 30,
        "model": "tiny",
        "weights": "by hand",
        "weights_sha256": "ab" * 32,
        "layer": "features.1",
        "method": "cam",
        "question": {"ask": "for", "other": None, "reference": None},
        "sharper": [],
        "runtime": "eager",
        "device": "cpu",
        "note": "",
        "fit": "whole",
        "input_width": 50,
        "input_height": 30,
        "multi_label": False,
        "predictions": [
            {"index": 1, "label": "cat", "score": 0.75},
            {"index": 0, "label": "dog", "score": 0.25},
        ],
        "explanations": [
            {
                "index": 3,
                "label": "cat",
                "score": 0.75,
                "present": True,
                "rule": "largest",
                "threshold": 0.2,
                "min_area": 0.002,
                "grabcut": False,
                "cut": 0.2,
                "boxes": [{"x": 17.0, "y": 7.0, "width": 16.0, "height": 16.0, "score": 0.75}],
            }
        ],
        "camviewer": __version__,
    }


def test_the_cut_is_told_apart_from_the_rules_threshold() -> None:
    ramp = np.repeat(np.arange(1, 41, dtype=np.float32)[None], 2, axis=0)
    entry = record(inspection(heatmap(ramp), rule=BoxRule(Rule.PERCENTILE, 0.75)))
    (explanation,) = entry["explanations"]
    assert explanation["rule"] == "percentile"
    assert explanation["threshold"] == 0.75
    assert explanation["cut"] == pytest.approx(0.7625, abs=0.005)
    (nothing,) = record(inspection(heatmap([[-1]])))["explanations"]
    assert nothing["boxes"] == []
    assert nothing["cut"] is None


def test_only_the_top_predictions_are_listed() -> None:
    seen = two_classes()
    many = dataclasses.replace(
        seen, predictions=tuple(Prediction(i, f"c{i}", i / 1000, float(i)) for i in range(1000))
    )
    assert [p["index"] for p in record(many)["predictions"]] == [999, 998, 997, 996, 995]
    assert len(record(many, top=1000)["predictions"]) == 1000


def test_any_inspection_becomes_json() -> None:
    seen = inspection(
        heatmap([[math.nan]], score=math.nan, label="金魚\n\udcff"),
        picture=Frame(np.zeros((10, 10, 3), np.uint8), "half\udcff.png"),
    )
    line = to_json(record(seen))
    assert line.isascii()
    assert "\n" not in line
    entry = json.loads(line)
    assert entry["image"] == "half\udcff.png"
    assert entry["explanations"][0]["score"] is None
    assert entry["explanations"][0]["label"] == "金魚\n\udcff"


def test_the_record_as_a_file(tmp_path: Path) -> None:
    seen = two_classes()
    save_record(seen, tmp_path / "record.json")
    assert json.loads((tmp_path / "record.json").read_bytes()) == record(seen)


def test_everything_side_by_side(tmp_path: Path) -> None:
    seen, view = two_classes(), View(colormap=ColorMap.CIVIDIS)
    folder = tmp_path / "new" / "folder"
    written = export(seen, view, folder, "noise", set(Part))
    names = [
        "noise.overlay.png",
        "noise.3.heatmap.png",
        "noise.3.npy",
        "noise.0.heatmap.png",
        "noise.0.npy",
        "noise.json",
    ]
    assert written == [folder / name for name in names]
    assert sorted(folder.iterdir()) == sorted(written)
    assert np.array_equal(opened(written[0]), overlay(seen, view))
    assert np.array_equal(opened(written[3]), heatmap_only(seen.explanations[1], view.colormap))
    assert np.array_equal(np.load(written[4]), seen.explanations[1].heatmap.values)
    # once more, over the same files
    assert export(seen, view, folder, "noise", ["json"]) == [folder / "noise.json"]
    assert sorted(folder.iterdir()) == sorted(written)


def test_only_what_is_wanted(tmp_path: Path) -> None:
    written = export(two_classes(), View(), tmp_path, "a.b", {"overlay"}, "jpg")
    assert written == [tmp_path / "a.b.overlay.jpg"]
    with pytest.raises(ValueError, match="film"):
        export(two_classes(), View(), tmp_path, "x", {"film"})


@pytest.mark.parametrize("stem", ["../outside", "..\\outside", "/etc/outside", "a/b", "..", ""])
def test_no_stem_leads_out_of_the_folder(tmp_path: Path, stem: str) -> None:
    folder = tmp_path / "inside"
    written = export(two_classes(), View(), folder, stem, {"json"})
    assert [p.parent for p in written] == [folder]
    assert sorted(tmp_path.iterdir()) == [folder]


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="a file where a folder must be"):
        export(two_classes(), View(), tmp_path / "file", "x", {"json"})
