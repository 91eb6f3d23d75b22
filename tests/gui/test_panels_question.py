"""Asking for, against, rather than another class, and for likeness to a picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QWidget

from camviewer.errors import MethodError
from camviewer.gui.panels.class_model import TARGET_ROLE
from camviewer.gui.panels.notices import notice_for
from camviewer.gui.panels.question import QuestionBox
from camviewer.inspector import Inspector, Request
from camviewer.media import images
from camviewer.models.classifier import Activation
from camviewer.render import box_caption
from camviewer.types import Ask, Explanation, Question
from tests.gui import fakes
from tests.gui.windows import Opened, classifier, picture, ui

__all__ = ["ui"]

RED, GREEN, BLUE, CAT = range(4)


@pytest.fixture
def red(ui: Opened, tmp_path: Path) -> Opened:
    """A picture with a red square, explained."""
    ui.open(picture(tmp_path / "red.png"))
    return ui


@pytest.fixture
def mixed(ui: Opened, tmp_path: Path) -> Opened:
    """A picture with a red square on the left above and a blue one on the right below."""
    pixels = np.full((96, 96, 3), 128, np.uint8)
    pixels[:48, :48] = (255, 0, 0)
    pixels[48:, 48:] = (0, 0, 255)
    Image.fromarray(pixels).save(tmp_path / "mixed.png")
    ui.open(tmp_path / "mixed.png")
    return ui


def drop(target: QWidget, path: Path) -> None:
    """Drag a file over a widget and let it go there."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path))])
    where, keys = target.rect().center(), Qt.KeyboardModifier.NoModifier
    copy, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(where, copy, mime, button, keys)
    QApplication.sendEvent(target, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(target, QDropEvent(QPointF(where), copy, mime, button, keys))


def box(ui: Opened) -> QuestionBox:
    return ui.window.classes.question


def ask(ui: Opened, question: Ask) -> None:
    """Choose a question as the keyboard does: open the list, go to it, Return."""
    combo = box(ui).ask
    combo.setFocus()
    combo.showPopup()
    row = combo.findData(question.value)
    combo.view().setCurrentIndex(combo.model().index(row, 0))
    QTest.keyClick(combo.view(), Qt.Key.Key_Return)
    assert combo.currentData() == question.value


def label(ui: Opened) -> str:
    return ui.inspection.explanations[0].heatmap.label


def test_against_asks_the_opposite_and_captions_say_so(red: Opened) -> None:
    before = red.inspection.explanations[0].heatmap.values
    with red.explained():
        ask(red, Ask.AGAINST)
    assert red.engine.request.question == Question(Ask.AGAINST)
    after = red.inspection.explanations[0].heatmap
    assert np.allclose(after.values, -before)
    assert label(red) == "against red"
    assert red.window.classes.notice == "At this layer nothing speaks against “red”."
    assert not red.window.waiting.waiting
    with red.explained():
        ask(red, Ask.FOR)
    assert label(red) == "red"
    assert red.window.classes.notice == ""


def test_rather_than_takes_the_runner_up_and_offers_all(red: Opened) -> None:
    runner_up = red.inspection.ranking[1]
    with red.explained():
        ask(red, Ask.RATHER_THAN)
    assert red.engine.request.question == Question(Ask.RATHER_THAN, other=runner_up)
    other = box(red).other
    assert other.isVisible()
    assert not box(red).reference.isVisible()
    assert other.button.accessibleDescription() == red.inspection.predictions[runner_up].label
    QTest.mouseClick(other.button, Qt.MouseButton.LeftButton)
    popup = other.popup
    assert popup.isVisible()
    assert popup.view.currentIndex().data(TARGET_ROLE) == runner_up
    QTest.keyClicks(popup.search, "cat")
    with red.explained():
        QTest.keyClick(popup.search, Qt.Key.Key_Return)
    assert not popup.isVisible()
    assert red.engine.request.question.other == CAT
    assert label(red) == "red, not white cat"


def test_the_other_class_is_taken_by_mouse(red: Opened) -> None:
    with red.explained():
        ask(red, Ask.RATHER_THAN)
    other = box(red).other
    QTest.mouseClick(other.button, Qt.MouseButton.LeftButton)
    row = other.popup.view.visualRect(other.model.index(other.model.row_of(CAT)))
    with red.explained():
        QTest.mouseClick(other.popup.view.viewport(), Qt.MouseButton.LeftButton, pos=row.center())
    assert label(red) == "red, not white cat"


def test_a_class_is_not_compared_with_itself(red: Opened) -> None:
    red.models.activation = Activation.SOFTMAX
    with red.explained():
        red.window.models.load("resnet18")
    with red.explained():
        red.window.session.ask(Question(Ask.RATHER_THAN, other=RED))
    assert red.inspection.explanations == ()
    assert red.window.classes.notice.startswith("“red” cannot be compared with itself.")
    with red.explained():
        red.window.session.choose((BLUE,))
    assert label(red) == "blue, not red"
    assert "itself" not in red.window.classes.notice


def test_likeness_waits_for_a_picture_and_shows_it(mixed: Opened, tmp_path: Path) -> None:
    red = mixed
    asked = len(red.asked)
    ask(red, Ask.LIKE)
    reference = box(red).reference
    assert reference.isVisible()
    assert reference.text == "Drop a picture here, or:"
    assert not reference.clear.isVisible()
    assert red.engine.request.question == Question()
    assert len(red.asked) == asked
    with red.explained():
        reference.read(picture(tmp_path / "like.png", (255, 30, 30)))
    heatmap = red.inspection.explanations[0].heatmap
    assert heatmap.target == -1
    assert heatmap.label == "like like.png"
    assert 0.6 < heatmap.score < 0.8
    assert reference.text == "like.png"
    assert reference.clear.isVisible()
    assert red.window.classes.notice.startswith(f"Likeness {heatmap.score:.2f}")


def test_likeness_is_what_the_command_line_computes(red: Opened, tmp_path: Path) -> None:
    path = picture(tmp_path / "like.png", (255, 30, 30))
    ask(red, Ask.LIKE)
    with red.explained():
        box(red).reference.read(path)
    request = Request(question=Question(Ask.LIKE, reference=images.load(path)))
    alone = Inspector(classifier(), "cpu").inspect(red.inspection.frame, request)
    mine, theirs = red.inspection.explanations[0], alone.explanations[0]
    assert mine.heatmap.values.tobytes() == theirs.heatmap.values.tobytes()
    assert mine.boxes == theirs.boxes


def test_canvas_and_export_take_a_map_of_no_class(mixed: Opened, tmp_path: Path) -> None:
    red = mixed
    ask(red, Ask.LIKE)
    with red.explained():
        box(red).reference.read(picture(tmp_path / "red.png"))
    canvas = red.window.canvas
    percent = round(red.inspection.explanations[0].heatmap.score * 100)
    assert [box_caption(b) for b in canvas.boxes] == [f"like red.png {percent} %"]
    assert canvas.boxes[0].x + canvas.boxes[0].width <= 56
    assert "like red.png" in canvas.accessibleDescription()
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key.Key_B)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert [b.target for b in canvas.boxes] == [-1, -1]
    assert len(canvas.inspection.explanations[0].boxes) == 2
    choices = replace(red.settings.export, parts=frozenset({"overlay", "heatmap", "map", "json"}))
    red.settings.export = choices
    with red.bot.waitSignal(red.window.exporter.exported) as exported:
        red.press("quick_export")
    assert all(path.is_file() for path in exported.args[0])
    assert len(exported.args[0]) == 4


