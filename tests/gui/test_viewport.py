"""Zoom and position, as numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.gui.viewport import MARGIN, Viewport

sides = st.integers(1, 5000)
places = st.floats(0, 1)


def viewport(
    picture: tuple[int, int] = (100, 200), width: float = 800, height: float = 600, ratio: float = 1
) -> Viewport:
    made = Viewport()
    made.resize(width, height, ratio)
    made.set_picture(picture)
    return made


def test_fit_shows_all_of_the_picture_in_the_middle() -> None:
    fitted = viewport((100, 200))
    assert fitted.scale == (800 - 2 * MARGIN) / 200
    assert fitted.to_screen(0, 0) == (MARGIN, (600 - 100 * fitted.scale) / 2)
    assert fitted.to_picture(400, 300) == (100, 50)


def test_actual_size_is_one_device_pixel() -> None:
    sharp = viewport(ratio=2)
    sharp.actual(400, 300)
    assert sharp.zoom == 1
    assert sharp.scale == 0.5
    assert sharp.to_picture(400, 300) == (100, 50)


@given(
    picture=st.tuples(sides, sides),
    ratio=st.sampled_from([1.0, 1.5, 2.0]),
    at=st.tuples(places, places),
    steps=st.lists(st.floats(0.1, 6), min_size=1, max_size=4),
)
def test_point_under_the_cursor_stays_while_zooming_in(
    picture: tuple[int, int], ratio: float, at: tuple[float, float], steps: list[float]
) -> None:
    seen = viewport(picture, ratio=ratio)
    # a point of the picture, so that the picture cannot be pushed out of sight
    x, y = seen.to_screen(at[0] * picture[1], at[1] * picture[0])
    point = seen.to_picture(x, y)
    for step in steps:
        seen.step_at(x, y, step)
        assert seen.to_picture(x, y) == pytest.approx(point, abs=1e-6 * max(picture))


def test_beside_the_picture_its_nearest_point_stays() -> None:
    seen = viewport((100, 200))
    edge = seen.to_screen(200, 100)
    seen.step_at(799, 599, 3)
    assert seen.to_screen(200, 100) == pytest.approx(edge)


@given(
    picture=st.tuples(sides, sides),
    moves=st.lists(
        st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000), st.floats(-9, 9)), max_size=8
    ),
)
def test_picture_never_leaves_the_screen(
    picture: tuple[int, int], moves: list[tuple[float, float, float]]
) -> None:
    seen = viewport(picture)
    for dx, dy, steps in moves:
        seen.pan(dx, dy)
        seen.step_at(dx % 800, dy % 600, steps)
        left, top, right, bottom = seen.visible()
        assert left < right
        assert top < bottom
        x, y = seen.to_screen(3.0, 4.0)
        assert seen.to_picture(x, y) == pytest.approx((3.0, 4.0), abs=1e-6)


def test_zooming_out_ends_with_the_whole_picture() -> None:
    large = viewport((3000, 4000))
    fit = large.scale
    large.step_at(10, 20, 9)
    large.step_at(700, 20, -30)
    assert large.scale == pytest.approx(fit)
    assert large.fitting
    small = viewport((10, 10))
    small.step_at(400, 300, -30)
    assert small.zoom == 1


def test_zoom_ends_at_sixty_four_screen_pixels() -> None:
    seen = viewport((3000, 4000))
    seen.step_at(400, 300, 99)
    assert seen.zoom == 64


def test_resizing_keeps_the_middle_and_a_fitted_picture_fitted() -> None:
    seen = viewport()
    seen.resize(400, 600, 1)
    assert seen.scale == (400 - 2 * MARGIN) / 200
    seen.step_at(200, 300, 5)
    middle = seen.to_picture(200, 300)
    zoom = seen.zoom
    seen.resize(1000, 700, 2)
    assert seen.to_picture(500, 350) == pytest.approx(middle)
    assert seen.zoom == pytest.approx(zoom)


def test_picture_of_another_size_is_fitted_and_of_the_same_stays() -> None:
    seen = viewport()
    seen.step_at(100, 100, 4)
    scale, left = seen.scale, seen.left
    seen.set_picture((100, 200))
    assert (seen.scale, seen.left) == (scale, left)
    seen.set_picture((200, 100))
    assert seen.fitting


def test_empty_viewport_takes_everything_calmly() -> None:
    empty = viewport((0, 0))
    empty.step_at(3, 4, 2)
    empty.fit()
    empty.pan(3, 4)
    assert empty.empty


@given(sides, sides, places, places, st.floats(0.1, 30))
def test_a_follower_shows_the_same(
    height: int, width: int, across: float, down: float, factor: float
) -> None:
    leader, follower = (viewport((height, width), 400, 300) for _ in range(2))
    leader.zoom_at(400 * across, 300 * down, factor)
    follower.follow(leader)
    assert follower.zoom == pytest.approx(leader.zoom)
    assert follower.fitting == leader.fitting
    assert (follower.left, follower.top) == pytest.approx((leader.left, leader.top), abs=1e-3)


def test_a_follower_on_a_sharper_screen_has_the_same_zoom_and_middle() -> None:
    leader = viewport((1000, 1000))
    leader.zoom_at(100, 100, 4.0)
    follower = viewport((1000, 1000), 400, 300, ratio=2)
    follower.follow(leader)
    assert follower.zoom == pytest.approx(leader.zoom)
    assert follower.to_picture(200, 150) == pytest.approx(leader.to_picture(400, 300))
