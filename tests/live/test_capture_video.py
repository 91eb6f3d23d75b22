"""Real files, streams and the camera class, captured: the number is read from the pixels."""

import math
from pathlib import Path

import pytest

from camviewer.live.capture import Capture, Condition
from camviewer.live.slot import Arrival, Slot
from camviewer.media.streams import NetworkStream
from camviewer.media.videos import VideoFile
from tests.live.fake_clock import PATIENCE, FakeClock
from tests.live.told import Capturing, Told
from tests.media.fake_camera import FakeCamera
from tests.media.mjpeg_server import MjpegServer
from tests.media.movies import movie
from tests.media.numbered import is_mirrored, number_of

FRAMES = 40


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("movies") / "numbers.mp4"
    movie(file, FRAMES, size=(48, 64), rate=25)
    return file


def seen(slot: Slot) -> int:
    """The number in the pixels of the next frame, which says the same of itself."""
    arrival = slot.take(PATIENCE)
    assert arrival is not None, "nothing came"
    assert number_of(arrival.frame.pixels) == arrival.frame.number
    return arrival.frame.number


def test_a_video_is_played_stepped_through_and_looped(
    path: Path, capturing: Capturing, clock: FakeClock, slot: Slot
) -> None:
    capture = capturing(VideoFile(path))
    assert seen(slot) == 0
    for number in range(1, 6):
        assert clock.asleep() == pytest.approx(1 / 25, abs=1e-3)
        clock.advance(clock.asleep())
        assert seen(slot) == number
    for by, number in ((1, 6), (1, 7), (-1, 6), (-1, 5), (20, 25), (-25, 0)):
        capture.step(by)
        assert seen(slot) == number
    for number in (FRAMES - 1, 13, 12, 38, 0):
        before = capture.epoch
        capture.seek(number)
        assert seen(slot) == number
        assert capture.epoch == before + 1
        assert capture.position == (number, pytest.approx(number / 25, abs=1e-3))
    capture.mirrored = True
    arrival = slot.take(PATIENCE)
    assert isinstance(arrival, Arrival)
    assert is_mirrored(arrival.frame.pixels)
    capture.mirrored = False
    assert seen(slot) == 0
    capture.looping = True
    capture.seek(FRAMES - 2)
    assert seen(slot) == FRAMES - 2
    capture.paused = False
    assert seen(slot) == FRAMES - 1
    clock.advance(clock.asleep())
    assert seen(slot) == 0


def test_a_file_that_is_no_video_is_refused_and_nothing_hangs(
    tmp_path: Path, capturing: Capturing, told: Told
) -> None:
    file = tmp_path / "holiday.mp4"
    file.write_bytes(b"no video at all" * 100)
    capturing(VideoFile(file))
    assert "holiday.mp4" in told.wait_for(Condition.REFUSED).message


def test_of_a_video_that_breaks_off_all_is_shown_that_is_there(
    tmp_path: Path, capturing: Capturing, clock: FakeClock, slot: Slot, told: Told
) -> None:
    file = movie(tmp_path / "cut.mkv", FRAMES, size=(48, 64), rate=25)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    capture = capturing(VideoFile(file))
    numbers = [seen(slot)]
    while (seconds := clock.asleep()) < math.inf:
        clock.advance(seconds)
        numbers.append(seen(slot))
    assert numbers == list(range(len(numbers)))
    assert 5 < len(numbers) < FRAMES
    assert told.wait_for(Condition.ENDED) == capture.status


@pytest.mark.parametrize("rate", [1, 30, 240])
def test_the_camera_class_at_its_rate(rate: float, slot: Slot) -> None:
    with FakeCamera(rate=rate, pace=FakeCamera.FED) as camera:
        clock = FakeClock()
        capture = Capture(camera, slot, clock=clock)
        capture.start()
        numbers = []
        for _ in range(12):
            camera.feed()
            numbers.append(seen(slot))
            clock.advance(1 / rate)
        assert numbers == list(range(12))
        assert capture.rate == pytest.approx(rate, rel=1e-6)
        assert capture.status.condition is Condition.RUNNING
        camera.release()
        assert capture.close(PATIENCE)
        assert camera.devices == 0


def test_a_network_camera_that_leaves_and_comes_back(slot: Slot, told: Told) -> None:
    with MjpegServer() as server:
        capture = Capture(NetworkStream(server.address), slot, told=told, retry=(0.02,))
        capture.start()
        try:
            before = seen_of(slot, epoch=1)
            server.leave()
            told.wait_for(Condition.LOST)
            lost = capture.epoch
            server.come_back()
            after = seen_of(slot, epoch=lost + 1)
            assert after > before
            assert capture.status.condition is Condition.RUNNING
        finally:
            assert capture.close(PATIENCE)


def seen_of(slot: Slot, epoch: int) -> int:
    """The camera's own number of the first frame of this epoch or a later one."""
    while (arrival := slot.take(PATIENCE)) is not None:
        if arrival.epoch >= epoch:
            return number_of(arrival.frame.pixels)
    raise AssertionError("nothing came")
