"""Start, first launch, hostile files, closing."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from camviewer.gui.app import fit_to_screen
from camviewer.gui.message_bar import Kind
from camviewer.paths import resources
from tests.gui.windows import Opened, opened, picture, ui
from tests.odd_files import odd_files

__all__ = ["ui"]

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def test_a_window_opens_within_its_screen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    room = window.screen().availableSize()
    window.resize(room.width() + 500, 300)
    fit_to_screen(window)
    assert (window.width(), window.height()) == (room.width(), 300)
    window.resize(400, room.height() + 1)
    fit_to_screen(window)
    assert window.width() == 400
    assert room.height() - 80 <= window.height() < room.height()


def test_the_first_launch_shows_a_sample(tmp_path: Path, qtbot: QtBot) -> None:
    with opened(tmp_path, qtbot) as made:
        assert made.settings.first_launch
        made.window.show()
        with made.explained():
            made.window.start([])
        source = Path(made.inspection.frame.source)
        assert source.parent == resources() / "samples"
        assert made.settings.recent == ()
    with opened(tmp_path, qtbot) as again:
        assert not again.settings.first_launch
        with qtbot.waitSignal(again.engine.model_loaded):
            again.window.start([])
        assert again.window.centre.page is again.window.welcome
        assert again.window.session.frame is None


def test_paths_of_the_command_line_are_opened(tmp_path: Path, qtbot: QtBot) -> None:
    with opened(tmp_path, qtbot) as made:
        path = picture(tmp_path / "a.png")
        made.window.show()
        with made.explained():
            made.window.start([path])
        assert made.inspection.frame.source == str(path)


def test_a_sample_of_the_welcome_page_is_explained(ui: Opened) -> None:
    with ui.explained():
        ui.window.welcome.sample_buttons[0].click()
    assert ui.window.centre.page is ui.window.canvas


def test_odd_files_leave_the_window_alive(ui: Opened, tmp_path: Path) -> None:
    """500 mutated, truncated, mislabelled and random files through the window's open."""
    outcomes = {"shown": 0, "refused": 0}

    @given(file=odd_files())
    @settings(
        max_examples=500,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    def throw(file: tuple[str, bytes]) -> None:
        name, data = file
        path = tmp_path / name
        path.write_bytes(data)
        seen: list[object] = []
        ends = (ui.engine.inspected, ui.engine.failed)
        for signal in ends:
            signal.connect(seen.append)
        ui.window.messages.clear()
        ui.window.opener.open_paths([path])
        # an odd header may promise, and get, a picture of 200 million pixels
        told = ui.window.messages
        ui.bot.waitUntil(lambda: bool(seen or told.text), timeout=60_000)
        for signal in ends:
            signal.disconnect(seen.append)
        if told.text:
            outcomes["refused"] += 1  # by its name it was no picture: what is open stays
        elif ui.window.session.inspection is None:
            outcomes["refused"] += 1
            assert ui.window.centre.reason
            assert ui.window.canvas.inspection is None
        else:
            outcomes["shown"] += 1
            assert ui.window.centre.reason == ""
        assert ui.window.isVisible()

    throw()
    assert min(outcomes.values()) > 5, outcomes
    ui.open(picture(tmp_path / "sound.png"))
    assert [e.heatmap.label for e in ui.inspection.explanations] == ["red"]


def test_closing_is_quick_while_a_model_loads_and_pictures_wait(
    tmp_path: Path, qtbot: QtBot
) -> None:
    running = threading.Event()

    def hold(cancelled: Callable[[], bool]) -> None:
        running.set()
        while not cancelled():
            threading.Event().wait(0.005)

    with opened(tmp_path, qtbot) as made:
        made.start()
        made.open(*[picture(tmp_path / f"{n}.png") for n in range(30)])
        made.models.hold = hold
        made.window.models.load("vgg16")
        qtbot.waitUntil(running.is_set)
        for _ in range(10):
            made.press("next")
        started = time.perf_counter()
        assert made.window.close()
        assert time.perf_counter() - started < 2


def test_nothing_arrives_after_closing(tmp_path: Path, qtbot: QtBot) -> None:
    with opened(tmp_path, qtbot) as made:
        made.start()
        made.window.opener.open_paths([picture(tmp_path / "a.png")])
        made.window.close()
        assert not made.window.jobs.busy
        with qtbot.assertNotEmitted(made.engine.inspected, wait=50):
            pass


def test_a_question_without_answer_hides_the_old_one_and_offers_the_automatic(
    ui: Opened, tmp_path: Path
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.window.session.set_method("no such method")
    ui.bot.waitUntil(lambda: ui.window.messages.kind is Kind.ERROR)
    assert "no such method" in ui.window.messages.text
    assert ui.window.canvas.inspection is None
    assert ui.window.centre.page is ui.window.canvas
    with ui.explained():
        ui.window.messages.trigger()
    assert ui.inspection.origin.method == "cam"
    assert ui.window.messages.text == ""


def test_moving_to_another_device_is_told(ui: Opened, tmp_path: Path) -> None:
    inspection = ui.open(picture(tmp_path / "a.png"))
    note = "cuda ran out of memory: running on the CPU."
    origin = replace(inspection.origin, device="other", note=note)
    ui.engine.inspected.emit(replace(inspection, origin=origin))
    assert ui.window.messages.text == note
    assert ui.window.status.texts["Device"].startswith("OTHER")


def test_a_threshold_does_not_bring_back_the_answer_to_an_older_question(
    ui: Opened, tmp_path: Path
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.bot.waitSignal(ui.engine.failed):
        ui.window.session.set_layer("there is no such layer")
    # whoever lists the layer's methods fails too, and perhaps earlier
    ui.bot.waitUntil(lambda: ui.window.session.inspection is None)
    ui.window.boxes.threshold.slider.setValue(50)
    QApplication.processEvents()
    assert ui.window.session.inspection is None
    assert ui.window.canvas.inspection is None
    with ui.explained():
        ui.window.session.ask_simply()
    assert ui.inspection.explanations[0].rule.threshold == 0.5


def test_a_closed_picture_is_not_inspected_again(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("close")
    asked = len(ui.asked)
    with ui.bot.waitSignal(ui.engine.model_loaded):
        ui.window.models.load("vgg16")
    ui.window.session.choose((1,))
    assert not ui.engine.busy
    assert len(ui.asked) == asked
