"""A class: its name, its pictures, and the ways to more of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QFocusEvent,
    QIcon,
    QMouseEvent,
)
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.icons import icon
from camviewer.gui.teach.name_edit import NameEdit
from camviewer.gui.teach.pictures import PictureGrid, carried
from camviewer.gui.teach.thumbnails import Thumbnails
from camviewer.gui.theme import SPACE
from camviewer.teach.data.lesson_file import LessonClass

LEAST_WIDTH, LEAST_HEIGHT, MOST_HEIGHT = 244, 218, 520
_NOTHING = "means “none of these”"
_NOTHING_TIP = (
    "Pictures without any of your things: the network learns to find nothing in such. No heatmap "
    "or box is drawn for this class."
)


@dataclass(frozen=True)
class Icons:
    """What cards show; drawn once for all of them, which takes some milliseconds."""

    record: QIcon
    add: QIcon
    more: QIcon
    unreadable: QIcon

    @classmethod
    def drawn(cls) -> Icons:
        """In the application's present colours."""
        return cls(icon("record"), icon("add"), icon("more"), icon("warning"))


class HoldButton(QPushButton):
    """Is let go of, too, when a popup opens over it or it goes away."""

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        super().mousePressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if self.isDown():
            self.setDown(False)
            self.released.emit()
        super().focusOutEvent(event)


