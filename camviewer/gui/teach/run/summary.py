"""How good the taught network is, in the column beside the cards."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QPushButton, QVBoxLayout, QWidget

from camviewer.gui.panels.controls import Note
from camviewer.gui.teach.run import words
from camviewer.gui.theme import SPACE
from camviewer.teach.results import Results

_NOTES = 3


class Summary(QWidget):
    """The figure in plain words, what to beware of, and where to go from there.

    Signals:
        live_wanted(): see the network at work.
        details_wanted(): see the confusion matrix and the mistakes.

    Attributes:
        keep: the menu of what can be done with the network's file.
        stop: the button that ends writing a file.
    """

    live_wanted = Signal()
    details_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline = QLabel()
        self._headline.setProperty("look", "title")
        self._meaning = Note(muted=False)
        self._origin = Note()
        self._notes = Note()
        self._warnings = QFrame()
        self._warnings.setObjectName("notice")
        self._changed = Note("The lesson has changed since then. Teach again to take that in.")
        self.live = QPushButton("See it at work")
        self.live.setAutoDefault(False)
        self.live.setAccessibleName("See the taught network at work")
        self.live.setToolTip("Go to the picture or the camera: the taught network is in use there")
        self.details = QPushButton("Results…")
        self.details.setAutoDefault(False)
        self.details.setAccessibleName("Show the results")
        self.details.setToolTip("Which classes are mixed up, and why")
        self.file = QPushButton("Save")
        self.file.setAutoDefault(False)
        self.file.setAccessibleName("Save or export the taught network")
        self.file.setToolTip("A copy of the file, or other formats")
        self.keep = QMenu(self)
        self.file.setMenu(self.keep)
        self._written = Note()
        self._written.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.stop = QPushButton("Cancel")
        self.stop.setAutoDefault(False)
        self.stop.setProperty("look", "small")
        self.stop.setAccessibleName("Cancel writing the file")
        self.stop.setToolTip("Write no file")
        self._lay_out()
        self.say_written("")
        self.live.clicked.connect(self.live_wanted)
        self.details.clicked.connect(self.details_wanted)

    def _lay_out(self) -> None:
        inside = QVBoxLayout(self._warnings)
        inside.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        inside.addWidget(self._notes)
        buttons = QHBoxLayout()
        buttons.setSpacing(SPACE)
        buttons.addWidget(self.details, 1)
        buttons.addWidget(self.file, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACE)
        for widget in (self._headline, self._meaning, self._changed, self.live):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        line = QHBoxLayout()
        line.addWidget(self._written, 1)
        line.addWidget(self.stop)
        layout.addLayout(line)
        layout.addWidget(self._warnings)
        layout.addWidget(self._origin)

    @property
    def text(self) -> str:
        """All that is said."""
        said = (self._headline, self._meaning, self._notes, self._origin)
        return "\n".join(label.text() for label in said if label.text())

    @property
    def changed(self) -> bool:
        """Whether it is said that the lesson has changed."""
        return self._changed.isVisibleTo(self)

    def show_results(self, results: Results) -> None:
        """Say how good it is."""
        self._headline.setText(words.headline(results))
        self._meaning.setText(words.meaning(results))
        self._origin.setText(words.origin(results))
        self._origin.setToolTip(str(results.file))
        self._notes.setText("\n".join(words.shortened(results.notes, _NOTES)))
        self._notes.setToolTip("\n".join(results.notes[:50]))
        self._warnings.setVisible(bool(results.notes))
        count = len(results.mistakes)
        few = "1 mistake…" if count == 1 else f"{count} mistakes…"
        self.details.setText(few if count else "Results…")

    @property
    def written(self) -> str:
        """What is said of the file that is being written, or was last."""
        return self._written.text()

    def say_writing(self, name: str) -> None:
        """A file is on its way."""
        self._say(f"Writing {name}…", writing=True)

    def say_written(self, text: str) -> None:
        """It is there, and what one must know to use it; empty when nothing is."""
        self._say(text, writing=False)

    def _say(self, text: str, *, writing: bool) -> None:
        self._written.setText(text)
        self._written.setVisible(bool(text))
        self.stop.setVisible(writing)
        self.file.setEnabled(not writing)

    def say_changed(self, *, changed: bool) -> None:
        """Whether the lesson is not any more what was taught."""
        self._changed.setVisible(changed)
        self.live.setDefault(not changed)
