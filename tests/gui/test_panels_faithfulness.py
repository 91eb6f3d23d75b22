"""The Faithfulness panel: measured in sight only, by hand, cancelled, in words."""

import math
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from camviewer.evaluate.confidence import Confidence
from camviewer.evaluate.curves import Curve
from camviewer.evaluate.faithfulness import Faithfulness, faithfulness
from camviewer.gui import worker
from camviewer.gui.panels import faithfulness as panel_module
from camviewer.gui.panels.curve_plot import DELETION, INSERTION, CurvePlot, colour, value_at
from camviewer.gui.panels.faithfulness import FaithfulnessPanel
from camviewer.gui.panels.verdict import crossing, verdict
from camviewer.gui.theme import DARK, LIGHT, Tokens, palette
from camviewer.inspector import Inspector, Request
from camviewer.types import Ask, BoxRule, Question
from tests.gui.test_window_access import luminance
from tests.gui.windows import Opened, classifier, picture, ui

__all__ = ["ui"]


def known(
    deletion: tuple[float, ...], insertion: tuple[float, ...], done: float = 1.0
) -> Faithfulness:
    """Curves over evenly spread shares."""
    shares = [tuple(i / (len(c) - 1) for i in range(len(c))) for c in (deletion, insertion)]
    curves = Curve(shares[0], deletion), Curve(shares[1], insertion)
    return Faithfulness(0, "fox", Confidence(deletion[0], 0.5), *curves, done)


def panel(ui: Opened) -> FaithfulnessPanel:
    return ui.window.faithfulness


def show_panel(ui: Opened) -> None:
    dock = ui.window.docks[5]
    assert not dock.isVisible()
    QTest.keyClick(ui.window, Qt.Key.Key_6, Qt.KeyboardModifier.ControlModifier)
    assert dock.isVisible()


def whole(ui: Opened) -> bool:
    measured = panel(ui).known
    return measured is not None and measured.done == 1


