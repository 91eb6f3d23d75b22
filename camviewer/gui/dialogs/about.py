"""What this program is, and on what it runs."""

from __future__ import annotations

import platform

import torch
import torchvision
from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QLabel, QWidget

from camviewer import __version__, paths
from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.model_info import ModelInfo
from camviewer.gui.panels.controls import Form


class AboutDialog(Dialog):
    """Version, licence, libraries, device: what a bug report needs, selectable."""

    def __init__(self, model: ModelInfo | None, parent: QWidget | None = None) -> None:
        super().__init__("About camviewer", parent, "Close")
        self.setMinimumWidth(520)
        self.body.addWidget(
            paragraph("See what an image classifier looks at: class activation maps with boxes.")
        )
        rows = Form()
        for name, value in self._facts(model):
            label = QLabel(name)
            label.setProperty("look", "muted")
            shown = paragraph(value)
            shown.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            rows.add_row(label, shown)
        self.body.addLayout(rows)
        self.body.addWidget(
            paragraph(
                "Zhou et al. 2016 (class activation mapping), Selvaraju et al. 2017 (Grad-CAM).",
                muted=True,
            )
        )

    @staticmethod
    def _facts(model: ModelInfo | None) -> list[tuple[str, str]]:
        device = "no model yet" if model is None else model.device.upper()
        if model is not None and model.device_note:
            device += f" ({model.device_note})"
        return [
            ("Version", __version__),
            ("Licence", "MIT"),
            ("Device", device),
            ("PyTorch", f"{torch.__version__}, torchvision {torchvision.__version__}"),
            ("Qt", f"{qVersion()}"),
            ("Python", f"{platform.python_version()} on {platform.platform(terse=True)}"),
            ("Log", str(paths.logs() / "camviewer.log")),
        ]
