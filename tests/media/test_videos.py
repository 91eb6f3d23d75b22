"""Videos frame by frame: every number and time, however a frame is reached."""

import gc
import random
import sys
import threading
import weakref
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.source import SeekableSource
from camviewer.media.videos import VideoFile
from camviewer.types import Frame
from tests.media.movies import movie
from tests.media.numbered import number_of, numbered

FRAMES = 30
UNEVEN = [0.04 * n + 0.5 * (n > 10) + 0.013 * (n % 3 == 0) for n in range(FRAMES)]
MPEG2: dict[str, Any] = {"codec": "mpeg2video", "options": {"g": "10", "bf": "2"}}
KINDS: dict[str, dict[str, Any]] = {
    "h264.mp4": {},
    "open-gop.mp4": {"options": {"g": "10", "bf": "3", "x264-params": "open-gop=1:scenecut=0"}},
    "fragments.mp4": {"muxer": {"movflags": "frag_keyframe+empty_moov"}},
    "uneven.mp4": {"times": UNEVEN},
    "uneven.mkv": {"times": UNEVEN},
    "sound.mov": {"sound": 1.5},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"g": "10", "cpu-used": "8"}},
    "jpegs.avi": {"codec": "mjpeg"},
    "mpeg4.avi": {"codec": "mpeg4", "options": {"g": "10", "bf": "2"}},
    "h264.avi": {},
    "h264.ts": {},
    "mpeg2.ts": MPEG2,
    "mpeg2.mpg": MPEG2,
    "flash.flv": {"codec": "flv1"},
    "windows.wmv": {"codec": "wmv2"},
    "bare.h264": {"kind": "h264"},
    "no extension": {"kind": "mp4"},
    "%d #&.mp4": {},
}
if sys.platform != "win32":  # which has no such names
    KINDS |= {"file:concat:a|b.mp4": {"kind": "mp4"}, "ein\nbild\udc80?.mp4": {"kind": "mp4"}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("movies")


def read_all(video: VideoFile) -> list[Frame]:
    return [*iter(video.read, None)]


def opened(path: Path) -> VideoFile:
    video = VideoFile(path)
    video.open()
    return video


@pytest.mark.parametrize("name", KINDS)
def test_every_frame_is_reached_exactly_from_everywhere(folder: Path, name: str) -> None:
    path = movie(folder / name, FRAMES, **KINDS[name])
    video = opened(path)
    assert isinstance(video, SeekableSource)
    frames = read_all(video)
    assert [frame.number for frame in frames] == list(range(FRAMES))
    assert [number_of(frame.pixels) for frame in frames] == list(range(FRAMES))
    expected = [time - UNEVEN[0] for time in UNEVEN] if "uneven" in name else None
    times = expected or [n / 25 for n in range(FRAMES)]
    np.testing.assert_allclose([frame.time for frame in frames], times, atol=6e-4)
    assert (video.length, video.is_length_exact, video.complaint) == (FRAMES, True, "")
    assert video.duration == pytest.approx(times[-1] + 0.04, abs=0.06)
    assert video.rate == pytest.approx((FRAMES - 1) / times[-1], rel=0.01)
    assert video.size == (96, 128)
    assert video.has_audio is ("sound" in name)
    assert video.read() is None, "it stays at the end"

    video.close()
    video.open()  # with nothing kept of the first reading
    places = [29, 0, 15, 14, 13, 16, 28, 3, 9, 10, 11, 22, 1]
    places += [random.Random(len(name)).randrange(FRAMES) for _ in range(5)]
    for place in places:
        video.seek(place)
        found = video.read()
        assert (found.number, found.time) == (place, frames[place].time)
        np.testing.assert_array_equal(found.pixels, frames[place].pixels)
    video.close()


def test_reading_goes_on_from_where_was_sought(folder: Path) -> None:
    video = opened(movie(folder / "on.mp4", FRAMES))
    for place in (12, 3, 25, 24):
        video.seek(place)
        assert [video.read().number for _ in range(4)] == [place + n for n in range(4)]
    video.seek(28)
    assert [frame.number for frame in read_all(video)] == [28, 29]
    video.seek(0)
    assert len(read_all(video)) == FRAMES, "as a loop does"
    video.close()


@pytest.mark.parametrize("name", ["h264.mp4", "bare.h264"])
def test_beyond_the_end_is_the_last_frame_and_before_the_start_the_first(
    folder: Path, name: str
) -> None:
    video = opened(movie(folder / f"ends {name}", FRAMES, **KINDS[name]))
    for place, number in ((FRAMES, 29), (10**9, 29), (-5, 0), (10**9, 29)):
        video.seek(place)
        assert video.read().number == number
    assert video.read() is None
    video.close()


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
def test_pictures_are_turned_upright(folder: Path, degrees: int) -> None:
    size = (96, 128)
    video = opened(movie(folder / f"turned {degrees}.mp4", 3, size=size, rotation=degrees))
    expected = np.rot90(numbered(2, size), degrees // 90)
    video.seek(2)
    pixels = video.read().pixels
    assert pixels.shape == expected.shape
    assert video.size == expected.shape[:2]
    assert np.abs(pixels.astype(int) - expected).mean() < 8
    assert pixels.flags.c_contiguous
    video.close()


def test_a_frame_knows_where_it_came_from(folder: Path) -> None:
    path = movie(folder / "from.mp4", 2)
    video = opened(path)
    assert (video.name, video.live, video.rate) == ("from.mp4", False, 25)
    assert video.read().source == str(path)
    video.close()


def test_colors_of_hd_are_those_of_hd(folder: Path) -> None:
    """H.264 of 720 lines and more is coded with BT.709 and often does not say so."""
    red = np.zeros((720, 1280, 3), np.uint8)
    red[:] = (200, 40, 40)
    path = folder / "hd.mp4"
    write_hd(path, red)
    video = opened(path)
    assert np.abs(video.read().pixels.astype(int) - red).max() <= 4
    video.close()


def write_hd(path: Path, picture: np.ndarray) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.height, stream.width, stream.pix_fmt = 720, 1280, "yuv420p"
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        coded = frame.reformat(format="yuv420p", dst_colorspace="ITU709")
        coded.colorspace = 2  # and it is not said
        container.mux(stream.encode(coded))
        container.mux(stream.encode())


def test_long_files_estimate_their_length_until_it_is_known(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camviewer.media.video_reader._LOOK_AHEAD", 0.0)
    video = opened(movie(folder / "long.mkv", FRAMES))
    assert (video.length, video.is_length_exact) == (FRAMES, False)
    video.seek(21)
    assert video.read().number == 21
    read_all(video)
    assert (video.length, video.is_length_exact) == (FRAMES, True)
    video.close()


def test_a_clock_that_jumps_back_is_counted_through(folder: Path) -> None:
    parts = [movie(folder / f"part {n}.ts", 20, **MPEG2).read_bytes() for n in range(2)]
    path = folder / "joined.ts"
    path.write_bytes(b"".join(parts))
    video = opened(path)
    frames = read_all(video)
    assert [frame.number for frame in frames] == list(range(len(frames)))
    assert len(frames) >= 38
    shown = [number_of(frame.pixels) for frame in frames]
    video.seek(30)
    assert number_of(video.read().pixels) == shown[30]
    video.close()


def test_it_can_be_opened_again_and_closed_twice(folder: Path) -> None:
    video = opened(movie(folder / "again.mp4", 5))
    read_all(video)
    video.open()
    assert video.read().number == 0
    video.close()
    video.close()
    with pytest.raises(SourceError, match=r"again\.mp4 is not open"):
        video.read()
    with pytest.raises(SourceError, match="not open"):
        video.seek(1)


def test_the_decoder_goes_with_the_file(folder: Path) -> None:
    """Decoders hold threads and much memory: the garbage collector would come too late."""
    video = opened(movie(folder / "gone.mp4", FRAMES))
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    readers = []
    try:
        for place in (0, 12, 29):
            video.open()
            video.seek(place)
            video.read()
            with video._holder.in_use() as reader:
                readers.append(weakref.ref(reader))
            del reader
        video.close()
        assert [reader() for reader in readers] == [None] * 3
        gc.collect()
        assert not [f for f in gc.garbage if isinstance(f, av.VideoFrame) and f.width > 2]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


@settings(max_examples=25)
@given(st.lists(st.integers(1, 900), min_size=3, max_size=20), st.data())
def test_any_rate_gives_exact_numbers_and_times(steps: list[int], data: st.DataObject) -> None:
    times = [sum(steps[:n]) / 1000 for n in range(len(steps))]
    with TemporaryDirectory() as folder:
        video = opened(movie(Path(folder, "any.mkv"), len(steps), size=(24, 32), times=times))
        for place in data.draw(st.lists(st.integers(0, len(steps) - 1), max_size=4)):
            video.seek(place)
            frame = video.read()
            assert (frame.number, number_of(frame.pixels)) == (place, place)
            assert frame.time == pytest.approx(times[place], abs=1e-6)
        video.seek(0)
        assert [frame.number for frame in iter(video.read, None)] == list(range(len(steps)))
        assert video.length == len(steps)
        video.close()


def test_pixels_that_are_not_square_are_made_so(folder: Path) -> None:
    wide = {"preset": "ultrafast", "x264-params": "sar=4/3"}
    video = opened(movie(folder / "wide.mp4", 2, size=(96, 120), options=wide))
    frame = video.read()
    assert frame.size == video.size == (96, 160)
    video.close()


def test_all_pictures_have_the_size_of_the_first(folder: Path) -> None:
    parts = [
        movie(folder / f"size {size}.ts", 10, size=size, **MPEG2).read_bytes()
        for size in ((96, 128), (64, 160))
    ]
    path = folder / "sizes.ts"
    path.write_bytes(b"".join(parts))
    video = opened(path)
    frames = read_all(video)
    assert len(frames) >= 18
    assert {frame.size for frame in frames} == {(96, 128)}
    video.close()


def test_closing_from_another_thread_while_it_is_read(folder: Path) -> None:
    path = movie(folder / "threads.mp4", FRAMES)
    for _ in range(10):
        video = opened(path)
        reading = threading.Event()
        ended: list[object] = []

        def read(video: VideoFile, reading: threading.Event, ended: list[object]) -> None:
            try:
                while True:
                    video.seek(random.randrange(FRAMES))
                    ended[:] = [video.read()]
                    reading.set()
            except SourceError as error:
                ended[:] = [error]

        thread = threading.Thread(target=read, args=(video, reading, ended))
        thread.start()
        assert reading.wait(30)
        video.close()
        thread.join(30)
        assert isinstance(ended[0], SourceError)


def test_a_step_back_is_taken_from_what_was_decoded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    video = opened(movie(folder / "steps.mp4", FRAMES))
    read_all(video)
    monkeypatch.setattr("camviewer.media.video_reader.Reader._decode", lambda _: None)
    for place in range(FRAMES - 1, 5, -1):
        video.seek(place)
        assert number_of(video.read().pixels) == place
    video.close()


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(SourceRefusedError, match=r"gone\.mp4: there is no such file"):
        VideoFile(tmp_path / "gone.mp4").open()
