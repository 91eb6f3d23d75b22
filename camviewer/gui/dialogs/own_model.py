"""Load a network from the person's own file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import (
    QComboBox,
    QCompleter,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from camviewer.errors import ModelError
from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.panels.controls import Form, caption
from camviewer.gui.settings import Entries
from camviewer.gui.theme import SPACE
from camviewer.models import catalog
from camviewer.models.catalog import Overrides

_WEIGHTS = "Weights (*.safetensors *.pth *.pt *.pt2);;All files (*)"
_LABELS = "Labels (*.txt *.json *.csv);;All files (*)"


@dataclass(frozen=True)
class OwnModel:
    """What `catalog.load` is given.

    Attributes:
        name: the architecture; None to guess it from the file.
    """

    weights: Path
    name: str | None = None
    labels: Path | None = None
    overrides: Overrides | None = None


class OwnModelDialog(Dialog):
    """Weights, architecture, labels, and the numbers of the preprocessing."""

    def __init__(
        self,
        weights: Path | None,
        folder: Path,
        parent: QWidget | None = None,
        remembered: Mapping[str, Entries] | None = None,
    ) -> None:
        """Offer a weights file.

        Args:
            weights: the file, if it is known.
            folder: where browsing starts.
            parent: the window.
            remembered: what was entered for files before, by their path.
        """
        super().__init__("Use your own weights", parent, "Load", "Cancel")
        self.setMinimumWidth(560)
        self._folder = folder
        self._remembered = remembered or {}
        self.weights = _line("Weights file", "A .safetensors, .pth, .pt or .pt2 file")
        self.architecture = QComboBox()
        self.architecture.setEditable(True)
        self.architecture.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.architecture.setAccessibleName("Architecture")
        self.architecture.setToolTip("The network that the weights belong to; type to search")
        self.architecture.addItem("Guess from the file", None)
        for entry in catalog.entries():
            if entry.source != "starter":
                self.architecture.addItem(entry.title, entry.name)
        completer = QCompleter(self.architecture.model(), self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self.architecture.setCompleter(completer)
        self.labels = _line("Labels file", "One class name a line (.txt), or .json, .csv; optional")
        self.mean = _line(
            "Mean", "Three numbers for R, G, B in [0, 1]; empty for the network's own"
        )
        self.std = _line("Standard deviation", "Three numbers; empty for the network's own")
        self.input_size = _line("Input size", "Pixels; empty for the network's own")
        self.mean.setPlaceholderText("the network's own, such as 0.485 0.456 0.406")
        self.std.setPlaceholderText("the network's own, such as 0.229 0.224 0.225")
        self.input_size.setPlaceholderText("the network's own, such as 224")
        self.labels.setPlaceholderText("optional")
        rows = Form()
        rows.add_row(caption("Weights"), self._with_browse(self.weights, "weights", _WEIGHTS))
        rows.add_row(caption("Architecture"), self.architecture)
        rows.add_row(caption("Labels"), self._with_browse(self.labels, "labels", _LABELS))
        rows.add_row(caption("Mean"), self.mean)
        rows.add_row(caption("Std. deviation"), self.std)
        rows.add_row(caption("Input size"), self.input_size)
        self.body.addLayout(rows)
        self._problem = paragraph("")
        self.body.addWidget(self._problem)
        self.body.addWidget(
            paragraph(
                "Mean and deviation must be those the network was trained with: with wrong ones "
                "it sees something else.",
                muted=True,
            )
        )
        self.weights.textChanged.connect(self._check)
        self.weights.textChanged.connect(self._recall)
        self.weights.setText(str(weights or ""))
        self._check()
        self.weights.setFocus()

    @property
    def problem(self) -> str:
        """What keeps it from being loaded; empty when nothing does."""
        return self._problem.text()

    def chosen(self) -> OwnModel:
        """What was entered.

        Raises:
            ModelError: if a number is none, or the architecture is unknown.
        """
        labels = self.labels.text().strip()
        size = _numbers("Input size", self.input_size.text(), 1)
        mean = _numbers("Mean", self.mean.text(), 3)
        std = _numbers("Standard deviation", self.std.text(), 3)
        overrides = None
        if size or mean or std:
            overrides = Overrides(
                mean=(mean[0], mean[1], mean[2]) if mean else None,
                std=(std[0], std[1], std[2]) if std else None,
                input_size=int(size[0]) if size else None,
            )
        return OwnModel(
            weights=_path(self.weights.text()),
            name=self._architecture(),
            labels=_path(labels) if labels else None,
            overrides=overrides,
        )

    @property
    def entries(self) -> Entries:
        """What was entered beside the weights, to be offered again."""
        lines = {name: line.text().strip() for name, line in self._lines().items()}
        return {"architecture": self.architecture.currentText().strip(), **lines}

    def _lines(self) -> dict[str, QLineEdit]:
        return {
            "labels": self.labels,
            "mean": self.mean,
            "std": self.std,
            "input_size": self.input_size,
        }

    def _recall(self, weights: str) -> None:
        """Fill in what was entered for this file before, but nothing over what stands there."""
        before = self._remembered.get(str(_path(weights).absolute()), {})
        for name, line in self._lines().items():
            if not line.text():
                line.setText(before.get(name, ""))
        row = self.architecture.findText(before.get("architecture", ""))
        if row > 0 and self.architecture.currentIndex() == 0:
            self.architecture.setCurrentIndex(row)

    def accept(self) -> None:
        try:
            self.chosen()
        except ModelError as error:
            self._problem.setText(str(error))
            self._problem.show()
            return
        super().accept()

    def _architecture(self) -> str | None:
        text = self.architecture.currentText().strip()
        for row in range(self.architecture.count()):
            name = self.architecture.itemData(row)
            if text.casefold() in (self.architecture.itemText(row).casefold(), name):
                return str(name) if name else None
        raise ModelError(f"There is no architecture {text!r}. Choose one from the list.")

    def _check(self) -> None:
        text = self.weights.text().strip()
        there = bool(text) and _path(text).is_file()
        self.yes.setEnabled(there)
        self._problem.setText("" if there or not text else "There is no such file.")
        self._problem.setVisible(bool(self._problem.text()))

    def _with_browse(self, line: QLineEdit, what: str, kinds: str) -> QHBoxLayout:
        button = QPushButton("Browse…")
        button.setAutoDefault(False)
        button.setAccessibleName(f"Browse for {what}")
        button.setToolTip(f"Choose the {what} file")
        button.clicked.connect(lambda: self._browse(line, what, kinds))
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addWidget(line, 1)
        row.addWidget(button)
        return row

    def _browse(self, line: QLineEdit, what: str, kinds: str) -> None:
        start = line.text() or str(self._folder)
        file, _ = QFileDialog.getOpenFileName(self, f"Choose the {what}", start, kinds)
        if file:
            line.setText(file)
            self._folder = Path(file).parent


def _path(text: str) -> Path:
    """A typed path; files dropped on the field arrive as an address."""
    text = text.strip().strip("\"'")
    path = Path(QUrl(text).toLocalFile() if text.startswith("file:") else text)
    try:
        return path.expanduser()
    except RuntimeError:  # there is no such user
        return path


def _line(name: str, tip: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(name)
    line.setToolTip(tip)
    return line


def _numbers(name: str, text: str, count: int) -> list[float]:
    words = text.replace(",", " ").replace(";", " ").split()
    if not words:
        return []
    try:
        numbers = [float(w) for w in words]
    except ValueError:
        numbers = []
    if len(numbers) != count:
        wanted = "a number" if count == 1 else f"{count} numbers, such as 0.5 0.5 0.5"
        raise ModelError(f"{name}: give {wanted}, or leave it empty.")
    return numbers
