"""Scores over time: thinned out, in the colours of the boxes, read out, cheap to draw."""

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from camviewer.gui.live.score_history import SPAN, STEP, Entry, ScoreHistory
from camviewer.gui.live.score_plot import ScorePlot, curve_colour, entries_of
from camviewer.gui.theme import DARK, LIGHT, Tokens, palette
from camviewer.render import class_color
from camviewer.types import Inspection
from tests.gui.fakes import frame, inspection, peak
from tests.gui.test_window_access import luminance

PICTURE = frame()
FOX = (Entry(0, "fox", 0.9),)


def two() -> Inspection:
    return inspection(PICTURE, peak(1, 1), peak(3, 3))


def test_scores_of_one_step_are_averaged() -> None:
    history = ScoreHistory()
    for seconds, score in ((5.01, 0.2), (5.05, 0.4), (5.15, 0.8)):
        history.add(seconds, (Entry(0, "fox", score),))
    (run,) = history.tracks[0].runs()
    assert [when for when, _ in run] == pytest.approx([5.05, 5.15])
    assert [score for _, score in run] == pytest.approx([0.3, 0.8])
    assert history.tracks[0].score == 0.8


@given(st.lists(st.floats(0.001, 3.0), min_size=1, max_size=200), st.floats(0, 1))
def test_however_fast_they_come_the_points_are_few_and_recent(
    gaps: list[float], score: float
) -> None:
    history, now = ScoreHistory(), 100.0
    for gap in gaps:
        now += gap
        history.add(now, (Entry(0, "fox", score),))
    points = [point for run in history.tracks[0].runs() for point in run]
    assert len(points) <= SPAN / STEP + 1
    assert all(now - SPAN - 2 * STEP <= when <= now + STEP for when, _ in points)
    assert [s for _, s in points] == pytest.approx([score] * len(points))
    assert [when for when, _ in points] == sorted({when for when, _ in points})


def test_a_pause_breaks_the_curve_and_time_that_goes_back_begins_a_new_one() -> None:
    history = ScoreHistory()
    for seconds in (1.0, 1.5, 4.0, 4.5):
        history.add(seconds, FOX)
    assert [len(run) for run in history.tracks[0].runs()] == [2, 2]
    history.add(2.0, FOX)
    assert [len(run) for run in history.tracks[0].runs()] == [1]


def test_a_class_that_is_not_explained_any_more_comes_last_and_is_grey() -> None:
    history = ScoreHistory()
    history.add(1.0, FOX)
    history.add(2.0, (Entry(1, "owl", 0.5),))
    assert [(t.label, t.place) for t in history.tracks] == [("owl", 0), ("fox", None)]
    history.add(2.1 + SPAN, (Entry(1, "owl", 0.5),))
    assert [t.label for t in history.tracks] == ["owl"]
    assert curve_colour(None, palette(LIGHT)).name() == LIGHT.disabled


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_curves_have_the_colours_of_the_boxes_and_stand_out(tokens: Tokens) -> None:
    for place in range(7):
        colour = curve_colour(place, palette(tokens))
        assert abs(colour.hsvHue() - QColor(*class_color(place)).hsvHue()) <= 1
        light, dark = sorted((luminance(colour.name()), luminance(tokens.window)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= (2.0 if tokens is LIGHT else 3.0)


def test_the_scores_are_those_of_the_explained_classes() -> None:
    assert entries_of(two()) == [Entry(0, "fox", 0.9), Entry(1, "owl", 0.6)]
    shown = inspection(PICTURE)
    (explanation,) = shown.explanations
    likeness = replace(explanation, heatmap=replace(explanation.heatmap, target=-1))
    assert entries_of(shown.with_explanations((likeness,))) == []


@pytest.fixture
def plot(qtbot: QtBot) -> ScorePlot:
    made = ScorePlot()
    qtbot.addWidget(made)
    made.resize(280, 180)
    made.show()
    return made


def drawn(plot: ScorePlot) -> QImage:
    return plot.grab().toImage()


def pixels_of(plot: ScorePlot, place: int) -> int:
    colour = curve_colour(place, plot.palette()).rgb()
    image = drawn(plot)
    return sum(
        image.pixel(x, y) == colour for x in range(image.width()) for y in range(image.height())
    )


def test_a_curve_goes_on_while_its_class_is_not_explained(plot: ScorePlot) -> None:
    plot.add(1.0, two())
    plot.add(2.0, inspection(PICTURE))
    owl = plot.history.tracks[1]
    assert (owl.label, owl.place) == ("owl", None)
    assert [score for run in owl.runs() for _, score in run] == pytest.approx([0.6, 0.6])
    assert plot.read_out(0) == "Now\nfox: 90 %\nowl: 60 %"


def test_curves_are_drawn_for_as_long_as_they_are_known(plot: ScorePlot) -> None:
    assert pixels_of(plot, 0) == 0
    for index in range(100):
        plot.add(50 + index * 0.1, two())
    few = pixels_of(plot, 0)
    for index in range(100):
        plot.add(60 + index * 0.1, two())
    assert pixels_of(plot, 0) > few > 100
    assert pixels_of(plot, 1) > 100
    plot.clear()
    assert pixels_of(plot, 0) == 0


def test_values_are_read_out_at_a_time(plot: ScorePlot) -> None:
    for index in range(100):
        plot.add(50 + index * 0.1, two())
    assert plot.read_out(0) == "Now\nfox: 90 %\nowl: 60 %"
    assert plot.read_out(5) == "5 s ago\nfox: 90 %\nowl: 60 %"
    assert plot.read_out(15) == ""


def test_another_network_begins_anew(plot: ScorePlot) -> None:
    plot.add(1.0, inspection(PICTURE))
    plot.add(2.0, inspection(PICTURE, model="other"))
    assert [len(run) for run in plot.history.tracks[0].runs()] == [1]


def test_it_repaints_at_most_ten_times_a_second(plot: ScorePlot, qtbot: QtBot) -> None:
    painted: list[float] = []
    paint = plot.paintEvent

    def counted(event: QPaintEvent) -> None:
        painted.append(time.monotonic())
        paint(event)

    qtbot.waitExposed(plot)
    QApplication.processEvents()
    plot.paintEvent = counted
    count = 0
    began = time.monotonic()
    while len(painted) < 5:
        count += 1
        plot.add(1.0 + count * 0.001, two())
        QApplication.processEvents()
    assert len(painted) <= (painted[-1] - began) * 10 + 1
    assert count > 10


def test_painting_has_as_little_to_do_however_fast_scores_come(plot: ScorePlot) -> None:
    shown = inspection(PICTURE, peak(1, 1), peak(3, 3), peak(2, 2))
    for index in range(3000):
        plot.add(50 + index * 0.01, shown)
    points = [sum(len(run) for run in track.runs()) for track in plot.history.tracks]
    assert points == [round(SPAN / STEP) + 1] * 3
