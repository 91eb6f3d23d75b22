"""The line above the cards: which lesson this is, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QMenu, QPushButton, QWidget

from camviewer.gui.panels.popup_button import PopupButton
from camviewer.gui.theme import SPACE
from camviewer.teach.data.dataset import printable
from camviewer.teach.data.lesson import Lesson

_MOST_RECENT = 8
_SEVERAL_TIP = (
    "A picture may show more than one of the things:\n"
    "drag it onto the card of each, and it stays on the others"
)


class Header(QWidget):
    """The lesson and how much there is in it.

    Signals:
        new_wanted(), open_wanted(), folder_wanted(): to be done with lessons: begin one, open one,
            show where this one lies.
        several_wanted(bool): a picture is to be of several classes, or of one.
        recent_wanted(Path): this lesson is to be opened.
        left(): the person wants back.
    """

    new_wanted = Signal()
    open_wanted = Signal()
    folder_wanted = Signal()
    several_wanted = Signal(bool)
    recent_wanted = Signal(object)
    left = Signal()

    def __init__(
        self, recent: Callable[[], tuple[Path, ...]], parent: QWidget | None = None
    ) -> None:
        """Show no lesson.

        Args:
            recent: the folders of lessons that were open before, newest first.
            parent: Qt's.
        """
        super().__init__(parent)
        self._recent = recent
        self._folder: Path | None = None
        heading = QLabel("Teach")
        heading.setProperty("look", "heading")
        self.lessons = PopupButton("Lesson")
        self.lessons.setToolTip("Begin a lesson, or open one that was kept")
        self.lessons.setMinimumWidth(170)
        self.lessons.setMaximumWidth(280)
        self._menu = QMenu(self)
        self._menu.setToolTipsVisible(True)
        self.lessons.clicked.connect(self._open_menu)
        self.summary = QLabel()
        self.summary.setProperty("look", "muted")
        self.several = QCheckBox("Several classes in one picture")
        self.several.setAccessibleName("Several classes in one picture")
        self.several.setToolTip(_SEVERAL_TIP)
        self.several.clicked.connect(self.several_wanted)
        self.done = QPushButton("Done")
        self.done.setProperty("look", "quiet")
        self.done.setAutoDefault(False)
        self.done.setAccessibleName("Done")
        self.done.setToolTip("Leave the cards; all pictures are kept (Esc)")
        self.done.clicked.connect(self.left)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(SPACE + 4, SPACE, SPACE, SPACE // 2)
        layout.setSpacing(SPACE)
        layout.addWidget(heading)
        layout.addWidget(self.lessons, 1)
        layout.addWidget(self.summary)
        layout.addStretch(1)
        layout.addWidget(self.several)
        layout.addSpacing(SPACE)
        layout.addWidget(self.done)
        self.show_lesson(None)

    def show_lesson(self, lesson: Lesson | None) -> None:
        """Name a lesson, and say how much there is in it."""
        self._folder = None if lesson is None else lesson.folder
        name = "New lesson" if lesson is None else printable(lesson.folder.name)
        self.lessons.show_text(name)
        classes = () if lesson is None else lesson.classes
        pictures = len({path for c in classes for path in c.pictures})
        said = f"{_count(len(classes), 'class', 'classes')}, {_count(pictures, 'picture')}"
        self.summary.setText(said if classes else "")
        self.several.setVisible(bool(classes))
        self.several.setChecked(lesson is not None and lesson.contents.several)

    def _open_menu(self) -> None:
        menu = self._menu
        menu.clear()
        menu.addAction("&New Lesson", self.new_wanted.emit)
        menu.addAction("&Open a Lesson…", self.open_wanted.emit)
        show = menu.addAction("&Show Its Folder", self.folder_wanted.emit)
        show.setEnabled(self._folder is not None)
        others = [folder for folder in self._recent() if folder != self._folder][:_MOST_RECENT]
        if others:
            menu.addSection("Recent")
        for folder in others:
            action = menu.addAction(printable(folder.name).replace("&", "&&"))
            action.setToolTip(printable(str(folder)))
            action.triggered.connect(lambda _=False, folder=folder: self.recent_wanted.emit(folder))
        menu.popup(self.lessons.mapToGlobal(self.lessons.rect().bottomLeft()))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
