"""How a heatmap is made: the page in the Help menu."""

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QTextDocument
from PySide6.QtTest import QTest

from camviewer.gui.dialogs.tutorial import TutorialDialog
from camviewer.paths import resources
from tests.gui.windows import Opened, ui

__all__ = ["ui"]


def pages(ui: Opened) -> list[TutorialDialog]:
    return ui.window.findChildren(TutorialDialog)


def test_the_page_opens_once_beside_the_window(ui: Opened) -> None:
    QTest.keyClick(ui.window, Qt.Key.Key_F2)
    (page,) = pages(ui)
    assert page.isVisible()
    assert not page.isModal()
    ui.press("tutorial")
    assert pages(ui) == [page]
    text = page.page.toPlainText()
    assert text.startswith("How a heatmap is made")
    assert "It says: 5 with" in text
    with ui.bot.waitSignal(page.destroyed):
        QTest.keyClick(page, Qt.Key.Key_Escape)
    assert pages(ui) == []


def test_all_its_figures_are_shown(ui: Opened) -> None:
    ui.press("tutorial")
    (page,) = pages(ui)
    document = page.page.document()
    names = sorted(path.name for path in (resources() / "help").glob("*.[jp]*g"))
    assert len(names) == 20
    for name in names:
        assert name in page.page.toHtml()
        figure = page.page.loadResource(QTextDocument.ResourceType.ImageResource, QUrl(name))
        assert len(figure) > 100
    # nothing is wider than the page, so that it need not be moved sideways
    assert document.idealWidth() <= page.page.viewport().width()