def test_the_reference_itself_is_told_from_what_is_unlike(red: Opened, tmp_path: Path) -> None:
    ask(red, Ask.LIKE)
    with red.explained():
        QTest.mouseClick(box(red).reference.take_open, Qt.MouseButton.LeftButton)
    assert red.inspection.origin.method == "grad-cam"
    assert red.window.classes.notice.startswith("To this network both pictures are the same")
    with red.explained():
        box(red).reference.read(picture(tmp_path / "blue.png", (0, 0, 255)))
    assert red.window.classes.notice.startswith("To this network nothing here looks like")


def test_likeness_marks_no_class_and_a_click_asks_about_one(red: Opened) -> None:
    ask(red, Ask.LIKE)
    with red.explained():
        QTest.mouseClick(box(red).reference.take_open, Qt.MouseButton.LeftButton)
    classes = red.window.classes
    assert classes.model.explained == ()
    assert not classes.follow.isEnabled()
    with red.explained():
        classes.view.toggled.emit(GREEN)
    assert red.engine.request == Request(targets=(GREEN,))
    assert box(red).ask.currentData() == Ask.FOR.value
    assert classes.follow.isEnabled()


def test_a_reference_is_dropped_cleared_and_remembered(red: Opened, tmp_path: Path) -> None:
    ask(red, Ask.LIKE)
    reference = box(red).reference
    with red.explained():
        drop(reference, picture(tmp_path / "dropped.png", (250, 0, 0)))
    assert label(red) == "like dropped.png"
    assert red.window.session.frame is not None
    assert red.window.session.frame.source.endswith("red.png")
    with red.explained():
        ask(red, Ask.FOR)
    with red.explained():
        ask(red, Ask.LIKE)
    assert label(red) == "like dropped.png"
    with red.explained():
        QTest.mouseClick(reference.clear, Qt.MouseButton.LeftButton)
    assert label(red) == "red"
    assert box(red).ask.currentData() == Ask.FOR.value
    assert reference.frame is None


