"""The status bar's figures while something is watched."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from camviewer.gui.theme import SPACE
from camviewer.live.rates import Figures

_FIELDS = (
    ("Camera rate", "000 fps in", "Pictures a second that the source gives"),
    ("Shown rate", "000 shown", "Pictures a second that are shown with a heatmap of their own"),
    ("Inference", "0000 ms", "What explaining one picture takes"),
    ("Age", "0000 ms old", ""),
    ("Dropped", "00000 left out", "Pictures nobody explained, as newer ones were there: not shown"),
)


class LiveFields(QWidget):
    """Rates, age and what was left out; each as wide as it ever gets, so that nothing jitters."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, QLabel] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for name, widest, tip in _FIELDS:
            label = QLabel()
            label.setAccessibleName(name)
            label.setToolTip(tip)
            label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            label.setFixedWidth(label.fontMetrics().horizontalAdvance(widest) + 2)
            self._fields[name] = label
            layout.addWidget(label)
        self.hide()

    def show_figures(self, figures: Figures) -> None:
        """Show what was measured over the last seconds; nothing where nothing came."""
        texts = {
            "Camera rate": f"{_rate(figures.camera_fps)} in",
            "Shown rate": f"{_rate(figures.shown_fps).removesuffix(' fps')} shown",
            # nothing was measured while nothing is shown
            "Inference": f"{figures.inference_ms:.0f} ms" if figures.shown_fps else "",
            "Age": f"{_age(figures.age_ms)} old" if figures.shown_fps else "",
            "Dropped": f"{figures.dropped} left out",
        }
        for name, text in texts.items():
            self._fields[name].setText(text)
        self._fields["Age"].setToolTip(
            "From the moment a picture was taken until it was shown with its heatmap; "
            f"95 of 100 are at most {_age(figures.age_p95_ms)} old"
        )

    def clear(self) -> None:
        """Show no figures."""
        for label in self._fields.values():
            label.clear()


def _rate(fps: float) -> str:
    return f"{fps:.1f} fps" if 0 < fps < 9.95 else f"{fps:.0f} fps"


def _age(milliseconds: float) -> str:
    seconds = milliseconds / 1000
    return f"{milliseconds:.0f} ms" if milliseconds < 999.5 else f"{seconds:.1f} s"
