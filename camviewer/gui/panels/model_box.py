"""Which network is used, and how far the loading of another one is."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.icons import icon
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.model_popup import ModelPopup, megabytes
from camviewer.gui.theme import SPACE
from camviewer.models import catalog, clip


class ModelBox(QWidget):
    """A button with the network's name that opens the list; below it progress with Cancel."""

    chosen = Signal(str)
    own_requested = Signal()
    texts_requested = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._current = ""
        self.button = QPushButton("No model yet")
        self.button.setProperty("look", "picker")
        self.button.setAutoDefault(False)
        self.button.setIconSize(QSize(16, 16))
        self.button.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self.button.setAccessibleName("Model")
        self.button.setToolTip("Choose a network (Ctrl+M)")
        self.popup = ModelPopup(self)
        self._about = QLabel()
        self._about.setProperty("look", "muted")
        self._about.setWordWrap(True)
        self._about.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._about.hide()
        self.edit = QPushButton("Edit classes…")
        self.edit.setAutoDefault(False)
        self.edit.setAccessibleName("Edit the classes")
        self.edit.setToolTip("Type other classes for this network (Ctrl+Shift+T)")
        self.edit.hide()
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setAccessibleName("Progress of loading the model")
        self._progress.setToolTip("How much of the weights is here")
        self._said = QLabel()
        self._said.setProperty("look", "muted")
        self.cancel = QPushButton("Cancel")
        self.cancel.setAutoDefault(False)
        self.cancel.setAccessibleName("Cancel loading the model")
        self.cancel.setToolTip(
            "Stop, and keep the present model; a download goes on later from here"
        )
        line = QHBoxLayout()
        line.addWidget(self._said, 1)
        line.addWidget(self.cancel)
        self._loading = QWidget()
        inside = QVBoxLayout(self._loading)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(SPACE // 2)
        inside.addLayout(line)
        inside.addWidget(self._progress)
        self._loading.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self.button, self._about, self.edit, self._loading):
            layout.addWidget(widget)
        self.button.clicked.connect(self.open)
        self.popup.chosen.connect(self.chosen)
        self.popup.own_requested.connect(self.own_requested)
        self.edit.clicked.connect(self.texts_requested)
        self.cancel.clicked.connect(self.cancelled)
        self._draw_icon()

    @property
    def loading(self) -> bool:
        """Whether progress is shown."""
        return self._loading.isVisibleTo(self)

    def open(self) -> None:
        """Open the list."""
        self.popup.open_for(self.button, self._current)

    def show_model(self, info: ModelInfo) -> None:
        """The network in use."""
        classifier = info.classifier
        self._current = classifier.name
        title = self.title(classifier.name)
        metrics = self.button.fontMetrics()
        self.button.setText(metrics.elidedText(title, Qt.TextElideMode.ElideMiddle, 200))
        self.button.setToolTip(f"{title}: choose another network (Ctrl+M)")
        self.button.setAccessibleDescription(title)
        self._about.show()
        self._about.setText(f"{len(classifier.labels)} classes · {classifier.weights}")
        self._about.setToolTip(
            f"Weights {classifier.weights}, SHA-256 {classifier.weights_sha256 or 'unknown'}"
        )
        self.edit.setVisible(clip.named(classifier.name))
        self.end_loading()

    @staticmethod
    def title(name: str) -> str:
        """What a network is called in the list."""
        return next((e.title for e in catalog.entries() if e.name == name), name)

    def begin_loading(self, name: str) -> None:
        """Another network is on its way; how long it takes is not known yet."""
        self._said.setText(f"Loading {self._short(name)}…")
        self._progress.setRange(0, 0)
        self._loading.show()

    def show_progress(self, done: int, total: int) -> None:
        """Bytes fetched, of how many; 0 when that is unknown."""
        if total <= 0:
            return
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(1000 * done / total))
        self._said.setText(f"{megabytes(done)} of {megabytes(total)}")
        self._said.setAccessibleName(f"Fetched {megabytes(done)} of {megabytes(total)}")

    def end_loading(self) -> None:
        """No network is on its way any more."""
        self._loading.hide()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "button"):
            self._draw_icon()

    def _draw_icon(self) -> None:
        self.button.setIcon(icon("down"))

    def _short(self, name: str) -> str:
        return self._said.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 150)
