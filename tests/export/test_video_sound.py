"""The sound of a video stays with it."""

from __future__ import annotations

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from camviewer.export.video import VideoWriter
from tests.video_files import content, grey, make_video


def explained(
    source: Path, path: Path, seconds: float, *, complete: bool = True, start: float = 0.0
) -> str:
    """Write a video with the source's sound; returns what is said about it."""
    writer = VideoWriter(path, (48, 64), 25, audio_from=source, audio_start=start)
    for i in range(round(seconds * 25)):
        writer.write(grey(100), i / 25)
    writer.close(complete=complete)
    return writer.note


def tone(path: Path) -> tuple[float, float]:
    """The strongest frequency, and how many seconds of sound there are."""
    with av.open(str(path)) as container:
        pieces = [f.to_ndarray().astype(float)[0] for f in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
    samples = np.concatenate(pieces)
    spectrum = np.abs(np.fft.rfft(samples))
    return float(np.fft.rfftfreq(len(samples), 1 / rate)[spectrum.argmax()]), len(samples) / rate


@pytest.mark.parametrize(
    ("name", "encoder", "suffix"),
    [
        ("a.mp4", "aac", ".mp4"),
        ("a.mp4", "aac", ".mkv"),
        ("a.mkv", "libopus", ".mp4"),
        ("a.mkv", "libopus", ".webm"),
        ("a.mkv", "flac", ".mkv"),
        ("a.avi", "libmp3lame", ".mov"),
    ],
)
def test_sound_is_copied_bit_for_bit(tmp_path: Path, name: str, encoder: str, suffix: str) -> None:
    source = make_video(tmp_path / name, [grey(9)] * 25, sound=encoder, seconds=1.0)
    path = tmp_path / f"out{suffix}"
    assert explained(source, path, 1.0) == ""
    before, after = content(source), content(path)
    assert after.sound == before.sound
    # the samples that only start the decoder have no place in every container
    later = [data for time, data in before.packets if time > 0.03]
    assert [data for _, data in after.packets][-len(later) :] == later
    np.testing.assert_allclose(
        [time for time, _ in after.packets][-len(later) :],
        [time for time, _ in before.packets][-len(later) :],
        atol=0.0011,
    )
    assert after.times[0] == 0


@pytest.mark.parametrize(
    ("name", "encoder", "suffix", "codec"),
    [
        ("a.avi", "pcm_s16le", ".mp4", "aac"),
        ("a.mp4", "aac", ".webm", "opus"),
        ("a.mkv", "pcm_s24le", ".mkv", "aac"),
    ],
)
def test_sound_that_does_not_fit_is_converted(
    tmp_path: Path, name: str, encoder: str, suffix: str, codec: str
) -> None:
    source = make_video(tmp_path / name, [grey(9)] * 25, sound=encoder, seconds=1.0)
    path = tmp_path / f"out{suffix}"
    assert explained(source, path, 1.0) == ""
    assert content(path).sound == codec
    frequency, seconds = tone(path)
    assert frequency == pytest.approx(440, abs=2)
    assert seconds == pytest.approx(1.0, abs=0.05)


def test_sound_beyond_the_last_picture_stays(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", [grey(9)] * 10, sound="aac", seconds=2.0)
    explained(source, tmp_path / "out.mp4", 0.4)
    assert content(tmp_path / "out.mp4").packets[-1][0] > 1.9


@pytest.mark.parametrize("encoder", ["aac", "pcm_s16le"])
def test_sound_ends_where_a_person_stopped(tmp_path: Path, encoder: str) -> None:
    source = make_video(tmp_path / "a.mkv", [grey(9)] * 50, sound=encoder, seconds=2.0)
    explained(source, tmp_path / "out.mp4", 0.8, complete=False)
    read = content(tmp_path / "out.mp4")
    assert read.packets[-1][0] == pytest.approx(0.8, abs=0.05)
    assert read.duration == pytest.approx(0.8, abs=0.05)


def test_pictures_that_begin_later_than_the_sound_keep_their_distance(tmp_path: Path) -> None:
    times = [0.48 + i / 25 for i in range(25)]
    source = make_video(tmp_path / "a.mkv", [grey(9)] * 25, times, sound="flac", seconds=2.0)
    explained(source, tmp_path / "out.mp4", 1.0, start=0.48)
    before, after = content(source), content(tmp_path / "out.mp4")
    # frames count from the first picture: sound that was 0.48 s ahead of it still is
    assert after.times[0] == pytest.approx(0, abs=1e-3)
    starts = {data: time for time, data in before.packets}
    for time, data in after.packets[:-1]:
        assert time == pytest.approx(starts[data] - 0.48, abs=0.001)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_sound_that_ends_early_does_not_hold_up_the_pictures(tmp_path: Path, suffix: str) -> None:
    """They are in the file soon, should the program be killed."""
    source = make_video(tmp_path / "a.mp4", [grey(9)] * 25, sound="aac", seconds=1.0)
    writer = VideoWriter(tmp_path / f"out{suffix}", (48, 64), 10, audio_from=source)
    noise = np.random.default_rng(0).integers(0, 256, (300, 48, 64, 3), np.uint8)
    for i, pixels in enumerate(noise):
        writer.write(pixels, i / 10)
    (part,) = tmp_path.glob("*.part.*")
    killed = shutil.copy(part, tmp_path / f"killed{suffix}")
    writer.close()
    assert len(content(Path(killed)).frames) >= 300 - 20 - 60


def test_a_silent_source_and_none_are_fine(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mp4", [grey(9)] * 5)
    assert explained(source, tmp_path / "out.mp4", 0.2) == ""
    assert content(tmp_path / "out.mp4").sound == ""


def test_sound_that_cannot_be_read_does_not_spoil_the_video(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video at all" * 100)
    note = explained(tmp_path / "a.mp4", tmp_path / "out.mp4", 0.4)
    assert note.startswith("The sound could not be taken over")
    assert len(content(tmp_path / "out.mp4").frames) == 10


def test_a_source_that_is_cut_off_keeps_the_sound_it_has(tmp_path: Path) -> None:
    source = make_video(tmp_path / "a.mkv", [grey(9)] * 50, sound="aac", seconds=2.0)
    data = source.read_bytes()
    source.write_bytes(data[: len(data) * 2 // 3])
    explained(source, tmp_path / "out.mp4", 2.0)
    read = content(tmp_path / "out.mp4")
    assert len(read.frames) == 50
    assert 0.5 < read.packets[-1][0] < 1.9


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_sound_of_a_transport_stream_is_kept(tmp_path: Path, suffix: str) -> None:
    """Its AAC says what it is in every packet: MP4 takes that only once for all."""
    source = make_video(tmp_path / "a.ts", [grey(9)] * 25, sound="aac", seconds=1.0)
    path = tmp_path / f"out{suffix}"
    assert explained(source, path, 1.0) == ""
    before, after = tone(source), tone(path)
    assert after[0] == pytest.approx(before[0], abs=2)
    assert after[1] == pytest.approx(before[1], abs=0.06)
    assert len(content(path).frames) == 25
