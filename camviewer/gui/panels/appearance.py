"""The Appearance panel: how the heatmap is laid over the picture. Nothing here infers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtGui import QAction, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QWidget

from camviewer.gui.actions import Actions
from camviewer.gui.panels.controls import Form, Slider, caption
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.render import ColorMap, View, lookup_table
from camviewer.types import Inspection

_SWATCH = QSize(72, 14)
_TITLES = {"viridis": "Viridis (default)", "gray": "Grey"}


class AppearancePanel(QWidget):
    """Opacity, colour map, and what is drawn; follows the session's view."""

    def __init__(self, session: Session, actions: Actions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._actions = actions
        self.opacity = Slider(
            "Opacity", "How strongly the heatmap covers the picture ([ and ])", (0, 100)
        )
        self.colormap = colormap_box()
        layout = Form(self)
        layout.add_row(caption("Opacity"), self.opacity)
        layout.add_row(caption("Colours"), self.colormap)
        shown = QHBoxLayout()
        shown.setSpacing(SPACE + 4)
        self.switches = {name: _switch(name.capitalize(), actions[name]) for name in _SWITCHES}
        for switch in self.switches.values():
            shown.addWidget(switch)
        shown.addStretch(1)
        layout.add_row(caption("Show"), shown)
        self.opacity.moved.connect(lambda v: self._change(opacity=v / 100))
        self.colormap.activated.connect(
            lambda: self._change(colormap=ColorMap(self.colormap.currentData()))
        )
        for name, field in _SWITCHES.items():
            actions[name].toggled.connect(lambda on, field=field: self._change(**{field: on}))
        actions["fainter"].triggered.connect(lambda: self._step(-0.1))
        actions["stronger"].triggered.connect(lambda: self._step(0.1))
        session.view_changed.connect(self._show)
        session.inspection_changed.connect(self._show_inspection)
        self._show_inspection(None)
        self._show(session.view)

    def _change(self, **changes: object) -> None:
        self._session.view = replace(self._session.view, **changes)  # type: ignore[arg-type]

    def _show_inspection(self, inspection: Inspection | None) -> None:
        several = inspection is not None and len(inspection.explanations) > 1
        self.colormap.setEnabled(not several)
        self.colormap.setToolTip(
            "Several classes have a colour each, shown in the list of classes"
            if several
            else "Colours from low to high; viridis and cividis are safe with colour blindness"
        )

    def _step(self, by: float) -> None:
        opacity = round(min(max(self._session.view.opacity + by, 0.0), 1.0), 2)
        self._change(opacity=opacity)

    def _show(self, view: View) -> None:
        self.opacity.set_value(round(view.opacity * 100))
        self.colormap.setCurrentIndex(self.colormap.findData(view.colormap.value))
        for name, field in _SWITCHES.items():
            self._actions[name].setChecked(getattr(view, field))


_SWITCHES = {"heatmap": "show_heatmap", "boxes": "show_boxes", "labels": "show_labels"}


def _switch(text: str, action: QAction) -> QCheckBox:
    box = QCheckBox(text)
    box.setAccessibleName(f"Show {text.lower()}")
    box.setToolTip(action.toolTip())
    box.toggled.connect(action.setChecked)
    action.toggled.connect(box.setChecked)
    return box


def colormap_box() -> QComboBox:
    """All colour maps with how they look; the data are their names."""
    box = QComboBox()
    box.setAccessibleName("Colour map")
    box.setIconSize(_SWATCH)
    for colormap in ColorMap:
        title = _TITLES.get(colormap.value, colormap.value.capitalize())
        box.addItem(_preview(colormap), title, colormap.value)
    return box


def _preview(colormap: ColorMap) -> QIcon:
    colours = lookup_table(colormap)[np.linspace(0, 255, _SWATCH.width()).round().astype(int)]
    pixels = np.repeat(colours[None], _SWATCH.height(), axis=0)
    height, width, _ = pixels.shape
    image = QImage(pixels.tobytes(), width, height, width * 3, QImage.Format.Format_RGB888)
    return QIcon(QPixmap.fromImage(image.copy()))
