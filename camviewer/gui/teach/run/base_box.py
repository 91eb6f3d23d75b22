"""The choice of the network to build upon."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from camviewer.gui.panels.controls import Note
from camviewer.gui.panels.model_popup import ModelPopup
from camviewer.gui.teach.run.plan import Base, advice, base_of, open_base
from camviewer.gui.theme import SPACE
from camviewer.models import catalog, starter
from camviewer.models.catalog import Entry
from camviewer.models.classifier import Classifier

_SUGGESTED = (starter.NAME, "mobilenet_v3_large", "resnet18")
_ANOTHER = "Another network…"


class BaseBox(QWidget):
    """The starter, two that know photographs, the network that is open, and all others.

    Until a person chooses, it is the network that was opened last and can be built upon.

    Signals:
        changed(): another one is chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        known = {entry.name: entry for entry in catalog.entries()}
        self._bases = [base_of(known[name]) for name in _SUGGESTED if name in known]
        self._base = self._bases[0]
        self._by_hand = False
        self.box = QComboBox()
        self.box.setAccessibleName("Network to build upon")
        self.box.setToolTip(
            "The network that learns your classes on top of what it knows.\n"
            "Weights of your own: load them as the model, then they can be chosen here."
        )
        # long names must not widen the column
        self.box.setMinimumContentsLength(8)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.box.setSizeAdjustPolicy(policy)
        self.note = Note()
        self.popup = ModelPopup(self, _can_carry)
        self.popup.own.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE // 2)
        layout.addWidget(self.box)
        layout.addWidget(self.note)
        self.setFocusProxy(self.box)
        self.box.activated.connect(self._choose)
        self.popup.chosen.connect(self._take)
        self._fill()

    @property
    def base(self) -> Base:
        """What is chosen."""
        return self._base

    def offer_open(self, classifier: Classifier) -> None:
        """Offer the network that has just been opened; what a person chose stays."""
        made = open_base(classifier)
        if made is not None:
            made = self._add(made)
            if not self._by_hand:
                self._set(made)

    def _add(self, made: Base) -> Base:
        """Put a network into the list; of the same one the one that is open counts."""
        for place, base in enumerate(self._bases):
            same = base.name == made.name and base.title == made.title
            if same or base.key == made.key:
                if made.classifier is not None and base.classifier is None:
                    self._bases[place] = made
                    self._base = made if self._base is base else self._base
                self._fill()
                return self._bases[place]
        self._bases.append(made)
        self._fill()
        return made

    def _fill(self) -> None:
        with QSignalBlocker(self.box):
            self.box.clear()
            self.box.addItems([base.title for base in self._bases])
            self.box.insertSeparator(self.box.count())
            self.box.addItem(_ANOTHER)
            self.box.setCurrentIndex(self._bases.index(self._base))
        self.note.setText(advice(self._base))

    def _choose(self, row: int) -> None:
        if row < len(self._bases):
            self._by_hand = True
            self._set(self._bases[row])
        else:
            self._fill()  # until one is taken from the list, nothing else is chosen
            self.popup.open_for(self.box, self._base.name)

    def _take(self, name: str) -> None:
        self._by_hand = True
        entry = next(entry for entry in catalog.entries() if entry.name == name)
        self._set(self._add(base_of(entry)))

    def _set(self, base: Base) -> None:
        different, self._base = base is not self._base, base
        self._fill()
        if different:
            self.changed.emit()


def _can_carry(entry: Entry) -> bool:
    return entry.source in ("starter", "torchvision") and not entry.of_clips
