"""Results in the window: the confusion matrix, the mistakes and why, and moving pictures."""

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog

from camviewer.errors import CancelledError
from camviewer.export.network import Exported
from camviewer.gui.teach.run.answer_card import AnswerCard
from camviewer.gui.teach.run.correcting import Labelling
from camviewer.gui.teach.run.panel import RunPanel
from camviewer.inspector import Request, inspector_for
from camviewer.media import images
from camviewer.models import taught
from camviewer.models.classifier import Classifier
from camviewer.render import percent
from camviewer.teach import results, saving
from camviewer.teach.data.lesson import Lesson
from camviewer.teach.data.reading import read
from camviewer.teach.figures import Answer
from camviewer.teach.results import Results, fingerprint
from camviewer.teach.teaching import Options, teach
from tests.gui.teaching import Taught, features, run
from tests.teach.lessons import SIZE, backbone, folders

__all__ = ["features", "run"]

CLASSES = ("ring", "cross", "nothing")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory, features: Path) -> Path:
    """A network that knows rings, crosses and nothing."""
    place = tmp_path_factory.mktemp("network")
    options = Options(cache=features / "features.sqlite", input_size=SIZE)
    learnt = teach(read(folders(place / "set", each=4)), backbone(), options)
    saving.save(learnt, place / "shapes.safetensors")
    return place / "shapes.safetensors"


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """Six pictures of each class."""
    root = folders(tmp_path / "set", each=6)
    made = Lesson(tmp_path / "lesson")
    for name in CLASSES:
        made.add_class(name)
        made.add_pictures(name, sorted((root / name).iterdir()))
    return made


def picture(lesson: Lesson, name: str, number: int) -> Path:
    return next(c for c in lesson.classes if c.name == name).pictures[number]


def answers(lesson: Lesson) -> tuple[Answer, ...]:
    """Four of seven right."""

    def answer(name: str, number: int, said: str, score: float) -> Answer:
        return Answer(picture(lesson, name, number), (name,), (said,), score)

    return (
        answer("ring", 0, "ring", 0.9),
        answer("ring", 1, "cross", 0.8),
        answer("ring", 2, "cross", 0.95),
        answer("cross", 0, "cross", 0.7),
        answer("cross", 1, "cross", 0.6),
        answer("nothing", 0, "ring", 0.55),
        answer("nothing", 1, "nothing", 0.99),
    )


@pytest.fixture
def known(run: Taught, lesson: Lesson, network: Path) -> RunPanel:
    """A panel whose lesson was taught before."""
    made = Results(
        file=network,
        date="2026-11-28T12:00:00+00:00",
        backbone="starter",
        deep=False,
        taught=11,
        seconds=3.0,
        classes=CLASSES,
        answers=answers(lesson),
        notes=tuple(f"Something to know, number {n}." for n in range(5)),
        fingerprint=fingerprint(lesson.contents),
    )
    results.write(made, lesson.folder)
    run.open(lesson)
    run.bot.waitUntil(lambda: run.panel.results is not None)
    return run.panel


def cards(panel: RunPanel) -> list[AnswerCard]:
    return panel.details.gallery.cards


def explained(run: Taught) -> Callable[[], bool]:
    return lambda: all(card.explained for card in cards(run.panel))


def names(panel: RunPanel) -> list[str]:
    return [card.answer.path.name for card in cards(panel)]


def test_the_figure_is_told_in_plain_words(known: RunPanel) -> None:
    said = known.summary.text.splitlines()
    assert said[0] == "4 of 7 right"
    # Wilson 1927 for 4 of 7
    assert "Of others like them expect 25 to 84 %." in said[1]
    assert said[2:6] == [
        *(f"Something to know, number {n}." for n in range(3)),
        "And 2 more of the kind.",
    ]
    assert known.summary.details.text() == "3 mistakes…"


def test_cells_hold_what_was_counted_by_hand(known: RunPanel) -> None:
    model = known.details.matrix.model()
    shown = [[model.index(r, c).data() for c in range(3)] for r in range(3)]
    assert shown == [["1", "2", ""], ["", "2", ""], ["1", "", "1"]]
    role = Qt.ItemDataRole.ToolTipRole
    assert model.index(0, 1).data(role) == "2 pictures of “ring” taken for “cross”"
    assert model.index(1, 1).data(role) == "2 pictures of “cross” recognised"
    assert model.index(2, 0).data(role) == "1 picture of “nothing” taken for “ring”"


