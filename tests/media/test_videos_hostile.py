"""Videos that are cut off, damaged, something else, or up to something."""

import io
import os
import sys
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.videos import VIDEO_EXTENSIONS, VideoFile, is_video
from camviewer.types import Frame
from tests.media.mjpeg_server import MjpegServer
from tests.media.movies import movie
from tests.media.numbered import number_of

FRAMES = 60
KINDS: dict[str, dict[str, Any]] = {
    "clip.mp4": {"muxer": {"movflags": "faststart"}, "sound": 2.4},
    "fragments.mp4": {"muxer": {"movflags": "frag_keyframe+empty_moov"}},
    "clip.mkv": {"sound": 2.4},
    "clip.avi": {"codec": "mjpeg"},
    "clip.ts": {"codec": "mpeg2video", "options": {"g": "10"}},
    "clip.webm": {"codec": "libvpx", "options": {"g": "10", "cpu-used": "8"}},
}


@cache
def sound_file(name: str) -> bytes:
    with TemporaryDirectory() as folder:
        return movie(Path(folder, name), FRAMES, **KINDS[name]).read_bytes()


def frames_of(path: Path) -> tuple[list[Frame], str]:
    """What can be read, and the complaint."""
    video = VideoFile(path)
    video.open()
    try:
        return [*iter(video.read, None)], video.complaint
    finally:
        video.close()


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("name", [name for name in KINDS if name != "clip.ts"])
@pytest.mark.parametrize("share", [0.95, 0.6, 0.3])
def test_a_truncated_file_gives_what_is_there_and_says_so(
    tmp_path: Path, name: str, share: float
) -> None:
    whole = sound_file(name)
    path = put(tmp_path, name, whole[: int(len(whole) * share)])
    frames, complaint = frames_of(path)
    assert 3 < len(frames) <= FRAMES
    numbers = [frame.number for frame in frames]
    # files are not in the order of time: of the last ones, one may be there and the one before not
    assert numbers[:-2] == list(range(len(frames) - 2))
    assert numbers == sorted(set(numbers))
    assert [number_of(frame.pixels) for frame in frames[:-1]] == numbers[:-1]
    if share < 0.9 and name != "fragments.mp4":  # whose last fragment may just be the whole rest
        assert f"{name} is incomplete: it ends after" in complaint
    video = VideoFile(path)
    video.open()
    video.seek(FRAMES - 1)
    last = video.read()
    assert last is not None
    assert last.number >= len(frames) - 2
    video.close()


def test_a_sound_file_is_not_complained_about(tmp_path: Path) -> None:
    for name in KINDS:
        frames, complaint = frames_of(put(tmp_path, name, sound_file(name)))
        assert (len(frames), complaint) == (FRAMES, "")


def test_an_mp4_without_its_directory_is_refused(tmp_path: Path) -> None:
    whole = movie(tmp_path / "whole.mp4", FRAMES).read_bytes()
    path = put(tmp_path, "half.mp4", whole[: len(whole) // 2])
    with pytest.raises(SourceRefusedError, match=r"half\.mp4 is no video .* or incomplete"):
        VideoFile(path).open()


@pytest.mark.parametrize("name", KINDS)
def test_damage_in_the_middle_costs_only_what_is_damaged(tmp_path: Path, name: str) -> None:
    data = bytearray(sound_file(name))
    middle = len(data) // 2
    data[middle : middle + 300] = os.urandom(300)
    frames, _ = frames_of(put(tmp_path, name, bytes(data)))
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers))
    assert len(frames) > FRAMES // 3


@settings(max_examples=60)
@given(
    st.sampled_from(sorted(KINDS)),
    st.lists(st.tuples(st.floats(0, 1), st.binary(min_size=1, max_size=40)), max_size=6),
    st.floats(0, 1),
    st.integers(0, FRAMES + 5),
)
@example("clip.mp4", [(0.0, b"\0" * 40)], 1.0, 0)
def test_whatever_is_in_a_file_it_is_read_or_refused(
    name: str, damage: list[tuple[float, bytes]], share: float, place: int
) -> None:
    data = bytearray(sound_file(name))
    for where, what in damage:
        start = int(where * (len(data) - len(what)))
        data[start : start + len(what)] = what
    with TemporaryDirectory() as folder:
        path = put(Path(folder), name, bytes(data[: int(len(data) * share)]))
        video = VideoFile(path)
        try:
            video.open()
            video.seek(place)
            count = 0
            while (frame := video.read()) is not None:
                assert frame.size == video.size
                count += 1
                assert count < 10 * FRAMES, "it never ends"
        except SourceError as error:
            said = str(error)
        else:
            said = name
        finally:
            video.close()
        assert name in said
        assert said.isprintable()


