"""What to export, and where to."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QWidget,
)

from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.panels.controls import Form, caption
from camviewer.gui.settings import ExportChoices
from camviewer.gui.theme import SPACE

_PARTS = {
    "overlay": ("Overlay", "The picture with heatmap and boxes, as shown, at its own resolution"),
    "heatmap": ("Heatmap", "The heatmap alone, one picture for each class"),
    "map": ("Raw map", "The map's own numbers as .npy, one file for each class"),
    "json": ("Record", "Scores, boxes and all that is needed to repeat it, as .json"),
}


class ExportDialog(Dialog):
    """Check what is wanted; the choices are remembered."""

    def __init__(
        self,
        choices: ExportChoices,
        beside: Path | None,
        parent: QWidget | None = None,
        pictures: int = 1,
    ) -> None:
        """Offer the choices of the last time.

        Args:
            choices: those.
            beside: the picture's own folder, offered while no folder is remembered.
            parent: the window.
            pictures: how many are open.
        """
        super().__init__("Export", parent, "Export", "Cancel")
        self.setMinimumWidth(540)
        self.parts: dict[str, QCheckBox] = {}
        for name, (title, tip) in _PARTS.items():
            box = QCheckBox(f"{title}: {tip[0].lower()}{tip[1:]}")
            box.setAccessibleName(title)
            box.setToolTip(tip)
            box.setChecked(name in choices.parts)
            box.toggled.connect(self._check)
            self.parts[name] = box
            self.body.addWidget(box)
        self.every = QCheckBox(f"All {pictures} open pictures, not only the one shown")
        self.every.setAccessibleName("All open pictures")
        self.every.setToolTip("Each is explained anew as the one shown; boxes you edited are not")
        self.every.setVisible(pictures > 1)
        self.format = QComboBox()
        self.format.addItem("PNG (exact)", "png")
        self.format.addItem("JPEG (smaller)", "jpg")
        self.format.setCurrentIndex(self.format.findData(choices.picture_format))
        self.format.setAccessibleName("Format of pictures")
        self.format.setToolTip("How overlay and heatmap are written")
        self.folder = QLineEdit(str(choices.folder or beside or Path.home()))
        self.folder.setAccessibleName("Folder")
        self.folder.setToolTip("Where the files go; made if it is not there")
        self.folder.textChanged.connect(self._check)
        self.browse = QPushButton("Browse…")
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleName("Browse for a folder")
        self.browse.setToolTip("Choose a folder")
        self.browse.clicked.connect(self._browse)
        line = QHBoxLayout()
        line.setSpacing(SPACE)
        line.addWidget(self.folder, 1)
        line.addWidget(self.browse)
        rows = Form()
        rows.add_row(caption("Pictures as"), self.format)
        rows.add_row(caption("Folder"), line)
        self.body.addLayout(rows)
        self.body.addWidget(self.every)
        self.body.addWidget(
            paragraph("Quick Export (Ctrl+E) repeats these choices without asking.", muted=True)
        )
        self._check()

    @property
    def choices(self) -> ExportChoices:
        """What was chosen."""
        return ExportChoices(
            folder=Path(self.folder.text().strip()).expanduser(),
            parts=frozenset(name for name, box in self.parts.items() if box.isChecked()),
            picture_format=str(self.format.currentData()),
        )

    def _check(self) -> None:
        any_part = any(box.isChecked() for box in self.parts.values())
        self.yes.setEnabled(any_part and bool(self.folder.text().strip()))
        pictures = self.parts["overlay"].isChecked() or self.parts["heatmap"].isChecked()
        self.format.setEnabled(pictures)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder to export to", self.folder.text())
        if folder:
            self.folder.setText(folder)
