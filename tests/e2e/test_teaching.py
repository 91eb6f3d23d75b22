"""Two things shown to a camera are learnt, and told apart live."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from camviewer import paths
from camviewer.models import kept
from tests.e2e.showing import ShowingCamera, begin, label, panel, rehearse
from tests.gui.windows import opened

pytestmark = pytest.mark.long


def test_recorded_taught_and_told_apart_live(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "data", lambda: tmp_path / "data")
    monkeypatch.setattr(paths, "cache", lambda: tmp_path / "cache")

    with opened(tmp_path, qtbot, real=True) as ui:
        ui.start()
        window, camera = ui.window, ShowingCamera()

        def wait(condition: Callable[[], bool]) -> None:
            qtbot.waitUntil(condition, timeout=120_000)

        begin(window, wait, camera)
        panel(window).choices.picture_size.setCurrentIndex(1)  # small ones are quick
        rehearse(window, wait, camera, each=5)
        made = panel(window).results
        assert made is not None
        assert kept.networks() == (made.file,)
        assert made.answers
        # the second recordings are held out, or the first ones; never a part of each
        assert made.taught + len(made.answers) == sum(
            len(c.pictures) for c in window.teaching.view.keeper.classes
        )
        assert not window.teaching.on
        assert window.session.model.classifier.labels == ("disc", "square")
        assert made.file.stem in window.network.model_box.button.accessibleDescription()
        for kind in ("square", "disc"):
            camera.kind = kind
            wait(lambda: label(window) == camera.kind)
        assert window.player.source is camera
