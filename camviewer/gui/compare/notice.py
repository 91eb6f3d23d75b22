"""What stands in a pane instead of the picture: an obstacle, or a network on its way."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.panels.model_popup import megabytes
from camviewer.gui.theme import SPACE

_PROGRESS_WIDTH = 180


class Notice(QWidget):
    """A heading, a few words, progress, and one thing to do.

    Signals:
        acted(): the button was pressed.
    """

    acted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = QLabel()
        self._heading.setProperty("look", "heading")
        self._text = QLabel()
        self._text.setProperty("look", "muted")
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        for label in (self._heading, self._text):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(_PROGRESS_WIDTH)
        self._progress.setAccessibleName("Progress of loading the network")
        self._progress.setToolTip("How much of the weights is here")
        self.button = QPushButton()
        self.button.setAutoDefault(False)
        self.button.clicked.connect(self.acted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * SPACE, SPACE, 2 * SPACE, SPACE)
        layout.setSpacing(SPACE)
        layout.addStretch(1)
        layout.addWidget(self._heading)
        layout.addWidget(self._text)
        layout.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(1)

    @property
    def words(self) -> str:
        """All that is said."""
        return f"{self._heading.text()} {self._text.text()}".strip()

    def tell(self, heading: str, text: str, action: str) -> None:
        """Say why there is no picture, and what the button does about it."""
        self._heading.setText(heading)
        self._text.setText(text)
        self._progress.hide()
        self._name_button(action)
        self.setAccessibleName(f"{heading} {text}")

    def tell_loading(self, title: str) -> None:
        """Say that a network is on its way; how long it takes is not known yet."""
        self._heading.setText(f"Loading {title}…")
        self._text.setText("")
        self._progress.setRange(0, 0)
        self._progress.show()
        self._name_button("Cancel")
        self.setAccessibleName(f"Loading {title}")

    def show_progress(self, done: int, total: int) -> None:
        """Bytes fetched, of how many; 0 when that is unknown."""
        if total > 0:
            self._progress.setRange(0, 1000)
            self._progress.setValue(round(1000 * done / total))
            self._text.setText(f"{megabytes(done)} of {megabytes(total)}")

    def _name_button(self, action: str) -> None:
        self.button.setText(action)
        self.button.setAccessibleName(action)
        self.button.setToolTip(action)