@pytest.mark.parametrize("name", ["list.mp4", "list.mkv", "list.m3u8", "list.ts"])
@pytest.mark.parametrize(
    "text",
    [
        "ffconcat version 1.0\nfile '{other}'\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{other}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{address}\n#EXT-X-ENDLIST\n",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 26\n",
        "<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash:schema:mpd:2011'><BaseURL>{address}",
        "[playlist]\nFile1={address}\nNumberOfEntries=1\n",
        "rtsp://127.0.0.1:{port}/stream",
    ],
)
def test_playlists_open_no_other_files_and_no_connections(
    tmp_path: Path, name: str, text: str
) -> None:
    other = movie(tmp_path / "other.mp4", 3)
    with MjpegServer() as server:
        port = server.address.split(":")[2].split("/")[0]
        filled = text.format(other=other, address=server.address, port=port)
        path = put(tmp_path, name, filled.encode())
        with pytest.raises(SourceRefusedError, match=r"list\.\w+ is no video"):
            VideoFile(path).open()
        assert server.connections == 0


def test_a_path_is_never_an_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    movie(tmp_path / "other.mp4", 3)
    for name in ("concat:other.mp4", "file:other.mp4", "http://127.0.0.1:1/", "testsrc", "pipe:0"):
        with pytest.raises(SourceRefusedError, match="no such file"):
            VideoFile(name).open()


def picture(kind: str) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(data, kind)
    return data.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"just some text" * 100, picture("PNG"), picture("GIF"), b"\0" * 5000, os.urandom(5000)],
    ids=["text", "png", "gif", "zeros", "noise"],
)
def test_what_is_no_video_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceRefusedError, match=r"no\.mp4 .*"):
        VideoFile(put(tmp_path, "no.mp4", data)).open()


def test_sound_alone_and_a_song_with_a_cover_are_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        tone = container.add_stream("aac", rate=48000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.height, cover.width, cover.pix_fmt = 32, 32, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate = 48000
        container.mux([*tone.encode(frame), *tone.encode()])
        container.mux(cover.encode(av.VideoFrame(32, 32, "yuvj420p")))
    with pytest.raises(SourceRefusedError, match=r"song\.mp4 holds no moving pictures"):
        VideoFile(path).open()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefusedError, match=r"empty\.mp4 is empty"):
        VideoFile(put(tmp_path, "empty.mp4", b"")).open()
    with pytest.raises(SourceRefusedError, match="is no file"):
        VideoFile(tmp_path).open()
    with pytest.raises(SourceRefusedError, match="cannot be read"):
        VideoFile(tmp_path / "nul\0.mp4").open()


@pytest.mark.skipif(sys.platform == "win32", reason="has no pipes in folders")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.mp4"
    os.mkfifo(pipe)
    assert not is_video(pipe)
    with pytest.raises(SourceRefusedError, match="is no file"):
        VideoFile(pipe).open()


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="this user may read everything"
)
def test_a_file_one_may_not_read(tmp_path: Path) -> None:
    path = movie(tmp_path / "secret.mp4", 2)
    path.chmod(0)
    with pytest.raises(SourceRefusedError, match="may not read"):
        VideoFile(path).open()


def test_a_file_that_vanishes_while_it_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("camviewer.media.video_reader._KEPT_FRAMES", 1)
    path = movie(tmp_path / "stick.h264", FRAMES, kind="h264")
    video = VideoFile(path)
    video.open()
    video.read()
    path.unlink()
    video.seek(FRAMES - 1)
    with pytest.raises(SourceError, match=r"stick\.h264 cannot be read on \(No such file"):
        video.seek(0)
    video.close()


def test_too_many_pixels_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("camviewer.media.containers.PIXEL_LIMIT", 96 * 128 - 1)
    with pytest.raises(SourceRefusedError, match=r"128 × 96 pixels.*smaller copy"):
        VideoFile(movie(tmp_path / "huge.mp4", 2)).open()


def test_what_looks_like_a_video(tmp_path: Path) -> None:
    clip = movie(tmp_path / "clip", 2, kind="mp4").read_bytes()
    stream = sound_file("clip.ts")
    for name, data, looks in (
        ("clip.MP4", b"anything", True),
        ("bare", clip, True),
        ("bare mkv", sound_file("clip.mkv"), True),
        ("bare avi", sound_file("clip.avi"), True),
        ("bare ts", stream, True),
        ("bare text", b"some text" * 100, False),
        ("nothing", b"", False),
        ("photo.jpg", clip, False),
        ("list.m3u8", b"#EXTM3U", False),
        ("stream.ts", stream, True),
        ("program.ts", b"export const fps: number = 25;\n" * 20, False),
    ):
        assert is_video(put(tmp_path, name, data)) is looks, name
    assert not is_video(tmp_path / "gone.mp4")
    assert not is_video(tmp_path)
    assert not is_video("nul\0.mp4")
    assert {".mp4", ".mov", ".mkv", ".webm", ".avi"} <= VIDEO_EXTENSIONS
