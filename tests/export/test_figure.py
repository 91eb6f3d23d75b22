"""A figure shows what the window shows, and its record says how to repeat each pane."""

import dataclasses
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from camviewer.errors import ExportError
from camviewer.export.figure import captions, figure, save_figure
from camviewer.export.record import record
from camviewer.render import ColorMap, View, overlay
from camviewer.types import Frame, Inspection
from tests.inspections import heatmap, inspection, whole

WHITE = (255, 255, 255)


def seen(
    picture: Frame | None = None,
    *,
    method: str = "cam",
    layer: str = "features.1",
    model: str = "tiny",
    labels: tuple[str, ...] = ("cat",),
) -> Inspection:
    picture = picture or noise(300, 400)
    maps = [np.roll(np.eye(4), k, axis=0) for k in range(len(labels))]
    lies = whole(picture.size)
    made = inspection(
        *(heatmap(m, lies, score=0.75, label=name) for m, name in zip(maps, labels, strict=True)),
        picture=picture,
    )
    origin = dataclasses.replace(made.origin, method=method, layer=layer, model=model)
    return dataclasses.replace(made, origin=origin)


def noise(height: int, width: int) -> Frame:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    return Frame(pixels, "folder/noise.png")


def cut(pixels: np.ndarray, place: tuple[int, int, int, int]) -> np.ndarray:
    left, top, right, bottom = place
    return pixels[top:bottom, left:right]


@pytest.mark.parametrize("view", [View(), View(0.9, ColorMap.TURBO), View(show_heatmap=False)])
@pytest.mark.parametrize("columns", [None, 1, 3])
def test_every_pane_is_what_render_draws(view: View, columns: int | None) -> None:
    panes = [seen(), seen(layer="features.3", labels=("cat", "dog")), seen(method="grad-cam")]
    made = figure(panes, view, columns)
    assert len(made.panes) == 3
    for one, place in zip(panes, made.panes, strict=True):
        assert np.array_equal(cut(made.pixels, place), overlay(one, view))


@given(count=st.integers(1, 6), columns=st.integers(1, 6), side=st.integers(256, 500))
def test_panes_stand_in_reading_order_inside_and_apart(count: int, columns: int, side: int) -> None:
    panes = [seen(noise(300, side))] * count
    made = figure(panes, View(), columns)
    height, width, _ = made.pixels.shape
    covered = np.zeros((height, width), np.uint8)
    for left, top, right, bottom in made.panes:
        assert 0 < left < right < width
        assert 0 < top < bottom < height
        covered[top:bottom, left:right] += 1
    assert covered.max() == 1
    assert list(made.panes) == sorted(made.panes, key=lambda place: (place[1], place[0]))
    assert len({place[0] for place in made.panes}) == min(columns, count)


def test_a_large_picture_is_reduced_and_a_small_one_enlarged() -> None:
    large = seen(noise(100, 4096))
    made = figure([large, large], View())
    left, top, right, bottom = made.panes[0]
    assert (right - left, bottom - top) == (2048, 50)
    expected = cv2.resize(overlay(large, View()), (2048, 50), interpolation=cv2.INTER_AREA)
    assert np.array_equal(cut(made.pixels, made.panes[0]), expected)

    small = seen(noise(20, 100))
    made = figure([small, small], View())
    squares = overlay(small, View()).repeat(3, axis=0).repeat(3, axis=1)
    assert np.array_equal(cut(made.pixels, made.panes[1]), squares)


def test_the_paper_is_white_and_captions_are_written_above_and_below() -> None:
    made = figure([seen(), seen(method="grad-cam")], View())
    left, top, right, bottom = made.panes[0]
    gap = made.panes[1][0] - right
    assert (made.pixels[:, :left] == WHITE).all()
    assert (made.pixels[:, right : right + gap] == WHITE)[:bottom].all()
    assert (made.pixels[:top, left:right] != WHITE).any()
    assert (made.pixels[bottom : bottom + gap, left:right] != WHITE).any()


