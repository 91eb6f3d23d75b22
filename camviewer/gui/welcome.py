"""What an empty window shows: an invitation."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget


class Welcome(QWidget):
    """Drop a picture here, open one, or click a sample.

    Signals:
        sample_chosen(Path): a sample was clicked.
        open_requested(): the Open button was clicked.
    """

    sample_chosen = Signal(object)
    open_requested = Signal()

    def __init__(self, samples: Path | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._samples = samples
