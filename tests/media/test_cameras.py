"""Which cameras there are, whoever knows them, and what opening one of the system's says."""

import errno
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media import opencv_cameras, permission
from camviewer.media.cameras import (
    CameraInfo,
    CameraMode,
    cameras,
    open_camera,
    register,
    unregister,
)
from camviewer.media.opencv_cameras import OpenCVCameras
from tests.media.fake_camera import FakeBackend, FakeCamera
from tests.media.numbered import number_of, numbered


class Driver:
    """What OpenCV gives for a camera, as far as it is used."""

    opened: list["Driver"]

    def __init__(self, index: int, interface: int) -> None:
        self.index, self.interface = index, interface
        self.values: dict[int, float] = {}
        self.works, self.released, self.count = True, 0, 0
        Driver.opened.append(self)

    def isOpened(self) -> bool:
        return self.works

    def set(self, key: int, value: float) -> bool:
        self.values[key] = value
        return True

    def get(self, key: int) -> float:
        return self.values.get(key, 0.0)

    def read(self) -> tuple[bool, np.ndarray | None]:
        self.count += 1
        if self.count == 4:
            raise cv2.error("the driver died")
        return True, numbered(self.count, (48, 64))[:, :, ::-1]

    def release(self) -> None:
        self.released += 1


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """What the system lists, and a driver that can be opened."""
    found: list[Any] = []
    Driver.opened = []
    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", lambda _: list(found))
    monkeypatch.setattr(cv2, "VideoCapture", Driver)
    monkeypatch.setattr(permission, "check", lambda *_: None)
    yield found
    assert all(driver.released == 1 for driver in Driver.opened)


def known(index: int, name: str | None, path: str = "") -> SimpleNamespace:
    return SimpleNamespace(index=index, name=name, path=path or f"/dev/video{index}")


def test_no_camera_at_all(listed: list[Any]) -> None:
    assert cameras() == ()
    listed.append(known(0, "Webcam"))
    assert {info.backend_name for info in cameras()} == {OpenCVCameras.name}


def test_cameras_are_known_by_name_and_told_apart(listed: list[Any]) -> None:
    listed += [
        known(4, "USB Camera: USB Camera"),
        known(0, "Integrated Camera: Integrated C"),
        known(2, "USB Camera"),
        known(6, None),
        known(8, "  Odd:  one "),
    ]
    assert [(info.name, info.index) for info in cameras()] == [
        ("Integrated Camera", 0),
        ("USB Camera", 2),
        ("USB Camera 2", 4),
        ("Camera 7", 6),
        ("Odd: one", 8),
    ]


