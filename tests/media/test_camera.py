"""A camera as a source, over a driver that misbehaves on command."""

import threading
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.camera import Camera, CameraMode, Raw, to_rgb
from camviewer.media.source import Source
from tests.media import fake_camera
from tests.media.fake_camera import PATIENCE, FakeCamera
from tests.media.numbered import is_mirrored, number_of, numbered


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    with FakeCamera(pace=FakeCamera.FREE) as camera:
        yield camera
        camera.close()
    assert camera.devices == 0


def in_thread(call: Callable[[], object]) -> tuple[threading.Thread, list[object]]:
    """Start a call that may hang; what came of it is put into the list."""
    result: list[object] = []

    def run() -> None:
        try:
            result.append(call())
        except SourceError as error:
            result.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, result


def finish(thread: threading.Thread) -> None:
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_frames_are_numbered_from_the_opening(camera: FakeCamera) -> None:
    source: Source = camera
    for _ in range(2):
        source.open()
        frames = [source.read() for _ in range(3)]
        assert [frame.number for frame in frames if frame] == [0, 1, 2]
        assert [number_of(frame.pixels) for frame in frames if frame] == [0, 1, 2]
        assert {frame.source for frame in frames if frame} == {"Fake camera"}
        source.close()
    assert (camera.opened, camera.closed) == (2, 2)


def test_times_are_seconds_since_the_opening() -> None:
    ticks = iter([100.0, 100.5, 100.5, 102.0, 103.25])
    with FakeCamera(pace=FakeCamera.FREE, clock=lambda: next(ticks)) as camera:
        camera.open()  # 100
        assert camera.read().time == 0.5  # begun and arrived at 100.5
        assert camera.read().time == 3.25
        camera.close()


def test_opening_again_lets_go_of_the_device_before(camera: FakeCamera) -> None:
    camera.open()
    camera.open()
    assert camera.devices == 1


def test_what_came_of_the_mode() -> None:
    with FakeCamera(pace=FakeCamera.FREE, rate=15) as camera:
        assert camera.actual is None
        assert camera.rate == 0
        camera.mode = CameraMode(160, 120, 60)
        camera.open()
        assert (camera.asked, camera.actual) == (camera.mode, camera.mode)
        assert camera.read().size == (120, 160)
        camera.obeys, camera.size = False, (48, 96)
        camera.read()
        assert camera.actual == CameraMode(96, 48, 60), "the driver lied: the picture tells"
        camera.close()


@pytest.mark.parametrize(
    ("dress", "gray"),
    [(fake_camera.bgr, False), (fake_camera.bgra, False), (fake_camera.grey, True)],
)
def test_any_kind_of_picture_becomes_rgb(
    camera: FakeCamera, dress: Callable[[Raw], Raw], gray: bool
) -> None:
    camera.dress = dress
    camera.open()
    pixels = camera.read().pixels
    expected = numbered(0, camera.size)
    if gray:
        expected = np.repeat(expected[:, :, 1:2], 3, axis=2)
    np.testing.assert_array_equal(pixels, expected)
    assert pixels.flags.c_contiguous


def test_sizes_that_change_on_the_way(camera: FakeCamera) -> None:
    camera.open()
    for number, size in enumerate([(48, 64), (37, 53), (101, 17)]):
        camera.size = size
        frame = camera.read()
        assert (frame.size, number_of(frame.pixels)) == (size, number)


def test_what_is_no_picture_is_said(camera: FakeCamera) -> None:
    camera.dress = fake_camera.odd
    camera.open()
    with pytest.raises(SourceError, match=r"48 × 64 × 2.*resolution") as caught:
        camera.read()
    assert not isinstance(caught.value, SourceRefusedError)
    camera.dress = fake_camera.bgr
    assert number_of(camera.read().pixels) == 1


@pytest.mark.parametrize("dress", [fake_camera.empty, fake_camera.nothing])
def test_a_few_empty_pictures_are_passed_over_and_many_are_a_loss(
    camera: FakeCamera, dress: Callable[[Raw], Raw | None]
) -> None:
    camera.open()
    camera.dress = lambda picture: (
        dress(picture) if number_of(picture) < 9 else fake_camera.bgr(picture)
    )
    assert number_of(camera.read().pixels) == 9
    camera.dress = dress
    with pytest.raises(SourceError, match="Fake camera sends no pictures"):
        camera.read()


def test_slow_empty_pictures_are_given_up_after_two_seconds() -> None:
    seconds = iter(range(100))
    with FakeCamera(pace=FakeCamera.FREE, clock=lambda: float(next(seconds))) as camera:
        camera.open()
        camera.dress = fake_camera.nothing
        with pytest.raises(SourceError):
            camera.read()
        assert camera.reading.passed == 3
        camera.close()


def test_a_camera_that_is_not_open_says_so(camera: FakeCamera) -> None:
    with pytest.raises(SourceError, match="not open"):
        camera.read()
    camera.close()
    camera.close()
    assert camera.closed == 0


