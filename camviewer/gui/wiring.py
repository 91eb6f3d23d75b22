"""What the window's actions do, and in which order Tab visits its controls."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from camviewer.gui.dialogs.about import AboutDialog
from camviewer.gui.dialogs.shortcuts import ShortcutsDialog
from camviewer.gui.dialogs.tutorial import show_tutorial

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow


def connect_actions(window: MainWindow) -> None:
    """Let every action do what its name says."""
    actions, canvas, comparison = window.actions_by_name, window.canvas, window.comparison
    teaching = window.teaching
    todo = {
        "open": window.ask_pictures,
        "open_folder": window.ask_folder,
        "paste": teaching.paste,
        "quick_export": lambda: comparison.exporter.quick(),
        "export": lambda: comparison.exporter.ask(),
        "close": window.close_picture,
        "quit": window.close,
        "undo": teaching.undo,
        "redo": teaching.redo,
        "copy": lambda: comparison.exporter.copy(),
        "delete": canvas.delete_selected,
        "zoom_in": lambda: comparison.stage.zoom_in(),
        "zoom_out": lambda: comparison.stage.zoom_out(),
        "fit": lambda: comparison.stage.zoom_fit(),
        "actual": lambda: comparison.stage.zoom_actual(),
        "previous": window.album.previous,
        "next": window.album.next,
        "search": lambda: comparison.pick("class", window.search_class),
        "stop": window.waiting.leave,
        "ask": window.ask_question,
        "pick_method": lambda: comparison.pick("method", window.pick_method),
        "pick_model": lambda: comparison.pick("model", window.network.model_box.open),
        "own_model": lambda: window.models.ask_own(),
        "texts": lambda: window.models.ask_texts(),
        "starter": window.models.load_starter,
        "shortcuts": lambda: ShortcutsDialog(window).open(),
        "tutorial": lambda: show_tutorial(window),
        "about": lambda: AboutDialog(window.session.model, window).open(),
    }
    for name, do in todo.items():
        actions[name].triggered.connect(lambda _=False, do=do: do())
    actions["stop"].setEnabled(False)
    window.waiting.changed.connect(actions["stop"].setEnabled)
    actions["draw"].toggled.connect(canvas.set_drawing)
    canvas.drawing_changed.connect(actions["draw"].setChecked)
    actions["full_screen"].toggled.connect(lambda on: _fill_screen(window, on=on))
    actions["compare"].toggled.connect(lambda on: comparison.switch(on=on))
    comparison.switched.connect(actions["compare"].setChecked)
    actions["teach"].toggled.connect(lambda on: teaching.switch(on=on))
    teaching.switched.connect(actions["teach"].setChecked)
    window.welcome.teach_requested.connect(actions["teach"].trigger)
    sharper = window.network.sharper.switch
    actions["sharper"].triggered.connect(sharper.click)
    sharper.toggled.connect(actions["sharper"].setChecked)
    follow = window.classes.follow
    actions["follow"].triggered.connect(follow.click)
    follow.toggled.connect(actions["follow"].setChecked)
    actions["follow"].setChecked(follow.isChecked())


def order_tabs(window: MainWindow) -> None:
    """From the network on the left over the canvas to the panels on the right."""
    network, classes = window.network, window.classes
    order: list[QWidget] = [
        network.model_box.button,
        network.model_box.edit,
        network.model_box.cancel,
        network.method.button,
        network.fit,
        network.input_size.slider,
        network.sharper.switch,
        network.sharper.more,
        *network.sharper.options.values(),
        network.layers,
        window.faithfulness.choice,
        window.faithfulness.button,
        window.canvas,
        *window.desk.bar.in_order,
        window.film_strip.view,
        classes.question.ask,
        classes.question.other.button,
        classes.question.reference.choose,
        classes.question.reference.take_open,
        classes.question.reference.clear,
        classes.search,
        classes.follow,
        classes.view,
        window.appearance.opacity.slider,
        window.appearance.colormap,
        *window.appearance.switches.values(),
        window.boxes.rule,
        window.boxes.threshold.slider,
        window.boxes.min_area.slider,
        window.boxes.grabcut,
    ]
    for before, after in pairwise(order):
        QWidget.setTabOrder(before, after)


def _fill_screen(window: MainWindow, *, on: bool) -> None:
    full = Qt.WindowState.WindowFullScreen
    state = window.windowState()
    window.setWindowState(state | full if on else state & ~full)