class Card(QFrame):
    """Shows a class; what is to be done with it, others do.

    Signals:
        held(), let_go(): of the button that records.
        renamed(str): another name is wanted.
        removed(): the class is to be taken away.
        meant_nothing(bool): whether it is to mean "none of these".
        files_wanted(), folder_wanted(): to choose pictures from.
        dropped(QMimeData): on the card.
        moved_here(list[Path]): pictures of other cards, dropped on this one.
    """

    held = Signal()
    let_go = Signal()
    renamed = Signal(str)
    removed = Signal()
    meant_nothing = Signal(bool)
    files_wanted = Signal()
    folder_wanted = Signal()
    dropped = Signal(object)
    moved_here = Signal(object)

    def __init__(self, name: str, thumbnails: Thumbnails) -> None:
        super().__init__()
        self.setObjectName("card")
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)
        self.setMaximumHeight(MOST_HEIGHT)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAcceptDrops(True)
        self._name, self._number = name, 0
        self._shown: LessonClass | None = None
        self._means_nothing = False
        self._several = False
        self.key = QLabel()
        self.key.setObjectName("cardKey")
        self.key.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.name = NameEdit(name)
        self.count = QLabel()
        self.count.setProperty("look", "muted")
        self.more = QToolButton()
        self.broken = QPushButton()
        self.broken.setProperty("look", "fault")
        self.broken.setAutoDefault(False)
        self.broken.setAccessibleName("Select unreadable pictures")
        self.broken.setToolTip("Pictures that cannot be read")
        self.broken.hide()
        self.grid = PictureGrid(thumbnails)
        self.record = HoldButton("Hold to record")
        self.record.setAutoDefault(False)
        self.record.setObjectName("hold")
        self.add = QToolButton()
        self._menu = self._made_menu()
        self._adding = self._made_adding()
        self._lay_out()
        self._connect()
        self._name_all()

    @property
    def class_name(self) -> str:
        """Of the class shown."""
        return self._name

    @property
    def number(self) -> int:
        """Its place, from 1; the key of that digit records, up to 9."""
        return self._number

    @property
    def tab_order(self) -> tuple[QWidget, ...]:
        """What Tab visits, in order."""
        return self.name, self.more, self.broken, self.grid, self.record, self.add

    def show_class(
        self, shown: LessonClass, number: int, *, nothing: bool, several: bool = False
    ) -> None:
        """Show a class.

        Args:
            shown: the class.
            number: its place, from 1.
            nothing: whether it means "none of these".
            several: whether its pictures may be of other classes, too.
        """
        known = self._shown, self._number, self._means_nothing, self._several
        if (shown, number, nothing, several) == known:
            return
        self._shown, self._name, self._number = shown, shown.name, number
        self._means_nothing, self._several = nothing, several
        self.name.show_name(shown.name)
        self.grid.pictures.show(tuple(reversed((*shown.added, *shown.shared, *shown.recorded))))
        self._nothing.setChecked(nothing)
        self._name_all()

    def show_labels(self, labels: Mapping[Path, tuple[str, ...]]) -> None:
        """Mark pictures that are of several classes.

        Args:
            labels: of each picture; also of other classes.
        """
        model = self.grid.pictures
        model.show_labels({p: of for p, of in labels.items() if len(of) > 1 and p in model})

    def show_broken(self, broken: Mapping[Path, str]) -> None:
        """Mark pictures that cannot be read.

        Args:
            broken: why, by the file; also of other classes.
        """
        here = {path: why for path, why in broken.items() if path in self.grid.pictures}
        if not here and not self.broken.isVisibleTo(self):
            return
        self.grid.pictures.show_broken(here)
        count = len(here)
        self.broken.setVisible(count > 0)
        self.broken.setText(f"{count} unreadable")
        reasons = list(here.values())
        more = [f"and {count - 5} more"] if count > 5 else []
        self.broken.setToolTip("\n".join((*reasons[:5], *more, "Click to select them")))
        self.broken.setAccessibleName(f"Select {count} unreadable pictures of {self._name}")

    def use_icons(self, icons: Icons) -> None:
        """Show these, such as in other colours."""
        self.record.setIcon(icons.record)
        self.add.setIcon(icons.add)
        self.more.setIcon(icons.more)
        self.grid.set_sign(icons.unreadable)

    def show_taking(self, *, taking: bool) -> None:
        """Whether pictures are being recorded for this card."""
        if bool(self.property("taking")) == taking:
            return
        for widget in (self, self.record):
            widget.setProperty("taking", taking)
            widget.style().unpolish(widget)
            widget.style().polish(widget)
        self.record.setText("Recording…" if taking else "Hold to record")

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._weigh(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._weigh(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(on=False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark(on=False)
        own = carried(event.mimeData())
        event.setDropAction(self._action(own=bool(own)))
        event.accept()
        if own:
            self.moved_here.emit(own)
        else:
            self.dropped.emit(event.mimeData())

    def _weigh(self, event: QDragMoveEvent) -> None:
        mime = event.mimeData()
        if carried(mime):
            fits = event.source() is not self.grid
        else:
            fits = mime.hasUrls() or mime.hasImage()
        event.setDropAction(self._action(own=bool(carried(mime))))
        event.setAccepted(fits)
        self._mark(on=fits)

    def _action(self, *, own: bool) -> Qt.DropAction:
        """What a drop does, as the pointer shows it."""
        moves = own and not self._several
        return Qt.DropAction.MoveAction if moves else Qt.DropAction.CopyAction

    def _mark(self, *, on: bool) -> None:
        if bool(self.property("dropping")) != on:
            self.setProperty("dropping", on)
            self.style().unpolish(self)
            self.style().polish(self)

    def _made_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        menu.addAction("&Rename", self.name.edit)
        self._nothing = menu.addAction("&Means “None of These”")
        self._nothing.setCheckable(True)
        self._nothing.setToolTip(_NOTHING_TIP)
        self._nothing.triggered.connect(self.meant_nothing)
        menu.addAction("&Select All Pictures", self._select_all)
        menu.addSeparator()
        menu.addAction("Remove &Class", self.removed.emit)
        return menu

    def _made_adding(self) -> QMenu:
        menu = QMenu(self)
        menu.addAction("Picture &Files…", self.files_wanted.emit)
        menu.addAction("All Pictures of a F&older…", self.folder_wanted.emit)
        return menu

    def _lay_out(self) -> None:
        for button, menu in ((self.more, self._menu), (self.add, self._adding)):
            button.setProperty("look", "flat")
            button.setIconSize(QSize(16, 16))
            button.setMenu(menu)
            button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.add.setText("Add")
        self.add.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        head = QHBoxLayout()
        head.setSpacing(SPACE // 2)
        head.addWidget(self.key)
        head.addWidget(self.name, 1)
        head.addWidget(self.more)
        told = QHBoxLayout()
        told.setContentsMargins(2, 0, 0, 0)
        told.addWidget(self.count, 1)
        told.addWidget(self.broken)
        foot = QHBoxLayout()
        foot.setSpacing(SPACE // 2)
        foot.addWidget(self.record, 1)
        foot.addWidget(self.add)
        column = QVBoxLayout(self)
        column.setContentsMargins(*[SPACE + 2] * 4)
        column.setSpacing(SPACE // 2)
        column.addLayout(head)
        column.addLayout(told)
        column.addWidget(self.grid, 1)
        column.addLayout(foot)

    def _connect(self) -> None:
        self.name.renamed.connect(self.renamed)
        self.name.left.connect(self.record.setFocus)  # where the keys that record are heard
        self.broken.clicked.connect(self._select_broken)
        self.record.pressed.connect(self.held)
        self.record.released.connect(self.let_go)

    def _name_all(self) -> None:
        name, total = self._name, len(self.grid.pictures.paths)
        keyed = 1 <= self._number <= 9
        pictures = "1 picture" if total == 1 else f"{total:,} pictures"
        self.count.setText(f"{pictures}, {_NOTHING}" if self._means_nothing else pictures)
        self.count.setToolTip(_NOTHING_TIP if self._means_nothing else "")
        self.key.setVisible(keyed)
        self.key.setText(str(self._number))
        self.key.setToolTip(f"Hold the key {self._number} to record for {name}")
        hold = f"this button, or the key {self._number}," if keyed else "this button"
        self.record.setToolTip(f"Hold {hold} to record what is watched as pictures of {name}")
        self.record.setAccessibleName(f"Hold to record pictures of {name}")
        self.grid.setAccessibleName(f"Pictures of {name}")
        drag = "drag it to another card " + (
            "that it shows, too" if self._several else "to move it"
        )
        self.grid.setToolTip(f"Del removes what is selected; {drag}")
        what = f"the key {self._number}" if keyed else "the button below"
        self.grid.set_hint(f"Drop pictures here,\nor hold {what} to record")
        self.add.setToolTip(f"Add picture files or a folder to {name}")
        self.add.setAccessibleName(f"Add pictures to {name}")
        self.more.setToolTip(f"Rename or remove {name}, and more")
        self.more.setAccessibleName(f"More about {name}")
        self.setAccessibleName(f"Class {name}, {pictures}")

    def _select_all(self) -> None:
        self.grid.setFocus()
        self.grid.selectAll()

    def _select_broken(self) -> None:
        model = self.grid.pictures
        marked = [
            path
            for row, path in enumerate(model.paths)
            if model.index(row).data(Qt.ItemDataRole.UserRole)
        ]
        self.grid.choose(marked)