def test_results_unfold_with_the_worst_mistakes_and_fold_again(
    run: Taught, known: RunPanel
) -> None:
    known.summary.details.click()
    assert run.room == [True]
    assert known.details.isVisible()
    assert known.window().focusWidget() is known.details.matrix
    assert names(known) == ["ring2.png", "ring1.png", "nothing0.png"]
    assert known.details.gallery.heading == "3 mistakes, the worst first"
    assert cards(known)[0].title.text() == "“ring”, taken for “cross”"
    QTest.keyClick(known.details.matrix, Qt.Key.Key_Escape)
    assert run.room == [True, False]
    assert not known.details.isVisible()


def test_coming_to_the_matrix_chooses_no_cell(known: RunPanel) -> None:
    known.summary.details.click()
    matrix = known.details.matrix
    QApplication.sendEvent(matrix, QFocusEvent(QEvent.Type.FocusIn, Qt.FocusReason.TabFocusReason))
    assert known.details.gallery.heading == "3 mistakes, the worst first"
    # the first cell can be chosen with the keyboard all the same
    QTest.keyClick(matrix, Qt.Key.Key_Return)
    assert known.details.gallery.heading == "1 picture of “ring” recognised"


def test_a_cell_shows_its_pictures_by_mouse_and_keys(known: RunPanel) -> None:
    known.resize(1200, 900)
    known.summary.details.click()
    matrix = known.details.matrix
    place = matrix.visualRect(matrix.model().index(1, 1)).center()
    QTest.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert names(known) == ["cross1.png", "cross0.png"]  # the least sure first
    assert known.details.gallery.heading == "2 pictures of “cross” recognised"
    QTest.keyClick(matrix, Qt.Key.Key_Right)
    assert names(known) == []
    assert known.details.gallery.heading == "0 pictures of “cross” taken for “nothing”"
    QTest.keyClick(matrix, Qt.Key.Key_Up)
    QTest.keyClick(matrix, Qt.Key.Key_Left)
    assert names(known) == ["ring2.png", "ring1.png"]
    known.details.mistakes.click()
    assert len(cards(known)) == 3
    # the same cell can be chosen again
    QTest.mouseClick(matrix.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert len(cards(known)) == 2


def test_many_cards_are_made_bit_by_bit_and_more_on_request(run: Taught, known: RunPanel) -> None:
    assert known.results is not None
    path = known.results.mistakes[0].path
    many = tuple(Answer(path, ("ring",), ("cross",), 0.9 - n / 1000) for n in range(30))
    known.summary.details.click()
    gallery = known.details.gallery
    gallery.show_answers("many", "", many, known.results)
    run.bot.waitUntil(lambda: len(gallery.cards) == 12)
    assert [card.answer for card in gallery.cards] == list(many[:12])
    assert gallery.more.isVisible()
    gallery.more.click()
    run.bot.waitUntil(lambda: len(gallery.cards) == 24)
    gallery.more.click()
    run.bot.waitUntil(lambda: len(gallery.cards) == 30)
    assert not gallery.more.isVisible()
    # what is hidden while it grows grows no more
    gallery.show_answers("many", "", many, known.results)
    known.details.back.click()
    assert 0 < len(gallery.cards) < 12


def test_heatmaps_are_those_of_the_inspector(run: Taught, known: RunPanel, network: Path) -> None:
    known.summary.details.click()
    run.bot.waitUntil(explained(run), timeout=60_000)
    card = cards(known)[0]
    inspector = inspector_for(taught.load(network), "cpu", "eager")
    frame = images.load(card.answer.path)
    inspection = inspector.inspect(frame, Request(targets=(0, 2)))
    labels = inspector.classifier.labels
    assert labels == ("cross", "nothing", "ring")
    said, truth = (percent(inspection.predictions[c].score) for c in (0, 2))
    texts = [shown.text() for shown in card.pictures]
    assert texts == ["the picture", f"for cross {said}", f"for ring {truth}"]
    pixmaps = [shown.icon().pixmap(112, 96).toImage() for shown in card.pictures]
    assert pixmaps[0] != pixmaps[1]
    assert pixmaps[1] != pixmaps[2]
    run.bot.waitUntil(lambda: not known.explainer.lane.busy)


def test_a_picture_is_moved_with_one_click_and_followed(
    run: Taught, known: RunPanel, lesson: Lesson
) -> None:
    known.summary.details.click()
    worst = cards(known)[0]
    path = worst.answer.path
    assert worst.correction.to_said.text() == "It is cross"
    assert worst.correction.targets == ["nothing"]
    with run.bot.waitSignal(known.move_requested) as asked:
        worst.correction.to_said.click()
    assert asked.args == [[path], "cross"]
    # the panel asks, the lesson is changed by whom it asked
    lesson.move([path], "cross")
    known.lesson_changed()
    assert worst.status.text() == "Now in “cross”"
    assert not worst.correction.to_said.isEnabled()
    assert known.summary.changed
    assert known.teach.isDefault()
    # taken back
    lesson.move([path], "ring")
    known.lesson_changed()
    assert worst.status.text() == ""
    assert worst.correction.to_said.isEnabled()
    assert not known.summary.changed


def test_where_a_picture_shows_several_its_classes_are_ticked(
    run: Taught, known: RunPanel, lesson: Lesson
) -> None:
    assert known.results is not None
    shown = picture(lesson, "ring", 0)
    made = replace(
        known.results,
        classes=("cross", "ring"),
        answers=(Answer(shown, ("ring",), ("cross", "ring"), 0.8), Answer(shown, (), (), 0.9)),
        several=True,
    )
    lesson.set_several(several=True)
    gallery = known.details.gallery
    known.summary.details.click()
    known.details.show_results(made)
    matrix = known.details.matrix
    heads = [matrix.model().headerData(n, Qt.Orientation.Horizontal) for n in range(3)]
    assert heads == ["found", "missed", "not there"]
    assert [matrix.model().index(0, n).data() for n in range(3)] == ["", "", "1"]
    run.bot.waitUntil(lambda: len(gallery.cards) == 1)
    (card,) = gallery.cards
    assert card.title.text() == "“ring”: “cross” seen"
    assert [p.accessibleName() for p in card.pictures] == ["the picture", "for cross"]
    known.lesson_changed()
    correction = card.correction
    assert isinstance(correction, Labelling)
    ticks = correction.shows.menu().actions()
    assert [(tick.text(), tick.isChecked()) for tick in ticks] == [("cross", False), ("ring", True)]
    with run.bot.waitSignal(known.share_requested) as asked:
        ticks[0].trigger()
    assert asked.args == [[shown], "cross"]
    with run.bot.waitSignal(known.leave_requested) as asked:
        ticks[1].trigger()
    assert asked.args == [[shown], "ring"]
    lesson.share([shown], "cross")
    known.lesson_changed()
    assert card.status.text() == "Now in “ring” and “cross”"
    assert [tick.isChecked() for tick in ticks] == [True, True]
    assert correction.shows.isEnabled()
    lesson.remove([shown])
    known.lesson_changed()
    assert not correction.shows.isEnabled()
    assert not correction.remove.isEnabled()
    matrix.choose("ring", "found")
    assert gallery.heading == "“ring” found in 1 picture"


def test_what_is_told_of_a_picture_leaves_all_its_card_in_sight(
    run: Taught, known: RunPanel, lesson: Lesson
) -> None:
    assert known.results is not None
    path = known.results.mistakes[0].path
    many = tuple(Answer(path, ("ring",), ("cross",), 0.9) for _ in range(12))
    known.summary.details.click()
    gallery = known.details.gallery
    gallery.show_answers("many", "", many, known.results)
    run.bot.waitUntil(lambda: len(gallery.cards) == 12)
    lesson.move([path], "cross")
    known.lesson_changed()
    card = gallery.cards[0]
    assert card.status.text() == "Now in “cross”"
    run.bot.waitUntil(lambda: card.height() == card.sizeHint().height())
    for shown in card.pictures:
        assert shown.height() == shown.sizeHint().height()


def test_a_picture_is_taken_out_or_put_into_a_third_class(
    run: Taught, known: RunPanel, lesson: Lesson
) -> None:
    known.summary.details.click()
    worst = cards(known)[0]
    with run.bot.waitSignal(known.move_requested) as asked:
        worst.correction.move_to.menu().actions()[0].trigger()
    assert asked.args == [[worst.answer.path], "nothing"]
    with run.bot.waitSignal(known.remove_requested) as asked:
        worst.correction.remove.click()
    assert asked.args == [[worst.answer.path]]
    lesson.remove([worst.answer.path])
    known.lesson_changed()
    assert worst.status.text() == "Not in the lesson any more"
    # also for cards that are made later
    known.details.matrix.choose("ring", "cross")
    assert cards(known)[0].status.text() == "Not in the lesson any more"


def test_moved_and_taught_again(run: Taught, known: RunPanel, lesson: Lesson) -> None:
    before = known.results
    lesson.move([picture(lesson, "ring", 2)], "cross")
    known.lesson_changed()
    run.teach()
    after = known.results
    assert after.fingerprint == fingerprint(lesson.contents) != before.fingerprint
    assert not known.summary.changed
    assert known.summary.live.isDefault()
    assert not known.teach.isDefault()
    assert not known.details.isVisible()


def test_a_picture_that_is_gone_says_so(run: Taught, known: RunPanel) -> None:
    worst = known.results.mistakes[0].path
    worst.unlink()
    known.summary.details.click()
    run.bot.waitUntil(explained(run), timeout=60_000)
    first, second, *_ = cards(known)
    assert worst.name in first.trouble.text()
    assert first.trouble.isVisible()
    assert not second.trouble.isVisible()


def test_a_network_that_is_gone_says_so(
    run: Taught, lesson: Lesson, known: RunPanel, tmp_path: Path
) -> None:
    run.panel.set_lesson(None)
    found = results.read(lesson.folder)
    assert found is not None
    results.write(replace(found, file=tmp_path / "gone"), lesson.folder)
    run.open(lesson)
    run.bot.waitUntil(lambda: known.results is not None)
    assert not known.explainer.lane.busy  # nobody looks yet
    known.summary.details.click()
    run.bot.waitUntil(explained(run), timeout=60_000)
    assert all("gone" in card.trouble.text() for card in cards(known))


def test_a_click_opens_the_picture(run: Taught, known: RunPanel) -> None:
    known.summary.details.click()
    with run.bot.waitSignal(known.picture_wanted) as asked:
        cards(known)[1].pictures[0].click()
    assert asked.args == [cards(known)[1].answer.path]


def test_the_network_is_seen_at_work(run: Taught, known: RunPanel) -> None:
    known.summary.details.click()
    known.summary.live.click()
    assert run.lives == 1
    assert run.room == [True, False]


def test_a_copy_is_saved(
    run: Taught, known: RunPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, network: Path
) -> None:
    target = tmp_path / "mine"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with run.bot.waitSignal(known.files.written) as told:
        known.files.save_as.trigger()
    assert told.args == [tmp_path / "mine.safetensors"]
    assert told.args[0].read_bytes() == network.read_bytes()
    assert known.summary.written == f"Written to {told.args[0]}."
    target = tmp_path / "no folder" / "mine.safetensors"
    with run.bot.waitSignal(known.files.failed):
        known.files.save_as.trigger()
    assert "cannot be written" in known.trouble.text()
    assert known.summary.written == ""


def test_what_cannot_be_exported_is_not_offered(known: RunPanel) -> None:
    weights, made = known.files.to_weights, known.results
    assert made is not None
    assert not weights.isEnabled()
    assert weights.toolTip().startswith("torchvision has no network like the starter")
    known.files.use(replace(made, backbone="resnet18"))
    assert weights.isEnabled()
    known.files.use(replace(made, backbone="resnet18", small=True))
    assert not weights.isEnabled()
    assert "strongest cells" in weights.toolTip()
    assert known.files.to_onnx.isEnabled()


def test_an_export_goes_on_beside_and_can_be_cancelled(
    run: Taught, known: RunPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, Path]] = []
    gave_up = threading.Event()

    def export(made: Classifier, path: Path, stop: threading.Event) -> Exported:
        asked.append((made.name, path))
        if path.stem == "slow":
            stop.wait(20)
            gave_up.set()
            raise CancelledError("The export was given up.")
        return Exported(path, 0.0, ("It takes pictures of any size.",))

    monkeypatch.setattr("camviewer.export.network.to_onnx", export)
    target = tmp_path / "slow"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    known.files.to_onnx.trigger()
    assert known.summary.written == "Writing slow.onnx…"
    assert known.summary.stop.isVisible()
    assert not known.summary.file.isEnabled()
    run.bot.waitUntil(lambda: bool(asked), timeout=60_000)
    known.summary.stop.click()
    assert known.summary.written == ""
    assert known.summary.file.isEnabled()
    assert gave_up.wait(20)
    target = tmp_path / "quick.onnx"
    with run.bot.waitSignal(known.files.written, timeout=60_000):
        known.files.to_onnx.trigger()
    assert known.summary.written == f"Written to {target}.\nIt takes pictures of any size."
    assert ("shapes", target) in asked
    assert not known.trouble.isVisible()
