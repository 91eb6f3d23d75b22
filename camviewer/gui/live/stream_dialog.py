"""Asks for the address of a stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from PySide6.QtWidgets import QComboBox, QWidget

from camviewer.errors import SourceRefusedError
from camviewer.gui.dialogs.frame import Dialog, paragraph
from camviewer.gui.panels.controls import Form, Note, caption

_EXAMPLES = (
    "For example rtsp://192.168.1.20:554/stream1 or http://192.168.1.20:8080/video. A name and a "
    "password go before the address, as in rtsp://name:password@192.168.1.20/stream1; the password "
    "is not remembered."
)


def without_password(address: str) -> str:
    """An address that may be kept and shown: the name stays, the password does not."""
    parts = urlsplit(address)
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return parts._replace(netloc=f"{name}{at}{host}" if name else host).geturl()


class StreamDialog(Dialog):
    """Type an address or choose one that was watched before.

    Attributes:
        address: what was typed, checked; empty until the dialog is accepted.
    """

    def __init__(
        self,
        recent: Sequence[str],
        check: Callable[[str], str],
        parent: QWidget | None = None,
    ) -> None:
        """Offer what was watched before.

        Args:
            recent: addresses without passwords, newest first.
            check: makes an address of what was typed; raises SourceRefusedError that says what to
                type instead.
            parent: the window.
        """
        super().__init__("Network stream", parent, "Watch", "Cancel")
        self.setMinimumWidth(520)
        self._check = check
        self.address = ""
        self.field = QComboBox()
        self.field.setEditable(True)
        self.field.addItems(list(recent))
        self.field.setAccessibleName("Address")
        self.field.setToolTip("Where the stream is")
        line = self.field.lineEdit()
        if line is not None:
            line.setPlaceholderText("rtsp://… or http://…")
            line.setAccessibleName("Address")
            line.setToolTip("Where the stream is")
        self.problem = Note(muted=False)
        self.problem.setProperty("look", "error")
        self.problem.setAccessibleName("What is wrong with the address")
        self.problem.hide()
        form = Form()
        form.add_row(caption("Address"), self.field)
        self.body.addLayout(form)
        self.body.addWidget(self.problem)
        self.body.addWidget(paragraph(_EXAMPLES, muted=True))
        self.field.editTextChanged.connect(self._edited)
        self._edited(self.field.currentText())
        self.field.setFocus()

    def accept(self) -> None:
        """Close if the address is one."""
        try:
            self.address = self._check(self.field.currentText())
        except SourceRefusedError as error:
            self.problem.setText(str(error))
            self.problem.show()
            self.fit_height()
            self.field.setFocus()
        else:
            super().accept()

    def _edited(self, text: str) -> None:
        self.yes.setEnabled(bool(text.strip()))
        self.problem.hide()
