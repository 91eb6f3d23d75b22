"""Which cameras there are, by name, and how each is opened.

Whatever delivers pictures is a `CameraBackend` and is entered with `register`; OpenCV, which
serves the cameras of the system, is there from the start.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media.camera import Camera, CameraInfo, CameraMode
from camviewer.media.opencv_cameras import OpenCVCameras
from camviewer.media.source import Source

__all__ = [
    "Camera",
    "CameraBackend",
    "CameraInfo",
    "CameraMode",
    "cameras",
    "open_camera",
    "register",
    "unregister",
]

_log = logging.getLogger(__name__)


class CameraBackend(Protocol):
    """Something that knows cameras; called from any thread."""

    @property
    def name(self) -> str:
        """Its own; also in `CameraInfo.backend_name`."""
        ...

    def list(self) -> Sequence[CameraInfo]:
        """The cameras that are there now, in a steady order; may take seconds.

        Raises:
            SourceError: if that cannot be said.
        """
        ...

    def open(self, info: CameraInfo, mode: CameraMode | None) -> Source:
        """A source for one of them, not open yet; returns at once.

        Args:
            info: one that `list` gave, now or earlier.
            mode: what to ask the camera for; None for what suits most.
        """
        ...


def register(backend: CameraBackend) -> None:
    """Add a backend; it takes the place of one of the same name."""
    with _guard:
        _backends[backend.name] = backend


def unregister(name: str) -> None:
    """Forget a backend; one that is not there is no error."""
    with _guard:
        _backends.pop(name, None)


def cameras() -> tuple[CameraInfo, ...]:
    """The cameras that are there now, of all backends; may take seconds.

    Two of the same name get numbers. A backend that fails is left out as long as another works.

    Raises:
        SourceError: if no backend could say anything.
    """
    with _guard:
        backends = tuple(_backends.values())
    found: list[CameraInfo] = []
    failed: list[SourceError] = []
    for backend in backends:
        try:
            found += backend.list()
        except SourceError as error:
            _log.warning("no cameras by %s: %s", backend.name, error)
            failed.append(error)
    if failed and len(failed) == len(backends):
        raise failed[0]
    return tuple(_told_apart(found))


def open_camera(info: CameraInfo, mode: CameraMode | None = None) -> Source:
    """A source for a camera, not open yet; returns at once.

    Args:
        info: one of `cameras`, now or earlier.
        mode: what to ask the camera for; None for what suits most.

    Raises:
        SourceRefusedError: if its backend is not there.
    """
    with _guard:
        backend = _backends.get(info.backend_name)
    if backend is None:
        raise SourceRefusedError(f"{info.name} cannot be opened: choose a camera from the list.")
    return backend.open(info, mode)


def _told_apart(found: Sequence[CameraInfo]) -> list[CameraInfo]:
    taken: set[str] = set()
    names = {info.name for info in found}
    told: list[CameraInfo] = []
    for info in found:
        name, number = info.name, 2
        while name in taken or (number > 2 and name in names):
            name = f"{info.name} {number}"
            number += 1
        taken.add(name)
        told.append(replace(info, name=name))
    return told


_guard = threading.Lock()
_backends: dict[str, CameraBackend] = {}
register(OpenCVCameras())
