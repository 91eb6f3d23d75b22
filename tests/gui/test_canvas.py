"""The canvas: what is on the screen is what render says, where the viewport says."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QNativeGestureEvent, QPainter, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from camviewer import render
from camviewer.gui.canvas import Canvas
from camviewer.gui.picture_layer import PictureLayer
from camviewer.gui.readout import HoverInfo
from camviewer.gui.viewport import Viewport
from camviewer.types import Geometry, Inspection, Pixels
from tests.gui import fakes

NO_BOXES = render.View(show_boxes=False)


@pytest.fixture
def canvas(qtbot: QtBot) -> Iterator[Canvas]:
    made = Canvas()
    qtbot.addWidget(made)
    made.resize(640, 480)
    with qtbot.waitExposed(made):
        made.show()
    yield made
    made.hide()


def pixels_of(image: QImage) -> Pixels:
    """RGB uint8 of a grabbed image."""
    image = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1)
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def grabbed(canvas: Canvas) -> Pixels:
    """What is on the screen."""
    return pixels_of(canvas.grab().toImage())


def two_classes(height: int = 60, width: int = 80) -> Inspection:
    return fakes.inspection(fakes.frame(height, width), fakes.peak(2, 5), fakes.peak(4, 1))


def cropped(height: int = 60, width: int = 80) -> Inspection:
    """The network saw a square in the middle only."""
    scale = 48 / height
    lies = Geometry((height, width), (48, 48), (scale, scale), (0.0, -(width * scale - 48) / 2))
    return fakes.inspection(fakes.frame(height, width), fakes.peak(2, 3, 6, 6), lies=lies)


def wheel(canvas: Canvas, at: QPointF, notches: float, **how: Any) -> None:
    """Turn the wheel over a point."""
    keys = how.get("keys", Qt.KeyboardModifier.NoModifier)
    pixels = how.get("pixels", QPoint())
    phase = how.get("phase", Qt.ScrollPhase.NoScrollPhase)
    turned = QPoint(0, round(notches * 120))
    place = canvas.mapToGlobal(at)
    none = Qt.MouseButton.NoButton
    event = QWheelEvent(at, place, pixels, turned, none, keys, phase, False)  # noqa: FBT003
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize("made", [fakes.inspection(fakes.frame()), two_classes(), cropped()])
@pytest.mark.parametrize("opacity", [0.0, 0.35, 1.0])
def test_screen_shows_exactly_the_blend_at_actual_size(
    canvas: Canvas, made: Inspection, opacity: float
) -> None:
    view = replace(NO_BOXES, opacity=opacity)
    canvas.set_view(view)
    canvas.set_inspection(made)
    canvas.zoom_actual()
    left, top = (round(v) for v in canvas.viewport.to_screen(0, 0))
    shown = grabbed(canvas)[top : top + 60, left : left + 80]
    np.testing.assert_array_equal(shown, render.blend(made, view))


def test_screen_shows_the_blend_of_the_smaller_picture_when_fitted(canvas: Canvas) -> None:
    made = two_classes(600, 1600)
    canvas.set_view(NO_BOXES)
    canvas.set_inspection(made)
    height, width = round(600 * canvas.zoom), round(1600 * canvas.zoom)
    assert (height, width) == (234, 624)
    left, top = (round(v) for v in canvas.viewport.to_screen(0, 0))
    small = render.scaled(made.frame, (height, width))
    shown = grabbed(canvas)[top : top + height, left : left + width]
    np.testing.assert_array_equal(shown, render.blend(made, NO_BOXES, small))


@pytest.mark.parametrize("make", [two_classes, cropped])
def test_part_of_a_large_picture_has_the_colours_of_the_whole(canvas: Canvas, make: Any) -> None:
    made = make(2000, 3000)
    canvas.set_view(NO_BOXES)
    canvas.set_inspection(made)
    canvas.viewport.actual(320, 240)
    whole = render.blend(made, NO_BOXES).astype(int)
    for dx, dy in ((0, 0), (-431, 212), (700, -500)):
        canvas.viewport.pan(dx, dy)
        canvas.update()
        x, y = (round(v) for v in canvas.viewport.to_screen(0, 0))
        shown = grabbed(canvas).astype(int)
        expected = whole[-y : -y + 480, -x : -x + 640]
        # sampled by another route, so a level of the map may round otherwise
        assert np.abs(shown - expected).max() <= 3
        assert np.abs(shown - expected).mean() < 0.3


def test_large_zoom_shows_picture_pixels_as_squares(canvas: Canvas) -> None:
    made = fakes.inspection(fakes.frame())
    canvas.set_view(NO_BOXES)
    canvas.set_inspection(made)
    canvas.viewport.actual(320, 240)
    canvas.viewport.zoom_at(320, 240, 16)
    canvas.update()
    blend, shown = render.blend(made, NO_BOXES), grabbed(canvas)
    for column, row in ((38, 28), (40, 30), (45, 34)):
        x, y = canvas.viewport.to_screen(column, row)
        for inside in (2, 8, 13):
            at = shown[round(y) + inside, round(x) + inside]
            np.testing.assert_array_equal(at, blend[row, column])


def test_sharp_screens_show_every_picture_pixel() -> None:
    made = fakes.inspection(fakes.frame())
    viewport = Viewport()
    viewport.resize(100, 80, 2.0)
    viewport.set_picture((60, 80))
    viewport.actual(50, 40)
    left, top = (round(v * 2) for v in viewport.to_screen(0, 0))
    shown = painted(made, viewport)[top : top + 60, left : left + 80]
    np.testing.assert_array_equal(shown, render.blend(made, render.View()))


def painted(made: Inspection, viewport: Viewport) -> Pixels:
    """What a screen of the viewport's size and device pixel ratio shows."""
    layer = PictureLayer()
    layer.set(made.frame, made)
    ratio = viewport.ratio
    width, height = round(viewport.width * ratio), round(viewport.height * ratio)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    image.fill(0)  # what isn't painted would hold whatever the memory did
    painter = QPainter(image)
    layer.paint(painter, viewport)
    painter.end()
    return pixels_of(image)


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    ratio=st.sampled_from([1.0, 1.25, 2.0]),
    anchor=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    zoom=st.floats(3, 64),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_colour_under_the_cursor_is_that_of_the_blend(
    size: tuple[int, int],
    ratio: float,
    anchor: tuple[float, float],
    zoom: float,
    place: tuple[float, float],
) -> None:
    made = fakes.inspection(fakes.frame(*size), fakes.peak(2, 5), fakes.peak(4, 1))
    viewport = Viewport()
    viewport.resize(200, 160, ratio)
    viewport.set_picture(size)
    viewport.zoom_at(200 * anchor[0], 160 * anchor[1], zoom / viewport.zoom)
    left, top, right, bottom = viewport.visible()
    column = min(left + int((right - left) * place[0]), right - 1)
    row = min(top + int((bottom - top) * place[1]), bottom - 1)
    x, y = viewport.to_screen(column + 0.5, row + 0.5)
    if 0 <= x < 200 and 0 <= y < 160:
        shown = painted(made, viewport)[int(y * ratio), int(x * ratio)]
        np.testing.assert_array_equal(shown, render.blend(made, render.View())[row, column])


