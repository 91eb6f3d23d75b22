"""Everything has a name, a tooltip and a shortcut; text can be read in both themes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QScrollBar,
    QWidget,
)

from camviewer.gui.actions import SPECS, overview
from camviewer.gui.dialogs.about import AboutDialog
from camviewer.gui.dialogs.consent import ConsentDialog
from camviewer.gui.dialogs.export import ExportDialog
from camviewer.gui.dialogs.own_model import OwnModelDialog
from camviewer.gui.dialogs.shortcuts import ShortcutsDialog
from camviewer.gui.dialogs.tutorial import TutorialDialog
from camviewer.gui.settings import ExportChoices, Scheme
from camviewer.gui.theme import DARK, LIGHT, Tokens
from tests.gui.windows import Opened, picture, ui

__all__ = ["ui"]

INTERACTIVE = (
    QAbstractButton,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QAbstractItemView,
)


def interactive(root: QWidget) -> Iterator[QWidget]:
    """What a person can work with; not what Qt builds inside of its own widgets."""
    for widget in root.findChildren(QWidget):
        inner = isinstance(widget, QScrollBar) or widget.objectName().startswith("qt_")
        owner = widget.parentWidget()
        while owner is not None and not inner:
            inner = isinstance(owner, (QComboBox, QLineEdit, QAbstractItemView))
            owner = owner.parentWidget()
        if isinstance(widget, INTERACTIVE) and not inner:
            yield widget


def nameless(root: QWidget) -> list[str]:
    return [
        f"{type(w).__name__} {w.accessibleName()!r} {w.toolTip()!r}"
        for w in interactive(root)
        if not w.accessibleName() or not w.toolTip()
    ]


def test_every_control_of_the_window_has_a_name_and_a_tooltip(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"), picture(tmp_path / "b.png"))
    assert len(list(interactive(ui.window))) > 40
    assert nameless(ui.window) == []


@pytest.mark.parametrize(
    "make",
    [
        lambda window: AboutDialog(window.session.model, window),
        lambda window: ConsentDialog(Path("a.pt2"), "It is a program.", window),
        lambda window: ExportDialog(ExportChoices(), None, window),
        lambda window: OwnModelDialog(None, Path(), window),
        ShortcutsDialog,
        TutorialDialog,
    ],
)
def test_every_control_of_the_dialogs_has_a_name_and_a_tooltip(ui: Opened, make: type) -> None:
    dialog = make(ui.window)
    assert isinstance(dialog, QDialog)
    assert dialog.windowTitle()
    assert nameless(dialog) == []
    dialog.open()
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def all_actions(ui: Opened) -> list[QAction]:
    menus = [a.menu() for a in ui.window.menuBar().actions()]
    found = []
    while menus:
        for action in menus.pop().actions():
            if action.menu():
                menus.append(action.menu())
            elif not action.isSeparator():
                found.append(action)
    return found


def test_every_action_has_a_shortcut_of_its_own(ui: Opened) -> None:
    keys = [k.toString() for spec in SPECS for k in map(QKeySequence, spec.keys)]
    keys += [d.toggleViewAction().shortcut().toString() for d in ui.window.docks]
    assert all(keys)
    assert len(keys) == len(set(keys))
    in_menus = all_actions(ui)
    assert all(ui.window.actions_by_name[spec.name] in in_menus for spec in SPECS)
    # the rest are radio buttons of colours and runtimes, and what was opened before
    without = {a.text() for a in in_menus if not a.shortcuts()}
    runtimes = {"&Automatic", "&PyTorch Alone", "&ONNX Runtime", "&CUDA Graph"}
    assert without == {"As the &System", "&Light", "&Dark", "Nothing opened yet"} | runtimes


def test_mnemonics_are_unique_within_a_menu(ui: Opened) -> None:
    for top in ui.window.menuBar().actions():
        texts = [a.text() for a in top.menu().actions() if not a.isSeparator()]
        letters = [t[t.index("&") + 1].lower() for t in texts if "&" in t]
        assert len(letters) == len(texts)
        assert len(letters) == len(set(letters)), texts


def test_the_overview_shows_every_shortcut(ui: Opened) -> None:
    rows = [row for group in overview().values() for row in group]
    assert len(rows) == len(SPECS) + len(ui.window.docks)
    QTest.keyClick(ui.window, Qt.Key.Key_F1)
    dialog = QApplication.activeModalWidget()
    assert isinstance(dialog, ShortcutsDialog)
    texts = {label.text() for label in dialog.findChildren(QWidget) if hasattr(label, "text")}
    assert {text for row in rows for text in row} <= texts
    dialog.reject()


def test_tab_visits_the_controls_from_left_to_right(ui: Opened, tmp_path: Path) -> None:
    ui.open(picture(tmp_path / "a.png"))
    window = ui.window
    wanted = [
        window.network.model_box.button,
        window.network.method.button,
        window.network.fit,
        window.network.input_size.slider,
        window.network.sharper.switch,
        window.network.layers,
        window.canvas,
        window.classes.question.ask,
        window.classes.search,
        window.classes.follow,
        window.classes.view,
        window.appearance.opacity.slider,
        window.appearance.colormap,
        window.boxes.rule,
        window.boxes.threshold.slider,
    ]
    order, widget = [], wanted[0]
    for _ in range(400):
        order.append(widget)
        widget = widget.nextInFocusChain()
        if widget is wanted[0]:
            break
    assert [w for w in order if w in wanted] == wanted


def luminance(colour: str) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels(colour)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def channels(colour: str) -> list[float]:
    made = QColor(colour)
    return [made.redF(), made.greenF(), made.blueF()]


@pytest.mark.parametrize("tokens", [LIGHT, DARK])
def test_text_stands_out_from_its_ground(tokens: Tokens) -> None:
    pairs = [
        (tokens.text, tokens.window),
        (tokens.text, tokens.base),
        (tokens.text, tokens.raised),
        (tokens.text, tokens.hover),
        (tokens.muted, tokens.window),
        (tokens.muted, tokens.base),
        (tokens.muted, tokens.hover),
        (tokens.on_accent, tokens.accent),
        (tokens.error, tokens.error_ground),
        (tokens.good, tokens.good_ground),
        (tokens.info, tokens.info_ground),
    ]
    for text, ground in pairs:
        light, dark = sorted((luminance(text), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_the_theme_changes_at_once_and_is_remembered(ui: Opened) -> None:
    view = next(a.menu() for a in ui.window.menuBar().actions() if a.text() == "&View")
    colours = next(a.menu() for a in view.actions() if a.text() == "&Colours")
    dark = next(a for a in colours.actions() if a.text() == "&Dark")
    dark.trigger()
    assert ui.theme.dark
    assert ui.window.palette().window().color() == QColor(DARK.window)
    assert ui.settings.scheme is Scheme.DARK
    light = next(a for a in colours.actions() if a.text() == "&Light")
    light.trigger()
    assert ui.window.palette().window().color() == QColor(LIGHT.window)
