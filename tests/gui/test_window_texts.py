"""Classes in the person's own words: asked for, used, edited, and what is missing."""

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from camviewer.errors import ModelError
from camviewer.gui.dialogs.texts import TextsDialog
from camviewer.gui.message_bar import Kind
from camviewer.models import clip
from tests.gui.windows import Opened, classifier, ui

__all__ = ["ui"]


@pytest.fixture(autouse=True)
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package seems to be installed; it is never loaded."""
    monkeypatch.setattr(clip, "installed", lambda: True)


def dialog() -> TextsDialog:
    found = QApplication.activeModalWidget()
    assert isinstance(found, TextsDialog)
    return found


def use(ui: Opened, *classes: str) -> dict[str, Any]:
    """Type classes, agree, and wait; what the network was asked for."""
    dialog().texts.setPlainText("\n".join(classes))
    with ui.bot.waitSignal(ui.engine.model_loaded, timeout=20_000):
        dialog().yes.click()
    return ui.models.loads[-1][1]


def test_a_clip_network_asks_for_its_classes(ui: Opened) -> None:
    ui.press("pick_model")
    popup = ui.window.network.model_box.popup
    popup.search.setText("clip b/16")
    popup.take(popup.view.currentIndex())
    assert dialog().network.currentText() == "clip:ViT-B-16"
    assert not dialog().yes.isEnabled()
    assert dialog().problem == "Two classes at least."
    dialog().texts.setPlainText("a cat\n\n  a   cat ")
    assert not dialog().yes.isEnabled()
    options = use(ui, "a cat", " a  rusty pipe", "a cat", "")
    assert ui.models.loads[-1][0] == "clip:ViT-B-16"
    assert options["texts"] == ("a cat", "a rusty pipe")
    assert "weights" not in options
    assert ui.window.messages.kind is Kind.GOOD


def test_the_classes_are_edited_later(ui: Opened, tmp_path: Path) -> None:
    box = ui.window.network.model_box
    assert not box.edit.isVisible()
    file = tmp_path / "mine.safetensors"
    file.touch()
    ui.press("texts")
    dialog().network.setCurrentText("ViT-L-14")
    dialog().weights.setText(str(tmp_path / "gone.pt"))
    assert dialog().problem == "There is no such weights file."
    dialog().weights.setText(str(file))
    assert use(ui, "a cat", "a dog")["weights"] == file
    assert ui.models.loads[-1][0] == "clip:ViT-L-14"
    assert box.edit.isVisible()
    box.edit.click()
    assert dialog().texts.toPlainText() == "a cat\na dog"
    assert dialog().network.currentText() == "clip:ViT-L-14"
    assert dialog().weights.text() == str(file)
    assert use(ui, "a cat", "a fox")["texts"] == ("a cat", "a fox")
    assert ui.settings.texts == ("a cat", "a fox")
    with ui.bot.waitSignal(ui.engine.model_loaded, timeout=20_000):
        ui.press("starter")
    assert not box.edit.isVisible()


def test_what_is_missing_is_told_before_anything_is_typed(
    ui: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clip, "installed", lambda: False)
    ui.window.models.load("clip:ViT-B-32")
    assert QApplication.activeModalWidget() is None
    assert ui.window.messages.kind is Kind.ERROR
    assert "pip install 'camviewer[clip]'" in ui.window.messages.text
    assert [name for name, _ in ui.models.loads] == ["starter"]


def test_after_a_failure_the_dialog_comes_again(ui: Opened) -> None:
    def fail(_cancelled: object) -> None:
        raise ModelError("There is no such network.")

    ui.press("texts")
    dialog().texts.setPlainText("a cat\na dog")
    ui.models.hold = fail
    with ui.bot.waitSignal(ui.engine.model_failed, timeout=20_000):
        dialog().yes.click()
    ui.window.models._again()
    assert dialog().texts.toPlainText() == "a cat\na dog"
    dialog().reject()


def test_the_title_of_a_clip_network_in_use_is_marked_in_the_list(ui: Opened) -> None:
    popup = ui.window.network.model_box.popup
    popup.open_for(ui.window, classifier("clip:ViT-B-16:openai").name)
    assert popup.view.currentIndex().data() == "CLIP ViT-B/16"
    popup.hide()
