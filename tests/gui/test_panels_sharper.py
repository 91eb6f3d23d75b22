"""Sharper maps and refined boxes: the switch, the single options, what they cost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from camviewer.boxes import rebox
from camviewer.gui import box_finder
from camviewer.gui.box_finder import BoxFinder
from camviewer.gui.panels.sharper import SharperBox, cost
from camviewer.gui.worker import join
from camviewer.inspector import Inspector, Sharper
from camviewer.types import BoxRule, Inspection
from tests.gui import fakes
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]


def box(ui: Opened) -> SharperBox:
    return ui.window.network.sharper


def test_the_switch_asks_for_the_best_that_was_measured(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        QTest.mouseClick(box(ui).switch, Qt.MouseButton.LeftButton)
    best = ui.engine.model.inspector.sharpest()
    assert ui.engine.request.sharper == best != Sharper()
    assert ui.window.session.rule.grabcut
    assert ui.window.actions_by_name["sharper"].isChecked()
    assert box(ui).cost == cost(best) != ""
    with ui.explained():
        QTest.keyClick(ui.window.canvas, Qt.Key.Key_S)
    assert ui.engine.request.sharper == Sharper()
    assert not ui.window.session.rule.grabcut
    assert not box(ui).switch.isChecked()
    assert not ui.window.actions_by_name["sharper"].isChecked()
    assert box(ui).cost == ""


def test_single_options_are_behind_the_arrow(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    assert not box(ui).options["flip"].isVisible()
    QTest.mouseClick(box(ui).more, Qt.MouseButton.LeftButton)
    assert all(option.isVisible() for option in box(ui).options.values())
    with ui.explained():
        QTest.mouseClick(box(ui).options["flip"], Qt.MouseButton.LeftButton)
    assert ui.engine.request.sharper == Sharper(flip=True)
    assert box(ui).switch.isChecked()
    with ui.explained():
        QTest.mouseClick(box(ui).options["scales"], Qt.MouseButton.LeftButton)
    assert ui.engine.request.sharper == Sharper(scales=3, flip=True)


def test_what_a_network_cannot_do_is_not_asked(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        ui.window.session.set_sharper(Sharper(scales=3, flip=True))
    limits = Sharper(flip=True)
    monkeypatch.setattr(Inspector, "sharpest", lambda *_: limits)
    with ui.bot.waitSignals([ui.engine.model_loaded, ui.engine.inspected]):
        ui.window.models.load("resnet18")
    assert ui.engine.request.sharper == limits
    options = box(ui).options
    assert not options["scales"].isEnabled()
    assert "one size only" in options["scales"].toolTip()
    assert not options["fuse"].isEnabled()
    assert "finer" in options["fuse"].toolTip()
    assert options["flip"].isEnabled()


def test_at_another_layer_only_what_is_possible_stays(
    ui: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ui.open(picture(tmp_path / "a.png"))
    monkeypatch.setattr(
        Inspector, "sharpest", lambda _, layer=None: Sharper(scales=3, fuse=layer is None)
    )
    ui.window.session.set_sharper(Sharper(scales=3, fuse=True))
    ui.window.session.set_layer("features")
    assert ui.engine.request.sharper == Sharper(scales=3)


def test_boxes_on_maps_of_fused_layers_are_cut_higher_unless_the_person_says_where(
    ui: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Inspector, "sharpest", lambda *_: Sharper(fuse=True))
    session, slider = ui.window.session, ui.window.boxes.threshold
    assert slider.value == 20
    session.set_sharper(Sharper(fuse=True))
    assert session.rule.threshold == 0.43
    assert slider.value == 43
    assert slider.slider.toolTip().endswith("43 % unless you choose another")
    assert not session.own_threshold
    session.set_sharper(Sharper(flip=True))
    assert slider.value == 20
    slider.slider.setValue(30)
    session.set_sharper(Sharper(fuse=True))
    assert session.rule.threshold == 0.3
    slider.slider.setValue(43)
    session.set_sharper(Sharper())
    assert session.rule.threshold == 0.2


def test_the_cost_is_told() -> None:
    assert cost(Sharper()) == ""
    assert cost(Sharper(flip=True)) == "The network looks 2 times instead of once."
    assert cost(Sharper(scales=3, flip=True)) == "The network looks 6 times instead of once."
    assert cost(Sharper(3, flip=True, fuse=True)).startswith("The network looks 12 times")
    assert cost(Sharper(guided=True)) == "Takes a moment longer."


def test_refined_boxes_are_a_rule_that_is_remembered(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    with ui.explained():
        QTest.mouseClick(ui.window.boxes.grabcut, Qt.MouseButton.LeftButton)
    assert ui.window.session.rule == BoxRule(grabcut=True)
    ui.bot.waitUntil(lambda: ui.inspection.explanations[0].rule.grabcut)
    expected = rebox(ui.inspection, BoxRule(grabcut=True)).explanations[0].boxes
    assert ui.inspection.explanations[0].boxes == expected
    ui.window.close()
    assert ui.settings.rule == BoxRule(grabcut=True)


@pytest.fixture
def finder(qtbot: QtBot) -> Iterator[BoxFinder]:
    made = BoxFinder()
    yield made
    made.forget()
    assert join([made.lane])


def test_while_the_slider_moves_boxes_are_found_and_not_refined(
    finder: BoxFinder, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[BoxRule] = []

    def noted(inspection: Inspection, rule: BoxRule) -> Inspection:
        asked.append(rule)
        return rebox(inspection, rule)

    monkeypatch.setattr(box_finder, "rebox", noted)
    shown = fakes.inspection(fakes.frame())
    rules = [BoxRule(threshold=t / 100, grabcut=True) for t in range(30, 50)]
    with qtbot.waitSignal(finder.refined) as refined:
        for rule in rules:
            quick = finder.find(shown, rule)
            assert quick.explanations[0].rule == replace(rule, grabcut=False)
    assert asked == [*(replace(rule, grabcut=False) for rule in rules), rules[-1]]
    assert refined.args[0].explanations[0].rule == rules[-1]


def test_boxes_of_the_rule_asked_for_are_left_alone(finder: BoxFinder) -> None:
    rule = BoxRule(threshold=0.4)
    shown = fakes.inspection(fakes.frame(), rule=rule)
    assert finder.find(shown, rule) is shown
    assert finder.find(shown, BoxRule()).explanations[0].rule == BoxRule()
