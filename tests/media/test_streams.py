"""Network cameras: addresses, a real one over HTTP, and everything it does wrong."""

import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.source import Source
from camviewer.media.streams import NetworkStream, parse_address
from tests.media.file_server import serving
from tests.media.mjpeg_server import MjpegServer
from tests.media.movies import movie
from tests.media.numbered import number_of
from tests.media.rtsp_server import RtspServer

SECRET = "s3cret"  # noqa: S105


@pytest.fixture
def server() -> Iterator[MjpegServer]:
    with MjpegServer() as server:
        yield server


def read_until_error(stream: NetworkStream) -> SourceError:
    """What is left in the pipe may still arrive."""
    for _ in range(1000):
        try:
            stream.read()
        except SourceError as error:
            return error
    raise AssertionError("it never broke off")


def test_pictures_of_a_camera(server: MjpegServer) -> None:
    stream = NetworkStream(server.address)
    source: Source = stream
    source.open()
    frames = [stream.read() for _ in range(5)]
    assert [frame.number for frame in frames] == [0, 1, 2, 3, 4]
    numbers = [number_of(frame.pixels) for frame in frames]
    assert numbers == list(range(numbers[0], numbers[0] + 5))
    assert {(frame.size, frame.source) for frame in frames} == {((48, 64), stream.name)}
    times = [frame.time for frame in frames]
    assert times == sorted(times)
    assert stream.live
    stream.close()


def test_a_stream_that_breaks_off_comes_back_when_opened_again(server: MjpegServer) -> None:
    stream = NetworkStream(server.address)
    stream.open()
    before = number_of(stream.read().pixels)
    server.break_off()
    error = read_until_error(stream)
    assert "broke off" in str(error)
    assert not isinstance(error, SourceRefusedError)
    stream.open()
    after = stream.read()
    assert after.number == 0
    assert number_of(after.pixels) > before
    stream.close()
    assert server.connections == 2


def test_a_camera_that_leaves_and_comes_back(server: MjpegServer) -> None:
    stream = NetworkStream(server.address)
    server.leave()
    with pytest.raises(SourceError, match=r"cannot be reached \(Connection refused\)") as caught:
        stream.open()
    assert not isinstance(caught.value, SourceRefusedError)
    server.come_back()
    stream.open()
    assert stream.read().number == 0
    stream.close()


def test_silence_is_a_loss(server: MjpegServer) -> None:
    stream = NetworkStream(server.address, timeouts=(10, 0.3))
    stream.open()
    server.hang()
    error = read_until_error(stream)
    assert "has sent nothing for 0.3 seconds" in str(error)
    stream.close()


def test_silence_from_the_start(server: MjpegServer) -> None:
    server.hang()
    stream = NetworkStream(server.address, timeouts=(0.3, 5))
    with pytest.raises(SourceError, match="does not answer"):
        stream.open()


def test_closing_ends_a_hanging_read_within_its_time(server: MjpegServer) -> None:
    stream = NetworkStream(server.address, timeouts=(10, 0.5))
    stream.open()
    stream.read()
    server.hang()
    errors: list[SourceError] = []
    thread = threading.Thread(target=lambda: errors.append(read_until_error(stream)))
    thread.start()
    stream.close()
    thread.join(30)
    assert len(errors) == 1


def test_pictures_of_another_size_on_the_way(server: MjpegServer) -> None:
    stream = NetworkStream(server.address)
    stream.open()
    stream.read()
    server.size = (96, 80)
    sizes = {stream.read().size for _ in range(60)}
    assert (96, 80) in sizes
    assert sizes <= {(48, 64), (96, 80)}
    stream.close()


def test_rtsp_comes_over_tcp_and_is_taken_up_again() -> None:
    with RtspServer() as server:
        stream = NetworkStream(server.address)
        stream.open()
        assert stream.rate == 50
        assert [number_of(stream.read().pixels) for _ in range(12)] == list(range(12))
        server.break_off()
        assert "broke off" in str(read_until_error(stream))
        stream.open()
        frame = stream.read()
        assert (frame.number, number_of(frame.pixels)) == (0, 0)
        stream.close()
    assert server.transports == ["RTP/AVP/TCP;unicast;interleaved=0-1"] * 2


def test_rtsp_that_falls_silent() -> None:
    with RtspServer() as server:
        stream = NetworkStream(server.address, timeouts=(10, 0.3))
        stream.open()
        server.hang()
        assert "has sent nothing for 0.3 seconds" in str(read_until_error(stream))
        stream.close()


@pytest.mark.parametrize("given", ["", "admin:wrong@"])
def test_without_the_password_it_is_refused(given: str) -> None:
    with MjpegServer(password=SECRET) as server:
        stream = NetworkStream(server.address.replace("//", f"//{given}"))
        with pytest.raises(SourceRefusedError, match="wants a user and a password") as caught:
            stream.open()
        assert server.connections == 0
    assert "wrong" not in "".join(traceback.format_exception(caught.value))


