"""The line above the panes: what to compare, how all are shown, and the way back."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QWidget

from camviewer.gui.compare.presets import FEWEST, MOST
from camviewer.gui.icons import icon
from camviewer.gui.panels.appearance import colormap_box
from camviewer.gui.panels.controls import Slider
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.render import ColorMap, View

_SLIDER_WIDTH = 150
_PRESETS = {
    "methods": ("Methods", "Panes with other methods than the marked one's, all else as there"),
    "layers": ("Layers", "Panes with the ends of the network's stages, all else as marked"),
    "classes": ("Classes", "Panes with the four most probable classes, all else as marked"),
    "models": ("Networks", "Panes with the networks that are on this machine"),
}


class Strip(QWidget):
    """Presets, one more pane, opacity and colours, done.

    Signals:
        preset_chosen(str): ``methods``, ``layers``, ``classes`` or ``models``.
        pane_added(), save_wanted(), left(): asked for.
    """

    preset_chosen = Signal(str)
    pane_added = Signal()
    save_wanted = Signal()
    left = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        heading = QLabel("Compare")
        heading.setProperty("look", "heading")
        self.presets: dict[str, QPushButton] = {}
        for name, (title, tip) in _PRESETS.items():
            button = _button(title, tip)
            button.clicked.connect(lambda _=False, name=name: self.preset_chosen.emit(name))
            self.presets[name] = button
        self.add = _button("Add Pane", f"One more pane like the marked one, up to {MOST}")
        self.add.setIconSize(QSize(14, 14))
        self.opacity = Slider("Opacity", "How strongly the heatmaps cover the picture", (0, 100))
        self.opacity.setFixedWidth(_SLIDER_WIDTH)
        self.colormap: QComboBox = colormap_box()
        self.colormap.setToolTip("The colours of all panes; each map by its own maximum")
        self.save = _button("Save Figure…", "All panes as one picture with captions (Ctrl+Shift+E)")
        self.done = _button("Done", "Go back to one picture (Esc)")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE)
        layout.setSpacing(SPACE // 2)
        layout.addWidget(heading)
        layout.addSpacing(SPACE // 2)
        for button in (*self.presets.values(), self.add):
            layout.addWidget(button)
        layout.addStretch(1)
        for widget in (self.opacity, self.colormap, self.save, self.done):
            layout.addWidget(widget)
        self._connect()
        self._draw_icons()
        self._show_view(session.view)

    def _connect(self) -> None:
        self.add.clicked.connect(self.pane_added)
        self.save.clicked.connect(self.save_wanted)
        self.done.clicked.connect(self.left)
        self.opacity.moved.connect(lambda value: self._change(opacity=value / 100))
        self.colormap.activated.connect(
            lambda: self._change(colormap=ColorMap(self.colormap.currentData()))
        )
        self._session.view_changed.connect(self._show_view)

    @property
    def tab_order(self) -> tuple[QWidget, ...]:
        """What Tab visits, in order."""
        looks = (self.opacity.slider, self.colormap)
        return *self.presets.values(), self.add, *looks, self.save, self.done

    def show_state(self, panes: int, finished: int, *, ranked: bool) -> None:
        """What can be done now.

        Args:
            panes: how many there are.
            finished: how many of them have a result.
            ranked: whether the classes' scores are known.
        """
        self.add.setEnabled(FEWEST <= panes < MOST)
        self.save.setEnabled(finished > 0)
        self.presets["classes"].setEnabled(ranked)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "done"):
            self._draw_icons()

    def _change(self, **changes: object) -> None:
        self._session.view = replace(self._session.view, **changes)  # type: ignore[arg-type]

    def _show_view(self, view: View) -> None:
        self.opacity.set_value(round(view.opacity * 100))
        self.colormap.setCurrentIndex(self.colormap.findData(view.colormap.value))

    def _draw_icons(self) -> None:
        self.add.setIcon(icon("add"))


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("look", "quiet")
    button.setAutoDefault(False)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    return button