def test_a_camera_listed_twice_is_one_camera(
    listed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = r"\\?\usb#vid_046d&pid_0825&mi_00#7&1f&0&0000"
    both = {
        1400: [known(0, "C270", rf"{device}#{{E5323777-F976-4f5b-9B55-B94699C46E44}}\GLOBAL")],
        700: [
            known(0, "OBS Virtual Camera", "obs"),
            known(1, "C270", rf"{device.upper()}#{{65e8773d-8f56-11d0-a3b9-00a0c9223196}}"),
        ],
    }
    monkeypatch.setattr(opencv_cameras, "_INTERFACES", (1400, 700))
    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", both.__getitem__)
    found = cameras()
    assert [info.name for info in found] == ["C270", "OBS Virtual Camera"]
    source = open_camera(found[1])
    source.open()
    source.close()
    assert [(d.index, d.interface) for d in Driver.opened] == [(0, 700)]


@pytest.mark.skipif(sys.platform != "linux", reason="names of devices on Linux")
def test_a_camera_is_found_again_under_another_number(
    listed: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opencv_cameras, "_LINKS", tmp_path)
    nodes = [tmp_path / f"video{n}" for n in range(3)]
    for node in nodes:
        node.touch()
    link = tmp_path / "usb-Maker_Type_Serial-video-index0"
    link.symlink_to(nodes[0])
    listed.append(known(0, "Webcam", str(nodes[0])))
    (info,) = cameras()
    assert info.identifier == str(link)

    source = open_camera(info)
    listed.clear()
    with pytest.raises(SourceError, match=r"Webcam is not connected\. Plug it in"):
        source.open()
    link.unlink()
    link.symlink_to(nodes[2])
    listed.append(known(2, "Webcam", str(nodes[2])))
    source.open()
    source.close()
    assert [driver.index for driver in Driver.opened] == [2]


def test_reading_a_camera_of_the_system(listed: list[Any]) -> None:
    listed.append(known(0, "Webcam"))
    (info,) = cameras()
    source = open_camera(info, CameraMode(640, 480, 60))
    source.open()
    (driver,) = Driver.opened
    assert driver.values[cv2.CAP_PROP_FRAME_WIDTH] == 640
    assert driver.values[cv2.CAP_PROP_FRAME_HEIGHT] == 480
    assert driver.values[cv2.CAP_PROP_BUFFERSIZE] == 1
    assert source.rate == 60
    frames = [source.read() for _ in range(3)]
    assert [number_of(frame.pixels) for frame in frames] == [1, 2, 3]
    assert source.actual == CameraMode(64, 48, 60)
    with pytest.raises(SourceError, match=r"driver failed.*died"):
        source.read()
    source.close()


@pytest.mark.parametrize("rate", [0.0, -1.0, math.nan, math.inf])
def test_a_driver_that_does_not_know_its_rate(
    listed: list[Any], monkeypatch: pytest.MonkeyPatch, rate: float
) -> None:
    listed.append(known(0, "Webcam"))
    monkeypatch.setattr(Driver, "get", lambda _, key: rate if key == cv2.CAP_PROP_FPS else 8.0)
    source = open_camera(cameras()[0])
    source.open()
    assert source.rate == 0
    source.close()


def test_a_camera_that_another_program_uses(
    listed: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    listed.append(known(0, "Webcam"))
    monkeypatch.setattr(Driver, "isOpened", lambda _: False)
    with pytest.raises(SourceError, match=r"Webcam cannot be opened\. If another program"):
        open_camera(cameras()[0]).open()


def test_a_system_that_does_not_list_its_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> list[Any]:
        raise OSError("no such service")

    monkeypatch.setattr("cv2_enumerate_cameras.enumerate_cameras", fail)
    with pytest.raises(SourceError, match="does not list its cameras"):
        cameras()
    with FakeCamera() as camera, FakeBackend(camera):
        assert cameras() == (camera.info,), "others still do"


def test_whoever_knows_cameras_can_be_registered(listed: list[Any]) -> None:
    with FakeCamera("Fake camera") as one, FakeCamera("Other camera") as two:
        listed.append(known(0, "Other camera"))
        with FakeBackend(one, two):
            assert [info.name for info in cameras()] == [
                "Other camera",
                "Fake camera",
                "Other camera 2",
            ]
            source = open_camera(cameras()[2], CameraMode(80, 60))
            source.open()
            frame = source.read()
            assert frame is not None
            assert frame.size == (60, 80)
            source.close()
            one.unplug()
            assert [info.name for info in cameras()] == ["Other camera", "Other camera 2"]
            one.plug()
            assert len(cameras()) == 3
        assert [info.name for info in cameras()] == ["Other camera"]


def test_a_camera_whose_backend_is_gone() -> None:
    with pytest.raises(SourceRefusedError, match="choose a camera from the list"):
        open_camera(CameraInfo("Old", "old", "nobody"))


def test_registering_twice_replaces(listed: list[Any]) -> None:
    with FakeCamera("A") as first, FakeCamera("B") as second:
        with FakeBackend(first):
            register(FakeBackend(second))
            assert [info.name for info in cameras()] == ["B"]
        unregister("fake")
        assert cameras() == ()


@pytest.mark.skipif(sys.platform != "linux", reason="device files of Linux")
class TestPermission:
    """What the system says before OpenCV would fail without a word."""

    @pytest.mark.parametrize(
        ("number", "kind", "says"),
        [
            (errno.EACCES, SourceRefusedError, r"You may not use Webcam .*usermod -aG video"),
            (errno.EPERM, SourceRefusedError, r"You may not use Webcam"),
            (errno.EBUSY, SourceError, r"Webcam is used by another program"),
            (errno.ENODEV, SourceError, r"Webcam is not connected"),
            (errno.EIO, SourceError, r"Webcam cannot be opened \(Input/output error\)"),
        ],
    )
    def test_each_refusal_says_what_to_do(
        self, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[SourceError], says: str
    ) -> None:
        def refuse(path: str, flags: int) -> int:
            assert path == "/dev/video7"
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "open", refuse)
        with pytest.raises(SourceError, match=says) as caught:
            permission.check("Webcam", 7)
        assert type(caught.value) is kind

    def test_a_device_that_is_not_there(self) -> None:
        with pytest.raises(SourceError, match="not connected"):
            permission.check("Webcam", 999)

    def test_a_device_that_may_be_used(self, tmp_path: Path) -> None:
        (tmp_path / "video0").touch()
        permission.check_device("Webcam", str(tmp_path / "video0"))


@pytest.mark.parametrize(
    ("system", "module", "says"),
    [
        (
            "darwin",
            SimpleNamespace(
                AVCaptureDevice=SimpleNamespace(authorizationStatusForMediaType_=lambda _: 2),
                AVMediaTypeVideo="vide",
            ),
            "System Settings",
        ),
        (
            "win32",
            SimpleNamespace(
                HKEY_CURRENT_USER=0,
                OpenKey=lambda *_: open(os.devnull),  # noqa: PTH123, SIM115
                QueryValueEx=lambda *_: ("Deny", 1),
            ),
            "Let desktop apps access your camera",
        ),
    ],
)
def test_other_systems_refuse_too(
    monkeypatch: pytest.MonkeyPatch, system: str, module: Any, says: str
) -> None:
    load: Callable[[str], Any] = lambda _: module  # noqa: E731
    monkeypatch.setattr(permission, "sys", SimpleNamespace(platform=system))
    monkeypatch.setattr(permission, "importlib", SimpleNamespace(import_module=load))
    with pytest.raises(SourceRefusedError, match=says):
        permission.check("Webcam", 0)
