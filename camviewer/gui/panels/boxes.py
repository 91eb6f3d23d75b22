"""The Boxes panel: how boxes are derived from a map. Nothing here infers."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QCheckBox, QComboBox, QWidget

from camviewer.gui.panels.controls import Form, Slider, caption
from camviewer.gui.session import Session
from camviewer.types import BoxRule, Rule

_RULES = {
    Rule.LARGEST: (
        "Largest region",
        "One box around the largest connected region above the threshold (Zhou et al. 2016)",
    ),
    Rule.ALL: ("All regions", "A box around every connected region above the threshold"),
    Rule.OTSU: (
        "All regions, Otsu",
        "A box around every region above the threshold that splits the map best (Otsu 1979)",
    ),
    Rule.LARGEST_OTSU: (
        "Largest region, Otsu",
        "One box around the largest region above the threshold that splits the map best",
    ),
    Rule.PERCENTILE: ("Percentile", "Keeps the cells above a percentile of the map"),
}


class BoxesPanel(QWidget):
    """Rule, threshold and minimum area; follows the session's rule."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.rule = QComboBox()
        self.rule.setAccessibleName("Rule for boxes")
        for rule, (title, tip) in _RULES.items():
            self.rule.addItem(title, rule.value)
            self.rule.setItemData(self.rule.count() - 1, tip, 3)  # Qt.ToolTipRole
        self.threshold = Slider("Threshold", "", (1, 99))
        self.min_area = Slider("Minimum area", "", (0, 200), divisor=10)
        layout = Form(self)
        layout.add_row(caption("Rule"), self.rule)
        self._threshold_label = caption("Threshold")
        layout.add_row(self._threshold_label, self.threshold)
        self._area_label = caption("Min. area")
        layout.add_row(self._area_label, self.min_area)
        self.grabcut = QCheckBox("By the picture's colours")
        self.grabcut.setAccessibleName("By the picture's colours")
        self.grabcut.setToolTip(
            "Boxes are refined by colours and edges (GrabCut, Rother et al. 2004); takes a moment"
        )
        layout.add_row(caption("Refine"), self.grabcut)
        self.grabcut.toggled.connect(lambda on: self._change(grabcut=on))
        self.rule.activated.connect(lambda: self._change(rule=Rule(self.rule.currentData())))
        self.threshold.moved.connect(lambda v: self._change(threshold=v / 100))
        self.min_area.moved.connect(lambda v: self._change(min_area=v / 1000))
        session.rule_changed.connect(self._show)
        session.model_changed.connect(lambda _: self._show(session.rule))
        self._show(session.rule)

    def _change(self, **changes: object) -> None:
        self._session.rule = replace(self._session.rule, **changes)  # type: ignore[arg-type]

    def _show(self, rule: BoxRule) -> None:
        self.rule.setCurrentIndex(self.rule.findData(rule.rule.value))
        self.rule.setToolTip(_RULES[rule.rule][1])
        self.threshold.set_value(round(rule.threshold * 100))
        self.grabcut.setChecked(rule.grabcut)
        self.min_area.set_value(round(rule.min_area * 1000))
        otsu = rule.rule.finds_threshold
        self.threshold.setEnabled(not otsu)
        self._threshold_label.setEnabled(not otsu)
        self.threshold.slider.setToolTip(
            "Otsu finds the threshold itself"
            if otsu
            else "Share of the map that is left out, in percent"
            if rule.rule is Rule.PERCENTILE
            else "Share of the map's maximum from which a cell belongs to a box; "
            f"{100 * self._session.usual_threshold:.0f} % unless you choose another"
        )
        largest = rule.rule.keeps_one
        self.min_area.setEnabled(not largest)
        self._area_label.setEnabled(not largest)
        self.min_area.slider.setToolTip(
            "The largest region is kept whatever its size"
            if largest
            else "Regions smaller than this share of the picture are left out"
        )