def test_nothing_is_measured_before_the_panel_is_opened(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert not panel(ui).isVisible()
    assert panel(ui).known is None
    assert not panel(ui).lane.busy


def test_an_empty_panel_says_what_it_is_for(ui: Opened) -> None:
    show_panel(ui)
    assert panel(ui).text.startswith("Open a picture")
    assert panel(ui).plot.curves == {}
    assert not panel(ui).button.isVisible()


def test_the_curves_are_those_of_the_command_line(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    ui.bot.waitUntil(lambda: whole(ui))
    inspector = Inspector(classifier(), "cpu")
    alone = faithfulness(inspector, inspector.inspect(ui.inspection.frame))
    assert panel(ui).known == alone
    assert panel(ui).plot.curves == {DELETION: alone.deletion, INSERTION: alone.insertion}
    assert f"area {alone.deletion.auc:.2f} (small is good)" in panel(ui).areas[DELETION]
    assert f"area {alone.insertion.auc:.2f} (large is good)" in panel(ui).areas[INSERTION]
    assert panel(ui).text == verdict(alone) != ""
    assert not panel(ui).button.isVisible()


def test_curves_grow_and_can_be_cancelled_and_begun_again(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_TELLING_INTERVAL", 0.0)
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    points: list[int] = []
    panel(ui).lane.told.connect(lambda told: points.append(len(told.deletion.shares)))
    with ui.bot.waitSignal(panel(ui).lane.told):
        pass
    if not whole(ui):
        QTest.mouseClick(panel(ui).button, Qt.MouseButton.LeftButton)
        assert not panel(ui).lane.busy
        assert panel(ui).text == "Stopped before “red” was measured."
        assert panel(ui).button.text() == "Measure"
        QTest.mouseClick(panel(ui).button, Qt.MouseButton.LeftButton)
    ui.bot.waitUntil(lambda: whole(ui))
    assert points == sorted(points) or min(points) < max(points)


def test_another_box_rule_measures_nothing_anew(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    ui.bot.waitUntil(lambda: whole(ui))
    before = panel(ui).known
    ui.window.session.rule = BoxRule(threshold=0.6)
    assert panel(ui).known is before
    assert not panel(ui).lane.busy


def test_another_class_is_measured_and_one_of_several_chosen(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    with ui.explained():
        ui.window.session.choose((0, 1))
    choice = panel(ui).choice
    assert choice.isVisible()
    assert [choice.itemText(i) for i in range(choice.count())] == ["red", "green"]
    ui.bot.waitUntil(lambda: whole(ui))
    assert panel(ui).known.label == "red"
    choice.setFocus()
    QTest.keyClick(choice, Qt.Key.Key_Down)
    ui.bot.waitUntil(lambda: whole(ui) and panel(ui).known.label == "green")


def test_an_inspection_is_not_held_up(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    measured = panel_module.faithfulness
    monkeypatch.setattr(
        panel_module,
        "faithfulness",
        lambda *args, **options: measured(*args, steps=100_000, **options),
    )
    show_panel(ui)
    ui.bot.waitUntil(lambda: panel(ui).known is not None)
    with ui.explained():
        ui.window.session.choose((2,))
    assert ui.inspection.explanations[0].heatmap.label == "blue"
    assert panel(ui).known is None
    ui.window.docks[5].hide()
    assert not panel(ui).lane.busy


def test_what_is_not_about_a_class_cannot_be_measured(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    with ui.explained():
        ui.window.session.ask(Question(Ask.AGAINST))
    assert "What speaks for it" in panel(ui).text
    assert panel(ui).plot.curves == {}
    ui.open(picture(tmp_path / "grey.png", (128, 128, 128)))
    with ui.explained():
        ui.window.session.ask(Question())
    assert panel(ui).text.startswith("Nothing was found")
    assert ui.engine.request == Request()


def test_the_network_that_fails_to_measure_says_why(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_options: object) -> Faithfulness:
        raise ZeroDivisionError("by nothing")

    monkeypatch.setattr(panel_module, "faithfulness", fail)
    ui.open(picture(tmp_path / "a.png"))
    show_panel(ui)
    ui.bot.waitUntil(lambda: "ZeroDivisionError: by nothing" in panel(ui).text)
    assert panel(ui).button.text() == "Measure"


@pytest.mark.parametrize(
    ("deletion", "insertion", "said", "further"),
    [
        (
            (0.8, 0.2, 0.0),
            (0.2, 0.8, 0.8),
            "Yes. Taking away the 33 % marked most halves the score, and the 17 % marked most ",
            "bring half of it back.",
        ),
        (
            (0.8, 0.8, 0.7, 0.7, 0.7),
            (0.5, 0.8, 0.9, 0.9, 0.9),
            "In part. Taking away what is marked never halves the score, and half of it is there ",
            "in the blurred picture already. The network uses more than the map marks.",
        ),
        (
            (0.8, 0.8, 0.8, 0.8, 0.0),
            (0.1, 0.1, 0.1, 0.1, 0.1),
            "Hardly. Taking away the 88 % marked most halves the score, and no part of the ",
            "picture brings half of it back. The network looks at something else, too, or instead.",
        ),
        (
            (0.02, 0.0, 0.0),
            (0.0, 0.0, 0.0),
            "The network hardly sees “fox” in this picture (2 %), ",
            "so the curves tell little.",
        ),
    ],
)
def test_the_curves_are_put_into_words(
    deletion: tuple[float, ...], insertion: tuple[float, ...], said: str, further: str
) -> None:
    assert verdict(known(deletion, insertion)) == said + further
    assert verdict(known(deletion, insertion, done=0.9)) == ""


def test_crossings_lie_between_the_points() -> None:
    curve = Curve((0.0, 0.5, 1.0), (1.0, 0.6, 0.0))
    assert crossing(curve, 0.8, falling=True) == pytest.approx(0.25)
    assert crossing(curve, 1.0, falling=True) == 0.0
    assert crossing(curve, 0.9, falling=False) == 0.0
    assert crossing(Curve((0.0, 1.0), (0.2, 0.4)), 0.5, falling=False) is None
    assert crossing(Curve(), 0.5, falling=False) is None


def test_pointing_at_the_curves_reads_them(ui: Opened) -> None:
    plot = CurvePlot()
    ui.bot.addWidget(plot)
    assert plot.read_out(0.5) == ""
    plot.show_curves({DELETION: Curve((0.0, 0.5), (1.0, 0.2)), INSERTION: Curve((0.0,), (0.1,))})
    assert plot.read_out(0.25) == "25 % of the picture\nDeletion: 60 %"
    assert plot.read_out(0.75) == ""
    assert value_at(Curve((0.0, 0.0, 1.0), (0.3, 0.5, 0.7)), 0.5) == pytest.approx(0.6)
    assert plot.top == 1.0
    plot.show_curves({DELETION: Curve((0.0, 1.0), (0.17, 0.02))})
    assert plot.top == 0.2
    assert math.isnan(Curve((0.0,), (0.1,)).auc)


def test_the_plot_draws_both_curves_in_colours_of_the_theme(ui: Opened) -> None:
    plot = CurvePlot()
    ui.bot.addWidget(plot)
    plot.resize(400, 300)
    for tokens in (LIGHT, DARK):
        plot.setPalette(palette(tokens))
        plot.show_curves({})
        empty = plot.grab().toImage()
        curves = Curve((0.0, 1.0), (0.9, 0.9)), Curve((0.0, 1.0), (0.1, 0.1))
        plot.show_curves(dict(zip((DELETION, INSERTION), curves, strict=True)))
        drawn = plot.grab().toImage()
        assert drawn != empty
        pixels = {
            drawn.pixelColor(x, y).name() for x in range(120, 320, 2) for y in range(drawn.height())
        }
        assert {colour(look, plot.palette()).name() for look in (DELETION, INSERTION)} <= pixels


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_both_curves_stand_out_from_their_ground(tokens: Tokens) -> None:
    ground = luminance(QColor(tokens.window).name())
    for look in (DELETION, INSERTION):
        ink = luminance(colour(look, palette(tokens)).name())
        light, dark = max(ink, ground), min(ink, ground)
        assert (light + 0.05) / (dark + 0.05) >= 4.5
