"""The live view with a network that looks at clips."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from camviewer.inspector import ClipInspector, Request
from camviewer.types import Clip, Frame
from tests.gui.live_worlds import SIZE, Rig, rig
from tests.media.fake_camera import FakeCamera
from tests.media.numbered import number_of
from tests.test_inspector_clips import classifier


@pytest.fixture
def live(qtbot: QtBot, tmp_path: Path) -> Iterator[Rig]:
    with rig(qtbot, tmp_path, model="") as made:
        made.inspectors["tiny"] = ClipInspector(classifier(), "cpu")  # type: ignore[assignment]
        made.load("tiny")
        yield made


def test_the_newest_picture_is_shown_with_the_clip_that_ends_at_it(live: Rig) -> None:
    still = ClipInspector(classifier(), "cpu")
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        results = live.more(15)
    for result in results:
        shown = result.inspection.frame
        assert isinstance(shown, Clip)
        assert number_of(shown.frames[-1].pixels) == number_of(shown.pixels)
        assert [f.time for f in shown.frames] == sorted(f.time for f in shown.frames)
        # each moment of this network depends on its own picture alone, the last one on this
        (explanation,) = result.inspection.explanations
        alone = Frame(shown.pixels, shown.source)
        target = explanation.heatmap.target
        (expected,) = still.inspect(alone, Request(targets=(target,))).explanations
        np.testing.assert_allclose(explanation.heatmap.values, expected.heatmap.values, atol=1e-5)


def test_a_frozen_picture_keeps_its_clip(live: Rig) -> None:
    with FakeCamera(size=SIZE, rate=60) as camera:
        live.player.start(camera)
        live.more(10)
        live.player.set_frozen(True)
        live.wait(lambda: live.player.frozen)
        frozen = live.canvas.inspection
        assert frozen is not None
        assert isinstance(frozen.frame, Clip)

        def about_another() -> bool:
            seen = live.session.inspection
            return seen is not None and [e.heatmap.target for e in seen.explanations] == [0, 1]

        live.session.choose((0, 1))
        live.wait(about_another)
        again = live.session.inspection
        assert again is not None
        assert again.frame is frozen.frame
        assert [p.logit for p in again.predictions] == [p.logit for p in frozen.predictions]
        live.player.set_frozen(False)
        live.more(3)
