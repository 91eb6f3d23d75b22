"""What a lesson without classes shows: what teaching is, and how to begin."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.theme import SPACE

_WIDTH = 860  # pixels; longer lines are hard to read
_STEPS = (
    ("Name two things", "What shall be told apart? A cup and a pen, or a good part and “nothing”."),
    ("Show examples", "Hold a button while the webcam sees them, or drop pictures and folders."),
    ("Teach", "Some seconds later it points at them, live, in pictures it never saw."),
)


class Beginning(QScrollArea):
    """Three steps, and the names of the first two classes.

    Signals:
        begun(list[str]): classes of these names are wanted.
        open_wanted(): a lesson that was kept is.
    """

    begun = Signal(object)
    open_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Begin to teach")
        self.names = tuple(_name(number, example) for number, example in enumerate(("cup", "pen")))
        self.begin = QPushButton("Begin")
        self.begin.setAccessibleName("Begin with these two")
        self.begin.setToolTip("A card for each, to collect pictures on")
        self.begin.setDefault(True)
        self.open = QPushButton("Open a lesson…")
        self.open.setProperty("look", "quiet")
        self.open.setAutoDefault(False)
        self.open.setAccessibleName("Open a lesson")
        self.open.setToolTip("Go on with pictures that were collected before")
        content = QWidget()
        row = QHBoxLayout(content)
        row.setContentsMargins(*[3 * SPACE] * 4)
        column = QWidget()
        column.setMaximumWidth(_WIDTH)
        column.setLayout(self._column())
        row.addWidget(column)
        self.setWidget(content)
        self.viewport().setAutoFillBackground(False)
        content.setAutoFillBackground(False)
        self.begin.clicked.connect(self._begin)
        self.open.clicked.connect(self.open_wanted)
        for edit in self.names:
            edit.returnPressed.connect(self._step)

    def clear(self) -> None:
        """Empty the fields, for the next lesson."""
        for edit in self.names:
            edit.clear()

    def _column(self) -> QBoxLayout:
        title = QLabel("Teach camviewer your own things")
        title.setProperty("look", "title")
        steps = QGridLayout()
        steps.setHorizontalSpacing(3 * SPACE)
        steps.setVerticalSpacing(SPACE // 2)
        for index, (heading, text) in enumerate(_STEPS):
            badge = QLabel(str(index + 1))
            badge.setObjectName("stepNumber")
            badge.setAlignment(Qt.AlignmentFlag.AlignCenter)
            head = QLabel(heading)
            head.setProperty("look", "heading")
            body = QLabel(text)
            body.setProperty("look", "muted")
            body.setWordWrap(True)
            body.setAlignment(Qt.AlignmentFlag.AlignTop)
            steps.addWidget(badge, 0, index, Qt.AlignmentFlag.AlignLeft)
            steps.addWidget(head, 1, index)
            steps.addWidget(body, 2, index)
            steps.setColumnStretch(index, 1)
        ask = QLabel("Which two things?")
        ask.setProperty("look", "heading")
        fields = QHBoxLayout()
        fields.setSpacing(SPACE)
        fields.addWidget(self.names[0], 1)
        fields.addWidget(QLabel("and"))
        fields.addWidget(self.names[1], 1)
        fields.addWidget(self.begin)
        more = QLabel(
            "Or drop a folder here that has a subfolder of pictures for each class. There may be "
            "more than two; add them later."
        )
        more.setProperty("look", "muted")
        more.setWordWrap(True)
        column = QVBoxLayout()
        column.setSpacing(SPACE)
        column.addStretch(2)
        column.addWidget(title)
        column.addSpacing(2 * SPACE)
        column.addLayout(steps)
        column.addSpacing(4 * SPACE)
        column.addWidget(ask)
        column.addLayout(fields)
        column.addWidget(more)
        column.addSpacing(SPACE)
        column.addWidget(self.open, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(3)
        return column

    def _step(self) -> None:
        """Enter goes to the next field, and begins in the last."""
        if self.sender() is self.names[0]:
            self.names[1].setFocus()
        else:
            self._begin()

    def _begin(self) -> None:
        for edit in self.names:
            if not edit.text().strip():
                edit.setFocus()
                return
        self.begun.emit([edit.text() for edit in self.names])


def _name(number: int, example: str) -> QLineEdit:
    edit = QLineEdit()
    edit.setMaxLength(100)
    edit.setPlaceholderText(f"such as {example}")
    which = ("first", "second")[number]
    edit.setAccessibleName(f"Name of the {which} thing")
    edit.setToolTip(f"What the {which} thing is called")
    return edit
