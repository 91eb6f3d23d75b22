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
        self.body.addWidget(paragraph(reason))
        self.body.addWidget(
            paragraph(
                "If you agree, it runs with all your rights: it can read, change, delete or send "
                "your files, and camviewer cannot check that beforehand. Your answer counts for "
                "this one loading."
            )
        )
        self.yes.setAutoDefault(False)
        if self.no is not None:
            self.no.setDefault(True)
            self.no.setFocus()
        self.yes.setToolTip("I trust this file: run what is inside")
