"""Videos as they are read back: every frame at its time, whatever happens on the way."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camviewer.errors import ExportError
from camviewer.export import video
from camviewer.export.video import VIDEO_SUFFIXES, VideoWriter
from tests.video_files import content, grey, level

TICK = 1 / 90_000


def write(path: Path, levels: list[int], times: list[float]) -> None:
    writer = VideoWriter(path, (48, 64), 25)
    for value, time in zip(levels, times, strict=True):
        writer.write(grey(value), time)
    writer.close()


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    start=st.floats(0, 3),
    gaps=st.lists(st.floats(0.001, 1.5), min_size=1, max_size=12),
    size=st.tuples(st.integers(2, 70), st.integers(2, 70)),
    suffix=st.sampled_from([".mp4", ".mov"]),
)
def test_every_frame_is_there_at_its_time(
    tmp_path: Path, start: float, gaps: list[float], size: tuple[int, int], suffix: str
) -> None:
    times = [start, *(start + np.cumsum(gaps)).tolist()]
    levels = [20 + 7 * i % 200 for i in range(len(times))]
    folder = tmp_path / suffix
    folder.mkdir(exist_ok=True)
    path = folder / f"clip{suffix}"
    writer = VideoWriter(path, size, 25)
    for value, time in zip(levels, times, strict=True):
        writer.write(grey(value, size), time)
    writer.close()
    read = content(path)
    np.testing.assert_allclose(read.times, times, atol=TICK)
    assert [level(f) for f in read.frames] == pytest.approx(levels, abs=4)
    assert {f.shape for f in read.frames} == {(*(s + s % 2 for s in size), 3)}
    assert writer.frames == len(times)
    assert list(folder.iterdir()) == [path]


@pytest.mark.parametrize("suffix", VIDEO_SUFFIXES)
def test_every_format_can_be_read_back(tmp_path: Path, suffix: str) -> None:
    times = [0.0, 0.5, 0.6, 0.7, 2.0]
    write(tmp_path / f"clip{suffix}", [10, 60, 110, 160, 210], times)
    read = content(tmp_path / f"clip{suffix}")
    # Matroska counts milliseconds
    np.testing.assert_allclose(read.times, times, atol=0.001)
    assert [level(f) for f in read.frames] == pytest.approx([10, 60, 110, 160, 210], abs=5)


def test_colours_are_those_of_the_frames(tmp_path: Path) -> None:
    colours = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (240, 228, 66), (255, 255, 255)]
    writer = VideoWriter(tmp_path / "clip.mp4", (720, 1280), 25)
    frame = np.zeros((720, 1280, 3), np.uint8)
    for i, colour in enumerate(colours):
        frame[:, i * 256 : (i + 1) * 256] = colour
    writer.write(frame, 0.0)
    writer.close()
    (read,) = content(tmp_path / "clip.mp4").frames
    for i, colour in enumerate(colours):
        seen = read[100:600, i * 256 + 40 : i * 256 + 216].mean((0, 1))
        np.testing.assert_allclose(seen, colour, atol=6)


def test_the_last_frame_lasts_as_long_as_one_does(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", [10, 20, 30], [0.0, 0.04, 0.08])
    assert content(tmp_path / "clip.mp4").duration == pytest.approx(0.12, abs=0.001)


def test_times_that_do_not_grow_follow_at_once(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4", [10, 60, 110, 160], [1.0, 1.0, 0.2, 1.5])
    read = content(tmp_path / "clip.mp4")
    np.testing.assert_allclose(read.times, [1.0, 1 + TICK, 1 + 2 * TICK, 1.5], atol=TICK / 2)
    assert [level(f) for f in read.frames] == pytest.approx([10, 60, 110, 160], abs=4)


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf"), 1e9, 240, 29.97])
def test_any_rate_is_taken(tmp_path: Path, rate: float) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", (48, 64), rate)
    writer.write(grey(50), 0.0)
    writer.write(grey(60), 1.0)
    writer.close()
    assert content(tmp_path / "clip.mp4").times == [0.0, 1.0]


def test_a_frame_of_another_size_is_fitted_in(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "clip.mp4", (48, 64), 25)
    writer.write(grey(200, (96, 64)), 0.0)
    writer.close()
    (read,) = content(tmp_path / "clip.mp4").frames
    assert read.shape == (48, 64, 3)
    assert read[:, 18:46].mean() == pytest.approx(200, abs=6)
    assert read[:, :14].mean() == pytest.approx(0, abs=6)
    assert read[:, 50:].mean() == pytest.approx(0, abs=6)


def test_what_is_there_takes_the_name_when_it_is_closed(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("old")
    writer = VideoWriter(path, (48, 64), 25)
    writer.write(grey(50), 0.0)
    assert path.read_text() == "old"
    writer.close()
    writer.close()
    assert len(content(path).frames) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_without_frames_there_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    path.write_text("old")
    VideoWriter(path, (48, 64), 25).close()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_killed_program_leaves_what_can_be_played(tmp_path: Path, suffix: str) -> None:
    writer = VideoWriter(tmp_path / f"clip{suffix}", (48, 64), 10)
    noise = np.random.default_rng(0).integers(0, 256, (300, 48, 64, 3), np.uint8)
    for i, pixels in enumerate(noise):
        writer.write(pixels, i / 10)
    (part,) = tmp_path.iterdir()
    assert part.name.startswith("clip.")
    assert part.name.endswith(f".part{suffix}")
    killed = shutil.copy(part, tmp_path / f"killed{suffix}")
    writer.close()
    read = content(Path(killed))
    # two seconds, and what the encoder looks ahead
    assert len(read.frames) >= 300 - 20 - 60
    np.testing.assert_allclose(read.times, np.arange(len(read.times)) / 10, atol=0.001)


@contextmanager
def full_after(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes, as on a disk that is full."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("size", [300_000, 457_321, 600_001])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_full_disk_is_told_and_what_was_written_can_be_played(
    tmp_path: Path, size: int, suffix: str
) -> None:
    path = tmp_path / f"clip{suffix}"
    noise = np.random.default_rng(0).integers(0, 256, (20, 96, 128, 3), np.uint8)
    writer = VideoWriter(path, (96, 128), 10)

    def write_on() -> None:
        for i in range(1000):
            writer.write(noise[i % 20], i / 10)

    with full_after(size):
        with pytest.raises(ExportError, match="disk is full"):
            write_on()
        written = writer.frames
        writer.close()
    assert list(tmp_path.iterdir()) == [path]
    read = content(path, cut=True)
    assert 20 <= len(read.frames) <= written
    np.testing.assert_allclose(read.times, np.arange(len(read.times)) / 10, atol=0.001)


NOISE = np.random.default_rng(0).integers(0, 256, (20, 48, 64, 3), np.uint8)


def begun(path: Path) -> VideoWriter:
    """Ten seconds of noise, of which the file is not finished."""
    writer = VideoWriter(path, (48, 64), 10)
    for i in range(100):
        writer.write(NOISE[i % 20], i / 10)
    return writer


@pytest.fixture
def exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """x264 with several threads does not always make the same bytes."""
    options = video._encoder_options
    monkeypatch.setattr(
        video,
        "_encoder_options",
        lambda name, hurry: {**options(name, hurry=hurry), "threads": "1"},
    )


@pytest.mark.usefixtures("exactly")
def test_a_disk_is_full_wherever_in_the_finishing(tmp_path: Path) -> None:
    """What can be played stays so, also if the file is cut within what describes its last part."""
    whole = begun(tmp_path / "whole.mp4")
    (part,) = tmp_path.iterdir()
    least = part.stat().st_size
    held = part.read_bytes()
    whole.close()
    data = (tmp_path / "whole.mp4").read_bytes()
    # finished, the file still has the descriptions of its parts, as they were written
    starts = [m.start() - 4 for m in re.finditer(b"moof", data) if m.start() > least]
    assert held[:28] == data[:28]
    assert starts
    sizes = [
        *np.linspace(least, len(data) - 3000, 5),
        *np.linspace(len(data) - 2500, len(data) - 1, 5),
        *(start + offset for start in starts for offset in (1, 9, 41, 100, 263, 265)),
    ]
    for step, size in enumerate(map(int, sizes)):
        path = tmp_path / f"{step}.mp4"
        writer = begun(path)
        said = ""
        try:
            with full_after(size):
                writer.close()
        except ExportError as error:
            said = str(error)
        made = path.read_bytes()
        # it was seen to fail, rarely, and not why
        assert "disk is full" in said, (step, size, len(data), len(made), made == data)
        read = content(path, cut=True)
        assert 20 <= len(read.frames) <= 100
        np.testing.assert_allclose(read.times, np.arange(len(read.times)) / 10, atol=0.001)


@pytest.mark.usefixtures("exactly")
def test_a_full_disk_at_the_end_of_a_matroska(tmp_path: Path) -> None:
    whole = begun(tmp_path / "whole.mkv")
    (part,) = tmp_path.iterdir()
    least = part.stat().st_size
    whole.close()
    most = (tmp_path / "whole.mkv").stat().st_size
    for step, size in enumerate(np.linspace(least, most - 1, 8).astype(int).tolist()):
        writer = begun(tmp_path / f"{step}.mkv")
        with full_after(size), pytest.raises(ExportError, match="disk is full"):
            writer.close()
        assert 20 <= len(content(tmp_path / f"{step}.mkv", cut=True).frames) <= 100


def test_a_full_disk_is_told_even_if_the_library_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyAV keeps what a file raises until its next call, and has been seen to lose it."""
    writer = begun(tmp_path / "clip.mp4")
    (part,) = tmp_path.iterdir()
    container = writer._container

    class Silent:
        format = container.format
        mux = container.mux

        @staticmethod
        def close() -> None:
            with full_after(part.stat().st_size + 2000), suppress(OSError):
                container.close()

    monkeypatch.setattr(writer, "_container", Silent)
    with pytest.raises(ExportError, match="disk is full"):
        writer.close()
    assert len(content(tmp_path / "clip.mp4", cut=True).frames) >= 20


def test_a_format_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"'\.txt'.*\.mp4"):
        VideoWriter(tmp_path / "clip.txt", (48, 64), 25)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="there is no folder"):
        VideoWriter(tmp_path / "gone" / "clip.mp4", (48, 64), 25)


def test_a_size_that_no_encoder_takes_is_told(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="40000 x 48 pixels"):
        VideoWriter(tmp_path / "clip.mp4", (48, 40_000), 25)
    assert not list(tmp_path.iterdir())
