"""The line above a pane: method, layer and network, duplicate and remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from camviewer.cam.methods import AUTO, METHODS
from camviewer.gui.compare.choices import Choice, ChoicePopup
from camviewer.gui.compare.picker import Picker
from camviewer.gui.compare.setting import Setting
from camviewer.gui.icons import icon
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.method_box import MethodPopup
from camviewer.gui.panels.method_list import automatic_title
from camviewer.gui.panels.model_box import ModelBox
from camviewer.gui.theme import SPACE

_OTHER = "another network"


class _LayerTexts:
    hint = "Search a layer"
    search = "Search a layer"
    search_tip = "Type a part of a layer's name"
    items = "Layers, first to last"
    items_tip = "Click a layer to look at it; earlier layers are finer"
    nothing = "No layer matches."


class _ModelTexts:
    hint = "Search a loaded network"
    search = "Search a loaded network"
    search_tip = "Type a part of a network's name"
    items = "Networks"
    items_tip = "Click a network to use it in this pane"
    nothing = "No loaded network matches."


class PaneHeader(QWidget):
    """Shows a setting and lets it be changed.

    Signals:
        changed(Setting): the person picked something else.
        model_wanted(QWidget): a network that is not loaded is wanted; the widget to ask under.
        duplicated(), removed(): asked for.
    """

    changed = Signal(object)
    model_wanted = Signal(object)
    duplicated = Signal()
    removed = Signal()

    def __init__(
        self,
        setting: Setting,
        known: Callable[[], Sequence[ModelInfo]],
        parent: QWidget | None = None,
    ) -> None:
        """Show a setting.

        Args:
            setting: what the pane asks.
            known: the networks that are loaded.
            parent: Qt's.
        """
        super().__init__(parent)
        self._setting = setting
        self._known = known
        self._used = ""
        self.method = Picker("Method", "choose how this pane's heatmap is made")
        self.layer = Picker(
            "Target layer", "choose the layer this pane looks at", Qt.TextElideMode.ElideLeft
        )
        self.model = Picker("Network", "choose this pane's network", Qt.TextElideMode.ElideMiddle)
        self.methods = MethodPopup(self)
        self.layers = ChoicePopup(self, _LayerTexts)
        self.models = ChoicePopup(self, _ModelTexts)
        self.duplicate = _button("Duplicate this pane", "Ctrl+D")
        self.remove = _button("Remove this pane", "Delete")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE // 2, 2, SPACE // 2, 2)
        layout.setSpacing(2)
        layout.addWidget(self.method, 4)
        layout.addWidget(self.layer, 4)
        layout.addWidget(self.model, 3)
        layout.addWidget(self.duplicate)
        layout.addWidget(self.remove)
        self._connect()
        self._draw_icons()
        self.show_setting(setting)

    def _connect(self) -> None:
        self.method.clicked.connect(self._offer_methods)
        self.layer.clicked.connect(self._offer_layers)
        self.model.clicked.connect(self._offer_models)
        self.methods.chosen.connect(self._take_method)
        self.layers.chosen.connect(self._take_layer)
        self.models.chosen.connect(self._take_model)
        self.duplicate.clicked.connect(self.duplicated)
        self.remove.clicked.connect(self.removed)

    def show_setting(self, setting: Setting) -> None:
        """Tell what the pane asks."""
        self._setting = setting
        method = METHODS.get(setting.method)
        self.method.say(automatic_title(self._used) if method is None else method.title)
        automatic = setting.model.inspector.automatic_layer.name
        whole = "Whole network"
        self.layer.say((setting.layer or automatic) if setting.layered else whole)
        self.layer.setEnabled(setting.layered)
        self.model.say(ModelBox.title(setting.model.classifier.name))

    def show_used(self, name: str) -> None:
        """The method that answered, which tells what the automatic choice came to."""
        self._used = name
        self.methods.model.set_used(name if self._setting.method == AUTO else "")
        self.show_setting(self._setting)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "remove"):
            self._draw_icons()

    def _offer_methods(self) -> None:
        setting = self._setting
        automatic = setting.model.inspector.automatic_layer.name
        here = setting.layer in (None, automatic)
        # at other layers the pane itself tells what cannot serve
        self.methods.model.set_obstacles(setting.model.obstacles if here else {})
        self.methods.current = setting.method
        self.methods.open_at(self.method)

    def _offer_layers(self) -> None:
        inspector = self._setting.model.inspector
        automatic = inspector.automatic_layer.name
        choices = [Choice("", f"Automatic ({automatic})", "", "The layer that shows most")]
        for layer in inspector.layers:
            rows, columns = layer.cells
            tip = f"{layer.name}: {layer.operation}, {rows} × {columns} cells"
            choices.append(Choice(layer.name, layer.name, f"{rows} × {columns}", tip))
        self.layers.offer(choices, self._setting.layer or "", self.layer)

    def _offer_models(self) -> None:
        choices = [
            Choice(model, ModelBox.title(model.classifier.name), tip=model.classifier.weights)
            for model in self._known()
        ]
        tip = "Load a network of the catalogue or from your own weights"
        other = Choice(_OTHER, "Another network…", tip=tip)
        self.models.offer([*choices, other], self._setting.model, self.model)

    def _take_method(self, name: str) -> None:
        self._change(replace(self._setting, method=name))

    def _take_layer(self, name: object) -> None:
        self._change(replace(self._setting, layer=str(name) or None))

    def _take_model(self, model: object) -> None:
        if isinstance(model, ModelInfo):
            self._change(self._setting.on(model))
        else:
            self.model_wanted.emit(self.model)

    def _change(self, setting: Setting) -> None:
        if setting != self._setting:
            self.changed.emit(setting)

    def _draw_icons(self) -> None:
        self.duplicate.setIcon(icon("copy"))
        self.remove.setIcon(icon("close"))


def _button(name: str, keys: str) -> QToolButton:
    button = QToolButton()
    button.setProperty("look", "flat")
    button.setIconSize(QSize(14, 14))
    button.setAccessibleName(name)
    button.setToolTip(f"{name} ({keys})")
    return button