@pytest.mark.parametrize("size", [(1, 1), (1, 30_000), (30_000, 1), (3, 9_000), (2_500, 4_000)])
@pytest.mark.parametrize("steps", [-30, 0, 3, 12, 40])
def test_odd_pictures_at_any_zoom(size: tuple[int, int], steps: float) -> None:
    made = fakes.inspection(fakes.frame(*size))
    viewport = Viewport()
    viewport.resize(300, 200, 1.0)
    viewport.set_picture(size)
    viewport.step_at(120, 90, steps)
    x, y = viewport.to_screen(size[1] / 2, size[0] / 2)
    viewport.pan(150 - x, 100 - y)
    # a picture thinner than a pixel lies on one of the two rows at whose border its middle is
    assert painted(made, viewport)[99:101, 149:151].any()


def test_bare_frame_and_nothing(canvas: Canvas) -> None:
    shown = fakes.frame()
    canvas.set_frame(shown)
    canvas.zoom_actual()
    left, top = (round(v) for v in canvas.viewport.to_screen(0, 0))
    np.testing.assert_array_equal(grabbed(canvas)[top : top + 60, left : left + 80], shown.pixels)
    assert canvas.inspection is None
    canvas.set_frame(None)
    assert len(np.unique(grabbed(canvas).reshape(-1, 3), axis=0)) == 1


