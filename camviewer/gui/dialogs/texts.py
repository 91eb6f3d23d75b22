"""Classes in the person's own words, for a CLIP network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)

from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.panels.controls import Form, caption
from camviewer.gui.settings import Settings
from camviewer.gui.theme import SPACE
from camviewer.models import clip

_WEIGHTS = "Weights (*.safetensors *.pt *.bin);;All files (*)"
_LINES = 7
_FEWEST = 2


class TextsDialog(Dialog):
    """One class a line; the network that compares them with the picture, and where it comes from.

    Signals:
        agreed(str, dict): name and options for `catalog.load`.
    """

    agreed = Signal(str, object)

    def __init__(
        self, name: str, settings: Settings, parent: QWidget | None, weights: Path | None = None
    ) -> None:
        """Offer the classes that were typed last.

        Args:
            name: of the network.
            settings: remember the classes, and where browsing starts.
            parent: the window.
            weights: the person's own file of the network's weights.
        """
        super().__init__("Classes in your own words", parent, "Use", "Cancel")
        self.setMinimumWidth(520)
        self._settings = settings
        self.texts = QPlainTextEdit("\n".join(settings.texts))
        self.texts.setPlaceholderText("a cat\na dog\na rusty pipe")
        self.texts.setTabChangesFocus(True)
        self.texts.setAccessibleName("Classes, one a line")
        self.texts.setToolTip("One class a line, in any words that describe a picture")
        self.texts.setFixedHeight(self.texts.fontMetrics().lineSpacing() * _LINES + 2 * SPACE)
        self.network = QComboBox()
        self.network.setEditable(True)
        self.network.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.network.addItems([suggested.name for suggested in clip.SUGGESTED])
        self.network.setCurrentText(name)
        self.network.setAccessibleName("CLIP network")
        self.network.setToolTip(
            "A network of open_clip; `camviewer models clip` lists all, clip:NAME:WEIGHTS names one"
        )
        self.weights = QLineEdit(str(weights or ""))
        self.weights.setPlaceholderText("optional; published ones otherwise")
        self.weights.setAccessibleName("Weights file")
        self.weights.setToolTip("A .safetensors file or checkpoint of the whole CLIP network")
        self.body.addWidget(
            paragraph(
                "Type what may be in the picture, one a line, the way you would say it. The "
                "network says which of them fits best, so give it something to choose from."
            )
        )
        self.body.addWidget(self.texts)
        self._problem = paragraph("", muted=True)
        self.body.addWidget(self._problem)
        rows = Form()
        rows.add_row(caption("Network"), self.network)
        rows.add_row(caption("Weights"), self._with_browse())
        self.body.addLayout(rows)
        self.texts.textChanged.connect(self._check)
        self.weights.textChanged.connect(self._check)
        self.accepted.connect(self._agree)
        self._check()
        self.texts.setFocus()

    @property
    def classes(self) -> tuple[str, ...]:
        """What was typed, each class once."""
        lines = (" ".join(line.split()) for line in self.texts.toPlainText().splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    @property
    def problem(self) -> str:
        """What keeps them from being used; empty when nothing does."""
        return self._problem.text()

    def _file(self) -> Path | None:
        text = self.weights.text().strip().strip("\"'")
        return Path(text) if text else None

    def _check(self) -> None:
        file = self._file()
        missing = file is not None and not file.is_file()
        few = len(self.classes) < _FEWEST
        self._problem.setText(
            "There is no such weights file." if missing else "Two classes at least." if few else ""
        )
        self.yes.setEnabled(not self._problem.text())

    def _agree(self) -> None:
        self._settings.texts = self.classes
        options: dict[str, Any] = {"texts": self.classes}
        file = self._file()
        if file is not None:
            options["weights"] = file
        name = self.network.currentText().strip()
        self.agreed.emit(name if clip.named(name) else f"{clip.PREFIX}{name}", options)

    def _with_browse(self) -> QHBoxLayout:
        button = QPushButton("Browse…")
        button.setAutoDefault(False)
        button.setAccessibleName("Browse for weights")
        button.setToolTip("Choose the weights file")
        button.clicked.connect(self._browse)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(self.weights, 1)
        row.addWidget(button)
        return row

    def _browse(self) -> None:
        start = self.weights.text() or str(self._settings.folder)
        file, _ = QFileDialog.getOpenFileName(self, "Choose the weights", start, _WEIGHTS)
        if file:
            self.weights.setText(file)
