"""Choosing a method: the list by mouse and keys, what cannot serve, what takes long."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
import torch
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from torch import Tensor

from camviewer.cam import methods
from camviewer.cam.methods import AUTO, METHODS, Family, Method, Partial
from camviewer.cam.methods.method import serves_all
from camviewer.cam.split import Run
from camviewer.cam.targets import Target
from camviewer.errors import CancelledError
from camviewer.gui import worker
from camviewer.gui.panels.method_list import ROW_ROLE, Row
from camviewer.inspector import Inspector, Request
from camviewer.types import Inspection
from tests.gui.fakes import PATIENCE
from tests.gui.windows import Opened, classifier, picture, ui

__all__ = ["ui"]

NEEDED = "It needs what this network does not have."


class Slow:
    """A method of three steps, coarse to fine, each once it is let go on."""

    def __init__(self) -> None:
        self.gates = [Event(), Event()]
        self.ended = Event()
        self.runs = 0

    def steps(self, run: Run, targets: Sequence[Target]) -> Iterator[Partial]:
        self.runs += 1
        try:
            for cells, gate in zip((1, 2), self.gates, strict=True):
                yield Partial(self.maps(targets, cells), cells / 4)
                self._wait(run, gate)
            yield Partial(self.maps(targets, 4), 1.0)
        except (GeneratorExit, CancelledError):
            self.ended.set()
            raise

    def release(self) -> None:
        for gate in self.gates:
            gate.set()

    @staticmethod
    def maps(targets: Sequence[Target], cells: int) -> Tensor:
        columns = torch.linspace(0, 1, cells + 1)[1:].expand(cells, cells)
        return columns[None].repeat(len(targets), 1, 1)

    @staticmethod
    def _wait(run: Run, gate: Event) -> None:
        for _ in range(int(PATIENCE / 0.005)):
            if gate.wait(0.005):
                return
            # layers, as a method runs them
            run.network(run.picture)
        raise TimeoutError("the test never opened the gate")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[Slow]:
    """A slow method, and one that serves nowhere, besides the real ones."""
    made = Slow()
    family = Family.PERTURBATION
    entry = Method("slow", "Slow One", family, "Asks a lot.", "Doe 2031", made.steps, serves_all)
    useless = Method(
        "useless", "Useless", family, "Never serves.", "Doe 2032", made.steps, lambda _: NEEDED
    )
    monkeypatch.setitem(METHODS, "slow", replace(entry, slow=True))
    monkeypatch.setitem(METHODS, "useless", useless)
    monkeypatch.setattr(worker, "_TELLING_INTERVAL", 0.0)
    assert methods.METHODS is METHODS
    yield made
    made.release()


@pytest.fixture
def window(slow: Slow, ui: Opened, tmp_path: Path) -> Opened:
    """A window with an explained picture that knows the slow method."""
    ui.open(picture(tmp_path / "a.png"))
    return ui


def rows(ui: Opened) -> list[Row]:
    model = ui.window.network.method.popup.model
    return [model.index(i, 0).data(ROW_ROLE) for i in range(model.rowCount())]


def index_of(ui: Opened, name: str) -> QModelIndex:
    model = ui.window.network.method.popup.model
    return model.index(model.row_of(name), 0)


def open_list(ui: Opened) -> None:
    QTest.mouseClick(ui.window.network.method.button, Qt.MouseButton.LeftButton)
    assert ui.window.network.method.popup.isVisible()


def click(ui: Opened, name: str) -> None:
    view = ui.window.network.method.popup.view
    view.scrollTo(index_of(ui, name))
    where = view.visualRect(index_of(ui, name)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)


def begin(ui: Opened) -> Inspection:
    """Start the slow method and wait for its first partial answer."""
    with ui.bot.waitSignal(ui.window.session.refined) as refined:
        ui.window.network.method.chosen.emit("slow")
    partial = refined.args[0]
    assert isinstance(partial, Inspection)
    return partial


def test_all_methods_stand_under_their_families_with_automatic_on_top(window: Opened) -> None:
    shown = rows(window)
    assert shown[0].name == AUTO
    assert shown[0].title == "Automatic (CAM)"
    assert [row.title for row in shown[1:3]] == [Family.LINEAR.value, "CAM"]
    assert sorted(row.name for row in shown[1:] if row.name) == sorted(METHODS)
    heading = ""
    for row in shown[1:]:
        heading = heading if row.name else row.title
        assert not row.name or METHODS[row.name].family == heading
    assert next(row for row in shown if row.name == "slow").state == "Slow"


def test_a_method_is_taken_by_mouse(window: Opened) -> None:
    open_list(window)
    with window.explained():
        click(window, "grad-cam")
    assert not window.window.network.method.popup.isVisible()
    assert window.inspection.origin.method == "grad-cam"
    button = window.window.network.method.button
    assert button.text() == "Grad-CAM"
    assert METHODS["grad-cam"].summary in button.toolTip()
    assert METHODS["grad-cam"].paper in button.toolTip()


def test_a_method_is_searched_and_taken_by_keys(window: Opened) -> None:
    QTest.keyClick(window.window, Qt.Key.Key_M)
    popup = window.window.network.method.popup
    assert popup.isVisible()
    QTest.keyClicks(popup.search, "selvaraju grad-cam")
    assert "grad-cam" in [row.name for row in rows(window)]
    assert "cam" not in [row.name for row in rows(window)]
    # what is called so is marked, not what only mentions it
    popup.search.setText("cam")
    assert popup.view.currentIndex().data(ROW_ROLE).name == AUTO
    popup.search.setText("grad-cam")
    assert popup.view.currentIndex().data(ROW_ROLE).name == "grad-cam"
    popup.search.setText("zebra")
    assert not popup.view.isVisible()
    popup.search.clear()
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    assert popup.view.currentIndex().data(ROW_ROLE).name == "cam"
    with window.explained():
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert window.engine.request.method == "cam"


def test_escape_and_letters_over_the_list_stay_there(window: Opened) -> None:
    open_list(window)
    popup = window.window.network.method.popup
    before = window.window.session.view
    QTest.keyClick(popup.view, Qt.Key.Key_H)
    assert window.window.session.view == before
    QTest.keyClick(popup.search, Qt.Key.Key_Escape)
    assert not popup.isVisible()
    assert window.engine.request.method == AUTO


def test_what_cannot_serve_says_why_and_is_not_taken(window: Opened) -> None:
    open_list(window)
    row = next(row for row in rows(window) if row.name == "useless")
    assert row.obstacle == NEEDED
    index = index_of(window, "useless")
    assert NEEDED in index.data(Qt.ItemDataRole.ToolTipRole)
    click(window, "useless")
    popup = window.window.network.method.popup
    assert popup.isVisible()
    QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert popup.isVisible()
    assert window.engine.request.method == AUTO
    popup.search.setText("never serves")
    assert [row.name for row in rows(window)] == ["", "useless"]


def test_methods_are_asked_again_for_another_layer(window: Opened) -> None:
    assert rows(window)[2].takeable
    item = window.window.network.layers.findItems("features", Qt.MatchFlag.MatchExactly)[0]
    with window.bot.waitSignals([window.window.session.methods_changed, window.engine.inspected]):
        window.window.network.layers.setCurrentItem(item)
    assert window.inspection.origin.layer == "features"
    cam = next(row for row in rows(window) if row.name == "cam")
    assert "average pooling" in cam.obstacle
    assert rows(window)[0].title == "Automatic (Grad-CAM)"


def test_a_method_of_the_whole_network_needs_no_layer(
    window: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    layers = window.window.network.layers
    assert layers.isEnabled()
    monkeypatch.setitem(METHODS, "slow", replace(METHODS["slow"], layered=False))
    with window.bot.waitSignal(window.window.session.refined):
        window.window.network.method.chosen.emit("slow")
    assert not layers.isEnabled()
    assert layers.toolTip() == "Slow One looks at the whole network, not at one layer"
    window.press("stop")
    assert layers.isEnabled()
    assert "earlier layers are finer" in layers.toolTip()


def test_the_key_brings_back_a_hidden_panel(window: Opened) -> None:
    window.window.docks[0].hide()
    QTest.keyClick(window.window.canvas, Qt.Key.Key_M)
    assert window.window.docks[0].isVisible()
    assert window.window.network.method.popup.isVisible()
    window.window.network.method.popup.hide()


def test_a_slow_method_gets_finer_on_the_canvas(window: Opened, slow: Slow) -> None:
    waiting, canvas = window.window.waiting, window.window.canvas
    before = canvas.grab().toImage()
    partial = begin(window)
    assert partial.explanations[0].heatmap.cells == (1, 1)
    assert waiting.text == "Slow One: 25%, getting finer"
    assert waiting.share == 0.25
    assert canvas.grab().toImage() != before
    assert window.window.status.texts["Input and map size"] == "64 × 64 → 1 × 1"
    with window.bot.waitSignal(window.window.session.refined) as refined:
        slow.gates[0].set()
    assert refined.args[0].explanations[0].heatmap.cells == (2, 2)
    assert waiting.share == 0.5
    with window.explained():
        slow.gates[1].set()
    assert waiting.text == ""
    assert window.inspection.explanations[0].heatmap.cells == (4, 4)
    assert canvas.inspection is window.inspection


def test_the_end_is_what_the_command_line_computes(window: Opened, slow: Slow) -> None:
    slow.release()
    with window.explained():
        window.window.network.method.chosen.emit("slow")
    alone = Inspector(classifier(), "cpu").inspect(window.inspection.frame, Request(method="slow"))
    mine, theirs = window.inspection.explanations[0], alone.explanations[0]
    assert mine.heatmap.values.tobytes() == theirs.heatmap.values.tobytes()
    assert mine.boxes == theirs.boxes
    assert window.inspection.origin == alone.origin


def test_an_unfinished_map_is_neither_exported_nor_edited(window: Opened, slow: Slow) -> None:
    names = ("export", "quick_export", "copy", "draw")
    actions = window.window.actions_by_name
    assert all(actions[name].isEnabled() for name in names)
    whole = window.window.canvas.inspection
    begin(window)
    assert not any(actions[name].isEnabled() for name in names)
    assert window.window.canvas.inspection is whole
    hover = window.window.canvas.read_out(
        *[side / 2 for side in (window.window.canvas.width(), window.window.canvas.height())]
    )
    assert hover is not None
    assert hover.values == (1.0,)
    with window.explained():
        slow.release()
    assert all(actions[name].isEnabled() for name in names)


def test_escape_leaves_a_slow_method_and_the_whole_result_stands(
    window: Opened, slow: Slow
) -> None:
    whole = window.inspection
    shown = window.window.canvas.grab().toImage()
    begin(window)
    QTest.keyClick(window.window.canvas, Qt.Key.Key_Escape)
    assert not window.engine.busy
    assert slow.ended.wait(1)
    assert window.inspection is whole
    assert window.window.network.method.title == "Automatic (CAM)"
    assert window.window.waiting.text == ""
    assert not window.window.actions_by_name["stop"].isEnabled()
    said = window.window.messages.text
    assert said == "Slow One was stopped. What you see is CAM again, as before."
    window.window.messages.clear()
    window.bot.waitUntil(lambda: window.window.canvas.size() == shown.size())
    assert window.window.canvas.grab().toImage() == shown


def test_what_was_left_can_be_started_again(window: Opened, slow: Slow) -> None:
    begin(window)
    QTest.mouseClick(window.window.waiting.cancel, Qt.MouseButton.LeftButton)
    assert slow.ended.wait(1)
    slow.release()
    with window.explained():
        window.window.messages.trigger()
    assert window.inspection.origin.method == "slow"
    assert window.window.network.method.title == "Slow One"


def test_a_new_picture_left_halfway_is_shown_by_the_automatic_method(
    window: Opened, slow: Slow, tmp_path: Path
) -> None:
    begin(window)
    with window.bot.waitSignal(window.window.session.refined):
        window.window.opener.open_paths([picture(tmp_path / "b.png", (0, 0, 255))])
    assert window.window.session.inspection is None
    with window.explained():
        window.press("stop")
    assert window.inspection.frame.source.endswith("b.png")
    assert window.inspection.origin.method == "cam"
    assert "automatic method" in window.window.messages.text


def test_another_class_interrupts_a_slow_method_at_once(window: Opened, slow: Slow) -> None:
    begin(window)
    with window.bot.waitSignal(window.window.session.refined) as refined:
        window.window.session.choose((2,))
    assert slow.runs == 2
    assert refined.args[0].explanations[0].heatmap.target == 2
    assert window.window.classes.model.explained == (2,)
    slow.release()
    window.bot.waitUntil(lambda: not window.engine.busy)
    assert window.inspection.explanations[0].heatmap.target == 2


def test_escape_in_a_filled_search_clears_it_and_stops_nothing(window: Opened, slow: Slow) -> None:
    begin(window)
    search = window.window.classes.search
    search.setFocus()
    window.bot.waitUntil(search.hasFocus)
    QTest.keyClicks(search, "blue")
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert search.text() == ""
    assert window.window.waiting.waiting
    QTest.keyClick(search, Qt.Key.Key_Escape)
    assert not window.window.waiting.waiting


def test_what_is_quick_shows_no_progress(window: Opened) -> None:
    shown: list[bool] = []
    window.window.waiting.changed.connect(shown.append)
    with window.explained():
        window.window.network.method.chosen.emit("grad-cam")
    QApplication.processEvents()
    assert shown == []
