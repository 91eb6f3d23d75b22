"""The line below a pane: the class with its score, and time, progress or the value pointed at."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.compare.choices import Choice, ChoicePopup
from camviewer.gui.compare.picker import Picker
from camviewer.gui.compare.setting import Setting
from camviewer.gui.panels.class_model import percent
from camviewer.gui.theme import SPACE
from camviewer.render import class_color
from camviewer.types import Explanation, Inspection

_BEST = -1
_STEPS = 1000


class _ClassTexts:
    hint = "Search a class"
    search = "Search a class"
    search_tip = "Type a part of a class's name"
    items = "Classes, best first"
    items_tip = "Click a class to explain it in this pane"
    nothing = "No class matches."


class PaneFooter(QWidget):
    """What a pane shows, in one line.

    Signals:
        targets_chosen(object): class indices, or None for what the network finds.
        stopped(), resumed(): the work on this pane is to end, or to begin again.
    """

    targets_chosen = Signal(object)
    stopped = Signal()
    resumed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._setting: Setting | None = None
        self._inspection: Inspection | None = None
        self._state = ""
        self.target = Picker("Class", "choose the class explained in this pane")
        self.classes = ChoicePopup(self, _ClassTexts)
        self._swatches: list[str] = []
        self._colours = QLabel()
        self._colours.setTextFormat(Qt.TextFormat.RichText)
        self._colours.setAccessibleName("Colours of the classes, in their order")
        self._colours.setToolTip("The colours of the classes, in their order")
        self._colours.hide()
        self._said = QLabel()
        self._said.setProperty("look", "muted")
        self._said.setAccessibleName("Time, or the value under the cursor")
        self._said.setToolTip(
            "What explaining took; panes of one network and layer share the run below the layer"
        )
        self.button = QPushButton()
        self.button.setProperty("look", "small")
        self.button.setAutoDefault(False)
        self.button.hide()
        self._bar = QProgressBar()
        self._bar.setObjectName("paneProgress")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._bar.setAccessibleName("Progress of this pane")
        self._bar.setToolTip("How much of the work is done")
        kept = self._bar.sizePolicy()
        kept.setRetainSizeWhenHidden(True)
        self._bar.setSizePolicy(kept)
        line = QHBoxLayout()
        line.setContentsMargins(SPACE // 2, 0, SPACE, 2)
        line.setSpacing(SPACE // 2)
        line.addWidget(self._colours)
        line.addWidget(self.target, 1)
        line.addWidget(self._said)
        line.addWidget(self.button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        layout.addWidget(self._bar)
        layout.addLayout(line)
        self._bar.hide()
        self.target.clicked.connect(self._offer)
        self.classes.chosen.connect(self._take)
        self.button.clicked.connect(self._act)

    @property
    def said(self) -> str:
        """What stands on the right."""
        return self._said.text()

    @property
    def swatches(self) -> list[str]:
        """The colours of the classes as ``#rrggbb``, where there are several."""
        return self._swatches

    def show_setting(self, setting: Setting) -> None:
        """Tell which class is asked about, before it is explained."""
        self._setting = setting
        labels = setting.model.classifier.labels
        chosen = [labels[t] for t in setting.targets or () if t < len(labels)]
        self.target.say(", ".join(chosen) or "Best class")
        self._colours.hide()

    def wait(self) -> None:
        """Nothing is known yet."""
        self._inspection = None
        self._bar.hide()
        self.button.hide()
        self._tell("Looking…")

    def show_partial(self, inspection: Inspection, done: float) -> None:
        """A slow method is so far."""
        self._inspection = inspection
        self._caption(inspection.explanations)
        self._bar.setValue(round(_STEPS * done))
        self._bar.show()
        self._offer_button("Stop", "Leave this pane as it is")
        self._tell(f"{done * 100:.0f} %")

    def show_stopped(self, done: float) -> None:
        """It was left before its end."""
        self._bar.hide()
        self._offer_button("Go On", "Inspect this pane from the beginning")
        self._tell(f"Stopped at {done * 100:.0f} %" if done else "Stopped")

    def show_inspection(self, inspection: Inspection) -> None:
        """The result."""
        self._inspection = inspection
        self._bar.hide()
        self.button.hide()
        self._caption(inspection.explanations)
        self._tell(_duration(inspection.seconds))

    def show_none(self) -> None:
        """There is no result."""
        self._inspection = None
        self._bar.hide()
        self.button.hide()
        self._tell("")

    def point_at(self, values: Sequence[float] | None) -> None:
        """Tell the raw map values under the cursor; None when it is nowhere."""
        if values is None:
            self._said.setText(self._state)
        else:
            shown = ("not seen" if math.isnan(v) else f"{v:.3g}" for v in values)
            self._said.setText("  ".join(shown) or self._state)

    def _caption(self, explanations: Sequence[Explanation]) -> None:
        maps = [e.heatmap for e in explanations]
        said = ", ".join(f"{m.label} {percent(m.score)}" for m in maps)
        self.target.say(said or "Nothing found")
        several = range(len(maps)) if len(maps) > 1 else ()
        self._swatches = [QColor(*class_color(index)).name() for index in several]
        squares = (f'<span style="color:{colour}">■</span>' for colour in self._swatches)
        self._colours.setText(" ".join(squares))
        self._colours.setVisible(bool(self._swatches))

    def _tell(self, state: str) -> None:
        self._state = state
        self._said.setText(state)

    def _offer_button(self, text: str, tip: str) -> None:
        self.button.setText(text)
        self.button.setToolTip(tip)
        self.button.setAccessibleName(f"{text}: {tip}")
        self.button.show()

    def _act(self) -> None:
        (self.stopped if self.button.text() == "Stop" else self.resumed).emit()

    def _offer(self) -> None:
        setting = self._setting
        if setting is None:
            return
        best = Choice(_BEST, "Best class", "", "Whatever the network finds in each picture")
        if self._inspection is None:
            labels = setting.model.classifier.labels
            found = [Choice(i, label) for i, label in enumerate(labels)]
        else:
            known = self._inspection.predictions
            ranked = [known[i] for i in self._inspection.ranking]
            found = [Choice(p.index, p.label, percent(p.score)) for p in ranked]
        current = setting.targets[0] if setting.targets else _BEST
        self.classes.offer([best, *found], current, self.target)

    def _take(self, key: object) -> None:
        self.targets_chosen.emit(None if key == _BEST else (key,))


def _duration(seconds: float) -> str:
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return "< 1 ms" if seconds < 0.001 else f"{seconds * 1000:.0f} ms"
