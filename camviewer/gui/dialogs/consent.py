"""Asks before a file that holds a program is run."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QWidget

from camviewer.gui.dialogs.frame import Dialog, paragraph


class ConsentDialog(Dialog):
    """Says what agreeing means; refusing is the default."""

    def __init__(self, file: Path, reason: str, parent: QWidget | None = None) -> None:
        super().__init__("This file holds a program", parent, "Run it and load", "Do not load")
        self.setMinimumWidth(520)
        self.body.addWidget(paragraph(str(file)))
        if reason:
            self.body.addWidget(paragraph(reason, muted=True))
        self.body.addWidget(
            paragraph(
                "Loading it runs whatever its maker put inside: it can read, change, delete or "
                "send your files, with all your rights. camviewer cannot check that beforehand."
            )
        )
        self.body.addWidget(
            paragraph(
                "Agree only if you made this file yourself or trust the one who gave it to you. "
                "If you can, ask for the weights as .safetensors: those hold numbers only and "
                "need no trust. The agreement counts for this one loading."
            )
        )
        self.yes.setAutoDefault(False)
        if self.no is not None:
            self.no.setDefault(True)
            self.no.setFocus()
        self.yes.setToolTip("I trust this file: run what is inside")
