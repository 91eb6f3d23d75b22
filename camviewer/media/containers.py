"""Opening videos with ffmpeg: the one place that says what it may touch.

ffmpeg opens far more than videos: playlists that name other files and addresses, lists of files,
devices, text. A video is opened by nothing but the demuxers of real containers, and these may read
nothing but that one file.
"""

from __future__ import annotations

from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from camviewer.errors import SourceRefusedError

PIXEL_LIMIT = 8192 * 8192
"""Pictures with more pixels are refused: each takes 200 MB, and a decoder holds several."""

READ_ERRORS = (av.error.FFmpegError, OSError, ValueError, MemoryError)
"""What ffmpeg's Python side raises about files."""

_CONTAINERS = (
    *("mov", "matroska", "webm", "avi", "mpeg", "mpegts", "mpegvideo", "m4v", "asf", "flv"),
    *("live_flv", "ogg", "ivf", "mxf", "gxf", "nut", "dv", "rm", "wtv", "h261", "h263", "h264"),
    *("hevc", "vvc", "av1", "obu", "vc1", "mjpeg", "dnxhd", "dirac", "nsv", "cavsvideo", "amv"),
)

_STREAMS = ("rtsp", "sdp", "rtp", "hls", "dash", "mpjpeg")
_NETWORK = (
    *("http", "https", "httpproxy", "tcp", "tls", "udp", "rtp", "rtmp", "rtmps", "srt", "crypto"),
    *("rtmpt", "rtmpts", "ffrtmphttp"),
)
_PROBE = 500_000  # bytes; ffmpeg's own five million take a minute to arrive from a slow camera


def open_file(path: Path) -> InputContainer:
    """Open a video file by its content.

    Args:
        path: a regular file.

    Raises:
        av.error.FFmpegError: if it is none of the containers known here.
        OSError: if it cannot be read.
    """
    options = {"protocol_whitelist": "file", "format_whitelist": ",".join(_CONTAINERS)}
    return av.open(f"file:{path.absolute()}", options=options, metadata_errors="replace")


def open_address(address: str, open_timeout: float, read_timeout: float) -> InputContainer:
    """Connect to a stream, and look into it no longer than is needed.

    Args:
        address: with user and password.
        open_timeout: seconds until its first pictures are known.
        read_timeout: seconds until any later packet.

    Raises:
        av.error.FFmpegError: if there is none; the error holds the password.
    """
    options = {
        "protocol_whitelist": ",".join(_NETWORK),
        "format_whitelist": ",".join((*_CONTAINERS, *_STREAMS)),
        "rtsp_transport": "tcp",  # over UDP, one lost packet spoils pictures for seconds
        "probesize": str(_PROBE),
        "analyzeduration": str(av.time_base),
    }
    return av.open(
        address, options=options, metadata_errors="replace", timeout=(open_timeout, read_timeout)
    )


def pictures_of(container: InputContainer, name: str) -> VideoStream:
    """The moving pictures in a container, ready to be decoded; a cover of a song is none.

    Args:
        container: an open one.
        name: for the message.

    Raises:
        SourceRefusedError: if there are none, or they cannot be decoded.
    """
    videos = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
    if not videos:
        raise SourceRefusedError(f"{name} holds no moving pictures, only sound or data.")
    best = container.streams.best("video")
    stream = best if isinstance(best, VideoStream) and best in videos else videos[0]
    context = stream.codec_context
    if context is None:
        raise SourceRefusedError(
            f"{name} is coded in a way that camviewer cannot decode. Convert it to H.264 (.mp4)."
        )
    if context.width * context.height > PIXEL_LIMIT:
        raise SourceRefusedError(
            f"{name} has {context.width} × {context.height} pixels; camviewer opens videos up to "
            "8192 × 8192. Make a smaller copy."
        )
    context.thread_type = "AUTO"
    return stream


def said(error: BaseException) -> str:
    """What ffmpeg says, without its numbers and the file's name."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return "".join(c for c in str(text) if c.isprintable())[:120]
