"""The page of the window in which pictures are collected and taught."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QMimeData, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from camviewer.gui.live.player import Player
from camviewer.gui.message_bar import MessageBar
from camviewer.gui.settings import Settings
from camviewer.gui.teach import asking
from camviewer.gui.teach.beginning import Beginning
from camviewer.gui.teach.board import Board
from camviewer.gui.teach.card import Card
from camviewer.gui.teach.changes import Changes
from camviewer.gui.teach.checking import Checker
from camviewer.gui.teach.handling import Handling
from camviewer.gui.teach.header import Header
from camviewer.gui.teach.keeper import Keeper
from camviewer.gui.teach.parts import RunPart
from camviewer.gui.teach.pictures import SIDE
from camviewer.gui.teach.preview import Preview
from camviewer.gui.teach.recorder import Recorder, Take
from camviewer.gui.teach.thumbnails import Thumbnails
from camviewer.gui.teach.waiting_film import WaitingFilm
from camviewer.gui.theme import SPACE
from camviewer.teach.data.lesson_file import LessonClass
from camviewer.types import Frame

_SIDE_WIDTH = 344  # pixels of the column beside the cards
_DIGITS = {getattr(Qt.Key, f"Key_{digit}"): digit for digit in range(1, 10)}


class TeachView(QWidget):
    """The lesson, a card for each class, the live picture, and what teaches.

    Signals:
        left(): the person wants back to the canvas.
        source_wanted(QWidget): something to record is wanted; the widget to ask at.
        picture_wanted(Path): this picture is to be explained on the canvas.
        video_wanted(list[Path]): these videos are to be watched.
        undo_changed(): there is something else to take back, or to do again.
    """

    left = Signal()
    source_wanted = Signal(object)
    picture_wanted = Signal(object)
    video_wanted = Signal(object)
    undo_changed = Signal()

    def __init__(
        self,
        player: Player,
        messages: MessageBar,
        settings: Settings,
        run: RunPart,
        parent: QWidget | None = None,
    ) -> None:
        """Show no lesson, and watch nothing before `wake`.

        Args:
            player: watches what is recorded.
            messages: where things are told.
            settings: the lessons that were open before.
            run: teaches.
            parent: Qt's.
        """
        super().__init__(parent)
        self._player, self._settings = player, settings
        self._awake = False
        self._caught = 0
        self._looked_at: tuple[LessonClass, ...] = ()
        self.keeper = Keeper(self)
        self.changes = Changes(self.keeper, messages, self)
        self.recorder = Recorder(player, self)
        self.checker = Checker(self)
        self.thumbnails = Thumbnails(SIDE, self.devicePixelRatioF(), self)
        self.header = Header(lambda: settings.lessons)
        self.beginning = Beginning()
        self.board = Board(self.thumbnails)
        self.preview = Preview(player, self.recorder)
        self._film = WaitingFilm(player, self._nothing_to_record_for, self)
        self.run = run
        self._handling = Handling(self.keeper, self.changes, self.board)
        self._handling.picture_wanted.connect(self.picture_wanted)
        self._active: Card | None = None
        self.setAccessibleName("Teach")
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._lay_out()
        self._connect()
        self._refresh()

    def _lay_out(self) -> None:
        self._pages = QStackedWidget()
        self._pages.addWidget(self.beginning)
        self._pages.addWidget(self.board)
        self._side = QWidget()
        self._side.setFixedWidth(_SIDE_WIDTH)
        column = QVBoxLayout(self._side)
        column.setContentsMargins(0, SPACE // 2, SPACE + 4, SPACE + 4)
        column.setSpacing(SPACE + 2)
        aligned = QHBoxLayout()  # with what is below, which keeps room for its scroll bar
        aligned.setContentsMargins(0, 0, SPACE, 0)
        aligned.addWidget(self.preview)
        column.addLayout(aligned)
        column.addWidget(self.run, 1)
        row = QHBoxLayout()
        row.setSpacing(SPACE // 2)
        row.addWidget(self._pages, 1)
        row.addWidget(self._side)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self.header)
        outer.addLayout(row, 1)

    def _connect(self) -> None:
        keeper, changes = self.keeper, self.changes
        keeper.opened.connect(self._show_lesson)
        keeper.changed.connect(self._refresh)
        changes.class_added.connect(self._name_class)
        changes.source_given.connect(self.video_wanted)
        self.checker.found.connect(lambda: self.board.show_broken(self.checker.broken))
        self.recorder.caught.connect(self._keep)
        self.recorder.taking_changed.connect(self._show_taking)
        self.header.new_wanted.connect(keeper.leave)
        self.header.open_wanted.connect(self.ask_lesson)
        self.header.recent_wanted.connect(keeper.open)
        self.header.folder_wanted.connect(self._show_folder)
        self.header.several_wanted.connect(lambda on: changes.set_several(several=on))
        self.header.left.connect(self.left)
        self.beginning.begun.connect(changes.begin)
        self.beginning.open_wanted.connect(self.ask_lesson)
        self.board.card_made.connect(self._adopt)
        self.board.tile.class_wanted.connect(changes.add_class)
        self.board.tile.nothing_wanted.connect(changes.add_nothing)
        self.preview.start.clicked.connect(lambda: self.source_wanted.emit(self.preview.start))
        self.run.move_requested.connect(changes.move)
        self.run.share_requested.connect(changes.share)
        self.run.leave_requested.connect(changes.leave)
        self.run.remove_requested.connect(changes.remove)
        self.run.room_wanted.connect(self._give_room)
        self.run.live_wanted.connect(self.left)
        self.run.picture_wanted.connect(self.picture_wanted)
        QApplication.instance().focusChanged.connect(self._note_focus)  # type: ignore[union-attr]

    @property
    def active(self) -> Card | None:
        """The card that has, or last had, the keyboard; else the first one."""
        cards = self.board.cards
        if self._active in cards:
            return self._active
        return cards[0] if cards else None

    def wake(self) -> None:
        """Watch what there is to record; the first time, open the lesson of the last time."""
        self._awake = True
        self.recorder.wake()
        recent = self._settings.lessons
        if self.keeper.lesson is None and recent:
            # one that is gone is no reason for an error before anything was asked for
            self.keeper.open(recent[0], lambda _: self._settings.forget_lesson(recent[0]))
        self.setFocus()  # Qt has given it to the name of a class, where digits are text
        self._take_focus()

    def sleep(self) -> None:
        """Record nothing, and leave what is watched to the canvas."""
        self._awake = False
        self._film.go_on()
        self.recorder.sleep()
        self.preview.clear()

    def shutdown(self) -> None:
        """Write what is to be written, and end all work in the background."""
        self.recorder.end()
        self.changes.shutdown()
        self.checker.shutdown()
        self.thumbnails.shutdown()
        self.keeper.shutdown()

    def ask_lesson(self) -> None:
        """Let the person choose the folder of a lesson, and open it."""
        folder = asking.ask_lesson(self)
        if folder is not None:
            self.keeper.open(folder)

    def begin_with(self, folder: Path) -> None:
        """Begin a lesson with the classes in a folder."""
        self.keeper.leave()
        self.changes.add([folder], None)

    def paste(self, mime: QMimeData) -> None:
        """Add what is on the clipboard to the card with the keyboard."""
        active = self.active
        self.changes.take_in(mime, "clipboard", None if active is None else active.class_name)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        digit = _DIGITS.get(event.key())
        if digit is not None and not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier:
            shown = self.board.isVisible() and digit <= len(self.board.cards)
            if shown and not event.isAutoRepeat():
                self._hold(self.board.cards[digit - 1])
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Space:
            self._player.set_frozen(not self._player.frozen)
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() in _DIGITS and not event.isAutoRepeat():
            self.recorder.end()
        else:
            super().keyReleaseEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and not self.isActiveWindow():
            self.recorder.end()  # whoever lets go of a key now, does so elsewhere

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        self._weigh(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._weigh(event)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._mark(on=False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark(on=False)
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        self.changes.take_in(event.mimeData(), "dropped picture", None)

    def _weigh(self, event: QDragMoveEvent) -> None:
        fits = event.mimeData().hasUrls()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.setAccepted(fits)
        self._mark(on=fits)

    def _mark(self, *, on: bool) -> None:
        page = self._pages
        if bool(page.property("dropping")) != on:
            page.setProperty("dropping", on)
            page.style().unpolish(page)
            page.style().polish(page)

    def _show_lesson(self) -> None:
        lesson = self.keeper.lesson
        self.recorder.end()
        self.checker.forget()
        self._looked_at = ()
        self.board.show_broken({})
        self.beginning.clear()
        if lesson is not None:
            self._settings.add_lesson(lesson.folder)
        self.run.set_lesson(lesson)
        if self._awake:
            self.setFocus()  # not on a card that goes: Qt would pass it on to any that comes
        self._refresh()
        self._take_focus()

    def _refresh(self) -> None:
        lesson, contents = self.keeper.lesson, self.keeper.contents
        classes = contents.classes
        self.header.show_lesson(lesson)
        self.board.show_classes(contents)
        known = {id(c) for c in self._looked_at}
        self.checker.look(path for c in classes if id(c) not in known for path in c.pictures)
        self._looked_at = classes
        page = self.board if classes else self.beginning
        if self._pages.currentWidget() is not page:
            if self._awake:
                self.setFocus()  # or Qt passes it on to the name of a class, where digits are text
            self._pages.setCurrentWidget(page)
            self._take_focus()
            if page is self.board:
                self._film.go_on()
        self._side.setVisible(bool(classes))
        if lesson is not None:
            self.run.lesson_changed()
        self.undo_changed.emit()

    def _nothing_to_record_for(self) -> bool:
        return self._awake and self._pages.currentWidget() is self.beginning

    def _take_focus(self) -> None:
        """Put the keyboard where something can be done with it."""
        if not self._awake:
            return
        if self._pages.currentWidget() is self.beginning:
            self.beginning.names[0].setFocus()
        elif not self.board.isAncestorOf(QApplication.focusWidget() or self):
            self.setFocus()

    def _adopt(self, card: Card) -> None:
        """Do what a new card asks for."""
        changes = self.changes
        card.held.connect(lambda: self._hold(card))
        card.let_go.connect(self.recorder.end)
        card.renamed.connect(lambda new: changes.rename(card.class_name, new))
        card.removed.connect(lambda: changes.remove_class(card.class_name))
        card.meant_nothing.connect(lambda on: changes.mean_nothing(card.class_name, nothing=on))
        card.files_wanted.connect(lambda: self._ask(asking.ask_files, card))
        card.folder_wanted.connect(lambda: self._ask(asking.ask_folder, card))
        card.dropped.connect(lambda mime: changes.take_in(mime, "dropped picture", card.class_name))
        self._handling.adopt(card)

    def _hold(self, card: Card) -> None:
        self._caught = 0
        self.recorder.begin(card.class_name)
        if self._player.source is None:
            self.source_wanted.emit(self.preview.start)

    def _keep(self, take: Take, frame: Frame) -> None:
        if self.changes.record(take, frame):
            self._caught += 1
        self._say()

    def _show_taking(self) -> None:
        take = self.recorder.take
        for card in self.board.cards:
            card.show_taking(taking=take is not None and card.class_name == take.name)
        self._say()

    def _say(self) -> None:
        take = self.recorder.take
        self.preview.say("" if take is None else f"●  {take.name}  {self._caught}")

    def _note_focus(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is None or not self.isAncestorOf(new):
            if new is not self:
                self.recorder.end()  # the key will be let go of elsewhere
            return
        holder: QWidget | None = new
        while holder is not None and not isinstance(holder, Card):
            holder = holder.parentWidget()
        if isinstance(holder, Card):
            self._active = holder

    def _name_class(self, name: str) -> None:
        """A name that was made up is there to be replaced."""
        self._refresh()
        card = self.board.card(name)
        if card is not None:
            self.board.ensureWidgetVisible(card)
            card.name.edit()

    def _ask(self, what: Callable[[QWidget, Settings, str], list[Path]], card: Card) -> None:
        name = card.class_name
        paths = what(self, self._settings, name)
        if paths:
            self.changes.add(paths, name)

    def _show_folder(self) -> None:
        lesson = self.keeper.lesson
        if lesson is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(lesson.folder)))

    def _give_room(self, wanted: bool) -> None:
        """Let what teaches have all of the view, or its column again."""
        self.preview.setVisible(not wanted)
        self._pages.setVisible(not wanted)
        if wanted:
            self._side.setMinimumWidth(_SIDE_WIDTH)
            self._side.setMaximumWidth(16_777_215)
            self._side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        else:
            self._side.setFixedWidth(_SIDE_WIDTH)
