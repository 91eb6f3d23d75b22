"""Boxes and captions as pixels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer import drawing
from camviewer.drawing import Mark, draw
from camviewer.types import Pixels

ORANGE = (230, 159, 0)


def canvas(height: int, width: int) -> Pixels:
    return np.full((height, width, 3), 100, np.uint8)


def changed(before: Pixels, after: Pixels) -> tuple[int, int, int, int]:
    """Left, top, right and bottom of what differs."""
    rows, columns = np.nonzero(np.any(before != after, axis=2))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_edges_are_rounded_to_pixels_and_the_frame_lies_inside() -> None:
    before = canvas(100, 100)
    after = draw(before, [Mark(10.4, 20.6, 50.4, 60.6, ORANGE)])
    assert changed(before, after) == (10, 21, 50, 61)
    # a line of one pixel between two dark ones
    assert after[40, 10:14].tolist() == [[0, 0, 0], [*ORANGE], [0, 0, 0], [100, 100, 100]]
    assert np.array_equal(before, canvas(100, 100))


def test_lines_grow_with_the_picture() -> None:
    def line(height: int, width: int) -> int:
        after = draw(canvas(height, width), [Mark(10, 10, width - 10, height - 10, ORANGE)])
        return int((after[height // 2, : width // 2] == ORANGE).all(axis=1).sum())

    assert line(200, 300) == 1
    assert line(1080, 1920) == 4
    assert line(4000, 6000) == 15


def test_captions_grow_with_the_picture() -> None:
    def height_of_caption(height: int, width: int) -> int:
        mark = Mark(10, height / 2, width / 2, height - 10, ORANGE, "goldfish 98 %")
        with_box = draw(canvas(height, width), [mark])
        without = draw(canvas(height, width), [Mark(*_edges(mark), ORANGE)])
        _, top, _, bottom = changed(without, with_box)
        return bottom - top

    small, large = height_of_caption(300, 400), height_of_caption(3000, 4000)
    assert 10 <= small <= 20
    assert 80 <= large <= 130


def _edges(mark: Mark) -> tuple[float, float, float, float]:
    return mark.left, mark.top, mark.right, mark.bottom


def caption_extent(height: int, width: int, mark: Mark) -> tuple[int, int, int, int]:
    without = draw(canvas(height, width), [Mark(*_edges(mark), mark.color)])
    return changed(without, draw(canvas(height, width), [mark]))


def test_a_caption_stands_on_the_box_or_below_its_upper_edge() -> None:
    left, top, _, bottom = caption_extent(200, 300, Mark(50, 60, 200, 150, ORANGE, "cat 98 %"))
    assert (left, bottom) == (50, 60)
    assert top > 40
    left, top, _, _ = caption_extent(200, 300, Mark(50, 0, 200, 150, ORANGE, "cat 98 %"))
    assert top <= 3
    assert left <= 53


def test_a_caption_at_the_right_edge_moves_left() -> None:
    left, _, right, _ = caption_extent(200, 300, Mark(290, 60, 300, 150, ORANGE, "goldfish 98 %"))
    assert right == 300
    assert left < 250


def test_captions_do_not_cover_each_other() -> None:
    first = Mark(50, 60, 200, 150, ORANGE, "cat 98 %")
    second = Mark(50, 60, 180, 140, (86, 180, 233), "dog 50 %")
    both = draw(canvas(200, 300), [first, second])
    for color in (ORANGE, second.color):
        ground = np.all(both == color, axis=2)
        # far more than the thin line of a box
        assert max(ground[row].sum() for row in range(200)) > 30


def test_a_long_caption_is_cut_short() -> None:
    label = "a name so long that no picture of this size has room for all of it"
    left, top, right, bottom = caption_extent(60, 80, Mark(20, 30, 60, 50, ORANGE, label))
    assert 0 <= left < right <= 80
    assert 0 <= top < bottom <= 60
    text, font = drawing._fitted(Mark(0, 0, 1, 1, ORANGE, label), 10, 76)
    assert text.startswith("a name")
    assert text.endswith("…")
    assert font.getlength(text) <= 76


def test_the_first_lies_on_top() -> None:
    blue = (86, 180, 233)
    after = draw(canvas(100, 100), [Mark(10, 10, 60, 60, ORANGE), Mark(10, 10, 60, 60, blue)])
    assert after[11, 30].tolist() == [*ORANGE]


@pytest.mark.parametrize(
    ("caption", "written"),
    [
        ("goldfish 98 %", "goldfish 98 %"),
        ("café 98 %", "cafe 98 %"),
        ("two\nlines\t98 %", "two lines 98 %"),
        ("金魚 98 %", "class 1 98 %"),
        ("кот 98 %", "class 1 98 %"),
        ("half\udcff 98 %", "half? 98 %"),
    ],
)
def test_scripts_without_a_font(
    caption: str, written: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_SYSTEM_FONTS", ())
    pixels = canvas(100, 200)
    shown = draw(pixels, [Mark(10, 50, 90, 90, ORANGE, caption, "class 1 98 %")])
    assert np.array_equal(shown, draw(pixels, [Mark(10, 50, 90, 90, ORANGE, written)]))


def test_a_font_that_the_system_lacks_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drawing, "_SYSTEM_FONTS", ("no such font.ttf",))
    pixels = canvas(100, 200)
    shown = draw(pixels, [Mark(10, 50, 90, 90, ORANGE, "金魚", "class 1")])
    assert np.array_equal(shown, draw(pixels, [Mark(10, 50, 90, 90, ORANGE, "class 1")]))


@given(
    size=st.tuples(st.integers(1, 120), st.integers(1, 120)),
    marks=st.lists(
        st.builds(
            Mark,
            *[st.floats(-50, 200)] * 4,
            st.sampled_from([ORANGE, (0, 114, 178)]),
            st.text(st.characters(), max_size=20),
            st.text(max_size=20),
        ),
        max_size=4,
    ),
)
def test_anything_can_be_drawn(size: tuple[int, int], marks: list[Mark]) -> None:
    after = draw(canvas(*size), marks)
    assert after.shape == (*size, 3)
    assert after.dtype == np.uint8