def test_heatmap_never_lies_on_another_frame(canvas: Canvas) -> None:
    made = fakes.inspection(fakes.frame())
    canvas.set_inspection(made)
    newer = fakes.frame(source="newer.png")
    canvas.set_frame(newer)
    assert canvas.inspection is None
    assert canvas.read_out(320, 240) is not None
    canvas.set_inspection(made)
    assert canvas.frame is made.frame


def test_wheel_zooms_about_the_cursor(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    at = QPointF(201, 333)
    point = canvas.viewport.to_picture(at.x(), at.y())
    zooms: list[float] = []
    canvas.zoom_changed.connect(zooms.append)
    before = canvas.zoom
    for notches in (1, 2, 0.5, -1):
        wheel(canvas, at, notches)
        assert canvas.viewport.to_picture(at.x(), at.y()) == pytest.approx(point)
    assert zooms[0] == pytest.approx(before * 1.25)
    assert zooms[-1] == canvas.zoom == pytest.approx(before * 1.25**2.5)


def test_two_fingers_and_shift_pan(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    zoom, left, top = canvas.zoom, canvas.viewport.left, canvas.viewport.top
    update = Qt.ScrollPhase.ScrollUpdate
    wheel(canvas, QPointF(50, 50), 0.1, pixels=QPoint(7, 12), phase=update)
    assert (canvas.viewport.left - left, canvas.viewport.top - top) == (7, 12)
    wheel(canvas, QPointF(50, 50), 1, keys=Qt.KeyboardModifier.ShiftModifier)
    assert canvas.viewport.left - left == 7 + 48
    assert canvas.zoom == zoom
    control = Qt.KeyboardModifier.ControlModifier
    wheel(canvas, QPointF(50, 50), 1, pixels=QPoint(0, 12), phase=update, keys=control)
    assert canvas.zoom == pytest.approx(zoom * 1.25)


def test_pinch_zooms_about_the_fingers(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    at, zoom = QPointF(250, 180), canvas.zoom
    point = canvas.viewport.to_picture(250, 180)
    kind = Qt.NativeGestureType.ZoomNativeGesture
    device = QPointingDevice.primaryPointingDevice()
    place = canvas.mapToGlobal(at)
    pinch = QNativeGestureEvent(kind, device, 2, at, at, place, 0.5, QPointF())
    QApplication.sendEvent(canvas, pinch)
    assert canvas.zoom == pytest.approx(zoom * 1.5)
    assert canvas.viewport.to_picture(250, 180) == pytest.approx(point)


@pytest.mark.parametrize("button", [Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton])
def test_dragging_moves_the_picture(canvas: Canvas, button: Qt.MouseButton) -> None:
    canvas.set_frame(fakes.frame())
    point = canvas.viewport.to_picture(300, 200)
    QTest.mousePress(canvas, button, pos=QPoint(300, 200))
    QTest.mouseMove(canvas, QPoint(310, 205))
    QTest.mouseMove(canvas, QPoint(345, 260))
    QTest.mouseRelease(canvas, button, pos=QPoint(345, 260))
    assert canvas.viewport.to_picture(345, 260) == pytest.approx(point)
    moved = canvas.viewport.left
    QTest.mouseMove(canvas, QPoint(100, 100))
    assert canvas.viewport.left == moved


def test_double_click_goes_between_fit_and_actual_size(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    point = canvas.viewport.to_picture(200, 200)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    assert canvas.zoom == 1
    assert canvas.viewport.to_picture(200, 200) == pytest.approx(point)
    QTest.mouseDClick(canvas, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    assert canvas.viewport.fitting


@pytest.mark.parametrize("make", [two_classes, cropped])
def test_hover_tells_the_pixel_and_the_raw_map(canvas: Canvas, make: Any) -> None:
    made = make()
    canvas.set_inspection(made)
    told: list[HoverInfo | None] = []
    canvas.hovered.connect(told.append)
    for column, row in ((0, 0), (79, 59), (41, 17)):
        x, y = canvas.viewport.to_screen(column + 0.5, row + 0.5)
        QTest.mouseMove(canvas, QPoint(round(x), round(y)))
        info = told[-1]
        assert info is not None
        assert (info.x, info.y) == (column, row)
        assert info.rgb == tuple(made.frame.pixels[row, column])
        expected = [e.heatmap.at(column + 0.5, row + 0.5) for e in made.explanations]
        np.testing.assert_array_equal(info.values, expected)
    QTest.mouseMove(canvas, QPoint(1, 1))
    assert told[-1] is None


def test_hover_changes_when_the_picture_moves_under_the_cursor(canvas: Canvas) -> None:
    canvas.set_inspection(two_classes())
    QTest.mouseMove(canvas, QPoint(320, 240))
    told: list[HoverInfo | None] = []
    canvas.hovered.connect(told.append)
    canvas.viewport.pan(80, 0)
    QTest.keyClick(canvas, Qt.Key.Key_Left)
    assert told
    assert told[-1] == canvas.read_out(320, 240)


def test_keys_zoom_fit_and_pan(canvas: Canvas) -> None:
    canvas.set_frame(fakes.frame())
    fitted = canvas.zoom
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.zoom == pytest.approx(fitted * 1.25)
    left = canvas.viewport.left
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.viewport.left == left - 48
    QTest.keyClick(canvas, Qt.Key.Key_1)
    assert canvas.zoom == 1
    QTest.keyClick(canvas, Qt.Key.Key_F)
    assert canvas.zoom == fitted
    QTest.keyClick(canvas, Qt.Key.Key_Minus)
    assert canvas.zoom == pytest.approx(fitted / 1.25)


def test_held_space_drags_the_picture_over_boxes_too(canvas: Canvas) -> None:
    canvas.set_inspection(fakes.inspection(fakes.frame()))
    canvas.select_box(0)
    box = canvas.boxes[0]
    x, y = canvas.viewport.to_screen(box.x + box.width / 2, box.y + box.height / 2)
    start, left = QPoint(round(x), round(y)), canvas.viewport.left
    QTest.keyPress(canvas, Qt.Key.Key_Space)
    assert canvas.cursor().shape() is Qt.CursorShape.OpenHandCursor
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(canvas, start + QPoint(20, 0))
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(20, 0))
    QTest.keyRelease(canvas, Qt.Key.Key_Space)
    assert canvas.viewport.left == left + 20
    assert canvas.boxes == (box,)


def test_canvas_says_what_it_shows(canvas: Canvas) -> None:
    assert canvas.accessibleName() == "Picture"
    assert canvas.accessibleDescription() == "No picture is open."
    canvas.set_inspection(fakes.inspection(fakes.frame(source="/home/fox.png")))
    canvas.select_box(0)
    said = canvas.accessibleDescription()
    assert said == "fox.png, 80 by 60 pixels; fox 90 %; box 1 is selected"


def test_canvas_leaves_drops_to_the_window(canvas: Canvas) -> None:
    assert not canvas.acceptDrops()
