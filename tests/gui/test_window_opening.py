"""Whatever comes in through open, drop, paste and the film strip."""

import base64
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from safetensors.torch import save_file

from camviewer.gui.message_bar import Kind
from camviewer.models import taught
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]


def drop(ui: Opened, mime: QMimeData) -> None:
    """Drag something over the window and let it go there."""
    actions, buttons, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(300, 300), actions, mime, buttons, keys)
    QApplication.sendEvent(ui.window, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(ui.window, QDropEvent(QPointF(300, 300), actions, mime, buttons, keys))


def urls(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(p)) for p in paths])
    return mime


def test_dropping_a_file_explains_it(ui: Opened, tmp_path: Path) -> None:
    path = picture(tmp_path / "ünï 金魚.png")
    with ui.explained():
        drop(ui, urls(path))
    assert ui.inspection.frame.source == str(path)
    assert [e.heatmap.label for e in ui.inspection.explanations] == ["red"]
    assert ui.window.centre.page is ui.window.canvas
    assert "ünï 金魚.png" in ui.window.windowTitle()


def test_dropping_files_and_a_folder_fills_the_film_strip(ui: Opened, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    inside = [picture(folder / f"{n}.png", (0, 255, 0)) for n in (1, 2, 10)]
    (folder / "notes.txt").write_text("no picture")
    single = picture(tmp_path / "single.png")
    with ui.explained():
        drop(ui, urls(single, folder))
    assert ui.window.album.paths == (single, *inside)
    assert ui.window.film_strip.isVisible()
    assert ui.window.film_strip.view.model().rowCount() == 4


def test_one_picture_needs_no_film_strip(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert not ui.window.film_strip.isVisible()


def test_image_data_dropped_from_a_browser_counts_more_than_its_address(ui: Opened) -> None:
    image = QImage(40, 20, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    image.setPixelColor(3, 4, Qt.GlobalColor.blue)
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    mime.setImageData(image)
    with ui.explained():
        drop(ui, mime)
    pixels = ui.inspection.frame.pixels
    assert pixels.shape == (20, 40, 3)
    assert pixels[4, 3].tolist() == [0, 0, 255]
    assert pixels[0, 0].tolist() == [255, 255, 255]


@pytest.mark.parametrize("as_html", [False, True])
def test_a_data_address_is_decoded(ui: Opened, tmp_path: Path, as_html: bool) -> None:
    data = base64.b64encode(picture(tmp_path / "a.png").read_bytes()).decode()
    mime = QMimeData()
    if as_html:
        mime.setHtml(f'<p><img alt="x" src="data:image/png;base64,{data}"></p>')
    else:
        mime.setUrls([QUrl(f"data:image/png;base64,{data}")])
    with ui.explained():
        drop(ui, mime)
    assert ui.inspection.frame.size == (96, 96)


def test_a_bare_address_gets_a_friendly_answer(ui: Opened) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl("https://example.org/cat.png")])
    drop(ui, mime)
    assert "fetches nothing from the internet" in ui.window.messages.text
    assert ui.window.messages.kind is Kind.INFO
    assert ui.window.centre.page is ui.window.welcome


def test_a_folder_without_pictures_says_so(ui: Opened, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    drop(ui, urls(tmp_path / "empty"))
    ui.bot.waitUntil(lambda: "no picture or video in empty" in ui.window.messages.text)


def test_paste_takes_images_files_and_paths(ui: Opened, tmp_path: Path) -> None:
    clipboard = QApplication.clipboard()
    image = QImage(30, 30, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.green)
    clipboard.setImage(image)
    with ui.explained():
        ui.press("paste")
    assert ui.inspection.frame.pixels[0, 0].tolist() == [0, 255, 0]
    first, second = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    clipboard.setMimeData(urls(first))
    with ui.explained():
        ui.press("paste")
    assert ui.window.album.paths == (first,)
    clipboard.setText(f'"{second}"\n{first}\n')
    with ui.explained():
        ui.press("paste")
    assert ui.window.album.paths == (second, first)


@pytest.mark.parametrize("text", ["", "hello", "/no/such/file.png", "data:image/png;base64,%%%"])
def test_pasting_what_is_no_picture_says_so(ui: Opened, text: str) -> None:
    QApplication.clipboard().setText(text)
    ui.press("paste")
    ui.bot.waitUntil(lambda: ui.window.messages.text != "")
    assert ui.window.session.inspection is None


def test_keys_step_through_the_pictures(ui: Opened, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.png") for n in range(3)]
    ui.open(*paths)
    window = ui.window
    ui.bot.waitUntil(window.canvas.hasFocus)
    assert not window.actions_by_name["previous"].isEnabled()
    for key, index in (
        (Qt.Key.Key_Right, 1),
        (Qt.Key.Key_PageDown, 2),
        (Qt.Key.Key_Left, 1),
        (Qt.Key.Key_PageUp, 0),
    ):
        with ui.explained():
            QTest.keyClick(window.canvas, key)
        assert window.album.index == index
        assert ui.inspection.frame.source == str(paths[index])
        assert window.film_strip.view.currentIndex().row() == index


def test_a_click_in_the_film_strip_shows_that_picture(ui: Opened, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.png") for n in range(3)]
    ui.open(*paths)
    view = ui.window.film_strip.view
    where = view.visualRect(view.model().index(2, 0)).center()
    with ui.explained():
        QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=where)
    assert ui.inspection.frame.source == str(paths[2])


def test_an_unreadable_picture_takes_the_place_of_the_old_one(ui: Opened, tmp_path: Path) -> None:
    good = picture(tmp_path / "a.png")
    bad = tmp_path / "b.png"
    bad.write_bytes(b"\x89PNG\r\n\x1a\n" + b"junk" * 20)
    ui.open(good, bad)
    ui.press("next")
    ui.bot.waitUntil(lambda: ui.window.centre.reason != "")
    assert ui.window.centre.reason.startswith("b.png is ")
    assert ui.window.session.inspection is None
    assert ui.window.canvas.inspection is None
    assert not ui.window.actions_by_name["export"].isEnabled()
    with ui.explained():
        ui.press("previous")
    assert ui.window.centre.page is ui.window.canvas
    assert ui.window.messages.text == ""


def test_recent_pictures_are_newest_first_and_open_again(ui: Opened, tmp_path: Path) -> None:
    first, second = picture(tmp_path / "a.png"), picture(tmp_path / "b & c.png")
    for path in (first, second, first):
        ui.open(path)
    assert ui.settings.recent == (first, second)
    file_menu = ui.window.menuBar().actions()[0].menu()
    recent = next(a.menu() for a in file_menu.actions() if a.menu())
    recent.aboutToShow.emit()
    with ui.explained():
        recent.actions()[1].trigger()
    assert ui.inspection.frame.source == str(second)


def test_closing_the_picture_brings_the_invitation_back(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    ui.press("close")
    assert ui.window.centre.page is ui.window.welcome
    assert ui.window.session.inspection is None
    assert ui.window.canvas.inspection is None
    assert ui.window.album.paths == ()


def test_a_dropped_weights_file_is_offered_as_a_model(ui: Opened, tmp_path: Path) -> None:
    weights = tmp_path / "mine.safetensors"
    weights.write_bytes(b"weights")
    with ui.bot.waitSignal(ui.window.opener.weights_given):
        drop(ui, urls(weights))
    dialog = QApplication.activeModalWidget()
    assert dialog is not None
    assert dialog.weights.text() == str(weights)
    dialog.reject()


def test_a_taught_network_needs_no_questions_and_comes_with_pictures(
    ui: Opened, tmp_path: Path
) -> None:
    mine, shown = tmp_path / "mine.safetensors", picture(tmp_path / "a.png")
    save_file({"x": torch.zeros(1)}, mine, {"camviewer.taught": "{}"})
    with ui.bot.waitSignals([ui.engine.model_loaded, ui.engine.inspected], timeout=5000):
        drop(ui, urls(mine, shown))
    assert ui.models.loads[-1][1]["weights"] == mine
    assert QApplication.activeModalWidget() is None
    assert ui.window.album.paths == (shown,)


def test_the_newest_of_quickly_dropped_networks_wins(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    for mine in (first, second):
        save_file({"x": torch.zeros(1)}, mine, {"camviewer.taught": "{}"})
    second_known = threading.Event()

    def slow_first(path: Path) -> bool:
        return second_known.wait(5) if path == first else True

    monkeypatch.setattr(taught, "recognised", slow_first)
    try:
        drop(ui, urls(first))
        with ui.bot.waitSignal(ui.engine.model_loaded, timeout=5000):
            drop(ui, urls(second))
    finally:
        second_known.set()
    ui.bot.waitUntil(lambda: not ui.window.jobs.busy)
    assert [options["weights"] for _, options in ui.models.loads[-1:]] == [second]
    assert first not in [options.get("weights") for _, options in ui.models.loads]


def test_the_newest_of_quick_openings_wins(ui: Opened, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.png", side=64 + 8 * n) for n in range(6)]
    for path in paths:
        ui.window.opener.open_paths([path])
    ui.bot.waitUntil(
        lambda: (
            ui.window.session.inspection is not None
            and ui.window.session.inspection.frame.source == str(paths[-1])
        )
    )
    assert np.array_equal(ui.inspection.frame.pixels.shape, (104, 104, 3))


def test_what_is_no_picture_leaves_what_is_open(ui: Opened, tmp_path: Path) -> None:
    paths = [picture(tmp_path / f"{n}.png") for n in range(2)]
    ui.open(*paths)
    text = tmp_path / "notes.txt"
    text.write_text("no picture")
    drop(ui, urls(text))
    ui.bot.waitUntil(lambda: "notes.txt is no picture" in ui.window.messages.text)
    assert ui.window.messages.kind is Kind.ERROR
    assert ui.window.album.paths == tuple(paths)
    assert ui.window.centre.page is ui.window.canvas
    assert ui.inspection.frame.source == str(paths[0])
    more = picture(tmp_path / "more.png")
    with ui.explained():
        drop(ui, urls(text, more))
    assert ui.window.album.paths == (more,)
    assert "notes.txt is no picture" in ui.window.messages.text
    assert ui.window.messages.kind is Kind.INFO
