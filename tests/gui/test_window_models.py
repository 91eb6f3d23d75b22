"""Choosing, loading, cancelling and trusting networks."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from camviewer.errors import CancelledError, DownloadError
from camviewer.gui.message_bar import Kind
from camviewer.models import kept
from camviewer.models.preprocess import Overrides
from tests.gui.windows import Opened, go_on, opened, picture, ui

__all__ = ["ui"]


def names(ui: Opened) -> list[str]:
    model = ui.window.network.model_box.popup.view.model()
    return [model.index(r, 0).data() for r in range(model.rowCount())]


def test_the_starter_is_loaded_first_without_a_message(ui: Opened) -> None:
    assert [name for name, _ in ui.models.loads] == ["starter"]
    assert ui.window.messages.text == ""
    assert ui.window.network.model_box.button.text() != "No model yet"


def test_the_list_is_searched_and_a_network_chosen_by_keys(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("pick_model")
    popup = ui.window.network.model_box.popup
    assert popup.isVisible()
    everything = names(ui)
    assert len(everything) > 5
    QTest.keyClicks(popup.search, "resnet")
    found = names(ui)
    assert 0 < len(found) < len(everything)
    assert {"ResNet18", "ResNet50", "R3D-18"} <= set(found)
    assert not {"Starter", "AlexNet"} & set(found)
    QTest.keyClick(popup.search, Qt.Key.Key_Down)
    with ui.explained():
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert ui.models.loads[-1][0] is not None
    assert "resne" in ui.models.loads[-1][0]
    assert ui.window.messages.kind is Kind.GOOD
    assert "with 4 classes" in ui.window.messages.text


def test_a_network_that_was_taught_here_is_in_the_list(ui: Opened) -> None:
    file = kept.home() / "pets 2026-11-28.safetensors"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(8000))
    ui.press("pick_model")
    popup = ui.window.network.model_box.popup
    assert names(ui)[:2] == ["Starter", "pets 2026-11-28"]
    popup.search.setText("pets")
    assert names(ui) == ["pets 2026-11-28"]
    told = popup.view.model().index(0, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert told == "pets 2026-11-28: Taught · 2 k parameters. Taught here"
    with ui.bot.waitSignal(ui.engine.model_loaded):
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert ui.models.loads[-1][0] == "pets 2026-11-28"


def test_a_file_that_was_just_taught_is_loaded_without_questions(ui: Opened) -> None:
    file = kept.home() / "pets 2026-11-28.safetensors"
    with ui.bot.waitSignal(ui.engine.model_loaded):
        ui.window.models.load_file(file)
    name, options = ui.models.loads[-1]
    assert (name, options["weights"]) == (None, file)
    assert ui.window.messages.kind is Kind.GOOD


def test_a_search_without_result_offers_own_weights(ui: Opened) -> None:
    ui.press("pick_model")
    popup = ui.window.network.model_box.popup
    popup.search.setText("no such network")
    assert not popup.view.isVisible()
    popup.own.click()
    dialog = QApplication.activeModalWidget()
    assert dialog.windowTitle() == "Use your own weights"
    dialog.reject()


def hold_until_cancelled(ui: Opened) -> threading.Event:
    """Let loading take until it is cancelled; the event tells that it has begun."""
    held = threading.Event()

    def hold(cancelled: Callable[[], bool]) -> None:
        held.set()
        while not cancelled():
            threading.Event().wait(0.005)
        raise CancelledError("cancelled")

    ui.models.hold = hold
    return held


def test_loading_shows_progress_and_can_be_cancelled(ui: Opened) -> None:
    held = hold_until_cancelled(ui)
    box = ui.window.network.model_box
    ui.window.models.load("vgg16")
    ui.bot.waitUntil(held.is_set)
    ui.engine.model_progress.emit(25_000_000, 528_000_000)
    assert box.loading
    assert "25.0 MB of 528 MB" in [c.text() for c in box.findChildren(type(box._said))]
    box.cancel.click()
    assert not box.loading
    assert "cancelled" in ui.window.messages.text
    assert ui.window.session.model is not None
    assert ui.window.session.model.classifier.name == "starter"


def test_a_failed_download_says_what_to_do_and_can_be_repeated(ui: Opened) -> None:
    def fail(cancelled: Callable[[], bool]) -> None:
        raise DownloadError("No connection: put vgg16.pth into the folder x.")

    ui.models.hold = fail
    ui.window.models.load("vgg16")
    ui.bot.waitUntil(lambda: ui.window.messages.kind is Kind.ERROR)
    assert "put vgg16.pth" in ui.window.messages.text
    assert not ui.window.network.model_box.loading
    ui.models.hold = go_on
    with ui.bot.waitSignal(ui.engine.model_loaded):
        ui.window.messages.trigger()
    assert ui.models.loads[-1][0] == "vgg16"


@pytest.mark.parametrize("agree", [True, False])
def test_a_program_is_run_only_after_consent(ui: Opened, tmp_path: Path, agree: bool) -> None:
    file = tmp_path / "model.pt2"
    file.write_bytes(b"program")
    ui.models.wants_consent = True
    ui.window.models.ask_own(file)
    QApplication.activeModalWidget().accept()
    ui.bot.waitUntil(
        lambda: (
            getattr(QApplication.activeModalWidget(), "windowTitle", str)()
            == "This file holds a program"
        )
    )
    dialog = QApplication.activeModalWidget()
    said = " ".join(
        label.text() for label in dialog.findChildren(type(dialog.body.itemAt(0).widget()))
    )
    assert str(file) in said
    assert "delete or send your files" in said
    assert not dialog.yes.isDefault()
    before = len(ui.models.loads)
    if agree:
        with ui.bot.waitSignal(ui.engine.model_loaded):
            dialog.accept()
        assert ui.models.loads[-1][1]["consent"] is True
    else:
        dialog.reject()
        assert len(ui.models.loads) == before
        assert "not loaded" in ui.window.messages.text


def test_own_weights_take_all_that_was_entered(ui: Opened, tmp_path: Path) -> None:
    weights, labels = tmp_path / "w.pth", tmp_path / "labels.txt"
    weights.write_bytes(b"w")
    labels.write_text("a\nb")
    ui.press("own_model")
    dialog = QApplication.activeModalWidget()
    assert not dialog.yes.isEnabled()
    dialog.weights.setText(str(tmp_path / "missing.pth"))
    assert dialog.problem == "There is no such file."
    dialog.weights.setText(QUrl.fromLocalFile(str(weights)).toString())
    dialog.labels.setText(str(labels))
    dialog.architecture.setCurrentIndex(dialog.architecture.findData("resnet18"))
    dialog.mean.setText("0.5 0.5")
    dialog.accept()
    assert dialog.isVisible()
    assert dialog.problem.startswith("Mean: give 3 numbers")
    dialog.mean.setText("0.5, 0.5, 0.5")
    dialog.input_size.setText("128")
    with ui.bot.waitSignal(ui.engine.model_loaded):
        dialog.accept()
    name, options = ui.models.loads[-1]
    assert name == "resnet18"
    assert options["weights"] == weights
    assert options["labels"] == labels
    assert options["overrides"] == Overrides((0.5, 0.5, 0.5), None, 128)


def test_what_was_entered_for_a_file_is_offered_again(ui: Opened, tmp_path: Path) -> None:
    weights, other = tmp_path / "w.pth", tmp_path / "other.pth"
    for file in (weights, other):
        file.write_bytes(b"w")
    ui.window.models.ask_own(weights)
    dialog = QApplication.activeModalWidget()
    dialog.architecture.setCurrentIndex(dialog.architecture.findData("resnet18"))
    dialog.mean.setText("0.5 0.5 0.5")
    with ui.bot.waitSignal(ui.engine.model_loaded):
        dialog.accept()
    ui.window.models.ask_own(other)
    dialog = QApplication.activeModalWidget()
    assert dialog.entries == dict.fromkeys(("labels", "mean", "std", "input_size"), "") | {
        "architecture": "Guess from the file"
    }
    dialog.mean.setText("0.1 0.1 0.1")
    dialog.weights.setText(str(weights))
    assert dialog.chosen().name == "resnet18"
    assert dialog.mean.text() == "0.1 0.1 0.1"  # typed now: not overwritten
    dialog.reject()
    ui.window.models.ask_own(weights)
    dialog = QApplication.activeModalWidget()
    assert dialog.chosen().overrides == Overrides((0.5, 0.5, 0.5), None, None)
    dialog.reject()


def test_an_unknown_architecture_is_refused(ui: Opened, tmp_path: Path) -> None:
    weights = tmp_path / "w.pth"
    weights.write_bytes(b"w")
    ui.window.models.ask_own(weights)
    dialog = QApplication.activeModalWidget()
    dialog.architecture.setEditText("resnet-seventeen")
    dialog.accept()
    assert dialog.problem.startswith("There is no architecture 'resnet-seventeen'")
    dialog.reject()


def test_another_network_forgets_classes_and_layer_of_the_old(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        ui.window.session.set_layer("features")
    ui.window.classes.search.setText("gre")
    with ui.explained():
        ui.window.models.load("resnet18")
    assert ui.engine.request.layer is None
    assert ui.window.classes.search.text() == ""
    assert ui.window.network.layers.currentItem().text(0).startswith("Automatic")


def test_the_window_starts_with_the_network_it_was_given(tmp_path: Path, qtbot: QtBot) -> None:
    with opened(tmp_path, qtbot) as ui:
        ui.settings.mark_launched()
        with qtbot.waitSignals([ui.engine.model_loaded, ui.engine.inspected], timeout=5000):
            options = {"weights": Path("mine.pth"), "labels": Path("names.txt")}
            ui.window.start([picture(tmp_path / "a.png")], "resnet18", options)
        ((name, given),) = ui.models.loads
        assert name == "resnet18"
        assert {key: given[key] for key in options} == options
        assert ui.window.messages.text == ""
        assert ui.window.network.model_box.button.text() == "ResNet18"


def test_where_the_given_network_cannot_be_loaded_the_starter_serves(
    tmp_path: Path, qtbot: QtBot
) -> None:
    with opened(tmp_path, qtbot) as ui:
        ui.settings.mark_launched()
        ui.models.missing = {"resnet18"}
        with qtbot.waitSignals([ui.engine.model_loaded, ui.engine.inspected], timeout=5000):
            ui.window.start([picture(tmp_path / "a.png")], "resnet18", {})
        assert [name for name, _ in ui.models.loads] == ["resnet18", "starter"]
        assert ui.window.network.model_box.button.text() == "Starter"
        assert ui.window.messages.kind is Kind.ERROR
        assert ui.window.messages.text == "resnet18 is not there."
        ui.models.missing = set()
        with ui.explained():
            ui.window.messages.trigger()
        assert ui.window.network.model_box.button.text() == "ResNet18"


def test_the_starter_serves_where_the_first_download_is_cancelled(
    tmp_path: Path, qtbot: QtBot
) -> None:
    with opened(tmp_path, qtbot) as ui:
        held = hold_until_cancelled(ui)
        ui.window.start([], "vgg16", {})
        qtbot.waitUntil(held.is_set)
        ui.models.hold = go_on
        with qtbot.waitSignal(ui.engine.model_loaded, timeout=5000):
            ui.window.network.model_box.cancel.click()
        assert ui.window.messages.text == "Loading was cancelled; the starter is used."
        assert ui.window.network.model_box.button.text() == "Starter"


def test_without_any_network_the_window_says_so_once(tmp_path: Path, qtbot: QtBot) -> None:
    with opened(tmp_path, qtbot) as ui:
        ui.models.missing = {"resnet18", "starter"}
        with qtbot.waitSignals([ui.engine.model_failed] * 2, timeout=5000):
            ui.window.start([], "resnet18", {})
        qtbot.waitUntil(lambda: ui.window.messages.text == "starter is not there.")
        assert [name for name, _ in ui.models.loads] == ["resnet18", "starter"]
