"""What can be chosen before teaching."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.panels.controls import Form, Note, Slider, caption
from camviewer.gui.session import Session
from camviewer.gui.teach.run.base_box import BaseBox
from camviewer.gui.teach.run.plan import Plan
from camviewer.gui.theme import SPACE
from camviewer.teach import deep

_FAST = "Its layers stay as they are and a new last one is learnt. Try this first."
_DEEP = "Its layers learn your pictures, too. Better with many pictures; it takes minutes."
_SMALL_TIP = (
    "The things fill little of a picture: look closer, at finer layers, and let the strongest\n"
    "cells of a class's map alone make its score. It takes longer."
)
_SIZES = (None, 128, 224, 320, 448)  # pixels
_HELD_OUT = (10, 50)  # percent
_ROUNDS = (1, 100)
_STAGES = {"The last layers": 2, "Most of it": 3, "All of it": None, "Only the new layer": 0}


class Choices(QWidget):
    """The network, fast or deep, and what is folded away.

    Signals:
        changed(): something else is chosen.
    """

    changed = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.base = BaseBox()
        self.fast = _side("Fast (seconds)", "Learn a new last layer: seconds")
        self.deep = _side("Deep (minutes)", "Let layers of the network learn, too: minutes")
        self.fast.setChecked(True)
        self._sides = QButtonGroup(self)
        self._sides.addButton(self.fast)
        self._sides.addButton(self.deep)
        self._about = Note(_FAST)
        self.more = QToolButton()
        self.more.setText("More options")
        self.more.setProperty("look", "flat")
        self.more.setCheckable(True)
        self.more.setArrowType(Qt.ArrowType.RightArrow)
        self.more.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.more.setAccessibleName("More options of teaching")
        self.more.setToolTip(
            "What is held out, how closely pictures are looked at, and how deeply to teach"
        )
        self._make_options()
        self._lay_out()
        self._connect()
        if session.model is not None:
            self.base.offer_open(session.model.classifier)
        self._suit()

    def _make_options(self) -> None:
        self.held_out = Slider(
            "Held out", "Share of the pictures that are not learnt from but tried", _HELD_OUT
        )
        self.held_out.set_value(round(100 * Plan(self.base.base).fast.held_out))
        self.picture_size = QComboBox()
        self.picture_size.setAccessibleName("Size of the pictures")
        self.picture_size.setToolTip("Larger ones show smaller things, and take longer")
        for size in _SIZES:
            self.picture_size.addItem("Automatic" if size is None else f"{size} pixels", size)
        self.small = QCheckBox("Small things: look closer")
        self.small.setAccessibleName("Small things: look closer")
        self.small.setToolTip(_SMALL_TIP)
        self.stages = QComboBox()
        self.stages.setAccessibleName("What learns")
        self.stages.setToolTip("The more layers learn, the more pictures are needed")
        for name, stages in _STAGES.items():
            self.stages.addItem(name, stages)
        self.rounds = Slider(
            "Rounds at most",
            "How often all pictures are shown; it ends sooner when that is best",
            _ROUNDS,
            unit="",
        )
        self.rounds.set_value(deep.Options().epochs)

    def _lay_out(self) -> None:
        sides = QHBoxLayout()
        sides.setSpacing(SPACE // 2)
        sides.addWidget(self.fast, 1)
        sides.addWidget(self.deep, 1)
        self._options = QWidget()
        form = Form()
        form.setContentsMargins(0, 0, 0, 0)
        form.add_row(caption("Held out"), self.held_out)
        form.add_row(caption("Pictures"), self.picture_size)
        form.add_row(caption(""), self.small)
        self._captions = {self.stages: caption("What learns"), self.rounds: caption("Rounds")}
        for field, label in self._captions.items():
            form.add_row(label, field)
        self._options.setLayout(form)
        self._options.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        layout.addWidget(Note("Build upon"))
        layout.addWidget(self.base)
        layout.addLayout(sides)
        layout.addWidget(self._about)
        layout.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._options)

    def _connect(self) -> None:
        self.more.toggled.connect(self._unfold)
        self._sides.buttonToggled.connect(self._suit)
        self._session.model_changed.connect(lambda model: self.base.offer_open(model.classifier))
        self.base.changed.connect(self.changed)
        self.held_out.moved.connect(self.changed)
        for box in (self.picture_size, self.stages):
            box.activated.connect(self.changed)
        self.small.clicked.connect(self.changed)
        self.small.toggled.connect(self._show_fields)
        self.rounds.moved.connect(self.changed)

    @property
    def plan(self) -> Plan:
        """What is chosen."""
        made = Plan(self.base.base)
        held_out, size = self.held_out.value / 100, self.picture_size.currentData()
        return replace(
            made,
            deeply=self.deep.isChecked(),
            fast=replace(
                made.fast, held_out=held_out, input_size=size, small=self.small.isChecked()
            ),
            tuning=replace(
                made.tuning,
                stages=self.stages.currentData(),
                epochs=self.rounds.value,
                input_size=size,
            ),
        )

    @property
    def in_order(self) -> tuple[QWidget, ...]:
        """The controls, as Tab visits them."""
        options = (self.held_out.slider, self.picture_size, self.small)
        deeply = (self.stages, self.rounds.slider)
        return (self.base.box, self.fast, self.deep, self.more, *options, *deeply)

    def _unfold(self, open_: bool) -> None:
        self.more.setArrowType(Qt.ArrowType.DownArrow if open_ else Qt.ArrowType.RightArrow)
        self._options.setVisible(open_)

    def _suit(self) -> None:
        self._about.setText(_DEEP if self.deep.isChecked() else _FAST)
        self._show_fields()
        self.changed.emit()

    def _show_fields(self) -> None:
        deeply = self.deep.isChecked()
        for field, label in self._captions.items():
            # where things are small all layers learn
            shown = deeply and not (field is self.stages and self.small.isChecked())
            field.setVisible(shown)
            label.setVisible(shown)


def _side(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setCheckable(True)
    button.setAutoDefault(False)
    button.setProperty("look", "side")
    button.setAccessibleName(text)
    button.setToolTip(tip)
    return button
