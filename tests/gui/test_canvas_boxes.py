"""Boxes on the canvas: drawn in render's colours, edited by mouse and keyboard, undone."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, QRectF, QSizeF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from camviewer import render
from camviewer.boxes import rebox
from camviewer.gui import box_layer
from camviewer.gui.box_editor import dragged
from camviewer.gui.box_layer import Edge
from camviewer.gui.canvas import Canvas
from camviewer.types import Box, BoxRule, Explanation, Inspection, Rule
from tests.gui import fakes
from tests.gui.test_canvas import grabbed

FOX = Box(20, 10, 30, 20, 0, "fox", 0.9, 0.2)
OWL = Box(5, 30, 40, 25, 1, "owl", 0.6, 0.2)
WHOLE = Box(0, 0, 80, 60, 0, "fox", 0.9, 0.2)
PLAIN = render.View(opacity=0.0, show_labels=False)


def inspection(*boxes: Box) -> Inspection:
    """Two classes with these boxes."""
    made = fakes.inspection(fakes.frame(), fakes.peak(2, 5), fakes.peak(4, 1))
    return made.with_explanations(
        tuple(
            Explanation(e.heatmap, tuple(b for b in boxes if b.target == e.heatmap.target), e.rule)
            for e in made.explanations
        )
    )


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(656, 496)
    with qtbot.waitExposed(made):
        made.show()
    made.set_view(PLAIN)
    made.set_inspection(inspection(FOX, OWL))
    assert made.zoom == 8
    assert made.viewport.to_screen(0, 0) == (8, 8)
    yield made
    made.hide()


def at(x: float, y: float) -> QPoint:
    """Where a picture point lies on this canvas."""
    return QPoint(round(8 + 8 * x), round(8 + 8 * y))


def drag(canvas: Canvas, start: tuple[float, float], *stops: tuple[float, float]) -> None:
    """Drag with the left button between picture points."""
    left = Qt.MouseButton.LeftButton
    QTest.mousePress(canvas, left, pos=at(*start))
    for stop in stops:
        QTest.mouseMove(canvas, at(*stop))
    QTest.mouseRelease(canvas, left, pos=at(*stops[-1]))


def click(canvas: Canvas, x: float, y: float) -> None:
    QTest.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(x, y))


def spans(box: Box) -> tuple[float, float, float, float]:
    return box.x, box.y, box.width, box.height


def test_lines_have_the_colours_of_their_classes_and_one_width_at_any_zoom(
    canvas: Canvas,
) -> None:
    for _ in range(2):
        shown = grabbed(canvas)
        for place, box in enumerate((FOX, OWL)):
            x, y = canvas.viewport.to_screen(box.x, box.y + box.height / 2)
            row = shown[round(y), round(x) - 6 : round(x) + 7].astype(int)
            near = np.abs(row - render.class_color(place)).max(axis=1) < 30
            assert near.sum() == 2
        canvas.viewport.actual(328, 248)
        canvas.update()


def test_hidden_boxes_are_neither_drawn_nor_edited(canvas: Canvas) -> None:
    canvas.set_drawing(True)
    canvas.set_view(replace(PLAIN, show_boxes=False))
    assert not canvas.drawing
    left, top = 8, 8
    shown = grabbed(canvas)[top : top + 480 : 8, left : left + 640 : 8]
    np.testing.assert_array_equal(shown, canvas.frame.pixels if canvas.frame else None)
    drag(canvas, (20, 20), (30, 20))
    click(canvas, 35, 20)
    assert canvas.boxes == (FOX, OWL)
    assert canvas.selected_box == -1


def test_click_selects_the_smallest_box_around(canvas: Canvas) -> None:
    canvas.set_inspection(inspection(WHOLE, FOX, OWL))
    told: list[int] = []
    canvas.selection_changed.connect(told.append)
    click(canvas, 35, 20)
    click(canvas, 70, 50)
    click(canvas, 10, 50)
    assert [canvas.boxes[i] for i in told] == [FOX, WHOLE, OWL]
    canvas.set_inspection(inspection(FOX))
    click(canvas, 75, 5)
    assert canvas.selected_box == -1


def test_a_click_on_a_line_selects_its_box_and_moves_nothing(canvas: Canvas) -> None:
    canvas.set_inspection(inspection(WHOLE, FOX))
    left = Qt.MouseButton.LeftButton
    for _ in range(2):
        QTest.mousePress(canvas, left, pos=at(0, 30) - QPoint(3, 0))
        QTest.mouseMove(canvas, at(0, 30) - QPoint(2, 1))
        QTest.mouseRelease(canvas, left, pos=at(0, 30) - QPoint(2, 1))
        assert canvas.selected_box == 0
    assert canvas.undo_stack.count() == 0


def test_drag_inside_an_unselected_box_moves_the_picture(canvas: Canvas) -> None:
    drag(canvas, (35, 20), (36, 20), (40, 20))
    assert canvas.boxes == (FOX, OWL)
    assert canvas.viewport.left == 8 + 5 * 8


def test_moving_a_box_is_one_edit_that_is_told_once(canvas: Canvas, qtbot: QtBot) -> None:
    told: list[tuple[Box, ...]] = []
    canvas.boxes_edited.connect(told.append)
    click(canvas, 35, 20)
    drag(canvas, (35, 20), (37, 21), (40, 25), (45, 22))
    moved = replace(FOX, x=30, y=12)
    assert told == [(moved, OWL)]
    assert canvas.undo_stack.count() == 1
    assert canvas.undo_stack.undoText() == "Move box"


def test_moved_box_stays_in_the_picture(canvas: Canvas) -> None:
    canvas.select_box(0)
    drag(canvas, (35, 20), (100, -50))
    assert spans(canvas.boxes[0]) == (50, 0, 30, 20)


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [
        ((20, 10), (15, 4), (15, 4, 35, 26)),
        ((50, 10), (60, 5), (20, 5, 40, 25)),
        ((20, 30), (10, 40), (10, 10, 40, 30)),
        ((50, 30), (90, 70), (20, 10, 60, 50)),
        ((35, 10), (50, 2), (20, 2, 30, 28)),
        ((35, 30), (10, 35), (20, 10, 30, 25)),
        ((20, 20), (10, 90), (10, 10, 40, 20)),
        ((50, 20), (55, 0), (20, 10, 35, 20)),
        ((50, 30), (10, 4), (10, 4, 10, 6)),
        ((50, 20), (20, 20), (20, 10, 1, 20)),
    ],
)
def test_handles_resize(
    canvas: Canvas,
    start: tuple[float, float],
    stop: tuple[float, float],
    expected: tuple[float, float, float, float],
) -> None:
    canvas.select_box(0)
    drag(canvas, start, stop)
    assert spans(canvas.boxes[0]) == expected


def test_drawing_a_box_for_the_chosen_class(canvas: Canvas) -> None:
    modes: list[bool] = []
    canvas.drawing_changed.connect(modes.append)
    canvas.set_draw_target(1)
    QTest.keyClick(canvas, Qt.Key.Key_B)
    assert canvas.cursor().shape() is Qt.CursorShape.CrossCursor
    drag(canvas, (70, 50), (65, 45), (60, 42))
    drawn = canvas.boxes[-1]
    assert spans(drawn) == (60, 42, 10, 8)
    assert (drawn.target, drawn.label, drawn.score, drawn.threshold) == (1, "owl", 0.6, 0.0)
    assert canvas.selected_box == 2
    assert modes == [True, False]


def test_a_click_draws_nothing(canvas: Canvas) -> None:
    canvas.set_drawing(True)
    click(canvas, 60, 50)
    assert canvas.boxes == (FOX, OWL)
    assert canvas.drawing


def test_nothing_can_be_drawn_without_a_class(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    canvas.set_drawing(True)
    assert not canvas.drawing


def test_escape_gives_up_drag_then_drawing_then_selection(canvas: Canvas) -> None:
    canvas.select_box(0)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at(35, 20))
    QTest.mouseMove(canvas, at(45, 30))
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at(45, 30))
    assert canvas.boxes == (FOX, OWL)
    canvas.set_drawing(True)
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert not canvas.drawing
    assert canvas.selected_box == 0
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.selected_box == -1


def test_everything_by_keyboard(canvas: Canvas) -> None:
    QTest.keyClick(canvas, Qt.Key.Key_N)
    assert canvas.selected_box == 0
    QTest.keyClick(canvas, Qt.Key.Key_N)
    QTest.keyClick(canvas, Qt.Key.Key_N)
    QTest.keyClick(canvas, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    assert canvas.selected_box == 1
    QTest.keyClick(canvas, Qt.Key.Key_N)
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert spans(canvas.boxes[0]) == (21, 20, 30, 20)
    QTest.keyClick(canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert spans(canvas.boxes[0]) == (21, 20, 29, 20)
    QTest.keyClick(canvas, Qt.Key.Key_Delete)
    assert canvas.boxes == (OWL,)
    QTest.keyClick(canvas, Qt.Key.Key_B)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert spans(canvas.boxes[-1]) == (20, 15, 40, 30)
    assert [canvas.undo_stack.text(i) for i in range(canvas.undo_stack.count())] == [
        "Move box",
        "Resize box",
        "Delete box",
        "Draw box",
    ]


def test_undo_and_redo_bring_boxes_and_selection_back(canvas: Canvas) -> None:
    told: list[tuple[Box, ...]] = []
    canvas.select_box(0)
    drag(canvas, (35, 20), (36, 20))
    canvas.delete_selected()
    canvas.boxes_edited.connect(told.append)
    moved = replace(FOX, x=21)
    for _ in range(2):
        canvas.undo_stack.undo()
    assert canvas.selected_box == 0
    for _ in range(2):
        canvas.undo_stack.redo()
    assert told == [(moved, OWL), (FOX, OWL), (moved, OWL), (OWL,)]
    assert canvas.selected_box == -1


def test_edited_boxes_are_what_is_exported(canvas: Canvas) -> None:
    derived = canvas.inspection
    assert derived is not None
    assert derived.explanations[0].boxes == (FOX,)
    canvas.select_box(0)
    canvas.delete_selected()
    edited = canvas.inspection
    assert edited is not None
    assert [e.boxes for e in edited.explanations] == [(), (OWL,)]
    assert edited.explanations[0].heatmap is derived.explanations[0].heatmap
    canvas.undo_stack.undo()
    assert canvas.inspection is derived


def test_another_rule_replaces_boxes_and_undo_brings_edited_ones_back(canvas: Canvas) -> None:
    first = fakes.inspection(fakes.frame())
    canvas.set_inspection(first)
    derived = canvas.boxes
    stricter = rebox(first, BoxRule(Rule.LARGEST, 0.5))
    canvas.set_inspection(stricter)
    assert canvas.boxes == stricter.explanations[0].boxes != derived
    assert not canvas.undo_stack.canUndo()
    canvas.select_box(0)
    canvas.delete_selected()
    for threshold in (0.6, 0.7, 0.8):
        newest = rebox(first, BoxRule(Rule.LARGEST, threshold))
        canvas.set_inspection(newest)
    assert canvas.boxes == newest.explanations[0].boxes
    canvas.undo_stack.undo()
    assert canvas.boxes == ()
    canvas.undo_stack.undo()
    assert canvas.boxes == stricter.explanations[0].boxes


def test_edits_are_forgotten_with_their_picture(canvas: Canvas) -> None:
    canvas.select_box(0)
    canvas.delete_selected()
    canvas.set_inspection(fakes.inspection(fakes.frame()))
    assert not canvas.undo_stack.canUndo()
    assert canvas.selected_box == -1


def test_captions_never_cover_each_other_nor_leave_the_canvas() -> None:
    widget, size = QRectF(0, 0, 300, 200), QSizeF(90, 20)
    taken: list[QRectF] = []
    for left, top in ((10, 50), (12, 50), (20, 52), (-500, -500), (280, 5)):
        label = box_layer.free_place(QRectF(left, top, 900, 900), size, widget, taken)
        assert widget.contains(label)
        assert not any(label.intersects(other) for other in taken)
        taken.append(label)
    assert taken[0].bottom() < 50


def test_text_on_captions_is_readable() -> None:
    def luminance(rgb: tuple[int, int, int]) -> float:
        parts = [c / 255 for c in rgb]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    for colour in render.CLASS_COLORS:
        text = box_layer.readable_on(colour).getRgb()[:3]
        pair = sorted((luminance(colour), luminance(tuple(text))))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


@given(
    box=st.tuples(*[st.floats(0, 1)] * 4),
    edges=st.sampled_from(
        [Edge.ALL, Edge.LEFT | Edge.TOP, Edge.RIGHT, Edge.BOTTOM | Edge.LEFT, Edge.TOP]
    ),
    by=st.tuples(st.floats(-200, 200), st.floats(-200, 200)),
)
def test_dragged_box_stays_in_the_picture_and_has_an_area(
    box: tuple[float, float, float, float], edges: Edge, by: tuple[float, float]
) -> None:
    x, y = box[0] * 79, box[1] * 59
    width, height = 1 + box[2] * (79 - x), 1 + box[3] * (59 - y)
    before = Box(x, y, width, height, 0, "fox", 0.9, 0.2)
    after = dragged(before, edges, *by, (60, 80))
    assert after.width >= 1 - 1e-9
    assert after.height >= 1 - 1e-9
    assert after.x >= -1e-9
    assert after.x + after.width <= 80 + 1e-9
    assert after.y >= -1e-9
    assert after.y + after.height <= 60 + 1e-9
    if edges is Edge.ALL:
        assert (after.width, after.height) == (width, height)


def test_cursor_tells_what_a_press_would_do(canvas: Canvas) -> None:
    canvas.select_box(0)
    for x, y, shape in (
        (20, 10, Qt.CursorShape.SizeFDiagCursor),
        (50, 20, Qt.CursorShape.SizeHorCursor),
        (35, 20, Qt.CursorShape.SizeAllCursor),
        (70, 20, Qt.CursorShape.ArrowCursor),
    ):
        QTest.mouseMove(canvas, at(x, y))
        assert canvas.cursor().shape() is shape
    QTest.mouseMove(canvas, QPointF(1, 1).toPoint())