def test_titles_tell_what_differs_and_the_foot_what_does_not() -> None:
    written, common = captions([seen(), seen(method="grad-cam")])
    assert [c.title for c in written] == ["CAM", "Grad-CAM"]
    assert [line.text for line in written[0].lines] == ["cat 75 %"]
    assert common == "noise.png · tiny · features.1"

    written, common = captions([seen(layer="a"), seen(layer="b", model="other")])
    assert [c.title for c in written] == ["tiny · a", "other · b"]
    assert common == "noise.png · CAM"

    written, common = captions([seen(labels=("cat",)), seen(labels=("dog",))])
    assert [c.title for c in written] == ["", ""]
    assert [c.lines[0].text for c in written] == ["cat 75 %", "dog 75 %"]
    assert common == "noise.png · tiny · CAM · features.1"


def test_what_made_maps_sharper_is_told() -> None:
    plain = seen()
    origin = dataclasses.replace(plain.origin, sharper=("scales 3", "flip"))
    sharper = dataclasses.replace(plain, origin=origin)
    written, common = captions([sharper, sharper])
    assert common == "noise.png · tiny · CAM · features.1 · scales 3, flip"
    written, common = captions([plain, sharper])
    assert [c.title for c in written] == ["", "scales 3, flip"]


def test_several_classes_are_listed_with_their_colours_and_none_is_said() -> None:
    both, nothing = seen(labels=("cat", "dog")), seen().with_explanations(())
    written, _ = captions([both, nothing])
    assert [line.color for line in written[0].lines] == [(230, 159, 0), (86, 180, 233)]
    assert [line.text for line in written[1].lines] == ["nothing found"]
    made = figure([both, nothing], View())
    left, _, right, bottom = made.panes[0]
    below = made.pixels[bottom:, left:right].reshape(-1, 3).tolist()
    assert [230, 159, 0] in below
    assert [86, 180, 233] in below


def test_labels_of_any_script_and_length_have_room() -> None:
    panes = [seen(labels=("a label that is far too long for one pane " * 9, "金魚\n\udcff"))] * 2
    made = figure(panes, View())
    (_, _, right, _), (left, _, _, bottom) = made.panes
    assert (made.pixels[bottom : bottom + 40, right:left] == WHITE).all()


def test_the_scale_is_explained_where_one_holds_for_all() -> None:
    def has_scale(*panes: Inspection, view: View) -> bool:
        made = figure(panes, view)
        foot = made.pixels[max(place[3] for place in made.panes) :]
        return [68, 1, 84] in foot.reshape(-1, 3).tolist()  # where viridis begins

    assert has_scale(seen(), seen(), view=View())
    assert not has_scale(seen(), seen(), view=View(show_heatmap=False))
    assert not has_scale(seen(), seen(labels=("cat", "dog")), view=View())


def test_pictures_of_several_sizes_are_no_figure() -> None:
    with pytest.raises(ValueError, match="one picture"):
        figure([seen(), seen(noise(300, 300))], View())
    with pytest.raises(ValueError, match="one or more"):
        figure([], View())


def test_the_file_holds_the_figure_and_the_record_each_origin(tmp_path: Path) -> None:
    panes = [seen(), seen(method="grad-cam", layer="features.3")]
    picture, beside = save_figure(panes, View(), tmp_path / "new", "a/b")
    assert (picture.name, beside.name) == ("a_b.compare.png", "a_b.compare.json")
    made = figure(panes, View())
    with Image.open(picture) as image:
        assert np.array_equal(np.array(image), made.pixels)
    entry = json.loads(beside.read_bytes())
    assert entry["figure"] == "a_b.compare.png"
    assert entry["image"] == "folder/noise.png"
    for one, pane, place in zip(panes, entry["panes"], made.panes, strict=True):
        left, top, right, bottom = place
        where = {"x": left, "y": top, "width": right - left, "height": bottom - top}
        assert pane == {"pane": where, **record(one)}
    assert [pane["method"] for pane in entry["panes"]] == ["cam", "grad-cam"]
    assert sorted(tmp_path.glob("new/*")) == [beside, picture]


def test_jpeg_and_what_cannot_be_written(tmp_path: Path) -> None:
    picture, _ = save_figure([seen(), seen()], View(), tmp_path, "x", "jpg", columns=1)
    with Image.open(picture) as image:
        assert image.format == "JPEG"
        assert image.height > 2 * 300
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="a file where a folder must be"):
        save_figure([seen()], View(), tmp_path / "file", "x")
