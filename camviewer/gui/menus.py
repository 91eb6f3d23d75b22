"""Puts the actions into menus and the tool bar."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolBar
from torch import cuda

from camviewer.cam.runtimes import Choice
from camviewer.gui.actions import (
    EDIT,
    FILE,
    HELP,
    LIVE,
    MODEL,
    PANEL_KEYS,
    PICTURE,
    VIEW,
    Actions,
)
from camviewer.gui.engine import Engine
from camviewer.gui.settings import Scheme, Settings
from camviewer.gui.theme import Theme

_SEPARATED = {
    "paste",
    "close",
    "quit",
    "copy",
    "draw",
    "heatmap",
    "fainter",
    "compare",
    "full_screen",
    "freeze",
    "loop",
    "record",
    "retry",
    "teach",
    "about",
}
_BAR = (
    ("open", "webcam"),
    ("previous", "next"),
    ("fit", "actual"),
    ("heatmap", "boxes", "labels"),
    ("draw", "undo", "redo"),
    ("compare", "teach"),
    ("copy", "quick_export"),
)
_WITH_TEXT = {
    "open": "Open",
    "compare": "Compare",
    "teach": "Teach",
    "quick_export": "Export",
}
_LONGEST = 60
_RUNTIMES = {
    Choice.AUTO: ("&Automatic", "Whatever is fastest here and agrees with PyTorch"),
    Choice.EAGER: ("&PyTorch Alone", "PyTorch as it is: nothing is prepared, everything slower"),
    Choice.ONNX: ("&ONNX Runtime", "On the CPU; the first picture of a network waits for it"),
    Choice.CUDA_GRAPH: ("&CUDA Graph", "On an NVIDIA GPU, in half precision"),
}


def fill_menu_bar(
    window: QMainWindow,
    actions: Actions,
    recent: QMenu,
    scheme: QMenu,
    runtime: QMenu,
    docks: list[QDockWidget],
) -> None:
    """All menus; the recent pictures after Open, panels and colours in View, runtimes in Model."""
    bar = window.menuBar()
    bar.setAccessibleName("Menus")
    bar.setToolTip("Everything camviewer can do")
    for group in (FILE, EDIT, VIEW, PICTURE, LIVE, MODEL, HELP):
        menu = bar.addMenu(group)
        menu.setAccessibleName(group.replace("&", ""))
        menu.setToolTip(group.replace("&", ""))
        for action in actions.in_group(group):
            if action in [actions[name] for name in _SEPARATED]:
                menu.addSeparator()
            menu.addAction(action)
        if group == FILE:
            menu.insertMenu(actions["paste"], recent)
        if group == VIEW:
            panels = menu.addMenu("&Panels")
            for dock, key in zip(docks, PANEL_KEYS, strict=True):
                toggle = dock.toggleViewAction()
                toggle.setShortcut(QKeySequence(key))
                toggle.setToolTip(f"Show or hide the panel {dock.windowTitle()} ({key})")
                panels.addAction(toggle)
            menu.addMenu(scheme)
        if group == MODEL:
            menu.addSeparator()
            menu.addMenu(runtime)


def make_tool_bar(window: QMainWindow, actions: Actions) -> QToolBar:
    """The few that are wanted most."""
    bar = QToolBar("Tools", window)
    bar.setObjectName("tools")
    bar.setAccessibleName("Tools")
    bar.setMovable(False)
    bar.setIconSize(QSize(20, 20))
    bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
    for group in _BAR:
        if bar.actions():
            bar.addSeparator()
        for name in group:
            bar.addAction(actions[name])
            button = bar.widgetForAction(actions[name])
            button.setAccessibleName(actions[name].text().replace("&", "").rstrip("…"))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            if name in _WITH_TEXT:
                actions[name].setIconText(_WITH_TEXT[name])
                button.setProperty("toolButtonStyle", Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
    window.addToolBar(bar)
    return bar


def recent_menu(
    window: QMainWindow, settings: Settings, open_path: Callable[[Path], None]
) -> QMenu:
    """The pictures and folders opened before; filled when it opens."""
    menu = QMenu("Open &Recent", window)
    menu.setToolTipsVisible(True)
    menu.setAccessibleName("Open Recent")
    menu.setToolTip("Pictures and folders opened before")

    def fill() -> None:
        menu.clear()
        for path in settings.recent:
            action = menu.addAction(_shortened(path))
            action.setToolTip(str(path))
            action.triggered.connect(lambda _=False, path=path: open_path(path))
        if not settings.recent:
            menu.addAction("Nothing opened yet").setEnabled(False)
        else:
            menu.addSeparator()
            menu.addAction("Clear This List", settings.clear_recent)

    menu.aboutToShow.connect(fill)
    fill()
    return menu


def scheme_menu(window: QMainWindow, theme: Theme, settings: Settings) -> QMenu:
    """System, light, dark."""
    menu = QMenu("&Colours", window)
    menu.setAccessibleName("Colours")
    menu.setToolTip("Light or dark")
    group = QActionGroup(menu)

    def choose(scheme: Scheme) -> None:
        theme.scheme = scheme
        settings.scheme = scheme

    for scheme, title in (
        (Scheme.SYSTEM, "As the &System"),
        (Scheme.LIGHT, "&Light"),
        (Scheme.DARK, "&Dark"),
    ):
        action = QAction(title, group)
        action.setCheckable(True)
        action.setChecked(scheme is theme.scheme)
        action.triggered.connect(lambda _=False, scheme=scheme: choose(scheme))
        menu.addAction(action)
    return menu


def runtime_menu(window: QMainWindow, engine: Engine, settings: Settings) -> QMenu:
    """What the network is computed with; remembered."""
    menu = QMenu("Compute &With", window)
    menu.setToolTipsVisible(True)
    menu.setAccessibleName("Compute with")
    menu.setToolTip("What the network is computed with")
    group = QActionGroup(menu)

    def choose(choice: Choice) -> None:
        settings.runtime = choice
        engine.use_runtime(choice)

    for choice, (title, tip) in _RUNTIMES.items():
        action = QAction(title, group)
        action.setCheckable(True)
        action.setChecked(choice == engine.runtime)
        action.setToolTip(tip)
        action.setVisible(choice is not Choice.CUDA_GRAPH or cuda.is_available())
        action.triggered.connect(lambda _=False, choice=choice: choose(choice))
        menu.addAction(action)
    return menu


def _shortened(path: Path) -> str:
    text = str(path).replace("&", "&&")
    return text if len(text) <= _LONGEST else f"…{text[-_LONGEST:]}"
