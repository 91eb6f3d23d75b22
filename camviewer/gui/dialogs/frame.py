"""What all dialogs have in common."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.theme import SPACE


class Dialog(QDialog):
    """A window-modal dialog with a title line, a body to fill, and buttons."""

    def __init__(self, title: str, parent: QWidget | None, accept: str, reject: str = "") -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAccessibleName(title)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        layout.setSpacing(2 * SPACE)
        heading = QLabel(title)
        heading.setProperty("look", "title")
        layout.addWidget(heading)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE + 4)
        layout.addLayout(self.body)
        layout.addStretch(1)
        role = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox()
        self.yes = buttons.addButton(accept, role.AcceptRole)
        self.yes.setAccessibleName(accept)
        self.yes.setToolTip(accept)
        self.yes.setDefault(True)
        self.no: QPushButton | None = None
        if reject:
            self.no = buttons.addButton(reject, role.RejectRole)
            self.no.setAccessibleName(reject)
            self.no.setToolTip("Close without doing anything (Esc)")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.fit_height()

    def fit_height(self) -> None:
        """As high as its text needs: Qt guesses for another width than the text gets."""
        self.resize(self.width(), self.heightForWidth(self.width()))


def paragraph(text: str, *, muted: bool = False) -> QLabel:
    """Wrapped plain text."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    if muted:
        label.setProperty("look", "muted")
    return label
