"""The cameras of the system, read with OpenCV."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2

from camviewer.errors import SourceError
from camviewer.media import permission
from camviewer.media.camera import Camera, CameraInfo, CameraMode, Raw
from camviewer.media.quiet import hush

_USUAL = CameraMode(1280, 720, 30)

# Windows lists most cameras twice. Media Foundation knows the modern ones, DirectShow also virtual
# ones; on Linux GStreamer would list those of V4L2 again, and the wheels of OpenCV lack it.
_INTERFACES = {
    "win32": (cv2.CAP_MSMF, cv2.CAP_DSHOW),
    "darwin": (cv2.CAP_AVFOUNDATION,),
}.get(sys.platform, (cv2.CAP_V4L2,))
_LINKS = Path("/dev/v4l/by-id")

hush()


class OpenCVCameras:
    """The backend that is always there."""

    name = "OpenCV"

    def list(self) -> Sequence[CameraInfo]:
        """The cameras that can capture, each once, in the order of their numbers.

        Raises:
            SourceError: if the system does not tell.
        """
        return [info for info, _ in self._found()]

    def open(self, info: CameraInfo, mode: CameraMode | None) -> Camera:
        """A source for a camera, not open yet; returns at once."""
        return Camera(info, self._connect, mode)

    def _connect(self, info: CameraInfo, mode: CameraMode | None) -> _Capture:
        # plugged in again, a camera may have another number
        now = {known.identifier: (known, interface) for known, interface in self._found()}
        if info.identifier not in now:
            raise SourceError(f"{info.name} is not connected. Plug it in.")
        known, interface = now[info.identifier]
        permission.check(info.name, known.index)
        capture = cv2.VideoCapture(known.index, interface)
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f"{info.name} cannot be opened. If another program uses it, close that; "
                "else unplug it and plug it in again."
            )
        return _Capture(capture, interface, mode or _USUAL)

    @staticmethod
    def _found() -> Sequence[tuple[CameraInfo, int]]:
        # its Windows part loads COM and its macOS part a large framework
        from cv2_enumerate_cameras import enumerate_cameras

        found: dict[str, tuple[CameraInfo, int]] = {}
        for interface in _INTERFACES:
            try:
                listed = sorted(enumerate_cameras(interface), key=lambda camera: camera.index)
            except (OSError, RuntimeError, NotImplementedError) as error:
                raise SourceError(f"The system does not list its cameras ({error}).") from error
            for camera in listed:
                identifier = _identifier(camera)
                info = CameraInfo(_name(camera), identifier, OpenCVCameras.name, int(camera.index))
                found.setdefault(identifier, (info, interface))
        return [*found.values()]


class _Capture:
    """An open camera of OpenCV."""

    def __init__(self, capture: Any, interface: int, mode: CameraMode) -> None:
        self._capture = capture
        # uncompressed, most USB cameras manage five pictures a second at 720p
        if interface in (cv2.CAP_V4L2, cv2.CAP_DSHOW):
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, mode.width)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, mode.height)
        if mode.rate:
            capture.set(cv2.CAP_PROP_FPS, mode.rate)
        # else the picture shown is several old where nobody reads for a while
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    @property
    def actual(self) -> CameraMode:
        width, height, rate = (
            self._capture.get(key)
            for key in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS)
        )
        return CameraMode(int(width), int(height), rate if math.isfinite(rate) and rate > 0 else 0)

    def read(self) -> Raw | None:
        try:
            came, raw = self._capture.read()
        except cv2.error as error:
            raise SourceError(f"The camera's driver failed ({error.err or error}).") from error
        return raw if came else None

    def close(self) -> None:
        self._capture.release()


def _name(camera: Any) -> str:
    """UVC cameras say their name twice, cut at 32 characters: "HD Webcam: HD Webcam"."""
    name = " ".join(str(camera.name or "").split())
    first, colon, second = name.partition(": ")
    if colon and first.startswith(second[:20]):
        name = first
    return name or f"Camera {int(camera.index) + 1}"


def _identifier(camera: Any) -> str:
    # the two listings of Windows differ in nothing but the class of interface at the end
    path = re.split(r"#\{", str(camera.path or ""))[0].casefold()
    return _link_to(str(camera.path)) or path or f"{camera.name} {camera.index}"


def _link_to(path: str) -> str:
    """The name of a device that holds its maker, type and serial number, if it has one."""
    try:
        target = Path(path).resolve(strict=True)
        links = sorted(link for link in _LINKS.iterdir() if link.resolve() == target)
    except OSError:
        return ""
    return str(links[0]) if links else ""
