"""How a heatmap is made, told on a network that can be followed by hand."""

from __future__ import annotations

from PySide6.QtCore import Qt, QUrl
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTextBrowser, QVBoxLayout, QWidget

from camviewer.gui.theme import SPACE
from camviewer.paths import resources

TITLE = "How a heatmap is made"


class TutorialDialog(QDialog):
    """The page that ships with the program; the window can be used beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(TITLE)
        self.setAccessibleName(TITLE)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.page = QTextBrowser()
        self.page.setAccessibleName(TITLE)
        self.page.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.page.setOpenExternalLinks(True)
        self.page.document().setDocumentMargin(3 * SPACE)
        self.page.setSource(QUrl.fromLocalFile(str(resources() / "help" / "heatmap.html")))
        buttons = QDialogButtonBox()
        close = buttons.addButton("Close", QDialogButtonBox.ButtonRole.RejectRole)
        close.setAccessibleName("Close")
        close.setToolTip("Close this page (Esc)")
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 2 * SPACE, 2 * SPACE)
        layout.addWidget(self.page)
        layout.addWidget(buttons)
        self.resize(760, 680)


def show_tutorial(window: QWidget) -> None:
    """Open the page, or bring it to the front where it is open already."""
    page = window.findChild(TutorialDialog) or TutorialDialog(window)
    page.show()
    page.raise_()
    page.activateWindow()
