"""The teach view and the window around it: coming, going, and what both share."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from camviewer.live.condition import Condition
from camviewer.teach.figures import Answer
from camviewer.teach.results import Results, write
from tests.gui.teach_worlds import Cards, cards
from tests.gui.windows import Opened, picture, ui
from tests.media.movies import movie

__all__ = ["cards", "ui"]


def places(ui: Opened) -> list[QRect]:
    """Where the panels are that are shown, and the middle."""
    shown = [dock for dock in ui.window.docks if dock.isVisible()]
    return [w.geometry() for w in (*shown, ui.window.centre)]


def test_the_panels_come_back_where_they_were(ui: Opened, tmp_path: Path) -> None:
    ui.open(*(picture(tmp_path / f"{n}.png") for n in range(2)))
    ui.window.resize(1360, 860)
    QApplication.processEvents()
    before = places(ui)
    for name in ("teach", "compare"):
        ui.press(name)
        QApplication.processEvents()
        assert len(places(ui)) < len(before)
        ui.press(name)
        ui.bot.waitUntil(lambda: places(ui) == before)


def test_of_one_file_there_is_no_strip_afterwards(ui: Opened, tmp_path: Path) -> None:
    ui.open(*(picture(tmp_path / f"{n}.png") for n in range(2)))
    assert ui.window.film_strip.isVisible()
    ui.press("teach")
    assert not ui.window.film_strip.isVisible()
    ui.window.opener.open_paths([movie(tmp_path / "film.mkv", 50)])
    ui.bot.waitUntil(lambda: ui.window.player.source is not None)
    assert ui.window.teaching.on
    ui.press("teach")
    assert not ui.window.film_strip.isVisible()


def test_coming_back_a_record_key_is_no_letter(cards: Cards) -> None:
    cards.begin("cup", "pen")
    for _ in range(2):
        cards.ui.press("teach")
    assert cards.view.hasFocus()
    QTest.keyClick(cards.view, Qt.Key.Key_1)
    assert set(cards.held()) == {"cup", "pen"}


def test_files_that_are_no_pictures_are_told(cards: Cards, tmp_path: Path) -> None:
    cards.begin("cup", "pen")
    messages = cards.ui.window.messages
    for name, said in (("notes.txt", "no picture in notes.txt"), ("a.zip", "Unpack it")):
        (tmp_path / name).write_text("no picture")
        cards.drop(cards.card("pen"), tmp_path / name)
        cards.wait(partial(lambda said: said in messages.text, said))
    assert cards.held() == {"cup": 0, "pen": 0}


def test_the_seek_bar_follows_a_video_and_space_stops_it(cards: Cards, tmp_path: Path) -> None:
    cards.begin("cup", "pen")
    player, at = cards.ui.window.player, list[int]()
    player.position_changed.connect(lambda number, _: at.append(number))
    cards.drop(cards.card("cup"), movie(tmp_path / "film.mkv", 200))
    cards.wait(lambda: len(at) > 2)
    assert at == sorted(at)
    assert at[-1] > 2
    cards.view.setFocus()
    QTest.keyClick(cards.view, Qt.Key.Key_Space)
    cards.wait(lambda: player.status.condition is Condition.PAUSED)
    player.seek(150)
    cards.wait(lambda: player.position == 150)
    cards.wait(lambda: at[-1] == 150)
    QTest.keyClick(cards.view, Qt.Key.Key_Space)
    cards.wait(lambda: at[-1] > 152)


def test_a_film_waits_until_there_are_classes(cards: Cards, tmp_path: Path) -> None:
    player = cards.ui.window.player
    cards.drop(cards.view, movie(tmp_path / "film.mkv", 500))
    cards.wait(lambda: player.status.condition is Condition.PAUSED)
    assert cards.ui.window.teaching.on
    assert player.position < 100
    cards.ui.press("teach")
    assert not player.frozen
    cards.enter()
    cards.wait(lambda: player.status.condition is Condition.PAUSED)
    player.set_frozen(False)  # asked for, so it plays
    before = player.position
    cards.wait(lambda: player.position > before + 10)
    cards.begin("cup", "pen")
    cards.wait(lambda: not cards.view.preview.image.isNull())
    assert not player.frozen


def test_where_nothing_is_open_it_is_seen_at_work_on_what_was_held_out(
    cards: Cards, tmp_path: Path
) -> None:
    cards.begin("cup", "pen")
    lesson, run = cards.view.keeper.lesson, cards.view.run
    assert lesson is not None
    held_out = [picture(tmp_path / f"{n}.png") for n in range(3)]
    answers = (Answer(path, ("cup",), ("cup",), 0.9) for path in (*held_out, tmp_path / "gone"))
    made = Results(
        file=tmp_path / "mine.safetensors",
        date="2026-11-28T12:00:00+00:00",
        backbone="starter",
        deep=False,
        taught=9,
        seconds=3.0,
        classes=("cup", "pen"),
        answers=tuple(answers),
        notes=(),
        fingerprint="",
    )
    write(made, lesson.folder)
    for opened in (None, lesson):
        run.set_lesson(opened)
    cards.wait(lambda: run.results is not None)
    with cards.ui.explained():
        run.live_wanted.emit()
    assert not cards.ui.window.teaching.on
    assert cards.ui.window.album.paths == tuple(held_out)
    assert cards.ui.settings.recent == ()
    cards.ui.press("next")
    cards.enter()
    run.live_wanted.emit()  # what is open stays
    assert cards.ui.window.album.index == 1
