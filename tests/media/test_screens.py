"""Regions of a screen: of a real one where Xvfb is at hand, and of one that misbehaves."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from mss.exception import ScreenShotError

from camviewer.errors import SourceError, SourceRefusedError
from camviewer.media import permission, screens
from camviewer.media.screens import ScreenRegion
from camviewer.media.source import Source

DESKTOP = {"left": -100, "top": 0, "width": 300, "height": 200}


class Screen:
    """A desktop of two screens whose pixels say where they are: blue is x, green is y."""

    def __init__(self, *, scale: int = 1) -> None:
        self.monitors = [DESKTOP]
        self.closed = 0
        self.gone = False
        self._scale = scale

    def grab(self, region: dict[str, int]) -> Any:
        if self.gone:
            raise ScreenShotError("XGetImage() failed")
        rows = np.arange(region["top"], region["top"] + region["height"]).repeat(self._scale)
        columns = np.arange(region["left"], region["left"] + region["width"]).repeat(self._scale)
        shot = np.zeros((rows.size, columns.size, 4), np.uint8)
        shot[..., 0], shot[..., 1], shot[..., 2] = columns % 256, rows[:, None], 77
        return SimpleNamespace(raw=shot.tobytes(), height=rows.size, width=columns.size)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    screen = Screen()
    monkeypatch.setattr(screens, "_connected", lambda: screen)
    monkeypatch.setattr(permission, "check_screen", lambda: None)
    yield screen
    assert screen.closed == 1


def test_what_the_region_shows(screen: Screen) -> None:
    region = ScreenRegion(10, 20, 40, 30, rate=1000)
    source: Source = region
    source.open()
    frame = region.read()
    assert frame.size == (30, 40)
    np.testing.assert_array_equal(frame.pixels[0, 0], [77, 20, 10])
    np.testing.assert_array_equal(frame.pixels[-1, -1], [77, 49, 49])
    assert (frame.source, frame.number, region.read().number) == ("Screen, 40 × 30", 0, 1)
    assert (region.live, region.rate) == (True, 1000)
    region.close()


def test_what_lies_outside_is_left_out(screen: Screen) -> None:
    region = ScreenRegion(-150, -10, 100, 50)
    region.open()
    frame = region.read()
    assert frame.size == (40, 50)
    np.testing.assert_array_equal(frame.pixels[0, 0], [77, 0, 156])
    region.close()


def test_a_region_that_is_nowhere_is_refused(screen: Screen) -> None:
    with pytest.raises(SourceRefusedError, match="outside the screen"):
        ScreenRegion(200, 0, 10, 10).open()


def test_a_screen_that_is_unplugged_may_come_back(screen: Screen) -> None:
    region = ScreenRegion(0, 0, 10, 10, rate=1000)
    region.open()
    screen.gone = True
    with pytest.raises(SourceError, match="screen has changed") as caught:
        region.read()
    assert not isinstance(caught.value, SourceRefusedError)
    screen.gone = False
    assert region.read().number == 0
    region.close()
    region.close()
    with pytest.raises(SourceError, match="not open"):
        region.read()


def test_screens_with_more_pixels_than_they_count(
    monkeypatch: pytest.MonkeyPatch, screen: Screen
) -> None:
    screen._scale = 2
    region = ScreenRegion(0, 0, 10, 10)
    region.open()
    assert region.read().size == (20, 20)
    region.close()


def test_pictures_come_at_the_rate_and_late_ones_are_not_made_up_for(screen: Screen) -> None:
    now = [0.0]
    waits: list[float] = []
    region = ScreenRegion(0, 0, 10, 10, rate=10, clock=lambda: now[0])
    region.open()

    def wait(seconds: float) -> bool:
        waits.append(round(seconds, 3))
        now[0] += seconds
        return False

    region._gone = SimpleNamespace(wait=wait, set=lambda: None)
    times = []
    for busy in (0.0, 0.03, 0.5, 0.0, 0.02):
        now[0] += busy
        times.append(round(region.read().time, 3))
    assert times == [0.0, 0.1, 0.6, 0.7, 0.8]
    assert waits == [0.07, 0.1, 0.08]
    region.close()


@pytest.mark.parametrize(("width", "height", "rate"), [(0, 5, 30), (5, -1, 30), (5, 5, 0)])
def test_impossible_regions(width: int, height: int, rate: float) -> None:
    with pytest.raises(ValueError, match="cannot be shown"):
        ScreenRegion(0, 0, width, height, rate)


@pytest.mark.skipif(sys.platform != "linux", reason="Wayland")
def test_wayland_shows_nothing_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_SESSION_TYPE", "wayland")
    with pytest.raises(SourceRefusedError, match=r"Wayland does not let .* X11"):
        ScreenRegion(0, 0, 10, 10).open()


@pytest.mark.skipif(sys.platform != "linux", reason="X11")
def test_no_screen_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    with pytest.raises(SourceRefusedError, match="no screen"):
        ScreenRegion(0, 0, 10, 10).open()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_real_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    # without -noreset it begins anew after its last client, and refuses whoever comes meanwhile
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "320x200x24", "-noreset"],  # noqa: S607
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    try:
        os.close(write)
        with os.fdopen(read) as told:
            number = told.readline().strip()
        if not number:
            pytest.skip(f"Xvfb cannot run here: it ended with {server.wait(30)}")
        monkeypatch.setenv("DISPLAY", f":{number}")
        monkeypatch.delenv("XDG_SESSION_TYPE", raising=False)
        region = ScreenRegion(300, 150, 100, 100, rate=500)
        for _ in range(2):
            region.open()
            frames = [region.read() for _ in range(3)]
            assert {frame.size for frame in frames} == {(50, 20)}
            region.close()
    finally:
        server.terminate()
        server.wait(30)
