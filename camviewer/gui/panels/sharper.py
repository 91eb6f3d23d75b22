"""Sharper maps: one switch for what was measured best, single options behind it, and the cost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QSize
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from camviewer.gui.icons import icon
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.controls import Note
from camviewer.gui.session import Session
from camviewer.gui.theme import SPACE
from camviewer.inspector import Request, Sharper

_SCALES = 3
_OPTIONS = {
    "scales": ("Three sizes", "The picture is fed in three sizes, and the maps are merged"),
    "flip": ("Mirrored, too", "The mirrored picture is looked at, too, and the maps are merged"),
    "fuse": ("Layers fused", "Maps of several layers are merged: earlier ones are finer"),
    "guided": (
        "Follow edges",
        "The map follows the picture's edges (guided filter, He et al. 2013)",
    ),
}

_UNABLE = {
    "scales": "This network takes pictures of one size only",
    "fuse": "No layer before the target layer is finer",
}


def cost(sharper: Sharper) -> str:
    """What sharper maps cost, in words; empty when they cost nothing."""
    runs = sharper.scales * (2 if sharper.flip else 1) * (2 if sharper.fuse else 1)
    if runs > 1:
        return f"The network looks {runs} times instead of once."
    if sharper == Sharper():
        return ""
    return "Takes a moment longer."


class SharperBox(QWidget):
    """The switch; the arrow beside it shows the single options."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.switch = QCheckBox("Sharper")
        self.switch.setAccessibleName("Sharper map")
        self.switch.setToolTip(
            "What localised best when measured, for more time, with boxes that are cut higher "
            "and follow the picture's edges (S)"
        )
        self.more = QToolButton()
        self.more.setCheckable(True)
        self.more.setProperty("look", "flat")
        self.more.setIconSize(QSize(14, 14))
        self.more.setAccessibleName("Ways to a sharper map")
        self.more.setToolTip("Choose the single ways to a sharper map")
        self.options = {name: QCheckBox(title) for name, (title, _) in _OPTIONS.items()}
        self._cost = Note()
        self._panel = QWidget()
        self._lay_out()
        for name, box in self.options.items():
            box.setAccessibleName(_OPTIONS[name][0])
            box.setToolTip(_OPTIONS[name][1])
            box.clicked.connect(self._choose)
        self.switch.clicked.connect(self._switch)
        session.model_changed.connect(self._use_model)
        self.more.toggled.connect(self._panel.setVisible)
        session.request_changed.connect(self._show_request)
        self._panel.hide()
        self._draw_icon()
        self._show_request(session.request)

    def _lay_out(self) -> None:
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.switch)
        line.addStretch(1)
        line.addWidget(self.more)
        inside = QVBoxLayout(self._panel)
        inside.setContentsMargins(2 * SPACE, 0, 0, 0)
        inside.setSpacing(SPACE // 2)
        for box in self.options.values():
            inside.addWidget(box)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        layout.addLayout(line)
        layout.addWidget(self._panel)
        layout.addWidget(self._cost)

    @property
    def cost(self) -> str:
        """What is said of the cost; empty when there is none."""
        return self._cost.text()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "more"):
            self._draw_icon()

    def _use_model(self, info: ModelInfo) -> None:
        del info
        self._offer()

    def _offer(self) -> None:
        """Take what the network cannot do at this layer out of the choice, and say why."""
        best = self._session.sharpest
        for name, able in (("scales", best.scales > 1), ("fuse", best.fuse)):
            self.options[name].setEnabled(able)
            self.options[name].setToolTip(_OPTIONS[name][1] if able else _UNABLE[name])

    def _switch(self, on: bool) -> None:
        self._session.set_sharper(self._session.sharpest if on else Sharper())
        self._session.rule = replace(self._session.rule, grabcut=on)

    def _choose(self) -> None:
        chosen = {name: box.isChecked() for name, box in self.options.items()}
        scales = _SCALES if chosen.pop("scales") else 1
        self._session.set_sharper(replace(Sharper(), scales=scales, **chosen))

    def _show_request(self, request: Request) -> None:
        sharper = request.sharper
        self._offer()
        self.switch.setChecked(sharper != Sharper())
        for name, box in self.options.items():
            box.setChecked(sharper.scales > 1 if name == "scales" else getattr(sharper, name))
        self._cost.setText(cost(sharper))
        self._cost.setVisible(bool(self._cost.text()))

    def _draw_icon(self) -> None:
        self.more.setIcon(icon("down"))