def test_it_disappears_and_returns(camera: FakeCamera) -> None:
    camera.open()
    camera.unplug()
    with pytest.raises(SourceError, match="unplugged"):
        camera.read()
    with pytest.raises(SourceError, match="not connected"):
        camera.open()
    assert camera.devices == 0
    camera.plug()
    camera.open()
    assert camera.read().number == 0


def test_refused(camera: FakeCamera) -> None:
    camera.refuse("You may not.")
    with pytest.raises(SourceRefusedError, match="You may not"):
        camera.open()


def test_closing_while_the_driver_hangs_in_read_returns_at_once(camera: FakeCamera) -> None:
    camera.open()
    camera.reading.shut()
    thread, result = in_thread(camera.read)
    assert camera.reading.wait_for_caller()
    camera.close()
    assert camera.closed == 0, "real drivers crash when they are released under a read"
    camera.reading.open()
    finish(thread)
    assert camera.closed == 1
    assert isinstance(result[0], SourceError)


def test_closing_while_the_driver_hangs_in_open_returns_at_once(camera: FakeCamera) -> None:
    camera.opening.shut()
    thread, result = in_thread(camera.open)
    assert camera.opening.wait_for_caller()
    camera.close()
    camera.opening.open()
    finish(thread)
    assert isinstance(result[0], SourceError)
    assert (camera.opened, camera.closed) == (1, 1)


def test_a_hanging_driver_is_left_behind_by_the_next_opening(camera: FakeCamera) -> None:
    camera.open()
    camera.reading.shut()
    thread, result = in_thread(camera.read)
    assert camera.reading.wait_for_caller()
    camera.open()
    assert camera.devices == 2
    camera.reading.open()
    finish(thread)
    assert isinstance(result[0], SourceError)
    assert camera.devices == 1
    assert camera.read().number == 0


def test_a_late_second_opening_wins_over_the_first(camera: FakeCamera) -> None:
    camera.opening.shut()
    thread, _ = in_thread(camera.open)
    assert camera.opening.wait_for_caller()
    camera.opening.open()
    camera.open()
    finish(thread)
    assert camera.devices == 1
    camera.read()


def test_a_driver_that_dies_in_read_is_still_let_go(camera: FakeCamera) -> None:
    def fail(picture: Raw) -> Raw:
        raise SourceError("the cable broke")

    camera.open()
    camera.dress = fail
    with pytest.raises(SourceError, match="cable"):
        camera.read()
    camera.close()
    assert camera.closed == 1


@given(
    arrays.arrays(
        st.sampled_from([np.uint8, np.uint16, np.float32]),
        st.one_of(
            st.tuples(st.integers(1, 6), st.integers(1, 6)),
            st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5)),
        ),
    )
)
def test_rgb_or_an_error_and_nothing_else(raw: np.ndarray) -> None:
    if raw.ndim == 3 and raw.shape[2] not in (1, 3, 4):
        with pytest.raises(SourceError):
            to_rgb(raw, "it")
        return
    pixels = to_rgb(raw, "it")
    assert pixels.shape == (*raw.shape[:2], 3)
    assert pixels.dtype == np.uint8


def test_paced_by_the_clock_a_late_reader_misses_pictures() -> None:
    with FakeCamera(rate=240) as camera:
        camera.open()
        numbers = [number_of(camera.read().pixels) for _ in range(5)]
        assert numbers == sorted(set(numbers))
        camera.close()


def test_fed_pictures_are_read_one_by_one() -> None:
    with FakeCamera(pace=FakeCamera.FED) as camera:
        camera.open()
        camera.feed(2)
        assert [camera.read().number for _ in range(2)] == [0, 1]
        thread, result = in_thread(camera.read)
        assert result == []
        camera.feed()
        finish(thread)
        assert result[0].number == 2
        camera.close()


def test_the_camera_is_a_camera_to_type_checkers() -> None:
    assert issubclass(FakeCamera, Camera)
    assert Camera.live is True
    assert str(CameraMode(1280, 720, 29.97)) == "1280 × 720, 30 fps"
    assert str(CameraMode(1280, 720, 0)) == "1280 × 720"


@given(st.integers(0, 2**16 - 1), st.integers(12, 200), st.integers(16, 200))
def test_numbers_are_read_from_pixels(number: int, height: int, width: int) -> None:
    picture = numbered(number, (height, width))
    mirrored = np.ascontiguousarray(picture[:, ::-1])
    assert number_of(picture) == number_of(mirrored) == number
    assert (is_mirrored(picture), is_mirrored(mirrored)) == (False, True)
    with pytest.raises(ValueError, match="neither"):
        is_mirrored(picture[:, :, ::-1])


def test_no_number_and_mixed_numbers_are_noticed() -> None:
    size = (48, 64)
    with pytest.raises(ValueError, match="no number"):
        number_of(np.zeros((*size, 3), np.uint8))
    torn = numbered(1, size).copy()
    torn[16:] = numbered(2**15 + 2, size)[16:]
    with pytest.raises(ValueError, match="no number"):
        number_of(torn)
