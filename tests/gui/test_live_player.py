"""Watching: every heatmap on its own picture, freezing, files, faults, closing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from camviewer.live.condition import Condition
from tests.gui.live_worlds import SIZE, LiveWindow, locked, watching
from tests.media.fake_camera import FakeCamera
from tests.media.numbered import number_of


@pytest.fixture
def live(tmp_path: Path, qtbot: QtBot) -> Iterator[LiveWindow]:
    with watching(tmp_path, qtbot) as made:
        yield made


def test_every_map_lies_on_its_own_picture(live: LiveWindow) -> None:
    shown: list[int] = []

    def check(_result: object) -> None:
        canvas = live.window.canvas
        assert canvas.frame is not None
        assert canvas.inspection is not None
        assert canvas.inspection.frame is canvas.frame
        shown.append(locked(canvas.inspection))

    live.player.shown.connect(check)
    with FakeCamera(size=SIZE, rate=120) as camera:
        live.player.start(camera)
        live.wait(lambda: len(shown) >= 40)
        live.player.stop()
        assert shown == sorted(set(shown))
