"""Teaching as a whole: what it has, and how the window comes to it and leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QWidget

from camviewer.gui.aside import Aside
from camviewer.gui.message_bar import Kind
from camviewer.gui.teach.view import TeachView
from camviewer.gui.worker import Lane
from camviewer.teach.data.dataset import printable

if TYPE_CHECKING:
    from camviewer.gui.main_window import MainWindow

# about the picture: the window says when those can be done, but for the last ones, which always can
_UNLESS_TEACHING = (
    *("quick_export", "export", "close", "copy", "draw", "delete", "zoom_in", "zoom_out", "fit"),
    *("actual", "compare", "previous", "next", "sharper", "ask"),
)
_ELSE_ALWAYS = (
    *("heatmap", "boxes", "labels", "fainter", "stronger", "follow", "search", "pick_method"),
)


class Teaching(QObject):
    """Puts the cards in the canvas's place, and the panels away while they are there.

    Signals:
        switched(bool): the cards came, or went.
        changed(): so they did, or there is something else to undo.
    """

    switched = Signal(bool)
    changed = Signal()

    def __init__(self, window: MainWindow, view: TeachView) -> None:
        super().__init__(window)
        self._window = window
        self._on = False
        self._aside = Aside(window)
        self.view = view
        view.setParent(window)
        view.hide()
        view.left.connect(lambda: self.switch(on=False))
        view.source_wanted.connect(self._ask_source)
        view.picture_wanted.connect(lambda path: window.opener.open_paths([path]))
        view.video_wanted.connect(window.opener.open_paths)
        view.undo_changed.connect(self.changed)
        # the column beside the cards tells more of it than a message would
        view.run.taught.connect(lambda file: window.models.load_file(file, announce=False))
        view.run.live_wanted.connect(self._show_at_work)
        window.opener.picture_wanted.connect(lambda: self.switch(on=False))
        window.opener.classes_found.connect(self._offer)

    @property
    def on(self) -> bool:
        """Whether the cards are shown."""
        return self._on

    @property
    def lanes(self) -> tuple[Lane, ...]:
        """The threads; whoever owns this ends them."""
        return self.view.run.lanes

    def undo(self) -> None:
        """Take back the last change: of the cards while they are shown, else of a box."""
        if self._on:
            self.view.keeper.undo()
        else:
            self._window.canvas.undo_stack.undo()

    def redo(self) -> None:
        """Do that again."""
        if self._on:
            self.view.keeper.redo()
        else:
            self._window.canvas.undo_stack.redo()

    def paste(self) -> None:
        """Add what is on the clipboard to a class, or else open it."""
        if self._on:
            self.view.paste(QGuiApplication.clipboard().mimeData())
        else:
            self._window.paste()

    def switch(self, *, on: bool) -> None:
        """Show the cards, or what is open again."""
        if on == self._on:
            return
        window = self._window
        if on:
            window.comparison.switch(on=False)
            window.player.record(on=False)
        self._on = on
        if on:
            self._enter()
        else:
            self._leave()
        self.switched.emit(on)
        self.changed.emit()

    def limit(self) -> None:
        """While the cards are shown nothing can be done about a picture; call it last."""
        actions = self._window.actions_by_name
        for name in _ELSE_ALWAYS:
            actions[name].setEnabled(not self._on)
        if not self._on:
            return
        for name in _UNLESS_TEACHING:
            actions[name].setEnabled(False)
        actions["undo"].setEnabled(bool(self.view.keeper.next_undo))
        actions["redo"].setEnabled(bool(self.view.keeper.next_redo))

    def shutdown(self) -> None:
        """Keep what is yet to be kept, and end what goes on."""
        self.switch(on=False)
        self.view.shutdown()

    def _enter(self) -> None:
        window = self._window
        window.canvas.set_drawing(drawing=False)
        self._aside.put_away(window.side_docks)
        window.centre.pin(self.view)
        window.status.set_picture_seen(seen=False)
        self.view.wake()

    def _leave(self) -> None:
        window = self._window
        self.view.sleep()
        self._aside.bring_back()
        window.centre.unpin()
        window.status.set_picture_seen(seen=True)

    def _show_at_work(self) -> None:
        """Where nothing is open, on the pictures that were held out."""
        results = self.view.run.results
        if results is not None and self._nothing_open:
            held_out = [answer.path for answer in results.answers]
            # the disk may be a slow one
            self._window.jobs.submit(
                lambda: tuple(path for path in held_out if path.is_file()),
                self._show_held_out,
                self._window.messages.show_message,
            )

    @property
    def _nothing_open(self) -> bool:
        return self._window.session.frame is None and self._window.player.source is None

    def _show_held_out(self, pictures: tuple[Path, ...]) -> None:
        if self._nothing_open:
            self._window.album.replace(pictures)

    def _offer(self, folder: Path, count: int) -> None:
        """What was opened as pictures might be there to teach with."""

        def teach() -> None:
            self.switch(on=True)
            self.view.begin_with(folder)

        self._window.messages.show_message(
            f"{printable(folder.name)} has {count} subfolders of pictures: they can be classes to "
            "teach.",
            Kind.INFO,
            "Teach Them",
            teach,
        )

    def _ask_source(self, at: QWidget) -> None:
        self._window.desk.choosing.camera(at if at.isVisible() else self._window.centre)