def test_the_password_gets_in_and_is_never_shown() -> None:
    password = f"{SECRET} @:/"
    with MjpegServer(password=password) as server:
        address = server.address.replace("//", f"//admin:{SECRET}%20%40%3A%2F@")
        stream = NetworkStream(f"{address}?pwd={SECRET}")
        stream.open()
        frame = stream.read()
        assert SECRET not in frame.source + stream.name
        assert stream.name == server.address
        server.leave()
        errors: list[SourceError] = [read_until_error(stream)]
        with pytest.raises(SourceError) as caught:
            stream.open()
    for error in (*errors, caught.value):
        assert SECRET not in "".join(traceback.format_exception(error))


def test_what_is_no_picture_is_refused(server: MjpegServer) -> None:
    with pytest.raises(SourceRefusedError, match="nothing that camviewer can show"):
        NetworkStream(server.page).open()
    with pytest.raises(SourceRefusedError, match="no such stream"):
        NetworkStream(f"{server.page}nowhere").open()


def test_a_film_behind_an_address_has_an_end(tmp_path: Path) -> None:
    film = movie(tmp_path / "film.mp4", 10, rate=100, muxer={"movflags": "faststart"})
    with serving(film.parent) as address:
        stream = NetworkStream(f"{address}/film.mp4")
        stream.open()
        assert stream.rate == 100
        frames = [*iter(stream.read, None)]
        assert [number_of(frame.pixels) for frame in frames] == list(range(10))
        assert frames[-1].time - frames[0].time >= 0.085, "it is not shown faster than it is"
        stream.close()


def test_a_playlist_may_not_reach_into_the_computer(tmp_path: Path) -> None:
    secret = movie(tmp_path / "secret.ts", 5, codec="mpeg2video")
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
    end = "\n#EXT-X-ENDLIST\n"
    (tmp_path / "evil.m3u8").write_text(f"{head}file://{secret}{end}")
    (tmp_path / "good.m3u8").write_text(f"{head}secret.ts{end}")
    with serving(tmp_path) as address:
        stream = NetworkStream(f"{address}/good.m3u8")
        stream.open()
        assert number_of(stream.read().pixels) == 0
        stream.close()
        evil = NetworkStream(f"{address}/evil.m3u8")
        with pytest.raises(SourceError):
            evil.open()


def test_nobody_there_is_said() -> None:
    with MjpegServer() as server:
        port = server.address.split(":")[2].split("/")[0]
    for scheme in ("rtsp", "http", "rtmp"):
        with pytest.raises(SourceError, match=f"{scheme}://127.0.0.1:{port}.* cannot be reached"):
            NetworkStream(f"{scheme}://admin:{SECRET}@127.0.0.1:{port}/1").open()


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("rtsp://10.0.0.1/stream", "rtsp://10.0.0.1/stream"),
        ("  'http://cam.local:8080/video'\n", "http://cam.local:8080/video"),
        ("<RTSP://10.0.0.1:554/a?b=c&d>", "rtsp://10.0.0.1:554/a?b=c&d"),
        ("192.168.1.20:8080/video", "http://192.168.1.20:8080/video"),
        ("192.168.1.20:554/live", "rtsp://192.168.1.20:554/live"),
        ("admin:pass@192.168.1.20:8554", "rtsp://admin:pass@192.168.1.20:8554"),
        ("[fe80::1]:8080/v", "http://[fe80::1]:8080/v"),
        ("udp://@:5000", "udp://@:5000"),
        ("udp://239.0.0.1:5000", "udp://239.0.0.1:5000"),
    ],
)
def test_addresses_as_people_type_them(typed: str, address: str) -> None:
    assert parse_address(typed) == address
    assert parse_address(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "   ", "rtsp://", "http:///video", "rtsp://host:port/", "http://host:99999/", "http://[::1"),
        *("file:///etc/passwd", "concat://a|b", "FILE://x", "ftp://host/x", "two words"),
        *("rtsp://host/with space", "http://ho\nst/", "http://host\0/", "udp://", "rtsp://host:0/x"),
        *("pipe://0", "lavfi://testsrc", "://host", "subfile://x"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_explained(typed: str) -> None:
    with pytest.raises(SourceRefusedError, match=r"[Tt]ype .*rtsp://192\.168\.1\.20"):
        parse_address(typed)


@given(st.text(max_size=40))
def test_any_text_is_an_address_of_a_known_kind_or_refused(typed: str) -> None:
    try:
        address = parse_address(typed)
    except SourceRefusedError:
        return
    assert address.partition("://")[0] in (
        *("rtsp", "rtsps", "http", "https", "udp", "rtp", "tcp", "srt", "rtmp", "rtmps"),
    )
    assert parse_address(address) == address
    assert NetworkStream(address).name


def test_a_camera_that_hangs_up_is_tried_again() -> None:
    """Busy or starting up: to wait is all that is needed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(10)

        def hang_up() -> None:
            with suppress(OSError):
                listening.accept()[0].close()

        camera = threading.Thread(target=hang_up)
        camera.start()
        stream = NetworkStream(f"rtsp://127.0.0.1:{listening.getsockname()[1]}/x")
        with pytest.raises(SourceError, match="does not answer") as caught:
            stream.open()
        assert not isinstance(caught.value, SourceRefusedError)
        stream.close()
        camera.join()
