"""Whether the system lets this program use a camera or see the screen.

It is asked before, because what follows a refusal is silence, black pictures or an empty desktop.
"""

from __future__ import annotations

import ctypes
import errno
import importlib
import os
import sys
from typing import Any

from camviewer.errors import SourceError, SourceRefusedError

_GONE = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_DENIED = (1, 2)  # AVAuthorizationStatusRestricted and Denied
_CONSENT = r"Software\Microsoft\Windows\CurrentVersion\CapabilityAccessManager\ConsentStore\webcam"


def check(name: str, index: int) -> None:
    """Make sure that a camera may be opened.

    A system that asks the user, and has not yet, is not refused: opening makes it ask.

    Args:
        name: of the camera, for the message.
        index: its number.

    Raises:
        SourceRefusedError: if this program may not use it.
        SourceError: if it is not there.
    """
    if sys.platform == "linux":
        check_device(name, f"/dev/video{index}")
    elif sys.platform == "darwin":
        _check_macos(name)
    elif sys.platform == "win32":
        _check_windows(name)


def check_device(name: str, path: str) -> None:
    """The same for a device file of Linux or BSD."""
    try:
        os.close(os.open(path, os.O_RDWR | getattr(os, "O_NONBLOCK", 0)))
    except PermissionError as error:
        raise SourceRefusedError(
            f"You may not use {name} ({path}). Type  sudo usermod -aG video $USER  in a terminal, "
            "then log out and in again."
        ) from error
    except OSError as error:
        if error.errno in _GONE:
            raise SourceError(f"{name} is not connected. Plug it in.") from error
        if error.errno == errno.EBUSY:
            raise SourceError(f"{name} is used by another program. Close that program.") from error
        raise SourceError(f"{name} cannot be opened ({error.strerror}).") from error


def check_screen() -> None:
    """Make sure that the screen may be seen.

    Raises:
        SourceRefusedError: if this program may not see it.
    """
    if sys.platform == "linux" and os.environ.get("XDG_SESSION_TYPE") == "wayland":
        raise SourceRefusedError(
            "Wayland does not let programs see the screen. Log out, choose the session whose name "
            "ends in Xorg or X11 on the login screen, and log in again."
        )
    if sys.platform == "darwin":
        _check_macos_screen()


def _check_macos_screen() -> None:
    graphics = ctypes.CDLL("/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics")
    graphics.CGPreflightScreenCaptureAccess.restype = ctypes.c_bool
    if not graphics.CGPreflightScreenCaptureAccess():
        graphics.CGRequestScreenCaptureAccess()
        raise SourceRefusedError(
            "macOS does not let camviewer see the screen. Allow it in System Settings > Privacy & "
            "Security > Screen Recording, then start camviewer again."
        )


def _check_macos(name: str) -> None:
    AVFoundation = importlib.import_module("AVFoundation")  # noqa: N806  (its own name)
    device = AVFoundation.AVCaptureDevice
    if device.authorizationStatusForMediaType_(AVFoundation.AVMediaTypeVideo) in _DENIED:
        raise SourceRefusedError(
            f"macOS does not let camviewer use {name}. Allow it in System Settings > Privacy & "
            "Security > Camera, then start camviewer again."
        )


def _check_windows(name: str) -> None:
    winreg: Any = importlib.import_module("winreg")
    for program in ("", r"\NonPackaged"):  # all programs, and those that are not from the Store
        try:
            with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _CONSENT + program) as key:
                consent, _ = winreg.QueryValueEx(key, "Value")
        except OSError:  # older Windows keeps no such list, and asks nobody
            continue
        if consent == "Deny":
            raise SourceRefusedError(
                f"Windows does not let camviewer use {name}. Turn on Settings > Privacy & security "
                "> Camera > Let desktop apps access your camera."
            )