def test_a_reference_that_is_no_picture_says_so_and_changes_nothing(
    red: Opened, tmp_path: Path
) -> None:
    (tmp_path / "notes.png").write_text("no picture")
    ask(red, Ask.LIKE)
    reference = box(red).reference
    before = red.engine.request
    reference.read(tmp_path / "notes.png")
    red.bot.waitUntil(lambda: "notes.png" in reference.text and "Reading" not in reference.text)
    assert red.engine.request == before


def test_a_reference_is_chosen_in_the_file_dialog(
    red: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = picture(tmp_path / "chosen.png", (250, 0, 0))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    ask(red, Ask.LIKE)
    with red.explained():
        QTest.mouseClick(box(red).reference.choose, Qt.MouseButton.LeftButton)
    assert label(red) == "like chosen.png"


def test_what_the_network_cannot_answer_is_told_with_a_way_out(
    red: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(red, Ask.LIKE)
    inspect = Inspector.inspect

    def without_embedding(self: Inspector, *args: object) -> object:
        if args[1].question.ask is Ask.LIKE:  # type: ignore[attr-defined]
            raise MethodError("This network has no embedding. Ask about a class.")
        return inspect(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(Inspector, "inspect", without_embedding)
    with red.bot.waitSignal(red.engine.failed):
        QTest.mouseClick(box(red).reference.take_open, Qt.MouseButton.LeftButton)
    assert red.window.messages.text == "This network has no embedding. Ask about a class."
    with red.explained():
        red.window.messages.trigger()
    assert label(red) == "red"
    assert box(red).ask.currentData() == Ask.FOR.value


def test_the_question_is_reached_by_its_key(red: Opened) -> None:
    red.window.docks[1].hide()
    QTest.keyClick(red.window.canvas, Qt.Key.Key_Q)
    assert red.window.docks[1].isVisible()
    assert box(red).ask.view().isVisible()
    box(red).ask.hidePopup()


def test_every_answer_that_shows_nothing_is_put_into_words() -> None:
    shown = fakes.inspection(fakes.frame(), -fakes.peak(2, 2) - 1)
    against, like = Question(Ask.AGAINST), Question(Ask.LIKE, reference=fakes.frame())
    assert notice_for(None, against, follows=True) == ""
    assert notice_for(shown, Question(), follows=True) == "At this layer nothing speaks for “fox”."
    unlike = replace(shown.explanations[0].heatmap, score=0.1)
    rule = shown.explanations[0].rule
    shown = shown.with_explanations((Explanation(unlike, (), rule),))
    told = notice_for(shown, like, follows=True)
    assert told == "To this network nothing here looks like the reference picture."
    heatmap = replace(shown.explanations[0].heatmap, label="against fox")
    negated = shown.with_explanations((Explanation(heatmap, (), rule),))
    told = notice_for(negated, against, follows=False)
    assert told == "At this layer nothing speaks against “fox”."


def test_while_a_reference_is_missing_no_other_question_is_answered(red: Opened) -> None:
    with red.explained():
        ask(red, Ask.RATHER_THAN)
    with red.explained():
        ask(red, Ask.LIKE)
    assert red.engine.request.question == Question()
    assert label(red) == "red"
    assert box(red).ask.currentData() == Ask.LIKE.value
    assert box(red).reference.isVisible()
    assert not box(red).other.isVisible()
